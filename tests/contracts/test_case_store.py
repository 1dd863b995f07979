"""What keeping cases promises on every database: closing, holds, shredding, searches, recorded looks."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from api.db import Database
from evidence.access import SEARCHES, CaseView, EvidenceReader, Variant
from evidence.adapters.sql import events
from evidence.case import CaseState, Ending
from evidence.casecheck import CaseOutcome, Fault, check_case
from evidence.caseclose import close_case
from evidence.caseports import CaseFilter
from evidence.caseroot import tree_hash
from evidence.caseshred import shred_case
from evidence.digest import DigestPair
from evidence.errors import (
    AccessRefused,
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
from evidence.event import CaseId, EventType, Recorded, TenantId
from evidence.hold import Hold, HoldGround, HoldOrder
from evidence.holdcase import release_hold, set_hold
from evidence.retention import RULES, Known
from tests.support.cases import ACCESS, ADMINISTRATOR, LEGAL, PERSONS, SIGNED, happening
from tests.support.clock import FixedClock
from tests.support.units import TENANT, open_units

CASE = CaseId("contract/c-1")
ORDER = HoldOrder(HoldGround.LITIGATION, "杭州互联网法院", "(2026)浙0192民初1号", "借款人王小明否认签名")
NAME = "王小明".encode()
YEARS = timedelta(days=366 * 21)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def units(engine: sa.Engine, clock: FixedClock, tmp_path: Path) -> Database:
    return open_units(engine, clock, tmp_path)


@pytest.fixture
def reader(units: Database, clock: FixedClock) -> EvidenceReader:
    return EvidenceReader(units, TENANT, clock)


def happen(units: Database, clock: FixedClock, case: str = CASE, kinds: Iterable[EventType] = SIGNED) -> None:
    for kind in kinds:
        clock.advance(seconds=1)
        with units() as unit:
            unit.log.append([happening(kind, clock.moment, case)])


def close(units: Database, clock: FixedClock, case: str = CASE) -> Recorded:
    with units() as unit:
        return close_case(unit, TENANT, CaseId(case), ADMINISTRATOR, clock.moment)


def hold(
    units: Database, clock: FixedClock, hold_id: str = "h-1", persons: tuple[str, ...] = PERSONS
) -> Hold:
    with units() as unit:
        return set_hold(unit, TENANT, CASE, hold_id, ORDER, LEGAL, persons, clock.moment)


def release(
    units: Database, clock: FixedClock, hold_id: str = "h-1", persons: tuple[str, ...] = PERSONS
) -> Recorded:
    with units() as unit:
        return release_hold(unit, TENANT, CASE, hold_id, "结案", ADMINISTRATOR, persons, clock.moment)


def shred(
    units: Database,
    clock: FixedClock,
    persons: tuple[str, ...] = PERSONS,
    settled: datetime | None = None,
) -> Recorded:
    known = Known(settled or clock.moment - YEARS, clock.moment - YEARS)
    with units() as unit:
        return shred_case(unit, TENANT, CASE, RULES, known, ADMINISTRATOR, persons, clock.moment)


def history(units: Database, case: str = CASE) -> list[Recorded]:
    with units.reading() as unit:
        return list(unit.events.case(TENANT, CaseId(case)))


def facts_of(event: Recorded) -> dict[str, object]:
    found: dict[str, object] = json.loads(event.envelope)["facts"]
    return found


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


# Searches.


def test_cases_are_found_by_contract_time_type_and_state_page_by_page(
    units: Database, clock: FixedClock, reader: EvidenceReader
) -> None:
    for number in range(7):
        happen(units, clock, f"contract/c-{number}", SIGNED if number % 2 else SIGNED[:-1])
    happen(units, clock, "contract/c-7", [EventType.CONTRACT_GENERATED, EventType.SIGN_REJECTED])
    with units() as unit:  # cases of no contract are not searched
        unit.log.append([replace(happening(EventType.SYS_STARTED, clock.moment, "system"), contract_id=None)])
    close(units, clock, "contract/c-3")
    hold(units, clock)
    found: list[str] = []
    while page := reader.find(CaseFilter(limit=3, after=CaseId(found[-1]) if found else None), ACCESS):
        assert len(page) <= 3
        found += [one.case_id for one in page]
    assert found == [f"contract/c-{number}" for number in reversed(range(8))]

    def ids(which: CaseFilter) -> list[str]:
        return [str(one.contract_id) for one in reader.find(which, ACCESS)]

    assert ids(CaseFilter(contracts=("c-2", "c-5", "c-99"))) == ["c-5", "c-2"]
    assert ids(CaseFilter(contracts=())) == []
    assert ids(CaseFilter(type=EventType.SIGN_REJECTED)) == ["c-7"]
    assert ids(CaseFilter(type=EventType.LEGAL_HOLD_SET)) == ["c-1"]
    assert ids(CaseFilter(state=CaseState.HELD)) == ["c-1"]
    assert ids(CaseFilter(state=CaseState.CLOSED)) == ["c-3"]
    assert ids(CaseFilter(state=CaseState.ENDED)) == ["c-7", "c-5"]
    assert ids(CaseFilter(state=CaseState.OPEN)) == ["c-6", "c-4", "c-2", "c-0"]
    assert ids(CaseFilter(state=CaseState.SHREDDED)) == []
    (third,) = reader.find(CaseFilter(contracts=("c-3",)), ACCESS)
    assert (third.events, third.closed_seq, third.ending) == (7, 6, Ending.COMPLETED)
    assert ids(CaseFilter(since=third.opened_at, before=third.opened_at + timedelta(seconds=9))) == [
        "c-4",
        "c-3",
    ]
    with pytest.raises(CaseNotFound):
        reader.find(CaseFilter(after=CaseId("contract/none")), ACCESS)
    with pytest.raises(EventInvalid):
        reader.find(CaseFilter(limit=501), ACCESS)
    searched = history(units, SEARCHES)
    assert {one.type for one in searched} == {EventType.EVIDENCE_ACCESSED}
    assert facts_of(searched[-1])["purpose"] == "litigation"


def test_another_tenants_cases_are_not_found(units: Database, clock: FixedClock) -> None:
    happen(units, clock)
    other = EvidenceReader(units, TenantId("other"), clock)
    assert other.find(CaseFilter(), ACCESS) == []
    with pytest.raises(CaseNotFound):
        other.read(CASE, ACCESS)


# Every look is an event.


def test_a_look_is_recorded_with_who_why_and_what(
    units: Database, clock: FixedClock, reader: EvidenceReader
) -> None:
    happen(units, clock)
    before = history(units)
    view = reader.read(CASE, ACCESS)
    assert (list(view.events), view.payloads) == (before, {})
    assert view.record is not None
    recorded = json.loads(view.record.envelope)
    assert recorded["type"] == "EVIDENCE_ACCESSED"
    assert recorded["actor"]["pseudonym"] == LEGAL.pseudonym
    assert recorded["legal_basis"] == ACCESS.basis
    assert recorded["facts"] == {
        "authority": ACCESS.authority,
        "events": len(before),
        "opened": [],
        "purpose": "litigation",
        "root": tree_hash([one.leaf_hash for one in before]).as_json(),
    }
    assert history(units) == [*before, view.record]


def test_personal_values_are_opened_with_a_record_only(
    units: Database, clock: FixedClock, reader: EvidenceReader
) -> None:
    happen(units, clock)
    second = history(units)[1]
    part = reader.open(CASE, ACCESS, [second.event_id])
    assert {key: one.fields for key, one in part.payloads.items()} == {second.event_id: {"name": "王小明"}}
    assert part.record is not None
    assert facts_of(part.record)["opened"] == [1]
    whole = reader.open(CASE, ACCESS)
    assert whole.record is not None
    assert facts_of(whole.record)["opened"] == list(range(len(SIGNED)))
    assert whole.report.committed == len(SIGNED)


def test_what_cannot_be_recorded_is_not_shown(
    units: Database, clock: FixedClock, reader: EvidenceReader
) -> None:
    happen(units, clock)
    with pytest.raises(AccessRefused):
        reader.open(CASE, replace(ACCESS, authority=""))
    with pytest.raises(AccessRefused):
        reader.open(CASE, replace(ACCESS, actor=replace(LEGAL, role="auditor")))
    refused = sa.text("CREATE UNIQUE INDEX one_case ON evidence_events (tenant) WHERE type = 1303")
    with units.engine.begin() as connection:
        connection.execute(refused)
    reader.open(CASE, ACCESS)
    with pytest.raises(RecordRefused):
        reader.open(CASE, ACCESS)
    assert [one.type for one in history(units)].count(EventType.EVIDENCE_ACCESSED) == 1


def test_an_export_is_recorded_by_its_digest_before_it_leaves(
    units: Database, clock: FixedClock, reader: EvidenceReader
) -> None:
    happen(units, clock)

    def produce(view: CaseView) -> bytes:
        assert not view.payloads
        happen(units, clock, kinds=[EventType.DOC_DOWNLOADED])  # events go on meanwhile
        return b"package"

    made = reader.export(CASE, ACCESS, Variant.MASKED, produce)
    facts = facts_of(made.record)
    assert (made.data, made.digest) == (b"package", DigestPair.of(b"package"))
    assert (facts["digest"], facts["size"], facts["variant"]) == (made.digest.as_json(), 7, "masked")
    assert (facts["events"], made.record.case_seq) == (len(SIGNED), len(SIGNED) + 1)
    report = check_case(history(units), of=(TENANT, CASE))
    assert (report.outcome, report.committed) == (CaseOutcome.OPEN, len(SIGNED))


def test_two_persons_answer_for_a_full_export(
    units: Database, clock: FixedClock, reader: EvidenceReader
) -> None:
    happen(units, clock)

    def produce(view: CaseView) -> bytes:
        return b"".join(str(one.fields["name"]).encode() for one in view.payloads.values())

    for persons in ((), ("first",), ("first", "first")):
        with pytest.raises(PersonsMissing):
            reader.export(CASE, ACCESS, Variant.FULL, produce, persons)
    assert len(history(units)) == len(SIGNED)
    made = reader.export(CASE, ACCESS, Variant.FULL, produce, PERSONS)
    assert made.data == NAME * len(SIGNED)
    assert facts_of(made.record)["approved_by"] == list(PERSONS)
