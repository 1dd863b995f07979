"""What every `EventStore` and `CaseKeyStore` keeps to, through the log that writes into them."""

from __future__ import annotations

import hashlib
import json
import shutil
import sqlite3
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest
import rfc8785
import sqlalchemy as sa

from api.db import Database
from evidence.adapters.watermark import FileWatermark
from evidence.canonical import MAX_STRING
from evidence.digest import NO_DIGEST, DigestPair
from evidence.envelope import described
from evidence.errors import EventInvalid, LogBehind, PayloadUnavailable, RecordRefused, WatermarkInvalid
from evidence.event import (
    Attestation,
    CaseId,
    Draft,
    EventId,
    LogHead,
    LogId,
    Recorded,
    Result,
)
from evidence.leaf import Leaf
from evidence.log import MAX_BATCH
from evidence.restore import check_not_behind
from tests.support.clock import NOON, FixedClock
from tests.support.database import empty_engine
from tests.support.evidence import draft
from tests.support.services import environment
from tests.support.units import TENANT, open_units

LOG = LogId("bank/2026h2")
FULL = draft(
    facts={"b": [1, None, True], "a": {"y": "é\n", "x": -1}},
    personal={"name": "王小明", "mobile": "13800000000"},
    result=Result("refused", "no such policy"),
    contract_id="contract-1",
    trace_id="trace-1",
    legal_basis="consent",
    consent_ref=("c-1", "c-2"),
    channel={"app": "web", "version": "1"},
    attestation=Attestation("key-1", "p256-sha256", b"\x01\x02"),
)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def units(engine: sa.Engine, clock: FixedClock, tmp_path: Path) -> Database:
    return open_units(engine, clock, tmp_path)


def recorded(units: Database, *drafts: Draft) -> list[Recorded]:
    with units() as unit:
        return unit.log.append(drafts)


def everything(units: Database) -> list[Recorded]:
    with units() as unit:
        return list(unit.events.read(LOG, 0, 10**6))


def test_an_event_comes_back_as_it_was_recorded(units: Database) -> None:
    plain, full = recorded(units, draft(), FULL)
    with units() as unit:
        assert unit.events.get(plain.event_id) == plain
        assert unit.events.get(full.event_id) == full
        assert unit.events.get(EventId("none")) is None
        opened = unit.log.open_payload(full)
        assert opened is not None
        assert opened.fields == FULL.personal
        assert unit.log.open_payload(plain) is None


@pytest.mark.parametrize("made", [draft(), FULL, replace(FULL, personal={})], ids=["plain", "full", "open"])
def test_an_envelope_is_canonical_and_holds_what_the_draft_says(units: Database, made: Draft) -> None:
    (event,) = recorded(units, made)
    envelope = json.loads(event.envelope)
    assert event.envelope == rfc8785.dumps(envelope)
    assert envelope.items() >= described(made).items()
    rest = {name: value for name, value in envelope.items() if name not in described(made)}
    commitments = rest.pop("commitments", None)
    commit = rest.pop("payload_commit", None)
    assert rest == {
        "case_seq": 0,
        "clock": {"offset_ms": 0, "source": "test", "uncertainty_ms": 1},
        "event_id": event.event_id,
        "prev_case_event_hash": NO_DIGEST.as_json(),
        "recorded_at": "2026-11-23T12:00:00.000Z",
        "schema": 1,
        "source": {"build": "0", "instance": "test", "system": "xinqian"},
        "tenant": TENANT,
    }
    assert (commitments is not None) == (commit is not None) == bool(made.personal)
    if commitments is not None:
        assert commitments.keys() == made.personal.keys()
        assert commit == DigestPair.of(rfc8785.dumps(commitments)).as_json()
    assert "王小明".encode() not in event.envelope
    assert b"13800000000" not in event.envelope


def test_a_leaf_binds_the_envelope(units: Database) -> None:
    (event,) = recorded(units, FULL)
    read = Leaf.parse(event.leaf)
    assert read.envelope == DigestPair.of(event.envelope)
    assert (read.type, read.case_seq) == (event.type, 0)
    assert any(read.producer)
    assert event.leaf_hash.sha256 == hashlib.sha256(b"\x00" + event.leaf).digest()


def test_indexes_are_dense_and_cases_are_chains(units: Database) -> None:
    for number in range(6):
        recorded(units, *(draft(f"case-{place % 2}") for place in range(number)))
    events = everything(units)
    assert [event.index for event in events] == list(range(15))
    for case in ("case-0", "case-1"):
        with units() as unit:
            chain = list(unit.events.case(TENANT, CaseId(case)))
        assert chain == [event for event in events if event.case_id == case]
        assert [event.case_seq for event in chain] == list(range(len(chain)))
        for before, after in pairwise(chain):
            linked = json.loads(after.envelope)["prev_case_event_hash"]
            assert linked == DigestPair.of(before.envelope).as_json()


def test_another_half_year_is_another_log(units: Database, clock: FixedClock) -> None:
    (first_of_year,) = recorded(units, draft())
    clock.moment = datetime(2027, 1, 1, tzinfo=UTC)
    first, second = recorded(units, draft(), draft("case-2"))
    assert [(event.log, event.index, event.case_seq) for event in (first, second)] == [
        ("bank/2027h1", 0, 1),
        ("bank/2027h1", 1, 0),
    ]
    with units() as unit:
        assert unit.events.heads() == {
            LOG: LogHead(1, first_of_year.leaf_hash.sha256),
            LogId("bank/2027h1"): LogHead(2, second.leaf_hash.sha256),
        }


def test_a_unit_that_fails_leaves_nothing(units: Database, tmp_path: Path) -> None:
    (kept,) = recorded(units, draft())

    def fail() -> None:
        with units() as unit:
            unit.log.append([FULL, draft("case-9")])
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert everything(units) == [kept]
    (after,) = recorded(units, draft())
    assert (after.index, after.case_seq) == (1, 1)
    with units() as unit:
        assert unit.case_keys.wrapped_page(None, 10) == []
    assert FileWatermark(tmp_path / "watermark").newest() == {LOG: LogHead(2, after.leaf_hash.sha256)}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (draft(facts={"amount": 1.5}), "event.facts.amount"),
        (draft(facts={"a": {"b": [b"x"]}}), "event.facts.a.b[0]"),
        (draft("x" * (MAX_STRING + 1)), "event.case_id"),
        (draft(trace_id="x" * (MAX_STRING + 1)), "event.trace_id"),
        (draft(result=Result("ok", "\ud800")), "event"),
        (draft(channel={"app": 2.0}), "event.channel.app"),
        (draft(personal={"name": {"birth": 1.5}}), "event.personal.name.birth"),
    ],
)
def test_what_cannot_be_written_fails_the_act(units: Database, wrong: Draft, field: str) -> None:
    with pytest.raises(EventInvalid) as caught:
        recorded(units, draft(), wrong)
    assert caught.value.field == field
    assert everything(units) == []


def test_a_batch_is_bounded(units: Database) -> None:
    with pytest.raises(ValueError, match="at most"):
        recorded(units, *[draft()] * (MAX_BATCH + 1))
    assert recorded(units) == []


def test_threads_at_once_keep_the_log_dense(units: Database) -> None:
    def work(worker: int) -> None:
        for number in range(10):
            recorded(units, draft("shared"), draft(f"own-{worker}-{number}"), draft("shared"))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    events = everything(units)
    assert [event.index for event in events] == list(range(120))
    shared = [event for event in events if event.case_id == "shared"]
    assert [event.case_seq for event in shared] == list(range(80))


WRITER = """
import sys
from pathlib import Path
from api.engine import open_engine
from tests.support.clock import FixedClock
from tests.support.evidence import draft
from tests.support.units import open_units

units = open_units(open_engine(sys.argv[1]), FixedClock(), Path(sys.argv[2]))
for number in range(15):
    with units() as unit:
        unit.log.append([draft("shared"), draft(f"{sys.argv[3]}-{number}")])
"""


def test_processes_at_once_keep_the_log_dense(units: Database, engine: sa.Engine, tmp_path: Path) -> None:
    url = engine.url.render_as_string(hide_password=False)
    root = str(Path(__file__).parents[2])
    running = [
        subprocess.Popen(
            [sys.executable, "-c", WRITER, url, str(tmp_path), name], cwd=root, env=environment()
        )
        for name in ("one", "two")
    ]
    assert [process.wait(60) for process in running] == [0, 0]
    events = everything(units)
    assert [event.index for event in events] == list(range(60))
    assert sorted(event.case_seq for event in events if event.case_id == "shared") == list(range(30))
    last = LogHead(60, events[-1].leaf_hash.sha256)
    assert FileWatermark(tmp_path / "watermark").newest() == {LOG: last}


def test_a_shredded_case_takes_no_more_personal_data_and_keeps_its_proofs(units: Database) -> None:
    (event,) = recorded(units, FULL)
    with units() as unit:
        unit.case_keys.shred(TENANT, event.case_id)
    with units() as unit, pytest.raises(PayloadUnavailable):
        unit.log.open_payload(event)
    with pytest.raises(PayloadUnavailable):
        recorded(units, FULL)
    (open_,) = recorded(units, draft())
    assert open_.case_seq == 1
    assert everything(units) == [event, open_]


def test_the_first_case_key_stands(units: Database) -> None:
    case = CaseId("case-1")
    with units() as unit:
        assert unit.case_keys.get(TENANT, case) is None
        assert unit.case_keys.add(TENANT, case, b"first")
        assert not unit.case_keys.add(TENANT, case, b"second")
        assert unit.case_keys.get(TENANT, case) == b"first"


def test_wrapped_keys_are_paged_and_rewrapped_from_what_they_were(units: Database) -> None:
    with units() as unit:
        for case in ("b", "a", "c", "d"):
            unit.case_keys.add(TENANT, CaseId(case), case.encode())
        unit.case_keys.shred(TENANT, CaseId("c"))
        first = unit.case_keys.wrapped_page(None, 2)
        rest = unit.case_keys.wrapped_page(first[-1].place, 2)
        assert [item.value for item in (*first, *rest)] == [b"a", b"b", b"d"]
        assert unit.case_keys.rewrap(first[0].place, b"a", b"new")
        assert not unit.case_keys.rewrap(first[0].place, b"a", b"newer")
        assert not unit.case_keys.rewrap((TENANT, "c"), b"c", b"brought back")
        with pytest.raises(PayloadUnavailable):
            unit.case_keys.get(TENANT, CaseId("c"))


# A store that cannot write, or was put back.


READ_ONLY = {"sqlite": "PRAGMA query_only = ON", "postgresql": "SET TRANSACTION READ ONLY"}


def test_a_store_that_cannot_write_refuses_the_act(units: Database) -> None:
    (kept,) = recorded(units, draft())

    def act() -> None:
        with units() as unit:
            unit._connection.exec_driver_sql(READ_ONLY[units.engine.dialect.name])
            unit.log.append([draft()])

    with pytest.raises(RecordRefused):
        act()
    units.engine.dispose()  # SQLite keeps the setting as long as the connection
    assert everything(units) == [kept]


def test_an_older_copy_of_the_database_is_refused(clock: FixedClock, tmp_path: Path) -> None:
    file, copy = tmp_path / "xinqian.sqlite", tmp_path / "yesterday.sqlite"
    watermark = FileWatermark(tmp_path / "watermark")
    with empty_engine("sqlite", tmp_path) as engine:
        units = open_units(engine, clock, tmp_path)
        recorded(units, draft(), draft())
        with sqlite3.connect(file) as source, sqlite3.connect(copy) as target:
            source.backup(target)
        source.close()
        target.close()
        recorded(units, draft())
        with units() as unit:
            check_not_behind(unit.events, watermark)
    shutil.copy(copy, file)
    for leftover in ("-wal", "-shm"):
        file.with_name(file.name + leftover).unlink(missing_ok=True)
    with empty_engine("sqlite", tmp_path) as engine:
        units = open_units(engine, clock, tmp_path)
        with units() as unit, pytest.raises(LogBehind) as caught:
            check_not_behind(unit.events, watermark)
        assert (caught.value.stored, caught.value.recorded, caught.value.differs) == (2, 3, False)
        recorded(units, draft("another history"))
        with units() as unit, pytest.raises(LogBehind) as differing:
            check_not_behind(unit.events, watermark)
        assert differing.value.differs


def test_an_emptied_database_is_refused(units: Database, tmp_path: Path) -> None:
    FileWatermark(tmp_path / "watermark").advance({LOG: LogHead(5, bytes(32))})
    with units() as unit, pytest.raises(LogBehind) as caught:
        check_not_behind(unit.events, FileWatermark(tmp_path / "watermark"))
    assert (caught.value.stored, caught.value.recorded) == (0, 5)


def test_a_database_ahead_of_the_watermark_is_well(units: Database, tmp_path: Path) -> None:
    """Killed between the commit and the note of it."""
    recorded(units, draft(), draft())
    (first, _) = everything(units)
    other = FileWatermark(tmp_path / "other")
    other.advance({LOG: LogHead(1, first.leaf_hash.sha256)})
    with units() as unit:
        check_not_behind(unit.events, other)


def test_a_watermark_never_goes_back(tmp_path: Path) -> None:
    watermark = FileWatermark(tmp_path / "sub" / "watermark")
    assert watermark.newest() == {}
    other = LogId("bank/2027h1")
    watermark.advance({LOG: LogHead(100, b"\x01" * 32), other: LogHead(1, b"\x02" * 32)})
    watermark.advance({LOG: LogHead(9, b"\x03" * 32)})
    expected = {LOG: LogHead(100, b"\x01" * 32), other: LogHead(1, b"\x02" * 32)}
    assert watermark.newest() == FileWatermark(tmp_path / "sub" / "watermark").newest() == expected


@pytest.mark.parametrize("content", [b"{", b"\x00" * 40, b"[]", b'{"bank/2026h2": {"size": 1}}', b"\xff"])
def test_a_damaged_watermark_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "watermark"
    path.write_bytes(content)
    with pytest.raises(WatermarkInvalid, match=str(path)):
        FileWatermark(path).newest()
    with pytest.raises(WatermarkInvalid):
        FileWatermark(path).advance({LOG: LogHead(1, bytes(32))})
    assert path.read_bytes() == content


def test_events_are_recorded_at_the_clock(units: Database, clock: FixedClock) -> None:
    clock.advance(microseconds=5)
    (event,) = recorded(units, draft(occurred_at=NOON))
    assert event.recorded_at == clock.moment
    assert Leaf.parse(event.leaf).recorded_micros % 10 == 5
