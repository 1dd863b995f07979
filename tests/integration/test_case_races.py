"""Closing, holding and shredding against everybody else at the same moment."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
import sqlalchemy as sa

from api.db import Database
from evidence.case import AFTER_CLOSING
from evidence.casecheck import CaseOutcome, check_stored
from evidence.caseclose import close_case
from evidence.caseshred import shred_case
from evidence.errors import CaseClosed, CaseHeld, CaseRefused, PayloadUnavailable
from evidence.event import CaseId, EventType, Recorded
from evidence.hold import HoldGround, HoldOrder, holds_of, standing
from evidence.holdcase import set_hold
from evidence.retention import RULES, Known
from tests.support.case_acts import YEARS
from tests.support.cases import ADMINISTRATOR, PERSONS, SIGNED, happening
from tests.support.clock import NOON, FixedClock
from tests.support.units import TENANT, open_units

WRITERS = 3
TURNS = 25
ROUNDS = 6
ORDER = HoldOrder(HoldGround.AUDIT, "审计部", "1", "抽查")


@pytest.fixture
def units(engine: sa.Engine, tmp_path: Path) -> Database:
    return open_units(engine, FixedClock(), tmp_path)


def over(units: Database, case: str) -> CaseId:
    with units() as unit:
        unit.log.append([happening(kind, NOON, case) for kind in SIGNED])
    return CaseId(case)


def judged(units: Database, case_id: CaseId) -> list[Recorded]:
    """The case's events, all of them as they should be."""
    with units.reading() as unit:
        events = list(unit.events.case(TENANT, case_id))
        head = unit.events.case_heads(TENANT, [case_id])[case_id]
    assert check_stored(events, (TENANT, case_id), head).outcome is CaseOutcome.COMPLETE
    return events


@pytest.mark.parametrize("number", range(ROUNDS))
def test_who_writes_while_a_case_is_closed_comes_before_or_is_refused(units: Database, number: int) -> None:
    case_id = over(units, f"contract/{number}")
    begin = Barrier(WRITERS + 2)

    def write(_: int) -> int:
        begin.wait()
        for written in range(TURNS):  # SQLite is not fair: who closes may have to wait for all of them
            try:
                with units() as unit:
                    unit.log.append([happening(EventType.DOC_VIEW_STARTED, NOON, case_id)])
            except CaseClosed:
                return written
        return TURNS

    def close(_: int) -> int:
        begin.wait()
        try:
            with units() as unit:
                close_case(unit, TENANT, case_id, ADMINISTRATOR, NOON)
        except CaseRefused:
            return 0
        return 1

    with ThreadPoolExecutor(WRITERS + 2) as pool:
        writing = [pool.submit(write, one) for one in range(WRITERS)]
        closing = [pool.submit(close, one) for one in range(2)]
        written = sum(one.result() for one in writing)
        assert sum(one.result() for one in closing) == 1, "two close it, one does"
    events = judged(units, case_id)
    assert len(events) == len(SIGNED) + written + 1
    assert events[-1].type is EventType.CASE_CLOSED
    assert json.loads(events[-1].envelope)["facts"]["events"] == len(events) - 1


@pytest.mark.parametrize("number", range(ROUNDS))
def test_a_hold_and_the_shredder_at_once(units: Database, number: int) -> None:
    """Either the hold stands and all can be opened, or the shredder came first and there is no hold."""
    case_id = over(units, f"contract/{number}")
    with units() as unit:
        close_case(unit, TENANT, case_id, ADMINISTRATOR, NOON)
    begin = Barrier(3)

    def hold() -> bool:
        begin.wait()
        try:
            with units() as unit:
                set_hold(unit, TENANT, case_id, f"h-{number}", ORDER, ADMINISTRATOR, PERSONS, NOON)
        except CaseRefused:
            return False
        return True

    def shred() -> bool:
        begin.wait()
        known = Known(NOON - YEARS, NOON - YEARS)
        try:
            with units() as unit:
                shred_case(unit, TENANT, case_id, RULES, known, ADMINISTRATOR, PERSONS, NOON)
        except CaseHeld:
            return False
        return True

    def write() -> None:
        """Personal values, from somebody who knows of neither."""
        begin.wait()
        for _ in range(20):
            try:
                with units() as unit:
                    unit.log.append([happening(EventType.DOC_DOWNLOADED, NOON, case_id)])
            except PayloadUnavailable:
                return

    with ThreadPoolExecutor(3) as pool:
        held, shredded, writing = pool.submit(hold), pool.submit(shred), pool.submit(write)
        writing.result()
        assert held.result() != shredded.result()
    events = judged(units, case_id)
    assert bool(standing(holds_of(events))) == held.result()
    kinds = [one.type for one in events]
    assert kinds.count(EventType.PAYLOAD_SHREDDED) == shredded.result()
    assert set(kinds[len(SIGNED) + 1 :]) <= AFTER_CLOSING
    opened = openable(units, events)
    assert len(opened) == (0 if shredded.result() else sum(one.sealed is not None for one in events))
    if shredded.result():
        last = max(one.case_seq for one in events if one.sealed is not None)
        assert last < kinds.index(EventType.PAYLOAD_SHREDDED)


def openable(units: Database, events: list[Recorded]) -> list[Recorded]:
    """Those whose personal values can be had."""
    found = []
    with units.reading() as unit:
        for event in events:
            try:
                if unit.log.open_payload(event) is not None:
                    found.append(event)
            except PayloadUnavailable:
                continue
    return found
