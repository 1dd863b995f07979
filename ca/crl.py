"""CertificateList v2 (RFC 5280 5) of both suites as one value: exact bytes, strict parts, quick look-up."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Annotated

from cryptography import x509
from cryptography.hazmat import asn1

from ca.errors import EncodingInvalid
from ca.oids import AUTHORITY_KEY_IDENTIFIER
from ca.registry import RevocationReason
from ca.statusextension import (
    CRL_NUMBER,
    DELTA_CRL_INDICATOR,
    EXPIRED_CERTS_ON_CRL,
    FRESHEST_CRL,
    INVALIDITY_DATE,
    ISSUING_DISTRIBUTION_POINT,
    REASON_CODE,
    Extension,
    by_oid,
    decode_time,
    parse_extensions,
    whole_seconds,
)
from keys import der
from keys.public import PublicKey
from keys.suites import ALGORITHM_BY_SIGNATURE_OID, Algorithm

MAX_CRL_SIZE = 16_777_216  # octets; 100,000 of our entries take 5,500,000
MAX_EXTENSIONS_SIZE = 16_384  # octets
MAX_NUMBER_BITS = 160  # RFC 5280 5.2.3: CRLNumber takes 20 octets at most
UNDERSTOOD = {
    AUTHORITY_KEY_IDENTIFIER,
    CRL_NUMBER,
    DELTA_CRL_INDICATOR,
    ISSUING_DISTRIBUTION_POINT,
    FRESHEST_CRL,
    EXPIRED_CERTS_ON_CRL,
}
_VERSION_2 = b"\x02\x01\x01"
_CONTEXT_0 = 0xA0


@asn1.sequence
class _Outer:
    tbs: asn1.TLV
    algorithm: asn1.TLV
    signature: asn1.BitString


@asn1.sequence
class _Fields:
    fields: list[asn1.TLV]


@asn1.sequence
class _Entry:
    serial: int
    revoked_at: asn1.UTCTime | asn1.GeneralizedTime
    extensions: list[Extension] | None


@asn1.sequence
class _Entries:
    entries: list[_Entry]


@asn1.sequence
class _KeyIdentifier:
    key_identifier: Annotated[bytes | None, asn1.Implicit(0)]
    issuer: Annotated[list[asn1.TLV] | None, asn1.Implicit(1)]
    serial: Annotated[int | None, asn1.Implicit(2)]


@dataclass(frozen=True, slots=True)
class RevokedEntry:
    """One entry of a CRL."""

    serial: int
    revoked_at: datetime
    reason: RevocationReason
    invalidity_date: datetime | None


@dataclass(frozen=True, slots=True)
class Scope:
    """What a CRL speaks of: its issuingDistributionPoint (RFC 5280 5.2.5); the default is everything."""

    distribution_points: tuple[str, ...] = ()
    """URIs of the fullName; empty when there is no distributionPoint."""
    only_user_certificates: bool = False
    only_ca_certificates: bool = False
    only_attribute_certificates: bool = False
    indirect: bool = False
    partial: bool = False
    """Only some reasons, or a distribution point in a form other than URIs."""


@dataclass(frozen=True)
class Crl:
    """A parsed CRL; `load_crl` makes it."""

    data: bytes
    tbs: bytes
    """The exact signed bytes."""
    signature: bytes
    signature_oid: str
    issuer_der: bytes
    this_update: datetime
    next_update: datetime
    number: int
    base_number: int | None
    """Of a delta CRL: the complete CRL it adds to (RFC 5280 5.2.4)."""
    key_identifier: bytes
    """keyIdentifier of the authorityKeyIdentifier."""
    scope: Scope
    freshest: tuple[str, ...]
    """URIs of the freshestCRL: where the delta CRLs are."""
    expired_from: datetime | None
    """expiredCertsOnCRL: certificates that expired from then on stay listed."""
    encoded_entries: bytes
    """Concatenated DER of the entries."""

    @property
    def algorithm(self) -> Algorithm:
        """The signature's algorithm; raises `EncodingInvalid` for one we do not know."""
        try:
            return ALGORITHM_BY_SIGNATURE_OID[self.signature_oid]
        except KeyError as error:
            raise _invalid(f"signature algorithm {self.signature_oid} is not accepted") from error

    @property
    def is_delta(self) -> bool:
        """Whether it lists changes only."""
        return self.base_number is not None

    def check_signed_by(self, issuer: PublicKey) -> None:
        """Raises `keys.errors.SignatureInvalid`, or `EncodingInvalid` when the algorithm is not the key's."""
        if issuer in self._signed_by:
            return
        if self.algorithm is not issuer.algorithm:
            raise _invalid("is signed with another algorithm than its issuer's key")
        issuer.verify(self.signature, self.tbs)
        self._signed_by.add(issuer)

    def read_entries(self) -> None:
        """Judge every entry, the first time; raises `EncodingInvalid`."""
        _ = self._judged

    def entry(self, serial: int) -> RevokedEntry | None:
        """The entry of a serial, None when it is not listed; constant time after the first call."""
        found = self._index.get(serial)
        return None if found is None else _revoked(found)

    def entries(self) -> Iterator[RevokedEntry]:
        """All, in order."""
        return map(_revoked, self._index.values())

    @property
    def count(self) -> int:
        """How many entries."""
        return len(self._index)

    @cached_property
    def _signed_by(self) -> set[PublicKey]:
        """Keys under which the signature was found to hold."""
        return set()

    @cached_property
    def _judged(self) -> bool:
        for _ in self.entries():
            pass
        return True

    @cached_property
    def _index(self) -> dict[int, _Entry]:
        try:
            return _read_entries(self.encoded_entries)
        except der.DerInvalid as error:
            raise _invalid(str(error)) from error


def load_crl(data: bytes) -> Crl:
    """Parse DER, entries included; raises `EncodingInvalid` for anything but one CRL v2 in strict DER."""
    crl = load_crl_frame(data)
    crl.read_entries()
    return crl


def load_crl_frame(data: bytes) -> Crl:
    """As `load_crl`, with the entries read, and judged, on first use: for CRLs of one's own making."""
    try:
        outer = der.decode(_Outer, data, limit=MAX_CRL_SIZE)
        return _read(data, outer)
    except (ValueError, TypeError, OverflowError, x509.DuplicateExtension) as error:
        raise _invalid(f"is not a CRL in DER ({error})") from error


def _read(data: bytes, outer: _Outer) -> Crl:
    tbs = der.raw(outer.tbs)
    algorithm = der.raw(outer.algorithm)
    fields = der.decode(_Fields, der.sequence(tbs), limit=MAX_CRL_SIZE + 8).fields
    kinds = [bytes(one.tag_bytes)[0] for one in fields]
    head, rest = fields[:5], fields[5:]
    if len(head) < 5 or der.raw(head[0]) != _VERSION_2 or kinds[1:3] != [der.SEQUENCE, der.SEQUENCE]:  # noqa: PLR2004
        raise der.DerInvalid("is not of version 2 with thisUpdate and nextUpdate")
    if der.raw(head[1]) != algorithm:
        raise der.DerInvalid("names two signature algorithms")
    entries = b""
    if rest and kinds[5] == der.SEQUENCE:
        entries = bytes(rest[0].data)
        rest = rest[1:]
        if not entries:
            raise der.DerInvalid("has an empty list of entries, which must then be absent")
    if len(rest) != 1 or bytes(rest[0].tag_bytes)[0] != _CONTEXT_0:
        raise der.DerInvalid("has no extensions, or more than those at its end")
    extensions = parse_extensions(bytes(rest[0].data), limit=MAX_EXTENSIONS_SIZE)
    if unknown := [oid for oid, one in extensions.items() if one.critical and oid not in UNDERSTOOD]:
        raise der.DerInvalid(f"has critical extensions that are not understood: {', '.join(unknown)}")
    library = x509.load_der_x509_crl(data)
    parsed = library.extensions
    if outer.signature.padding_bits():
        raise der.DerInvalid("has a signature that does not fill whole octets")
    return Crl(
        data=data,
        tbs=tbs,
        signature=outer.signature.as_bytes(),
        signature_oid=library.signature_algorithm_oid.dotted_string,
        issuer_der=der.raw(head[2]),
        this_update=decode_time(der.raw(head[3])),
        next_update=decode_time(der.raw(head[4])),
        number=_number(extensions, CRL_NUMBER) or 0,
        base_number=_number(extensions, DELTA_CRL_INDICATOR),
        key_identifier=_key_identifier(extensions),
        scope=_scope(parsed),
        freshest=_freshest(parsed),
        expired_from=_expired_from(extensions),
        encoded_entries=entries,
    )


def _read_entries(encoded: bytes) -> dict[int, _Entry]:
    entries = der.decode(_Entries, der.sequence(der.sequence(encoded)), limit=MAX_CRL_SIZE).entries
    index: dict[int, _Entry] = {}
    for entry in entries:
        if entry.extensions is not None:
            for one in entry.extensions:
                if one.critical and one.oid.dotted_string not in {REASON_CODE, INVALIDITY_DATE}:
                    raise der.DerInvalid(f"has an entry with the critical extension {one.oid.dotted_string}")
        index[entry.serial] = entry
    if len(index) != len(entries):
        raise der.DerInvalid("lists a serial number twice")
    return index


def _revoked(entry: _Entry) -> RevokedEntry:
    reason, invalidity = RevocationReason.UNSPECIFIED, None
    try:
        found = by_oid(entry.extensions or ())
        if (one := found.get(REASON_CODE)) is not None:
            reason = _reason(one.value)
        if (one := found.get(INVALIDITY_DATE)) is not None:
            invalidity = decode_time(one.value)
        return RevokedEntry(entry.serial, whole_seconds(entry.revoked_at), reason, invalidity)
    except (der.DerInvalid, ValueError) as error:
        raise _invalid(f"has a malformed entry for {entry.serial:x} ({error})") from error


def _reason(value: bytes) -> RevocationReason:
    if len(value) != 3 or value[:2] != b"\x0a\x01":  # noqa: PLR2004  (ENUMERATED of one octet)
        raise der.DerInvalid("has a reason code that is not an ENUMERATED")
    # RFC 5280 5.3.1: aACompromise (10) concerns attribute certificates; a reader must not take it for valid.
    return RevocationReason.UNSPECIFIED if value[2] == 10 else RevocationReason(value[2])  # noqa: PLR2004


def _number(extensions: dict[str, Extension], oid: str) -> int | None:
    one = extensions.get(oid)
    if one is None:
        if oid == CRL_NUMBER:
            raise der.DerInvalid("has no CRL number")
        return None
    number = der.decode(int, one.value, limit=32)
    if one.critical is (oid == CRL_NUMBER) or number < 0 or number.bit_length() >= MAX_NUMBER_BITS:
        raise der.DerInvalid(f"has a number ({oid}) out of range, or of the wrong criticality")
    return number


def _key_identifier(extensions: dict[str, Extension]) -> bytes:
    one = extensions.get(AUTHORITY_KEY_IDENTIFIER)
    found = None if one is None else der.decode(_KeyIdentifier, one.value, limit=MAX_EXTENSIONS_SIZE)
    if found is None or not found.key_identifier:
        raise der.DerInvalid("has no authority key identifier")
    return found.key_identifier


def _scope(extensions: x509.Extensions) -> Scope:
    try:
        one = extensions.get_extension_for_class(x509.IssuingDistributionPoint)
    except x509.ExtensionNotFound:
        return Scope()
    if not one.critical:
        raise der.DerInvalid("has an issuing distribution point that is not critical")
    point = one.value
    names = tuple(point.full_name or ())
    uris = tuple(name.value for name in names if isinstance(name, x509.UniformResourceIdentifier))
    other = point.relative_name is not None or len(uris) != len(names)
    return Scope(
        distribution_points=uris,
        only_user_certificates=point.only_contains_user_certs,
        only_ca_certificates=point.only_contains_ca_certs,
        only_attribute_certificates=point.only_contains_attribute_certs,
        indirect=point.indirect_crl,
        partial=other or point.only_some_reasons is not None,
    )


def _freshest(extensions: x509.Extensions) -> tuple[str, ...]:
    try:
        points = extensions.get_extension_for_class(x509.FreshestCRL).value
    except x509.ExtensionNotFound:
        return ()
    names = (name for point in points for name in point.full_name or ())
    return tuple(name.value for name in names if isinstance(name, x509.UniformResourceIdentifier))


def _expired_from(extensions: dict[str, Extension]) -> datetime | None:
    one = extensions.get(EXPIRED_CERTS_ON_CRL)
    if one is None:
        return None
    return decode_time(one.value)


def _invalid(reason: str) -> EncodingInvalid:
    return EncodingInvalid("crl", reason)
