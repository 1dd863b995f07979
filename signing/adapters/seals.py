"""Seals, authorisations and ledgers in SQL; what names people is sealed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from evidence.clock import from_micros, to_micros
from evidence.digest import DigestPair
from evidence.event import TenantId
from evidence.ports import KeyWrapper
from signing.adapters.seal_authorisations import SqlAuthorisations
from signing.adapters.seal_ledger import SqlLedger
from signing.adapters.seal_tables import seals
from signing.errors import NotFound, StateInvalid
from signing.seal import Seal, SealFilter, SealId, SealKind, SealState
from signing.seal_use import NO_ENTRY, LedgerHead

LABEL_CONTEXT = b"signing/seal-label\0"
DRAWING_CONTEXT = b"signing/seal-drawing\0"
_LIVING = [SealState.PROPOSED.value, SealState.ACTIVE.value, SealState.SUSPENDED.value]
_VALUES = [column for column in seals.c if column.name != "drawing"]  # which is large


class SqlSealStore(SqlAuthorisations, SqlLedger):
    """`SealStore` over one connection's transaction."""

    def __init__(self, connection: sa.Connection, wrapper: KeyWrapper, tenant: TenantId) -> None:
        super().__init__(connection, tenant)
        self._wrapper = wrapper

    def add(self, seal: Seal, drawing: bytes) -> None:
        key = seal.seal_id.encode()
        self._connection.execute(
            sa.insert(seals).values(
                seal_id=seal.seal_id,
                tenant=self._tenant,
                owner=seal.owner,
                label=self._wrapper.wrap(seal.label.encode(), LABEL_CONTEXT + key),
                kind=seal.kind.value,
                maker=seal.maker,
                drawing=self._wrapper.wrap(drawing, DRAWING_CONTEXT + key),
                drawing_sha256=seal.digests.sha256,
                drawing_sm3=seal.digests.sm3,
                valid_from=to_micros(seal.valid_from),
                valid_until=to_micros(seal.valid_until),
                state=seal.state.value,
                version=seal.version,
                proposed_by=seal.proposed_by,
                proposed_at=to_micros(seal.proposed_at),
                approved_by=seal.approved_by,
                changed_by=seal.changed_by,
                changed_at=to_micros(seal.changed_at),
                last_use=0,
                last_entry=NO_ENTRY,
            )
        )

    def get(self, seal_id: SealId) -> Seal:
        return self._seal(self._row(seal_id, sa.select(*_VALUES)))

    def hold(self, seal_id: SealId) -> tuple[Seal, LedgerHead]:
        """SQLite's transaction has the only writer's lock already, and knows no lock of a row."""
        row = self._row(seal_id, sa.select(*_VALUES).with_for_update())
        return self._seal(row), LedgerHead(row.last_use, bytes(row.last_entry))

    def drawing(self, seal_id: SealId) -> bytes:
        row = self._row(seal_id, sa.select(seals.c.drawing))
        return self._wrapper.unwrap(bytes(row.drawing), DRAWING_CONTEXT + seal_id.encode())

    def find(self, which: SealFilter) -> Sequence[Seal]:
        query = sa.select(*_VALUES).where(seals.c.tenant == self._tenant, *_conditions(which))
        query = query.order_by(seals.c.seal_id).limit(which.limit)
        return [self._seal(row) for row in self._connection.execute(query)]

    def due(self, at: datetime, limit: int) -> Sequence[Seal]:
        over = seals.c.state.in_(_LIVING), seals.c.valid_until <= to_micros(at)
        query = sa.select(*_VALUES).where(seals.c.tenant == self._tenant, *over)
        query = query.order_by(seals.c.seal_id).limit(limit).with_for_update()
        return [self._seal(row) for row in self._connection.execute(query)]

    def move(self, seal: Seal, to: SealState, by: str, at: datetime) -> Seal:
        first = seal.state is SealState.PROPOSED and to is SealState.ACTIVE
        moved = replace(
            seal,
            state=to,
            version=seal.version + 1,
            approved_by=by if first else seal.approved_by,
            changed_by=by,
            changed_at=at,
        )
        where = self._is(seal.seal_id), seals.c.state == seal.state.value, seals.c.version == seal.version
        done = self._connection.execute(
            sa.update(seals)
            .where(*where)
            .values(
                state=moved.state.value,
                version=moved.version,
                approved_by=moved.approved_by,
                changed_by=by,
                changed_at=to_micros(at),
            )
        )
        if done.rowcount != 1:
            raise StateInvalid("registered seal", "changed meanwhile", to.value)
        return moved

    def _is(self, seal_id: SealId) -> sa.ColumnElement[bool]:
        return sa.and_(seals.c.seal_id == seal_id, seals.c.tenant == self._tenant)

    def _row(self, seal_id: SealId, query: sa.Select[Any]) -> sa.Row[Any]:
        row = self._connection.execute(query.where(self._is(seal_id))).one_or_none()
        if row is None:
            raise NotFound("registered seal", seal_id)
        return row

    def _seal(self, row: sa.Row[Any]) -> Seal:
        label = self._wrapper.unwrap(bytes(row.label), LABEL_CONTEXT + row.seal_id.encode())
        return Seal(
            seal_id=SealId(row.seal_id),
            owner=row.owner,
            label=label.decode(),
            kind=SealKind(row.kind),
            maker=row.maker,
            digests=DigestPair(bytes(row.drawing_sha256), bytes(row.drawing_sm3)),
            valid_from=from_micros(row.valid_from),
            valid_until=from_micros(row.valid_until),
            state=SealState(row.state),
            version=row.version,
            proposed_by=row.proposed_by,
            proposed_at=from_micros(row.proposed_at),
            approved_by=row.approved_by,
            changed_by=row.changed_by,
            changed_at=from_micros(row.changed_at),
        )


def _conditions(which: SealFilter) -> list[sa.ColumnElement[bool]]:
    conditions: list[sa.ColumnElement[bool]] = []
    if which.owner is not None:
        conditions.append(seals.c.owner == which.owner)
    if which.kind is not None:
        conditions.append(seals.c.kind == which.kind.value)
    if which.state is not None:
        conditions.append(seals.c.state == which.state.value)
    if which.after is not None:
        conditions.append(seals.c.seal_id > which.after)
    return conditions
