"""Cases are found page by page, and every look at one, and every export, is an event."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from api.db import Database
from evidence.access import SEARCHES, CaseView, EvidenceReader, Variant
from evidence.case import CaseState, Ending
from evidence.casecheck import CaseOutcome, check_case
from evidence.caseports import CaseFilter
from evidence.caseroot import tree_hash
from evidence.digest import DigestPair
from evidence.errors import (
    AccessRefused,
    CaseNotFound,
    EventInvalid,
    PersonsMissing,
    RecordRefused,
)
from evidence.event import CaseId, EventType, TenantId
from tests.support.casehistory import (
    CASE,
    NAME,
    close,
    facts_of,
    happen,
    history,
    hold,
)
from tests.support.cases import ACCESS, LEGAL, PERSONS, SIGNED, happening
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
