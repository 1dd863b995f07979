"""Key tables and the store over them; SQLite and PostgreSQL alike."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from evidence.clock import from_micros, to_micros
from keys.errors import KeyNotFound, KeyStateInvalid, KeyUseExhausted
from keys.key import LEGAL_TRANSITIONS, KeyId, KeyPurpose, KeyRecord, KeyState
from keys.public import PublicKey
from keys.suites import Algorithm

metadata = sa.MetaData()

keys = sa.Table(
    "keys_keys",
    metadata,
    sa.Column("key_id", sa.Text, primary_key=True),
    sa.Column("algorithm", sa.Text, nullable=False),
    sa.Column("purpose", sa.Text, nullable=False),
    sa.Column("label", sa.Text, nullable=False),
    sa.Column("custody", sa.Text, nullable=False),
    sa.Column("fingerprint", sa.Text, nullable=False, unique=True),
    sa.Column("spki", sa.LargeBinary, nullable=False),
    sa.Column("handle", sa.LargeBinary, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("created_at", sa.BigInteger, nullable=False),
    sa.Column("use_count", sa.BigInteger, nullable=False),
    sa.Column("use_limit", sa.BigInteger),
    sa.Column("successor", sa.Text),
)
blocked = sa.Table(
    "keys_blocked",
    metadata,
    sa.Column("fingerprint", sa.Text, primary_key=True),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("blocked_at", sa.BigInteger, nullable=False),
)

_COMES_FROM = {
    to: tuple(state.value for state, targets in LEGAL_TRANSITIONS.items() if to in targets) for to in KeyState
}
_count_use = (
    sa.update(keys)
    .where(
        keys.c.key_id == sa.bindparam("which"),
        keys.c.state == KeyState.ACTIVE.value,
        sa.or_(keys.c.use_limit.is_(None), keys.c.use_count + sa.bindparam("uses") <= keys.c.use_limit),
    )
    .values(use_count=keys.c.use_count + sa.bindparam("uses"))
    .returning(keys.c.use_count)
)


class SqlKeyStore:
    """`KeyStore` over one connection's transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection
        postgres = connection.dialect.name == "postgresql"
        self._insert = postgresql.insert if postgres else sqlite.insert

    def add(self, record: KeyRecord) -> None:
        put = self._insert(keys).values(_row(record)).on_conflict_do_nothing().returning(keys.c.key_id)
        if self._connection.execute(put).scalar() is None:
            raise KeyStateInvalid(record.key_id, "there already, or its public key is", "be added")

    def get(self, key_id: KeyId) -> KeyRecord:
        return self._one(keys.c.key_id == key_id, key_id)

    def list(
        self, *, purpose: KeyPurpose | None = None, state: KeyState | None = None
    ) -> Sequence[KeyRecord]:
        query = sa.select(keys).order_by(keys.c.created_at, keys.c.key_id)
        if purpose is not None:
            query = query.where(keys.c.purpose == purpose.value)
        if state is not None:
            query = query.where(keys.c.state == state.value)
        return [_record(row) for row in self._connection.execute(query)]

    def page(self, after: KeyId | None, limit: int) -> Sequence[KeyRecord]:
        query = sa.select(keys).where(keys.c.key_id > (after or "")).order_by(keys.c.key_id).limit(limit)
        return [_record(row) for row in self._connection.execute(query)]

    def by_fingerprint(self, fingerprint: str) -> KeyRecord | None:
        row = self._connection.execute(sa.select(keys).where(keys.c.fingerprint == fingerprint)).one_or_none()
        return None if row is None else _record(row)

    def transition(self, key_id: KeyId, to: KeyState, *, successor: KeyId | None = None) -> KeyRecord:
        change = sa.update(keys).where(keys.c.key_id == key_id, keys.c.state.in_(_COMES_FROM[to]))
        values = {"state": to.value} | ({} if successor is None else {"successor": successor})
        row = self._connection.execute(change.values(values).returning(keys)).one_or_none()
        if row is None:
            raise KeyStateInvalid(key_id, self.get(key_id).state.value, f"become {to.value}")
        return _record(row)

    def count_use(self, key_id: KeyId, uses: int) -> int:
        if uses < 1:
            raise ValueError("a key is used at least once")
        count = self._connection.execute(_count_use, {"which": key_id, "uses": uses}).scalar()
        if count is not None:
            return int(count)
        record = self.get(key_id)
        if record.state is not KeyState.ACTIVE or record.use_limit is None:
            raise KeyStateInvalid(key_id, record.state.value, "sign")
        raise KeyUseExhausted(key_id, record.use_limit)

    def replace_handle(self, key_id: KeyId, old: bytes, new: bytes) -> bool:
        change = sa.update(keys).where(keys.c.key_id == key_id, keys.c.handle == old).values(handle=new)
        return self._connection.execute(change).rowcount == 1

    def block(self, fingerprint: str, reason: str, at: datetime) -> None:
        """The first reason stands."""
        put = self._insert(blocked).values(fingerprint=fingerprint, reason=reason, blocked_at=to_micros(at))
        self._connection.execute(put.on_conflict_do_nothing())

    def blocked(self, fingerprints: Sequence[str]) -> dict[str, str]:
        query = sa.select(blocked.c.fingerprint, blocked.c.reason).where(
            blocked.c.fingerprint.in_(list(fingerprints))
        )
        return {row.fingerprint: row.reason for row in self._connection.execute(query)}

    def _one(self, condition: sa.ColumnElement[bool], key_id: KeyId) -> KeyRecord:
        row = self._connection.execute(sa.select(keys).where(condition)).one_or_none()
        if row is None:
            raise KeyNotFound(key_id)
        return _record(row)


def _row(record: KeyRecord) -> dict[str, Any]:
    return {
        "key_id": record.key_id,
        "algorithm": record.algorithm.value,
        "purpose": record.purpose.value,
        "label": record.label,
        "custody": record.custody,
        "fingerprint": record.public.fingerprint,
        "spki": record.public.spki,
        "handle": record.handle,
        "state": record.state.value,
        "created_at": to_micros(record.created_at),
        "use_count": record.use_count,
        "use_limit": record.use_limit,
        "successor": record.successor,
    }


def _record(row: sa.Row[Any]) -> KeyRecord:
    return KeyRecord(
        key_id=row.key_id,
        algorithm=Algorithm(row.algorithm),
        purpose=KeyPurpose(row.purpose),
        label=row.label,
        custody=row.custody,
        public=PublicKey.from_spki(bytes(row.spki)),
        handle=bytes(row.handle),
        state=KeyState(row.state),
        created_at=from_micros(row.created_at),
        use_count=row.use_count,
        use_limit=row.use_limit,
        successor=row.successor,
    )
