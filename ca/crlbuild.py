"""Build the TBSCertList of complete and delta CRLs; entries are encoded once and carried from CRL to CRL."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from ca.certificate import Certificate
from ca.extension import authority_key_identifier, extension
from ca.oids import AUTHORITY_KEY_IDENTIFIER
from ca.registry import Revocation, RevocationReason
from ca.statusextension import (
    CRL_NUMBER,
    DELTA_CRL_INDICATOR,
    EXPIRED_CERTS_ON_CRL,
    INVALIDITY_DATE,
    ISSUING_DISTRIBUTION_POINT,
    REASON_CODE,
    encode_time,
    generalized_time,
)
from keys import der
from keys.suites import Algorithm

_IMPLICIT_TRUE = b"\x01\xff"  # length and value of BOOLEAN TRUE
_URI = 0x86  # GeneralName [6] IMPLICIT IA5String
_VERSION_2 = b"\x02\x01\x01"
FEW = 64  # new entries: fewer are searched for in the old bytes, more are worth an index


@dataclass(frozen=True, slots=True)
class CrlDraft:
    """What a CRL says beside its entries."""

    issuer: Certificate
    """Of the authority that signs."""
    number: int
    base_number: int | None
    this_update: datetime
    next_update: datetime
    url: str | None
    """Of the complete CRL: the distribution point as certificates of this shard name it. None leaves out
    the issuingDistributionPoint: the CRL then speaks of every certificate of the issuer."""
    only_user_certificates: bool
    expired_from: datetime
    """Entries are kept of every certificate that expired after this."""


def encode_tbs(draft: CrlDraft, algorithm: Algorithm, entries: bytes) -> bytes:
    """TBSCertList (RFC 5280 5.1.2) around already encoded `entries`."""
    return der.sequence(
        _VERSION_2,
        algorithm.info.signature_identifier,
        draft.issuer.subject_der,
        encode_time(draft.this_update),
        encode_time(draft.next_update),
        der.wrap(der.SEQUENCE, entries) if entries else b"",
        der.explicit(0, der.sequence(*_extensions(draft))),
    )


def encode_entry(revocation: Revocation) -> bytes:
    """One entry; `unspecified` is said by the reason code's absence (RFC 5280 5.3.1)."""
    extensions = []
    if revocation.reason is not RevocationReason.UNSPECIFIED:
        code = b"\x0a\x01" + bytes((revocation.reason.value,))
        extensions.append(extension(REASON_CODE, code))
    if revocation.invalidity_date is not None:
        extensions.append(extension(INVALIDITY_DATE, generalized_time(revocation.invalidity_date)))
    return der.sequence(
        der.encode(int(revocation.serial)),
        encode_time(revocation.revoked_at),
        der.sequence(*extensions) if extensions else b"",
    )


def carry_on(entries: bytes, revocations: Iterable[Revocation]) -> bytes:
    """The entries of a complete CRL with what the journal added since.

    Cost: one copy of the old bytes and one encoding a new entry; only an entry that the journal takes
    up again (a hold that ended or became final) makes the old list be walked.
    """
    latest = {int(one.serial): one for one in revocations}
    if not latest:
        return entries
    if entries and _holds_any(entries, latest):
        kept = [part for serial, part in split_entries(entries) if serial not in latest]
        entries = b"".join(kept)
    added = [
        encode_entry(one) for one in latest.values() if one.reason is not RevocationReason.REMOVE_FROM_CRL
    ]
    return b"".join((entries, *added))


def delta_entries(base_entries: bytes, revocations: Iterable[Revocation]) -> bytes:
    """Entries of a delta CRL: what changed since its base; removeFromCRL only for what the base lists."""
    latest = {int(one.serial): one for one in revocations}
    ended = {serial for serial, one in latest.items() if one.reason is RevocationReason.REMOVE_FROM_CRL}
    listed = {serial for serial, _ in split_entries(base_entries)} & ended if ended else set()
    return b"".join(
        encode_entry(one) for serial, one in latest.items() if serial not in ended or serial in listed
    )


def _holds_any(entries: bytes, serials: Iterable[int]) -> bool:
    """Never misses one; may be wrong the other way, when an INTEGER's bytes occur by chance."""
    wanted = tuple(serials)
    if len(wanted) <= FEW:
        return any(der.encode(serial) in entries for serial in wanted)
    among = set(wanted)
    return any(serial in among for serial, _ in split_entries(entries))


def split_entries(entries: bytes) -> Iterable[tuple[int, bytes]]:
    """Serial and DER of each of our own entries, whose lengths are of one octet."""
    at = 0
    while at < len(entries):
        size = 2 + entries[at + 1]
        serial = int.from_bytes(entries[at + 4 : at + 4 + entries[at + 3]], "big")
        yield serial, entries[at : at + size]
        at += size


def _extensions(draft: CrlDraft) -> list[bytes]:
    found = [
        extension(AUTHORITY_KEY_IDENTIFIER, authority_key_identifier(draft.issuer.public.key_identifier)),
        extension(CRL_NUMBER, der.encode(draft.number)),
    ]
    if draft.base_number is not None:
        found.append(extension(DELTA_CRL_INDICATOR, der.encode(draft.base_number), critical=True))
    if draft.url is not None:
        scope = der.explicit(0, der.explicit(0, der.wrap(_URI, draft.url.encode("ascii"))))
        if draft.only_user_certificates:
            scope += b"\x81" + _IMPLICIT_TRUE
        found.append(extension(ISSUING_DISTRIBUTION_POINT, der.sequence(scope), critical=True))
    # No freshestCRL: a complete CRL is kept as evidence, and there are validators that then refuse it
    # for want of a delta that nobody kept. Who wants the delta knows its address.
    found.append(extension(EXPIRED_CERTS_ON_CRL, generalized_time(draft.expired_from)))
    return found
