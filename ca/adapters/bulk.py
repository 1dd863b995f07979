"""Many rows through one statement, handed to the driver as they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa


@lru_cache(maxsize=32)
def _compiled(
    statement: sa.Insert | sa.Update, dialect: sa.Dialect
) -> tuple[str, tuple[str, ...] | None, Mapping[str, Any]]:
    compiled = statement.compile(dialect=dialect)
    places = getattr(compiled, "positiontup", None)
    return str(compiled), None if places is None else tuple(places), compiled.params


def write_rows(
    connection: sa.Connection, statement: sa.Insert | sa.Update, rows: Sequence[Mapping[str, Any]]
) -> int:
    """Execute `statement` once a row; returns how many rows it touched.

    Values must be text, integers, bytes or None: they are not converted, which for short rows costs
    more than the database's own work.
    """
    text, places, fixed = _compiled(statement, connection.dialect)
    filled = [{**fixed, **row} for row in rows]
    many = filled if places is None else [tuple(map(row.__getitem__, places)) for row in filled]
    return connection.exec_driver_sql(text, many).rowcount
