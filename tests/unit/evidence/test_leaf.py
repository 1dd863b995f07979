from __future__ import annotations

import hashlib
import uuid
from datetime import UTC, datetime, timedelta, timezone

import pytest

from evidence import leaf
from evidence.clock import from_micros, rfc3339, to_micros
from evidence.digest import DigestPair, sm3
from evidence.event import CaseId, EventType, TenantId
from evidence.log import log_of, new_event_id
from evidence.merkle import leaf_hash

DIGESTS = DigestPair(b"\x11" * 32, b"\x22" * 32)
PACKED = leaf.pack(b"\x01" * 16, 714, 2**50, b"\x02" * 16, 7, DIGESTS, b"\x03" * 8)


def test_a_leaf_has_a_fixed_layout() -> None:
    parts = ("01", "01" * 16, "02ca", f"{2**50:016x}", "02" * 16, "00000007", "11" * 32, "22" * 32, "03" * 8)
    assert PACKED.hex() == "".join(parts)
    assert len(PACKED) == leaf.LEAF_SIZE <= 200


def test_a_leaf_is_read_back() -> None:
    read = leaf.Leaf.parse(PACKED)
    assert read == leaf.Leaf(
        b"\x01" * 16, EventType.CERT_ISSUED, 2**50, b"\x02" * 16, 7, DIGESTS, b"\x03" * 8
    )
    assert leaf.envelope_digests(PACKED) == DIGESTS


@pytest.mark.parametrize(
    "data",
    [b"", PACKED[:-1], PACKED + b"\x00", b"\x02" + PACKED[1:], PACKED[:17] + b"\xff\xff" + PACKED[19:]],
)
def test_another_size_version_or_type_is_refused(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"leaf|EventType"):
        leaf.Leaf.parse(data)


def test_the_leaf_hash_is_that_of_rfc_9162_under_both_functions() -> None:
    assert leaf_hash(b"").sha256.hex() == hashlib.sha256(b"\x00").hexdigest()
    assert leaf_hash(b"L123456").sha256.hex() == hashlib.sha256(b"\x00L123456").hexdigest()
    assert leaf_hash(b"x").sm3 == sm3(b"\x00x")


def test_sm3_is_that_of_the_standard() -> None:
    """GB/T 32905-2016 A.1."""
    expected = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    assert sm3(b"abc").hex() == expected


def test_pseudonyms_separate_tenants_from_cases() -> None:
    first = leaf.case_pseudonym(TenantId("a"), CaseId("bc"))
    assert first != leaf.case_pseudonym(TenantId("ab"), CaseId("c"))
    assert len(first) == leaf.PSEUDONYM_SIZE
    assert len(leaf.producer_mark("key-1")) == leaf.PRODUCER_SIZE


def test_event_ids_are_uuids_of_version_7_in_the_order_of_time() -> None:
    micros = to_micros(datetime(2026, 11, 23, 12, 0, 0, 123_999, tzinfo=UTC))
    raw, text = new_event_id(micros)
    read = uuid.UUID(text)
    assert (read.bytes, read.version, read.variant) == (raw, 7, uuid.RFC_4122)
    assert int.from_bytes(raw[:6], "big") == micros // 1000
    assert new_event_id(micros + 1000)[1] > text
    assert len({new_event_id(micros)[1] for _ in range(1000)}) == 1000


@pytest.mark.parametrize(
    ("moment", "written"),
    [
        (datetime(2026, 11, 23, 12, 0, 0, 999_999, tzinfo=UTC), "2026-11-23T12:00:00.999Z"),
        (datetime(2026, 1, 1, 7, 59, 59, tzinfo=timezone(timedelta(hours=8))), "2025-12-31T23:59:59.000Z"),
        (datetime(999, 1, 1, tzinfo=UTC), "0999-01-01T00:00:00.000Z"),
    ],
)
def test_instants_have_one_form(moment: datetime, written: str) -> None:
    assert rfc3339(moment) == written
    assert from_micros(to_micros(moment)) == moment


@pytest.mark.parametrize(
    ("moment", "log"),
    [
        (datetime(2026, 6, 30, 23, 59, 59, 999_999, tzinfo=UTC), "bank/2026h1"),
        (datetime(2026, 7, 1, tzinfo=UTC), "bank/2026h2"),
        (datetime(2027, 1, 1, tzinfo=UTC), "bank/2027h1"),
    ],
)
def test_a_log_is_a_half_year(moment: datetime, log: str) -> None:
    assert log_of(TenantId("bank"), moment) == log
