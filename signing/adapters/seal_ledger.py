"""Ledgers of seals' uses in SQL: rows are added, and never changed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from evidence.clock import from_micros, to_micros
from evidence.event import TenantId
from signing.adapters.seal_tables import seals, uses
from signing.authorisation import AuthorisationId
from signing.errors import StateInvalid
from signing.place import Box, Rect
from signing.seal import SealId
from signing.seal_use import SealUse


class SqlLedger:
    """The part of `SealStore` that ledgers are."""

    def __init__(self, connection: sa.Connection, tenant: TenantId) -> None:
        self._connection = connection
        self._tenant = tenant

    def add_use(self, use: SealUse) -> None:
        head = sa.update(seals).where(
            seals.c.seal_id == use.seal_id,
            seals.c.tenant == self._tenant,
            seals.c.last_use == use.number - 1,
            seals.c.last_entry == use.previous,
        )
        if self._connection.execute(head.values(last_use=use.number, last_entry=use.entry)).rowcount != 1:
            raise StateInvalid("registered seal", "changed meanwhile", "use")
        self._connection.execute(
            sa.insert(uses).values(
                seal_id=use.seal_id,
                number=use.number,
                used_at=to_micros(use.used_at),
                actor=use.actor,
                approver=use.approver,
                authorisation_id=use.authorisation_id,
                contract_id=use.contract_id,
                field=use.field,
                document_sha256=use.document_sha256,
                seal_sha256=use.seal_sha256,
                positions=json.dumps(use.places),
                amount=use.amount,
                previous=use.previous,
                entry=use.entry,
            )
        )

    def uses(self, seal_id: SealId, after: int = 0, limit: int = 100) -> Sequence[SealUse]:
        query = (
            sa.select(uses)
            .join(seals, seals.c.seal_id == uses.c.seal_id)
            .where(seals.c.tenant == self._tenant, uses.c.seal_id == seal_id, uses.c.number > after)
            .order_by(uses.c.number)
            .limit(limit)
        )
        return [_use(row) for row in self._connection.execute(query)]


def _use(row: sa.Row[Any]) -> SealUse:
    return SealUse(
        seal_id=SealId(row.seal_id),
        number=row.number,
        used_at=from_micros(row.used_at),
        actor=row.actor,
        approver=row.approver,
        authorisation_id=None if row.authorisation_id is None else AuthorisationId(row.authorisation_id),
        contract_id=row.contract_id,
        field=row.field,
        document_sha256=bytes(row.document_sha256),
        seal_sha256=bytes(row.seal_sha256),
        positions=tuple(
            Box(page, Rect(*(side / 1000 for side in sides))) for page, *sides in json.loads(row.positions)
        ),
        amount=row.amount,
        previous=bytes(row.previous),
        entry=bytes(row.entry),
    )
