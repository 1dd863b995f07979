"""Authorisations of silent signing in SQL, and what was used of them, counted by the database."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from evidence.clock import from_micros, to_micros
from evidence.event import TenantId
from signing.adapters.seal_tables import authorisations
from signing.authorisation import Authorisation, AuthorisationId, AuthorisationState, Grant
from signing.errors import NotFound, StateInvalid
from signing.seal import SealId

_BEFORE = {
    AuthorisationState.ACTIVE: (AuthorisationState.PROPOSED,),
    AuthorisationState.ENDED: (AuthorisationState.PROPOSED, AuthorisationState.ACTIVE),
}


class SqlAuthorisations:
    """The part of `SealStore` that authorisations are."""

    def __init__(self, connection: sa.Connection, tenant: TenantId) -> None:
        self._connection = connection
        self._tenant = tenant

    def add_authorisation(self, authorisation: Authorisation) -> None:
        grant = authorisation.grant
        self._connection.execute(
            sa.insert(authorisations).values(
                authorisation_id=authorisation.authorisation_id,
                tenant=self._tenant,
                seal_id=authorisation.seal_id,
                organisation=authorisation.organisation,
                templates=json.dumps(sorted(grant.templates)),
                kinds=json.dumps(sorted(grant.kinds)),
                per_contract=grant.per_contract,
                total=grant.total,
                valid_from=to_micros(grant.valid_from),
                valid_until=to_micros(grant.valid_until),
                state=authorisation.state.value,
                given_by=authorisation.given_by,
                given_at=to_micros(authorisation.given_at),
                approved_by=authorisation.approved_by,
                changed_at=to_micros(authorisation.given_at),
                used=authorisation.used,
                uses=authorisation.uses,
            )
        )

    def authorisation(self, authorisation_id: AuthorisationId) -> Authorisation:
        query = sa.select(authorisations).where(self._is_authorisation(authorisation_id))
        row = self._connection.execute(query).one_or_none()
        if row is None:
            raise NotFound("authorisation", authorisation_id)
        return _authorisation(row)

    def authorisations(self, seal_id: SealId) -> Sequence[Authorisation]:
        column = authorisations.c
        query = sa.select(authorisations).where(column.tenant == self._tenant, column.seal_id == seal_id)
        return [
            _authorisation(row) for row in self._connection.execute(query.order_by(column.authorisation_id))
        ]

    def move_authorisation(
        self, authorisation: Authorisation, to: AuthorisationState, by: str, at: datetime
    ) -> Authorisation:
        if authorisation.state not in _BEFORE[to]:
            raise StateInvalid("authorisation", authorisation.state.value, to.value)
        who = {"approved_by": by} if to is AuthorisationState.ACTIVE else {"ended_by": by}
        done = self._connection.execute(
            sa.update(authorisations)
            .where(
                self._is_authorisation(authorisation.authorisation_id),
                authorisations.c.state == authorisation.state.value,
            )
            .values(state=to.value, changed_at=to_micros(at), **who)
            .returning(authorisations.c.used, authorisations.c.uses)
        ).one_or_none()
        if done is None:
            raise StateInvalid("authorisation", "changed meanwhile", to.value)
        approved_by = by if to is AuthorisationState.ACTIVE else authorisation.approved_by
        return replace(authorisation, state=to, approved_by=approved_by, used=done.used, uses=done.uses)

    def count_use(self, authorisation_id: AuthorisationId, amount: int) -> bool:
        """One UPDATE, whose condition the database judges on the row that it has locked."""
        column = authorisations.c
        done = self._connection.execute(
            sa.update(authorisations)
            .where(
                self._is_authorisation(authorisation_id),
                column.state == AuthorisationState.ACTIVE.value,
                sa.or_(column.total.is_(None), column.used + amount <= column.total),
            )
            .values(used=column.used + amount, uses=column.uses + 1)
        )
        return done.rowcount == 1

    def _is_authorisation(self, authorisation_id: AuthorisationId) -> sa.ColumnElement[bool]:
        column = authorisations.c
        return sa.and_(column.authorisation_id == authorisation_id, column.tenant == self._tenant)


def _authorisation(row: sa.Row[Any]) -> Authorisation:
    return Authorisation(
        authorisation_id=AuthorisationId(row.authorisation_id),
        seal_id=SealId(row.seal_id),
        organisation=row.organisation,
        grant=Grant(
            templates=frozenset(json.loads(row.templates)),
            kinds=frozenset(json.loads(row.kinds)),
            per_contract=row.per_contract,
            total=row.total,
            valid_from=from_micros(row.valid_from),
            valid_until=from_micros(row.valid_until),
        ),
        state=AuthorisationState(row.state),
        given_by=row.given_by,
        given_at=from_micros(row.given_at),
        approved_by=row.approved_by,
        used=row.used,
        uses=row.uses,
    )
