"""What keeping cases promises on every database: closing, holds, shredding, searches, recorded looks."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from api.db import Database
from evidence.access import EvidenceReader
from evidence.adapters.sql import events
from evidence.case import CaseState, Ending
from evidence.casecheck import CaseOutcome, Fault, check_case
from evidence.caseroot import tree_hash
from evidence.errors import (
    CaseClosed,
    CaseHeld,
    CaseNotFound,
    CaseRefused,
    EventInvalid,
    HoldNotFound,
    PayloadUnavailable,
    PersonsMissing,
    RecordRefused,
)
from evidence.event import EventType
from evidence.holdcase import set_hold
from tests.support.casehistory import (
    CASE,
    NAME,
    ORDER,
    YEARS,
    close,
    facts_of,
    happen,
    history,
    hold,
    release,
    shred,
)
from tests.support.cases import ACCESS, LEGAL, PERSONS, SIGNED
from tests.support.clock import FixedClock
from tests.support.units import TENANT, open_units


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def units(engine: sa.Engine, clock: FixedClock, tmp_path: Path) -> Database:
    return open_units(engine, clock, tmp_path)


@pytest.fixture
def reader(units: Database, clock: FixedClock) -> EvidenceReader:
    return EvidenceReader(units, TENANT, clock)


# Closing.


def test_a_closing_commits_to_count_and_root(units: Database, clock: FixedClock) -> None:
    happen(units, clock)
    before = history(units)
    made = close(units, clock)
    assert facts_of(made) == {
        "ended_at": "2026-11-23T12:00:06.000Z",
        "ending": "completed",
        "events": len(SIGNED),
        "root": tree_hash([one.leaf_hash for one in before]).as_json(),
    }
    assert json.loads(made.envelope)["contract_id"] == "c-1"
    report = check_case(history(units), of=(TENANT, CASE))
    assert report.outcome is CaseOutcome.COMPLETE
    assert report.closing is not None
    assert report.closing.ending is Ending.COMPLETED


def test_a_closed_case_takes_no_more_of_what_happened(units: Database, clock: FixedClock) -> None:
    happen(units, clock)
    close(units, clock)
    with pytest.raises(CaseClosed):
        happen(units, clock, kinds=[EventType.SIGNATURE_CREATED])
    happen(units, clock, kinds=[EventType.DOC_DOWNLOADED, EventType.REPORT_ISSUED])
    with pytest.raises(CaseRefused):
        close(units, clock)
    assert [one.type for one in history(units)][len(SIGNED) :] == [
        EventType.CASE_CLOSED,
        EventType.DOC_DOWNLOADED,
        EventType.REPORT_ISSUED,
    ]


def test_what_is_not_over_or_not_there_is_not_closed(units: Database, clock: FixedClock) -> None:
    happen(units, clock, kinds=SIGNED[:-1])
    with pytest.raises(CaseRefused):
        close(units, clock)
    with pytest.raises(CaseNotFound):
        close(units, clock, "contract/none")


ROWS: dict[str, dict[str, object]] = {
    "a fact": {"envelope": b"{}"},
    "another type": {"type": EventType.SIGN_FAILED.value},
    "a leaf": {"leaf_sha256": bytes(32)},
    "the other leaf": {"leaf_sm3": bytes(32)},
    "a time": {"recorded_at": 0},
}


@pytest.mark.parametrize("what", [*ROWS, "gone", "the last gone"])
def test_a_case_whose_rows_were_altered_is_not_vouched_for(
    units: Database, clock: FixedClock, reader: EvidenceReader, what: str
) -> None:
    happen(units, clock)
    row = sa.and_(events.c.case_id == CASE, events.c.case_seq == (5 if what == "the last gone" else 2))
    change = sa.update(events).where(row).values(ROWS[what]) if what in ROWS else sa.delete(events).where(row)
    with units.engine.begin() as connection:
        connection.execute(change)
    if what != "the last gone":  # with it went the end
        with pytest.raises(CaseRefused, match="not as they were"):
            close(units, clock)
    report = reader.read(CASE, ACCESS).report
    assert report.outcome is CaseOutcome.BROKEN
    if what == "the last gone":
        assert {one.fault for one in report.faults} == {Fault.HEAD}


# Holds and shredding.


def test_a_hold_is_set_and_released_by_two_persons_each(units: Database, clock: FixedClock) -> None:
    happen(units, clock)
    made = hold(units, clock)
    assert (made.stands, made.authority, made.requester) == (True, ORDER.authority, LEGAL.pseudonym)
    assert made.approved_by == PERSONS
    recorded = history(units)[-1]
    assert recorded.type is EventType.LEGAL_HOLD_SET
    assert NAME not in recorded.envelope
    with units.reading() as unit:
        assert unit.cases.summary(TENANT, CASE).state is CaseState.HELD
    released = release(units, clock)
    assert facts_of(released) == {"approved_by": list(PERSONS), "hold": "h-1", "requester": "op-1"}
    with units.reading() as unit:
        assert unit.cases.summary(TENANT, CASE).holds == 0
    with pytest.raises(HoldNotFound):
        release(units, clock)


@pytest.mark.parametrize("persons", [(), ("first",), ("first", "first"), ("first", " ")])
def test_one_person_is_not_two(units: Database, clock: FixedClock, persons: tuple[str, ...]) -> None:
    happen(units, clock)
    close(units, clock)
    with pytest.raises(PersonsMissing):
        hold(units, clock, persons=persons)
    hold(units, clock)
    with pytest.raises(PersonsMissing):
        release(units, clock, persons=persons)
    release(units, clock)
    clock.moment += YEARS
    with pytest.raises(PersonsMissing):
        shred(units, clock, persons=persons)
    assert len(history(units)) == len(SIGNED) + 3


def test_a_hold_id_serves_once(units: Database, clock: FixedClock) -> None:
    happen(units, clock)
    hold(units, clock)
    with pytest.raises(RecordRefused):
        hold(units, clock)
    with pytest.raises(EventInvalid), units() as unit:
        set_hold(unit, TENANT, CASE, "h-2", replace(ORDER, authority=" "), LEGAL, PERSONS, clock.moment)
    assert len(history(units)) == len(SIGNED) + 1


def test_a_held_case_is_not_shredded(units: Database, clock: FixedClock, reader: EvidenceReader) -> None:
    happen(units, clock)
    close(units, clock)
    hold(units, clock)
    hold(units, clock, "h-2")
    clock.moment += YEARS
    with pytest.raises(CaseHeld, match="h-1, h-2"):
        shred(units, clock)
    release(units, clock)
    with pytest.raises(CaseHeld, match="h-2"):
        shred(units, clock)
    assert reader.open(CASE, ACCESS).payloads
    release(units, clock, "h-2")
    assert shred(units, clock).type is EventType.PAYLOAD_SHREDDED


def test_shredded_values_are_gone_and_all_proofs_stay(
    units: Database, clock: FixedClock, reader: EvidenceReader
) -> None:
    happen(units, clock)
    close(units, clock)
    before = history(units)
    clock.moment += YEARS
    made = shred(units, clock)
    facts = facts_of(made)
    assert (facts["approved_by"], facts["payloads"], facts["rule"]) == (
        list(PERSONS),
        len(SIGNED),
        "limitation-2021",
    )
    assert json.loads(made.envelope)["legal_basis"].startswith("民法典")
    with pytest.raises(PayloadUnavailable):
        reader.open(CASE, ACCESS)
    for event in before:
        with units.reading() as unit:
            if event.sealed is not None:
                with pytest.raises(PayloadUnavailable):
                    unit.log.open_payload(event)
    view = reader.read(CASE, ACCESS)
    assert view.report.outcome is CaseOutcome.COMPLETE
    assert view.summary.state is CaseState.SHREDDED
    assert list(view.events[: len(before)]) == before
    with pytest.raises(CaseRefused, match="shredded before"):
        shred(units, clock)
    with pytest.raises(CaseRefused, match="nothing to hold"):
        hold(units, clock)


def test_nothing_is_shredded_before_its_time_or_before_it_is_closed(
    units: Database, clock: FixedClock
) -> None:
    happen(units, clock)
    with pytest.raises(CaseRefused, match="not closed"):
        shred(units, clock)
    close(units, clock)
    with pytest.raises(CaseRefused, match="kept until 2046-11-23"):
        shred(units, clock, settled=clock.moment)
    assert history(units)[-1].type is EventType.CASE_CLOSED
