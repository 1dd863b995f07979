"""Revisions, the turn to append one, and attempts under way, in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from evidence.clock import from_micros, to_micros
from evidence.digest import DigestPair
from keys.key import KeyId
from signing.adapters.contracts_tables import attempts, revisions, turns
from signing.contract import ContractId
from signing.contract_ports import Attempt
from signing.document import BlobId, DocumentId, Revision, RevisionKind
from signing.errors import NotFound, RevisionConflict
from signing.party import PartyId


class SqlDocumentStore:
    """`DocumentStore` over one connection's transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, revision: Revision) -> None:
        row = {
            "document_id": revision.document_id,
            "number": revision.number,
            "kind": revision.kind.value,
            "offset": revision.offset,
            "length": revision.length,
            "sha256": revision.digests.sha256,
            "sm3": revision.digests.sm3,
            "blob": revision.blob,
            "field": revision.field,
            "at": to_micros(revision.at),
        }
        try:
            with self._connection.begin_nested():
                self._connection.execute(sa.insert(revisions).values(row))
        except sa.exc.IntegrityError as error:
            raise RevisionConflict(revision.document_id, revision.number) from error

    def revisions(self, document_id: DocumentId) -> list[Revision]:
        query = sa.select(revisions).where(revisions.c.document_id == document_id)
        rows = self._connection.execute(query.order_by(revisions.c.number))
        found = [_revision(row) for row in rows]
        if not found:
            raise NotFound("document", document_id)
        return found

    def take_turn(self, document_id: DocumentId, holder: str, until: datetime, at: datetime) -> bool:
        on_postgresql = self._connection.dialect.name == "postgresql"
        insert = postgresql.insert(turns) if on_postgresql else sqlite.insert(turns)
        put = insert.values(document_id=document_id, holder=holder, until=to_micros(until))
        free = sa.or_(turns.c.until <= to_micros(at), turns.c.holder == holder)
        changed = {"holder": put.excluded.holder, "until": put.excluded.until}
        take = put.on_conflict_do_update(index_elements=["document_id"], set_=changed, where=free)
        return self._connection.execute(take.returning(turns.c.holder)).scalar() is not None

    def has_turn(self, document_id: DocumentId, holder: str) -> bool:
        query = sa.select(turns.c.holder).where(turns.c.document_id == document_id).with_for_update()
        return self._connection.execute(query).scalar() == holder

    def leave_turn(self, document_id: DocumentId, holder: str) -> None:
        mine = turns.c.document_id == document_id, turns.c.holder == holder
        self._connection.execute(sa.delete(turns).where(*mine))

    def begin(self, attempt: Attempt) -> None:
        row = {
            "attempt_id": attempt.attempt_id,
            "document_id": attempt.document_id,
            "contract_id": attempt.contract_id,
            "party_id": attempt.party_id,
            "key_id": attempt.key_id,
            "one_time": attempt.one_time,
            "algorithm": attempt.algorithm,
            "public_key": attempt.public_key,
            "started_at": to_micros(attempt.started_at),
        }
        self._connection.execute(sa.insert(attempts).values(row))

    def end(self, attempt_id: str) -> None:
        self._connection.execute(sa.delete(attempts).where(attempts.c.attempt_id == attempt_id))

    def stale(self, before: datetime, limit: int) -> Sequence[ContractId]:
        query = sa.select(attempts.c.contract_id).where(attempts.c.started_at < to_micros(before)).distinct()
        return [ContractId(one) for one in self._connection.execute(query.limit(limit)).scalars()]

    def unfinished(self, document_id: DocumentId) -> Sequence[Attempt]:
        query = sa.select(attempts).where(attempts.c.document_id == document_id)
        return [
            Attempt(
                attempt_id=row.attempt_id,
                contract_id=ContractId(row.contract_id),
                document_id=DocumentId(row.document_id),
                party_id=PartyId(row.party_id),
                key_id=KeyId(row.key_id),
                one_time=bool(row.one_time),
                algorithm=row.algorithm,
                public_key=row.public_key,
                started_at=from_micros(row.started_at),
            )
            for row in self._connection.execute(query.order_by(attempts.c.attempt_id))
        ]


def _revision(row: sa.Row[Any]) -> Revision:
    return Revision(
        document_id=DocumentId(row.document_id),
        number=row.number,
        kind=RevisionKind(row.kind),
        offset=row.offset,
        length=row.length,
        digests=DigestPair(bytes(row.sha256), bytes(row.sm3)),
        blob=BlobId(row.blob),
        field=row.field,
        at=from_micros(row.at),
    )
