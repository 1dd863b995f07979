"""Signed heads and leaves as the publisher needs them; SQLite and PostgreSQL alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from evidence.adapters.sql import events, logs, metadata
from evidence.digest import DigestPair
from evidence.event import LogId
from evidence.publish_ports import SignedHead, StoredLeaf
from evidence.tree import TreeHead

heads = sa.Table(
    "evidence_log_heads",
    metadata,
    sa.Column("log", sa.Text, primary_key=True),
    sa.Column("size", sa.BigInteger, nullable=False),
    sa.Column("root_sha256", sa.LargeBinary, nullable=False),
    sa.Column("root_sm3", sa.LargeBinary, nullable=False),
    sa.Column("note_sha256", sa.LargeBinary, nullable=False),
    sa.Column("note_sm3", sa.LargeBinary, nullable=False),
)


class SqlLeafStore:
    """`LeafStore` over one connection's transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def size(self, log: LogId) -> int:
        query = sa.select(logs.c.next_index).where(logs.c.log == log)
        return int(self._connection.execute(query).scalar() or 0)

    def leaves(self, log: LogId, start: int, stop: int) -> Sequence[StoredLeaf]:
        place = events.c.leaf_index
        query = sa.select(events.c.leaf, events.c.leaf_sha256, events.c.leaf_sm3)
        query = query.where(events.c.log == log, place >= start, place < stop).order_by(place)
        return [
            StoredLeaf(bytes(leaf), DigestPair(bytes(first), bytes(second)))
            for leaf, first, second in self._connection.execute(query)
        ]


class SqlSignedHeadStore:
    """`SignedHeadStore` over one connection's transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def get(self, log: LogId) -> SignedHead | None:
        row = self._connection.execute(sa.select(heads).where(heads.c.log == log)).one_or_none()
        if row is None:
            return None
        roots = DigestPair(bytes(row.root_sha256), bytes(row.root_sm3))
        return SignedHead(TreeHead(row.size, roots), bytes(row.note_sha256), bytes(row.note_sm3))

    def swap(self, log: LogId, old: TreeHead | None, new: SignedHead) -> bool:
        values = _values(new)
        if old is None:
            kind = postgresql if self._connection.dialect.name == "postgresql" else sqlite
            put = kind.insert(heads).values(log=log, **values).on_conflict_do_nothing()
            return self._connection.execute(put.returning(heads.c.log)).scalar() is not None
        same = sa.and_(
            heads.c.log == log,
            heads.c.size == old.size,
            heads.c.root_sha256 == old.roots.sha256,
            heads.c.root_sm3 == old.roots.sm3,
        )
        return self._connection.execute(sa.update(heads).where(same).values(**values)).rowcount == 1


def _values(signed: SignedHead) -> dict[str, Any]:
    return {
        "size": signed.head.size,
        "root_sha256": signed.head.roots.sha256,
        "root_sm3": signed.head.roots.sm3,
        "note_sha256": signed.sha256,
        "note_sm3": signed.sm3,
    }
