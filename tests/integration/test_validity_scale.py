"""Many pages, many signatures, many octets: bounded memory, and work that grows as the file does."""

from __future__ import annotations

import time
import tracemalloc
from datetime import timedelta

import pytest

from ca.indication import Indication
from keys.suites import Algorithm
from signing.validity.judge import judge_pdf
from tests.support.attacks.contract import trust
from tests.support.signing import (
    LATER,
    UnitTimestamps,
    blank_document,
    field_names,
    person,
    sign_one,
)

NOW = LATER + timedelta(minutes=5)
ALGORITHM = Algorithm.P256


def signed(data: bytes, count: int) -> bytes:
    who, timestamps = person(ALGORITHM), UnitTimestamps(ALGORITHM)
    for name in field_names(count):
        data = sign_one(data, name, who, timestamps)
    return data


def judged(data: bytes, count: int) -> tuple[float, int]:
    """Seconds of the processor, and the most octets held at once beyond the file."""
    tracemalloc.start()
    try:
        report = judge_pdf(data, trust(ALGORITHM), now=NOW)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert report.indication is Indication.TOTAL_PASSED, report.steps
    assert len(report.signatures) == count
    begun = time.process_time()
    judge_pdf(data, trust(ALGORITHM), now=NOW)
    return time.process_time() - begun, peak


def test_a_thousand_pages_stay_small() -> None:
    _, peak = judged(signed(blank_document(2, pages=1_000), 2), 2)
    assert peak < 32_000_000


def test_a_large_file_is_read_where_it_lies() -> None:
    data = signed(blank_document(2, payload=40_000_000), 2)
    _, peak = judged(data, 2)
    assert peak < 32_000_000


@pytest.mark.slow
def test_work_grows_with_the_file() -> None:
    """Four times the signatures: four times the work, not sixteen. Bounds are wide, as the machine wavers."""
    few, many = signed(blank_document(12, pages=4), 12), signed(blank_document(48, pages=4), 48)
    little, _ = judged(few, 12)
    much, peak = judged(many, 48)
    assert much < 10 * little
    assert peak < 64_000_000
