"""Yesterday's database, taken and brought back table by table, as a dump is."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from api.db import METADATA

Backup = dict[str, list[dict[str, Any]]]


def take(engine: sa.Engine) -> Backup:
    """Every row of every table."""
    with engine.connect() as connection:
        return {
            table.name: [dict(row._mapping) for row in connection.execute(sa.select(table))]
            for table in _tables()
        }


def bring_back(engine: sa.Engine, backup: Backup) -> None:
    """In place of everything that came after it."""
    with engine.begin() as connection:
        for table in _tables():
            connection.execute(sa.delete(table))
            if rows := backup[table.name]:
                connection.execute(sa.insert(table), rows)


def _tables() -> list[sa.Table]:
    return [table for metadata in METADATA for table in metadata.sorted_tables]
