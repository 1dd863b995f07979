"""The certificates' sealed columns, for the rotation of the master key."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from ca.adapters.certificates import CERTIFICATE_CONTEXT, SUBJECT_CONTEXT
from ca.adapters.tables import certificates
from evidence.ports import Wrapped

# A certificate's two values are two places; all of one column come before the other's.
_COLUMNS = {"certificate": CERTIFICATE_CONTEXT, "subject": SUBJECT_CONTEXT}


class SqlSealedCertificates:
    """`evidence.ports.WrappedValues` over one connection's transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def wrapped_page(self, after: tuple[str, ...] | None, limit: int) -> Sequence[Wrapped]:
        found: list[Wrapped] = []
        for name, context in _COLUMNS.items():
            if len(found) == limit or (after is not None and name < after[0]):
                continue
            column = certificates.c[name]
            query = sa.select(certificates.c.serial, column.label("value")).where(sa.func.length(column) > 0)
            if after is not None and name == after[0]:
                query = query.where(certificates.c.serial > bytes.fromhex(after[1]))
            query = query.order_by(certificates.c.serial).limit(limit - len(found))
            for row in self._connection.execute(query):
                key = bytes(row.serial)
                found.append(Wrapped((name, key.hex()), context + key, bytes(row.value)))
        return found

    def rewrap(self, place: tuple[str, ...], old: bytes, new: bytes) -> bool:
        name, serial = place
        column = certificates.c[name]
        here = sa.update(certificates).where(certificates.c.serial == bytes.fromhex(serial), column == old)
        return self._connection.execute(here.values({name: new})).rowcount == 1
