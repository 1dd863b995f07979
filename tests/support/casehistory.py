"""Acts on one case of a database, each in a transaction of its own at the clock's moment."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import datetime, timedelta

from api.db import Database
from evidence.caseclose import close_case
from evidence.caseshred import shred_case
from evidence.event import CaseId, EventType, Recorded
from evidence.hold import Hold, HoldGround, HoldOrder
from evidence.holdcase import release_hold, set_hold
from evidence.retention import RULES, Known
from tests.support.cases import ADMINISTRATOR, LEGAL, PERSONS, SIGNED, happening
from tests.support.clock import FixedClock
from tests.support.units import TENANT

CASE = CaseId("contract/c-1")
ORDER = HoldOrder(HoldGround.LITIGATION, "杭州互联网法院", "(2026)浙0192民初1号", "借款人王小明否认签名")
NAME = "王小明".encode()
YEARS = timedelta(days=366 * 21)


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
