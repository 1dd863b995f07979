"""Activated profiles in SQL; every version that was ever in force stays."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from ca.adapters.tables import profile_versions, profiles
from evidence.clock import to_micros


class SqlProfileStore:
    """`ProfileStore` over one connection's transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def activate(self, name: str, profile_hash: str, data: bytes, at: datetime) -> None:
        version = {"profile_hash": profile_hash, "name": name, "data": data}
        insert = postgresql.insert if self._connection.dialect.name == "postgresql" else sqlite.insert
        self._connection.execute(insert(profile_versions).values(version).on_conflict_do_nothing())
        current: dict[str, object] = {"profile_hash": profile_hash, "activated_at": to_micros(at)}
        put = insert(profiles).values(name=name, **current)
        self._connection.execute(put.on_conflict_do_update(index_elements=["name"], set_=current))

    def active(self) -> dict[str, tuple[str, bytes]]:
        query = sa.select(profiles.c.name, profiles.c.profile_hash, profile_versions.c.data).join(
            profile_versions, profile_versions.c.profile_hash == profiles.c.profile_hash
        )
        return {row.name: (row.profile_hash, bytes(row.data)) for row in self._connection.execute(query)}
