"""The sealed columns of contracts, for the rotation of the master key."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from evidence.ports import Wrapped
from signing.adapters.contracts import CONTRACT_CONTEXT, LOOKUP_CONTEXT, PARTY_CONTEXT
from signing.adapters.contracts_sessions import CHALLENGE_CONTEXT, INTENT_CONTEXT
from signing.adapters.contracts_tables import challenges, contracts, intents, lookup_keys, parties

# Each by a name; all of one come before the next, in the order of the names.
_COLUMNS = {
    "challenge": (challenges.c.challenge_id, challenges.c.key, CHALLENGE_CONTEXT),
    "contract": (contracts.c.contract_id, contracts.c.details, CONTRACT_CONTEXT),
    "intent": (intents.c.intent_id, intents.c.statement, INTENT_CONTEXT),
    "lookup": (lookup_keys.c.tenant, lookup_keys.c.wrapped, LOOKUP_CONTEXT),
    "party": (parties.c.party_id, parties.c.details, PARTY_CONTEXT),
}


class SqlSealedContracts:
    """`evidence.ports.WrappedValues` over one connection's transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def wrapped_page(self, after: tuple[str, ...] | None, limit: int) -> Sequence[Wrapped]:
        found: list[Wrapped] = []
        for name, (key, value, context) in _COLUMNS.items():
            if len(found) == limit or (after is not None and name < after[0]):
                continue
            query = sa.select(key.label("id"), value.label("value")).order_by(key)
            if after is not None and name == after[0]:
                query = query.where(key > after[1])
            rows = self._connection.execute(query.limit(limit - len(found)))
            found += [Wrapped((name, row.id), context + row.id.encode(), bytes(row.value)) for row in rows]
        return found

    def rewrap(self, place: tuple[str, ...], old: bytes, new: bytes) -> bool:
        name, row = place
        key, value, _ = _COLUMNS[name]
        here = sa.update(key.table).where(key == row, value == old)
        return self._connection.execute(here.values({value: new})).rowcount == 1
