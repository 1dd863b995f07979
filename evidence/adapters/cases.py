"""Cases as people search them: over the tables of the log, and one of holds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from evidence.adapters.sql import case_keys, cases, events, metadata
from evidence.case import ENDINGS, CaseState
from evidence.caseports import CaseFilter, CaseSummary
from evidence.clock import from_micros, to_micros
from evidence.errors import CaseNotFound, RecordRefused
from evidence.event import CaseId, EventType, TenantId

holds = sa.Table(
    "evidence_holds",
    metadata,
    sa.Column("hold_id", sa.Text, primary_key=True),
    sa.Column("tenant", sa.Text, nullable=False),
    sa.Column("case_id", sa.Text, nullable=False),
    sa.Column("set_at", sa.BigInteger, nullable=False),
    sa.Column("released_at", sa.BigInteger),
    sa.Index("evidence_holds_by_case", "tenant", "case_id"),
)

_own_events = sa.and_(events.c.tenant == cases.c.tenant, events.c.case_id == cases.c.case_id)
_ending = (
    sa.select(events.c.type)
    .where(_own_events, events.c.type.in_([one.value for one in ENDINGS]))
    .order_by(events.c.case_seq.desc())
    .limit(1)
    .correlate(cases)
    .scalar_subquery()
)
_changed = (
    sa.select(events.c.recorded_at)
    .where(_own_events, events.c.case_seq == cases.c.next_seq - 1)
    .correlate(cases)
    .scalar_subquery()
)
_holds = (
    sa.select(sa.func.count())
    .select_from(holds)
    .where(
        holds.c.tenant == cases.c.tenant, holds.c.case_id == cases.c.case_id, holds.c.released_at.is_(None)
    )
    .correlate(cases)
    .scalar_subquery()
)
_shredded = sa.exists().where(
    case_keys.c.tenant == cases.c.tenant,
    case_keys.c.case_id == cases.c.case_id,
    case_keys.c.wrapped.is_(None),
)
_summary = sa.select(
    cases,
    _ending.label("ending"),
    _changed.label("changed_at"),
    _holds.label("holds"),
    _shredded.label("shredded"),
)
_IS = {
    CaseState.SHREDDED: _shredded,
    CaseState.HELD: _holds > 0,
    CaseState.CLOSED: cases.c.closed_seq.is_not(None),
    CaseState.ENDED: _ending.is_not(None),
    CaseState.OPEN: sa.true(),
}
"""From the last to the first: a case is in the first of these that fits."""


class SqlCaseStore:
    """`CaseStore` over one connection's transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def find(self, tenant: TenantId, which: CaseFilter) -> Sequence[CaseSummary]:
        """By the index of contracts' cases, or that of their times."""
        query = _summary.where(cases.c.tenant == tenant, cases.c.contract_id.is_not(None))
        if which.contracts is not None:
            query = query.where(cases.c.contract_id.in_(which.contracts))
        if which.since is not None:
            query = query.where(cases.c.opened_at >= to_micros(which.since))
        if which.before is not None:
            query = query.where(cases.c.opened_at < to_micros(which.before))
        if which.type is not None:
            query = query.where(
                sa.exists().where(_own_events, events.c.type == which.type.value).correlate(cases)
            )
        if which.state is not None:
            query = query.where(*_in_state(which.state))
        if which.after is not None:
            place = sa.tuple_(cases.c.opened_at, cases.c.case_id)
            query = query.where(place < sa.tuple_(*self._place(tenant, which.after)))
        order = cases.c.opened_at.desc(), cases.c.case_id.desc()
        return [_read(row) for row in self._connection.execute(query.order_by(*order).limit(which.limit))]

    def summary(self, tenant: TenantId, case_id: CaseId) -> CaseSummary:
        """By its key."""
        query = _summary.where(cases.c.tenant == tenant, cases.c.case_id == case_id)
        row = self._connection.execute(query).one_or_none()
        if row is None:
            raise CaseNotFound(case_id)
        return _read(row)

    def put_hold(self, tenant: TenantId, case_id: CaseId, hold_id: str, at: datetime) -> None:
        """One row a hold, for good."""
        row = {"hold_id": hold_id, "tenant": tenant, "case_id": case_id, "set_at": to_micros(at)}
        try:
            self._connection.execute(sa.insert(holds).values(row))
        except IntegrityError as error:
            raise RecordRefused(str(error.orig)) from error

    def end_hold(self, tenant: TenantId, hold_id: str, at: datetime) -> bool:
        """Only one that stands."""
        change = sa.update(holds).where(
            holds.c.tenant == tenant, holds.c.hold_id == hold_id, holds.c.released_at.is_(None)
        )
        return self._connection.execute(change.values(released_at=to_micros(at))).rowcount == 1

    def _place(self, tenant: TenantId, case_id: CaseId) -> tuple[sa.ColumnElement[Any], ...]:
        query = sa.select(cases.c.opened_at).where(cases.c.tenant == tenant, cases.c.case_id == case_id)
        opened_at = self._connection.execute(query).scalar()
        if opened_at is None:
            raise CaseNotFound(case_id)
        return sa.literal(opened_at, sa.BigInteger), sa.literal(case_id)


def _in_state(state: CaseState) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    for one, condition in _IS.items():
        if one is state:
            return [*conditions, condition]
        conditions.append(sa.not_(condition))
    raise AssertionError(state)


def _read(row: sa.Row[Any]) -> CaseSummary:
    known = {
        CaseState.SHREDDED: bool(row.shredded),
        CaseState.HELD: row.holds > 0,
        CaseState.CLOSED: row.closed_seq is not None,
        CaseState.ENDED: row.ending is not None,
        CaseState.OPEN: True,
    }
    return CaseSummary(
        case_id=row.case_id,
        contract_id=row.contract_id,
        opened_at=from_micros(row.opened_at),
        changed_at=from_micros(row.opened_at if row.changed_at is None else row.changed_at),
        events=row.next_seq,
        state=next(state for state in _IS if known[state]),
        ending=None if row.ending is None else ENDINGS[EventType(row.ending)],
        closed_seq=row.closed_seq,
        holds=row.holds,
        shredded=bool(row.shredded),
    )
