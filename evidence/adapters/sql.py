"""Evidence tables and the stores over them; SQLite and PostgreSQL alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

from evidence.casekey import case_key_context
from evidence.clock import from_micros, to_micros
from evidence.digest import DigestPair
from evidence.errors import PayloadUnavailable, RecordRefused
from evidence.event import (
    CaseHead,
    CaseId,
    EventId,
    EventType,
    LogHead,
    LogId,
    Recorded,
    Sealed,
    TenantId,
)
from evidence.ports import Wrapped

metadata = sa.MetaData()

logs = sa.Table(
    "evidence_logs",
    metadata,
    sa.Column("log", sa.Text, primary_key=True),
    sa.Column("next_index", sa.BigInteger, nullable=False),
)
events = sa.Table(
    "evidence_events",
    metadata,
    sa.Column("log", sa.Text, primary_key=True),
    sa.Column("leaf_index", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("event_id", sa.Text, nullable=False, unique=True),
    sa.Column("type", sa.Integer, nullable=False),
    sa.Column("tenant", sa.Text, nullable=False),
    sa.Column("case_id", sa.Text, nullable=False),
    sa.Column("case_seq", sa.BigInteger, nullable=False),
    sa.Column("recorded_at", sa.BigInteger, nullable=False),
    sa.Column("envelope", sa.LargeBinary, nullable=False),
    sa.Column("leaf", sa.LargeBinary, nullable=False),
    sa.Column("leaf_sha256", sa.LargeBinary, nullable=False),
    sa.Column("leaf_sm3", sa.LargeBinary, nullable=False),
    sa.UniqueConstraint("tenant", "case_id", "case_seq"),
)
cases = sa.Table(
    "evidence_cases",
    metadata,
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("case_id", sa.Text, primary_key=True),
    sa.Column("next_seq", sa.BigInteger, nullable=False),
    sa.Column("last_sha256", sa.LargeBinary, nullable=False),
    sa.Column("last_sm3", sa.LargeBinary, nullable=False),
    sa.Column("contract_id", sa.Text),
    sa.Column("opened_at", sa.BigInteger, nullable=False),
    sa.Column("closed_seq", sa.BigInteger),
)
payloads = sa.Table(
    "evidence_payloads",
    metadata,
    sa.Column("event_id", sa.Text, primary_key=True),
    sa.Column("nonce", sa.LargeBinary, nullable=False),
    sa.Column("ciphertext", sa.LargeBinary, nullable=False),
)
case_keys = sa.Table(
    "evidence_case_keys",
    metadata,
    sa.Column("tenant", sa.Text, primary_key=True),
    sa.Column("case_id", sa.Text, primary_key=True),
    sa.Column("wrapped", sa.LargeBinary),  # null once shredded
)

_with_payload = sa.select(events, payloads.c.nonce, payloads.c.ciphertext).outerjoin(
    payloads, payloads.c.event_id == events.c.event_id
)
_insert_event = sa.insert(events)
_insert_payload = sa.insert(payloads)
_take = (
    sa.update(logs)
    .where(logs.c.log == sa.bindparam("which"))
    .values(next_index=logs.c.next_index + sa.bindparam("count"))
    .returning(logs.c.next_index)
)


def _upsert(connection: sa.Connection, table: sa.Table) -> postgresql.Insert | sqlite.Insert:
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


# Cases of contracts are those that people search; all others would only make these two larger.
_of_a_contract = cases.c.contract_id.is_not(None)
sa.Index(
    "evidence_cases_by_contract",
    cases.c.tenant,
    cases.c.contract_id,
    sqlite_where=_of_a_contract,
    postgresql_where=_of_a_contract,
)
sa.Index(
    "evidence_cases_by_time",
    cases.c.tenant,
    cases.c.opened_at,
    cases.c.case_id,
    sqlite_where=_of_a_contract,
    postgresql_where=_of_a_contract,
)


def _put_head(put: postgresql.Insert | sqlite.Insert) -> sa.Insert:
    # Rows are bound one by one: a statement with all of them would be compiled anew for every batch.
    changed = {name: put.excluded[name] for name in _CHANGING}
    return put.on_conflict_do_update(index_elements=["tenant", "case_id"], set_=changed)


_CHANGING = ("next_seq", "last_sha256", "last_sm3", "contract_id", "closed_seq")
_PUT_HEAD = {
    "postgresql": _put_head(postgresql.insert(cases)),
    "sqlite": _put_head(sqlite.insert(cases)),
}


@lru_cache(maxsize=16)
def _for_driver(statement: sa.Insert, dialect: sa.Dialect) -> tuple[str, tuple[str, ...] | None]:
    # The driver takes our text, integers and bytes as they are; converting them value by value costs as
    # much as the rest of recording an event.
    compiled = statement.compile(dialect=dialect)
    places = getattr(compiled, "positiontup", None)
    return str(compiled), None if places is None else tuple(places)


class SqlEventStore:
    """`EventStore` over one connection's transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def reserve(self, log: LogId, count: int) -> int:
        """The row of the log stays locked until the transaction ends."""
        try:
            after = self._connection.execute(_take, {"which": log, "count": count}).scalar()
            if after is None:
                start = _upsert(self._connection, logs).values(log=log, next_index=0)
                self._connection.execute(start.on_conflict_do_nothing())
                after = self._connection.execute(_take, {"which": log, "count": count}).scalar_one()
        except DBAPIError as error:
            raise RecordRefused(str(error.orig)) from error
        return int(after) - count

    def case_heads(self, tenant: TenantId, case_ids: Iterable[CaseId]) -> dict[CaseId, CaseHead]:
        """The log's lock, taken before, keeps the heads still."""
        query = sa.select(cases).where(cases.c.tenant == tenant, cases.c.case_id.in_(list(case_ids)))
        return {
            row.case_id: CaseHead(
                next_seq=row.next_seq,
                last=DigestPair(row.last_sha256, row.last_sm3),
                contract_id=row.contract_id,
                opened_at=from_micros(row.opened_at),
                closed_seq=row.closed_seq,
            )
            for row in self._connection.execute(query)
        }

    def insert(self, recorded: Sequence[Recorded], heads: Mapping[CaseId, CaseHead]) -> None:
        """Events, payloads and case heads, or `RecordRefused`."""
        sealed = [
            {"event_id": event.event_id, "nonce": event.sealed.nonce, "ciphertext": event.sealed.ciphertext}
            for event in recorded
            if event.sealed is not None
        ]
        rows = _head_row(recorded[0].tenant, heads)
        try:
            self._write(_insert_event, [_row(event) for event in recorded])
            if sealed:
                self._write(_insert_payload, sealed)
            self._write(_PUT_HEAD[self._connection.dialect.name], rows)
        except DBAPIError as error:
            raise RecordRefused(str(error.orig)) from error

    def _write(self, statement: sa.Insert, rows: Sequence[dict[str, Any]]) -> None:
        text, places = _for_driver(statement, self._connection.dialect)
        many = rows if places is None else [tuple(map(row.__getitem__, places)) for row in rows]
        self._connection.exec_driver_sql(text, many)

    def get(self, event_id: EventId) -> Recorded | None:
        """One event, with its sealed payload."""
        row = self._connection.execute(_with_payload.where(events.c.event_id == event_id)).one_or_none()
        return None if row is None else _event(row)

    def case(self, tenant: TenantId, case_id: CaseId) -> Sequence[Recorded]:
        """In `case_seq` order."""
        query = _with_payload.where(events.c.tenant == tenant, events.c.case_id == case_id)
        return [_event(row) for row in self._connection.execute(query.order_by(events.c.case_seq))]

    def read(self, log: LogId, start: int, stop: int) -> Sequence[Recorded]:
        """In index order."""
        place = events.c.leaf_index
        query = _with_payload.where(events.c.log == log, place >= start, place < stop).order_by(place)
        return [_event(row) for row in self._connection.execute(query)]

    def heads(self) -> dict[LogId, LogHead]:
        """From the counters, with the last leaf read beside them."""
        query = sa.select(logs.c.log, logs.c.next_index, events.c.leaf_sha256).join(
            events, sa.and_(events.c.log == logs.c.log, events.c.leaf_index == logs.c.next_index - 1)
        )
        return {
            LogId(row.log): LogHead(row.next_index, row.leaf_sha256)
            for row in self._connection.execute(query)
        }


class SqlCaseKeyStore:
    """`CaseKeyStore` over one connection's transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def get(self, tenant: TenantId, case_id: CaseId) -> bytes | None:
        """A row with no key is a shredded case."""
        query = sa.select(case_keys.c.wrapped).where(*_case(tenant, case_id))
        row = self._connection.execute(query).one_or_none()
        if row is None:
            return None
        if row.wrapped is None:
            raise PayloadUnavailable(case_id)
        return bytes(row.wrapped)

    def add(self, tenant: TenantId, case_id: CaseId, wrapped: bytes) -> bool:
        """The first key stands."""
        put = _upsert(self._connection, case_keys).values(tenant=tenant, case_id=case_id, wrapped=wrapped)
        first = put.on_conflict_do_nothing().returning(case_keys.c.case_id)
        return self._connection.execute(first).scalar() is not None

    def wrapped_page(self, after: tuple[str, ...] | None, limit: int) -> Sequence[Wrapped]:
        """By tenant, then case."""
        tenant, case_id = case_keys.c.tenant, case_keys.c.case_id
        query = sa.select(case_keys).where(case_keys.c.wrapped.is_not(None)).order_by(tenant, case_id)
        if after is not None:
            query = query.where(sa.tuple_(tenant, case_id) > sa.tuple_(*map(sa.literal, after)))
        return [
            Wrapped((row.tenant, row.case_id), case_key_context(row.tenant, row.case_id), bytes(row.wrapped))
            for row in self._connection.execute(query.limit(limit))
        ]

    def rewrap(self, place: tuple[str, ...], old: bytes, new: bytes) -> bool:
        """Only where the old value still lies."""
        change = sa.update(case_keys).where(*_case(*place), case_keys.c.wrapped == old).values(wrapped=new)
        return self._connection.execute(change).rowcount == 1

    def shred(self, tenant: TenantId, case_id: CaseId) -> None:
        """The row stays, to say that there was a key."""
        self._connection.execute(sa.update(case_keys).where(*_case(tenant, case_id)).values(wrapped=None))


def _case(tenant: str, case_id: str) -> tuple[sa.ColumnElement[bool], ...]:
    return case_keys.c.tenant == tenant, case_keys.c.case_id == case_id


def _head_row(tenant: TenantId, heads: Mapping[CaseId, CaseHead]) -> list[dict[str, Any]]:
    return [
        {
            "tenant": tenant,
            "case_id": case_id,
            "next_seq": head.next_seq,
            "last_sha256": head.last.sha256,
            "last_sm3": head.last.sm3,
            "contract_id": head.contract_id,
            "opened_at": None if head.opened_at is None else to_micros(head.opened_at),
            "closed_seq": head.closed_seq,
        }
        for case_id, head in heads.items()
    ]


def _row(event: Recorded) -> dict[str, Any]:
    return {
        "log": event.log,
        "leaf_index": event.index,
        "event_id": event.event_id,
        "type": event.type.value,
        "tenant": event.tenant,
        "case_id": event.case_id,
        "case_seq": event.case_seq,
        "recorded_at": to_micros(event.recorded_at),
        "envelope": event.envelope,
        "leaf": event.leaf,
        "leaf_sha256": event.leaf_hash.sha256,
        "leaf_sm3": event.leaf_hash.sm3,
    }


def _event(row: sa.Row[Any]) -> Recorded:
    return Recorded(
        log=row.log,
        index=row.leaf_index,
        event_id=row.event_id,
        type=EventType(row.type),
        tenant=row.tenant,
        case_id=row.case_id,
        case_seq=row.case_seq,
        recorded_at=from_micros(row.recorded_at),
        envelope=bytes(row.envelope),
        leaf=bytes(row.leaf),
        leaf_hash=DigestPair(bytes(row.leaf_sha256), bytes(row.leaf_sm3)),
        sealed=None if row.nonce is None else Sealed(bytes(row.nonce), bytes(row.ciphertext)),
    )
