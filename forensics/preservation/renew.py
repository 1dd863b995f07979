"""Renew evidence records before their tokens or hash functions age (RFC 4998 5.2).

Timestamp renewal digests timeStamp fields and needs no document. Hash-tree renewal takes another hash
function and needs every document again. Either covers many records by one new token.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ca.token import verify_token
from forensics.errors import RenewalRefused
from forensics.preservation.material import keep
from forensics.preservation.preserve import stamp_groups
from forensics.preservation.record import (
    MAX_CHAINS,
    MAX_TIMESTAMPS,
    ArchiveTimeStamp,
    EvidenceRecord,
    of_chains,
    parse_record,
    sequence_of,
)
from keys.suites import Digest
from signing.ports import TimestampSource, ValidationMaterial, ValidationSource


@dataclass(frozen=True, slots=True)
class Rehashed:
    """A record, and its documents' digests under the new hash function."""

    record: bytes
    documents: tuple[bytes, ...]


def renew_timestamps(
    records: Sequence[bytes], source: TimestampSource, validation: ValidationSource | None
) -> tuple[bytes, ...]:
    """The records, each with one more ArchiveTimeStamp in its last chain, under one token a hash function.

    What `validation` says of the outgoing tokens' certificates is kept inside them first (see
    `material`); None keeps nothing, and leaves proofs that a verifier may find indeterminate. The first
    list of the new tree holds the digests of all timeStamp fields of the chain: RFC 4998 5.3 asks for
    the newest among them, Bouncy Castle for all. Raises `RecordInvalid` for bytes that are no record,
    `RenewalRefused`, and what the sources raise.
    """
    held = _with_material(map(parse_record, records), validation)
    renewed: dict[int, bytes] = {}
    for identifier in dict.fromkeys(one.last.algorithm for one in held):
        numbers = [number for number, one in enumerate(held) if one.last.algorithm == identifier]
        digest = held[numbers[0]].last.digest
        groups = [timestamps_of(digest, held[number].chains[-1]) for number in numbers]
        stamps = stamp_groups(groups, digest, source, identifier=identifier)
        for number, stamp in zip(numbers, stamps, strict=True):
            renewed[number] = _appended(held[number], stamp).encoded()
    return tuple(renewed[number] for number in range(len(held)))


def renew_hash_trees(
    records: Sequence[Rehashed],
    digest: Digest,
    source: TimestampSource,
    validation: ValidationSource | None,
) -> tuple[bytes, ...]:
    """The records, each with a new chain under `digest`, under one token.

    Each document's leaf is the digest of its digest and that of the whole sequence so far. `validation`
    as in `renew_timestamps`. Raises `RecordInvalid`, `RenewalRefused` (also for a record that is under
    `digest` already: that is a timestamp renewal), and what the sources raise.
    """
    held = _with_material((parse_record(one.record) for one in records), validation)
    for one in held:
        if one.last.digest is digest:
            raise RenewalRefused(f"the record is under {digest.value} already")
        if len(one.chains) >= MAX_CHAINS:
            raise RenewalRefused(f"the record has {MAX_CHAINS} chains")
    groups = [
        rehashed(digest, one.documents, record.chains) for one, record in zip(records, held, strict=True)
    ]
    stamps = stamp_groups(groups, digest, source)
    return tuple(
        of_chains((*record.chains, (stamp,)), record.crypto_infos).encoded()
        for record, stamp in zip(held, stamps, strict=True)
    )


def timestamps_of(digest: Digest, chain: Iterable[ArchiveTimeStamp]) -> list[bytes]:
    """The digests of a chain's timeStamp fields (RFC 4998 5.2, timestamp renewal)."""
    return [digest.of(one.token) for one in chain]


def rehashed(
    digest: Digest, documents: Sequence[bytes], chains: Iterable[Iterable[ArchiveTimeStamp]]
) -> list[bytes]:
    """H'(H'(document) and H'(all chains so far)) of each document by its digest (RFC 4998 5.2)."""
    before = digest.of(sequence_of(chains))
    return [digest.of(document + before) for document in documents]


def _appended(record: EvidenceRecord, stamp: ArchiveTimeStamp) -> EvidenceRecord:
    last = record.chains[-1]
    if len(last) >= MAX_TIMESTAMPS:
        raise RenewalRefused(f"the chain has {MAX_TIMESTAMPS} timestamps")
    return of_chains((*record.chains[:-1], (*last, stamp)), record.crypto_infos)


def _with_material(
    records: Iterable[EvidenceRecord], validation: ValidationSource | None
) -> list[EvidenceRecord]:
    """The records with material in their newest tokens; records of one batch share a token, asked of once."""
    done: dict[bytes, bytes] = {}
    result = []
    for record in records:
        token = record.last.token
        if token not in done:
            done[token] = token if validation is None else keep(token, _material(token, record, validation))
        result.append(record.with_last(replace(record.last, token=done[token])))
    return result


def _material(token: bytes, record: EvidenceRecord, validation: ValidationSource) -> ValidationMaterial:
    verified = verify_token(token, imprints=[record.last.info.imprint])
    return validation.material([verified.certificate.data])
