"""Targets: evidence records, read and judged, and the material that their tokens keep."""

from __future__ import annotations

from forensics.errors import RecordInvalid
from forensics.preservation.judge import judge_record
from forensics.preservation.material import kept_in
from forensics.preservation.record import parse_record
from keys.suites import Algorithm
from tests.fuzz.target import Target
from tests.support import chains
from tests.support.preservation import DOCUMENTS, NOW, life, trust


def _records() -> tuple[bytes, ...]:
    lives = [life(algorithm, size) for algorithm in chains.DEFAULTS for size in (1, 5)]
    return tuple(record for one in lives for record in (one.initial, one.renewed, one.rehashed))


def _parsed(data: bytes) -> None:
    record = parse_record(data)
    assert parse_record(record.encoded()) == record, "a record has one encoding"
    for chain in record.chains:
        for stamp in chain:
            kept_in(stamp.token, record.crypto_infos)


def _judged(data: bytes) -> None:
    judge_record(data, DOCUMENTS, trust(Algorithm.P256), now=NOW)


def targets() -> tuple[Target, ...]:
    """Of this module."""
    records = _records()
    modules = ("forensics.preservation.record", "forensics.preservation.material", "keys.cms", "keys.der")
    judging = (*modules, "forensics.preservation.judge", "forensics.preservation.stampcheck")
    return (
        Target("evidence_record", _parsed, (RecordInvalid,), records, modules),
        Target("evidence_record_judged", _judged, (), records, judging),
    )
