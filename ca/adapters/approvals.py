"""Administrators, proposed plans and approvals in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from ca.adapters.tables import administrators, approvals, plans
from ca.errors import NotFound, Refused
from ca.registry import Approval, Proposal
from evidence.clock import from_micros, to_micros


class SqlApprovalStore:
    """`ApprovalStore` over one connection's transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add_administrator(self, name: str, spki: bytes, at: datetime) -> None:
        row = {"name": name, "spki": spki, "added_at": to_micros(at)}
        self._insert(administrators, row, "administrator", f"{name} exists, or the key is another's")

    def administrators(self) -> dict[str, bytes]:
        query = sa.select(administrators).order_by(administrators.c.name)
        return {row.name: bytes(row.spki) for row in self._connection.execute(query)}

    def propose(self, proposal: Proposal) -> None:
        row = {
            "plan_hash": proposal.plan_hash,
            "data": proposal.data,
            "proposed_at": to_micros(proposal.proposed_at),
            "carried_out": False,
        }
        self._insert(plans, row, "plan", f"{proposal.plan_hash} was proposed before")

    def proposal(self, plan_hash: str) -> Proposal:
        query = sa.select(plans).where(plans.c.plan_hash == plan_hash)
        row = self._connection.execute(query).one_or_none()
        if row is None:
            raise NotFound("plan", plan_hash)
        return Proposal(row.plan_hash, bytes(row.data), from_micros(row.proposed_at), row.carried_out)

    def pending(self, since: datetime) -> Sequence[Proposal]:
        waiting = sa.not_(plans.c.carried_out), plans.c.proposed_at >= to_micros(since)
        query = sa.select(plans).where(*waiting).order_by(plans.c.proposed_at, plans.c.plan_hash)
        return [
            Proposal(row.plan_hash, bytes(row.data), from_micros(row.proposed_at), row.carried_out)
            for row in self._connection.execute(query)
        ]

    def add(self, approval: Approval) -> None:
        row = {
            "plan_hash": approval.plan_hash,
            "administrator": approval.administrator,
            "act": approval.act,
            "signature": approval.signature,
            "approved_at": to_micros(approval.approved_at),
        }
        self._insert(approvals, row, "approval", f"{approval.administrator} approved this plan before")

    def of(self, plan_hash: str) -> Sequence[Approval]:
        query = sa.select(approvals).where(approvals.c.plan_hash == plan_hash)
        query = query.order_by(approvals.c.approved_at, approvals.c.administrator)
        return [
            Approval(
                plan_hash=row.plan_hash,
                act=row.act,
                administrator=row.administrator,
                signature=bytes(row.signature),
                approved_at=from_micros(row.approved_at),
            )
            for row in self._connection.execute(query)
        ]

    def consume(self, plan_hash: str) -> bool:
        done = sa.update(plans).where(plans.c.plan_hash == plan_hash, sa.not_(plans.c.carried_out))
        return self._connection.execute(done.values(carried_out=True)).rowcount == 1

    def _insert(self, table: sa.Table, row: dict[str, object], field: str, reason: str) -> None:
        try:
            with self._connection.begin_nested():
                self._connection.execute(sa.insert(table).values(row))
        except sa.exc.IntegrityError as error:
            raise Refused(field, reason) from error
