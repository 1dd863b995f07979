"""Seals for tests: orders, grants, administrators, and a registry over a database of a test."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from api.db import Database
from evidence.digest import DigestPair
from evidence.event import Actor, ActorKind, CaseId
from keys.suites import Algorithm
from signing.authorisation import AuthorisationId, Grant, SilentUse
from signing.place import MM, Box, Rect
from signing.seal import SealId, SealKind, SealOrder
from signing.seal_apply import SealApplication, Silent
from signing.seal_authorise import SealAuthorisations
from signing.seal_drawing import VERMILION, Drawing, Mark, circle
from signing.seal_registry import SealRegistry
from tests.support.authority import Administrator
from tests.support.clock import NOON, FixedClock
from tests.support.units import open_units

BANK = "91310000MA1FL0000X"
PERSON = "p-0001"
YEAR = timedelta(days=365)
SYSTEM = Actor(ActorKind.SYSTEM, "system", "signing")


def a_drawing(text: str = "信签银行股份有限公司") -> bytes:
    """A disc: what it shows is no matter here."""
    side = 42 * MM
    disc = Mark(circle(0, 0, 1), (side / 2, 0, 0, side / 2, side / 2, side / 2), VERMILION)
    return Drawing(side, side, text, (disc,)).data


def an_order(**changes: object) -> SealOrder:
    order = SealOrder(
        owner=BANK,
        label="信签银行股份有限公司",
        kind=SealKind.CONTRACT,
        maker="上海某某印章制作有限公司",
        drawing=a_drawing(),
        valid_from=NOON,
        valid_until=NOON + YEAR,
    )
    return replace(order, **changes)  # type: ignore[arg-type]


def a_persons_order() -> SealOrder:
    return an_order(owner=PERSON, label="王小明", kind=SealKind.PERSON, drawing=a_drawing("王小明印"))


def a_grant(**changes: object) -> Grant:
    grant = Grant(
        templates=frozenset({"personal-loan"}),
        kinds=frozenset(),
        per_contract=20_000_000,
        total=50_000_000,
        valid_from=NOON,
        valid_until=NOON + YEAR,
    )
    return replace(grant, **changes)  # type: ignore[arg-type]


def an_application(seal_id: SealId, **changes: object) -> SealApplication:
    application = SealApplication(
        seal_id=seal_id,
        contract_id="contract-1",
        case_id=CaseId("contract/contract-1"),
        field="lender-1",
        document=DigestPair.of(b"document"),
        positions=(Box(10, Rect(300.25, 120.5, 119.055, 119.055)),),
        actor=SYSTEM,
        owner=BANK,
        approver="first",
    )
    return replace(application, **changes)  # type: ignore[arg-type]


def silently(seal_id: SealId, authorisation: AuthorisationId, amount: int = 10_000_000) -> SealApplication:
    return an_application(
        seal_id, silent=Silent(authorisation, SilentUse("personal-loan", amount)), approver=""
    )


@dataclass(frozen=True, slots=True)
class Registered:
    """A registry with its administrators."""

    units: Database
    clock: FixedClock
    registry: SealRegistry
    authorisations: SealAuthorisations
    first: Administrator
    second: Administrator

    def active(self, order: SealOrder | None = None) -> SealId:
        """Proposed by the first, approved by the second."""
        seal = self.registry.propose(self.registry.prepare(order or an_order()), self.first)
        return self.registry.approve(seal.seal_id, self.second).seal_id

    def authorised(self, seal_id: SealId, grant: Grant | None = None) -> AuthorisationId:
        """Given by the first, approved by the second."""
        given = self.authorisations.give(self.authorisations.prepare(seal_id, grant or a_grant()), self.first)
        return self.authorisations.approve(given.authorisation_id, self.second).authorisation_id

    def events(self, case: str) -> Sequence[tuple[str, dict[str, object]]]:
        """Type and facts of a case's events."""
        with self.units.reading() as unit:
            tenant = self.units._context.tenant
            found = unit.events.case(tenant, CaseId(case))
            return [(one.type.name, json.loads(one.envelope)["facts"]) for one in found]


def open_registry(engine: sa.Engine, folder: Path) -> Registered:
    clock = FixedClock()
    units = open_units(engine, clock, folder)
    first, second = Administrator.of("first"), Administrator.of("second", Algorithm.SM2)
    with units() as unit:
        for one in (first, second):
            unit.approvals.add_administrator(one.name, one.public.spki, NOON)
    return Registered(
        units, clock, SealRegistry(units, clock), SealAuthorisations(units, clock), first, second
    )
