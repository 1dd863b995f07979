"""The seals' sealed columns, for the rotation of the master key."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from evidence.ports import Wrapped
from signing.adapters.seal_tables import seals
from signing.adapters.seals import DRAWING_CONTEXT, LABEL_CONTEXT

# A seal's two values are two places; all of one column come before the other's.
_COLUMNS = {"drawing": DRAWING_CONTEXT, "label": LABEL_CONTEXT}


class SqlSealedSeals:
    """`evidence.ports.WrappedValues` over one connection's transaction; of every tenant."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def wrapped_page(self, after: tuple[str, ...] | None, limit: int) -> Sequence[Wrapped]:
        found: list[Wrapped] = []
        for name, context in _COLUMNS.items():
            if len(found) == limit or (after is not None and name < after[0]):
                continue
            query = sa.select(seals.c.seal_id, seals.c[name].label("value"))
            if after is not None and name == after[0]:
                query = query.where(seals.c.seal_id > after[1])
            query = query.order_by(seals.c.seal_id).limit(limit - len(found))
            for row in self._connection.execute(query):
                place, value = (name, row.seal_id), bytes(row.value)
                found.append(Wrapped(place, context + row.seal_id.encode(), value))
        return found

    def rewrap(self, place: tuple[str, ...], old: bytes, new: bytes) -> bool:
        name, seal_id = place
        here = sa.update(seals).where(seals.c.seal_id == seal_id, seals.c[name] == old)
        return self._connection.execute(here.values({name: new})).rowcount == 1
