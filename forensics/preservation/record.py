"""Evidence records (RFC 4998 3.1, 5.1) as values: strict parsing, encoding."""

# No `from __future__ import annotations`: the declarations below are read as types, not as text.
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache
from typing import Annotated

from cryptography.hazmat import asn1

from ca.errors import TimestampInvalid
from ca.timestamp import OID_TST_INFO, TstInfo, parse_tst_info
from ca.token import MAX_TOKEN_SIZE
from forensics.errors import RecordInvalid
from keys import cms, der
from keys.cms import Attribute, AttributeStructure
from keys.errors import CmsInvalid
from keys.suites import DIGEST_BY_OID, Digest

VERSION = 1  # RFC 4998 3.1
# RFC 4998 sets no bounds; these are of a record that is renewed each year for centuries.
MAX_RECORD_SIZE = 16 * 1024 * 1024  # octets; a record with one token has 3,000, its renewals 3,000 each
MAX_CHAINS = 32  # a hash function lasts a decade or two
MAX_TIMESTAMPS = 128  # of a chain
MAX_LISTS = 64  # of a reduced hash tree: a batch of 2^63 groups
MAX_VALUES = 4_096  # of a list: documents of one group
MAX_DIGESTS = 16
MAX_CRYPTO_INFOS = 16
MAX_CACHED = 64  # tokens read once: the records of a batch share theirs


@asn1.sequence
class _ArchiveTimeStamp:  # RFC 4998 4.1; the module's tags are implicit
    digest_algorithm: Annotated[list[asn1.TLV] | None, asn1.Implicit(0)]
    attributes: Annotated[asn1.SetOf[AttributeStructure] | None, asn1.Implicit(1)]
    reduced_hashtree: Annotated[list[list[bytes]] | None, asn1.Implicit(2)]
    timestamp: asn1.TLV


@asn1.sequence
class _EvidenceRecord:  # RFC 4998 3.1
    version: int
    digest_algorithms: list[asn1.TLV]
    crypto_infos: Annotated[list[AttributeStructure] | None, asn1.Implicit(0)]
    encryption_info: Annotated[list[asn1.TLV] | None, asn1.Implicit(1)]
    chains: list[list[_ArchiveTimeStamp]]


_DIGESTS = {
    der.sequence(der.oid(oid), parameters): digest
    for oid, digest in DIGEST_BY_OID.items()
    for parameters in (b"", der.NULL)  # RFC 5754 2: both are in use
}


@dataclass(frozen=True)
class ArchiveTimeStamp:
    """One ArchiveTimeStamp: a path through a hash tree, and the token over the tree's root."""

    token: bytes
    """The timeStamp field, DER (RFC 3161 token); see `canonical_token`."""
    lists: tuple[tuple[bytes, ...], ...] = ()
    """reducedHashtree, the list with the data's own digests first; empty when the token is over one alone."""
    identifier: bytes | None = None
    """digestAlgorithm as it stands; None leaves it to the token's imprint."""
    attributes: tuple[Attribute, ...] = ()

    @property
    def info(self) -> TstInfo:
        """What the token says, which is not verified here; raises `RecordInvalid`."""
        return _info(self.token)

    @property
    def algorithm(self) -> bytes:
        """The AlgorithmIdentifier in force (RFC 4998 4.1): the field's, or else the imprint's."""
        return self.info.imprint.identifier if self.identifier is None else self.identifier

    @property
    def digest(self) -> Digest:
        """The digest of the tree."""
        return digest_named(self.algorithm)

    @cached_property
    def encoded(self) -> bytes:
        """DER."""
        parts = []
        if self.identifier is not None:
            parts.append(_implicit(0, self.identifier))
        if self.attributes:
            parts.append(_implicit(1, der.set_of(*(one.encoded() for one in self.attributes))))
        if self.lists:
            parts.append(_implicit(2, der.sequence(*map(_list, self.lists))))
        return der.sequence(*parts, self.token)


@dataclass(frozen=True, slots=True)
class EvidenceRecord:
    """An EvidenceRecord; nothing in it is verified."""

    chains: tuple[tuple[ArchiveTimeStamp, ...], ...]
    """ArchiveTimeStampSequence: a chain for each hash function, in order of time; none is empty."""
    digest_algorithms: tuple[bytes, ...]
    """AlgorithmIdentifiers, DER."""
    crypto_infos: tuple[Attribute, ...] = ()
    """Material to validate with; no timestamp covers it."""

    @property
    def last(self) -> ArchiveTimeStamp:
        """The newest ArchiveTimeStamp, on which everything rests."""
        return self.chains[-1][-1]

    def encoded(self) -> bytes:
        """DER."""
        infos = b"".join(one.encoded() for one in self.crypto_infos)
        return der.sequence(
            _VERSION,
            der.sequence(*self.digest_algorithms),
            der.wrap(0xA0, infos) if infos else b"",
            sequence_of(self.chains),
        )

    def with_last(self, last: ArchiveTimeStamp) -> "EvidenceRecord":
        """The same record with another newest ArchiveTimeStamp."""
        return replace(self, chains=(*self.chains[:-1], (*self.chains[-1][:-1], last)))


def of_chains(
    chains: Sequence[Sequence[ArchiveTimeStamp]], infos: Iterable[Attribute] = ()
) -> EvidenceRecord:
    """A record of these chains, which names the digest algorithms they use, each once."""
    algorithms = dict.fromkeys(one.algorithm for chain in chains for one in chain)
    return EvidenceRecord(tuple(map(tuple, chains)), tuple(algorithms), tuple(infos))


def sequence_of(chains: Iterable[Iterable[ArchiveTimeStamp]]) -> bytes:
    """ArchiveTimeStampSequence, DER: what a hash-tree renewal covers (RFC 4998 5.2)."""
    return der.sequence(*(der.sequence(*(one.encoded for one in chain)) for chain in chains))


def digest_named(identifier: bytes, field: str = "digestAlgorithm") -> Digest:
    """The digest of an AlgorithmIdentifier (DER); raises `RecordInvalid` for one that is not accepted."""
    digest = _DIGESTS.get(identifier)
    if digest is None:
        raise RecordInvalid(field, "uses a digest that is not accepted")
    return digest


@lru_cache(maxsize=MAX_CACHED)
def canonical_token(token: bytes) -> bytes:
    """The token in DER: certificates and CRLs sorted, which CMS leaves unsorted and no signature covers.

    RFC 4998 hashes DER, so whoever encodes a token again must come to the same digest. Raises
    `RecordInvalid`.
    """
    try:
        structure = cms.decode(token, limit=MAX_TOKEN_SIZE)
    except CmsInvalid as error:
        raise RecordInvalid("timeStamp", str(error)) from error
    signed = structure.content
    changed = False
    for name in ("certificates", "crls"):
        held = getattr(signed, name)
        if held is None:
            continue
        ordered = sorted(map(der.raw, held))
        if ordered != list(map(der.raw, held)):
            setattr(signed, name, list(map(der.tlv, ordered)))
            changed = True
    return der.encode(structure) if changed else token


def parse_record(data: bytes) -> EvidenceRecord:
    """An EvidenceRecord, strictly; raises `RecordInvalid` naming the field.

    Refused: BER, trailing bytes, other versions, encrypted data, digests that are not accepted, tokens
    that are not RFC 3161, too many of anything.
    """
    try:
        found = der.decode(_EvidenceRecord, data, limit=MAX_RECORD_SIZE)
    except der.DerInvalid as error:
        raise RecordInvalid("evidenceRecord", str(error)) from error
    if found.version != VERSION:
        raise RecordInvalid("version", f"is {found.version}, not 1")
    if found.encryption_info is not None:
        raise RecordInvalid("encryptionInfo", "is not supported")
    algorithms = tuple(map(der.raw, found.digest_algorithms))
    if not 1 <= len(algorithms) <= MAX_DIGESTS:
        raise RecordInvalid("digestAlgorithms", f"are {len(algorithms)}; 1 to {MAX_DIGESTS} are accepted")
    for one in algorithms:
        digest_named(one, "digestAlgorithms")
    infos = _attributes("cryptoInfos", found.crypto_infos, MAX_CRYPTO_INFOS)
    if not 1 <= len(found.chains) <= MAX_CHAINS:
        raise RecordInvalid(
            "archiveTimeStampSequence", f"has {len(found.chains)} chains; 1 to {MAX_CHAINS} are accepted"
        )
    chains = tuple(_chain(chain) for chain in found.chains)
    return EvidenceRecord(chains, algorithms, infos)


_VERSION = der.integer(VERSION)
_ONE_DIGEST = {  # a list of one digest, up to it: most of a large batch's octets beside the token
    digest.size: der.sequence(der.octets(bytes(digest.size)))[: -digest.size] for digest in Digest
}


def _list(values: Sequence[bytes]) -> bytes:
    if len(values) == 1 and (head := _ONE_DIGEST.get(len(values[0]))) is not None:
        return head + values[0]
    return der.sequence(*map(der.octets, values))


@lru_cache(maxsize=MAX_CACHED)
def _info(token: bytes) -> TstInfo:
    try:
        signed = cms.parse(token, limit=MAX_TOKEN_SIZE)
        if signed.content_type != OID_TST_INFO or signed.content is None:
            raise RecordInvalid("timeStamp", "is not an RFC 3161 token")
        return parse_tst_info(signed.content)
    except (CmsInvalid, TimestampInvalid) as error:
        raise RecordInvalid("timeStamp", str(error)) from error


def _implicit(number: int, encoded: bytes) -> bytes:
    """A constructed element under its implicit tag."""
    return bytes((0xA0 | number,)) + encoded[1:]


def _chain(found: Sequence[_ArchiveTimeStamp]) -> tuple[ArchiveTimeStamp, ...]:
    if not 1 <= len(found) <= MAX_TIMESTAMPS:
        raise RecordInvalid(
            "archiveTimeStampChain", f"has {len(found)} timestamps; 1 to {MAX_TIMESTAMPS} are accepted"
        )
    return tuple(map(_archive_timestamp, found))


def _archive_timestamp(found: _ArchiveTimeStamp) -> ArchiveTimeStamp:
    identifier = None
    if found.digest_algorithm is not None:
        identifier = der.sequence(*map(der.raw, found.digest_algorithm))
        digest_named(identifier)
    attributes = None if found.attributes is None else found.attributes.as_list()
    result = ArchiveTimeStamp(
        canonical_token(der.raw(found.timestamp)),
        _lists(found.reduced_hashtree),
        identifier,
        _attributes("attributes", attributes, cms.MAX_ATTRIBUTES),
    )
    size = result.digest.size
    if any(len(value) != size for values in result.lists for value in values):
        raise RecordInvalid(
            "reducedHashtree", f"holds a digest that is not of the size of {result.digest.value}"
        )
    return result


def _lists(found: list[list[bytes]] | None) -> tuple[tuple[bytes, ...], ...]:
    if found is None:
        return ()
    if not 1 <= len(found) <= MAX_LISTS:
        raise RecordInvalid("reducedHashtree", f"has {len(found)} lists; 1 to {MAX_LISTS} are accepted")
    for values in found:
        if not 1 <= len(values) <= MAX_VALUES:
            raise RecordInvalid(
                "reducedHashtree", f"has a list of {len(values)} digests; 1 to {MAX_VALUES} are accepted"
            )
    return tuple(map(tuple, found))


def _attributes(field: str, found: Sequence[AttributeStructure] | None, limit: int) -> tuple[Attribute, ...]:
    if found is None:
        return ()
    if len(found) > limit:
        raise RecordInvalid(field, f"are {len(found)}; 1 to {limit} are accepted")
    try:
        return cms.attributes(field, found)
    except CmsInvalid as error:
        raise RecordInvalid(field, error.reason) from error
