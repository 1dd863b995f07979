"""Published CRLs and their numbers, in SQLite and PostgreSQL alike."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from ca.adapters.tables import metadata
from ca.registry import AuthorityId, PublishedCrl
from evidence.clock import from_micros, to_micros

crl_numbers = sa.Table(
    "ca_crl_numbers",
    metadata,
    sa.Column("authority_id", sa.Text, primary_key=True),
    sa.Column("last_number", sa.BigInteger, nullable=False),
)
crls = sa.Table(
    "ca_crls",
    metadata,
    sa.Column("authority_id", sa.Text, primary_key=True),
    sa.Column("number", sa.BigInteger, primary_key=True, autoincrement=False),
    sa.Column("shard", sa.Integer, nullable=False),
    sa.Column("base_number", sa.BigInteger),  # null for a complete CRL
    sa.Column("this_update", sa.BigInteger, nullable=False),
    sa.Column("next_update", sa.BigInteger, nullable=False),
    sa.Column("upto_sequence", sa.BigInteger, nullable=False),
    sa.Column("data", sa.LargeBinary, nullable=False),
    sa.Index("ca_crls_by_shard", "authority_id", "shard", "number"),
)


class SqlCrlStore:
    """`CrlStore` over one connection's transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def next_number(self, authority_id: AuthorityId) -> int:
        """The counter's row stays locked until the transaction ends."""
        insert = postgresql.insert if self._connection.dialect.name == "postgresql" else sqlite.insert
        take = insert(crl_numbers).values(authority_id=authority_id, last_number=1)
        taken = take.on_conflict_do_update(
            index_elements=["authority_id"], set_={"last_number": crl_numbers.c.last_number + 1}
        ).returning(crl_numbers.c.last_number)
        return int(self._connection.execute(taken).scalar_one())

    def add(self, crl: PublishedCrl) -> None:
        self._connection.execute(
            sa.insert(crls).values(
                authority_id=crl.authority_id,
                number=crl.number,
                shard=crl.shard,
                base_number=crl.base_number,
                this_update=to_micros(crl.this_update),
                next_update=to_micros(crl.next_update),
                upto_sequence=crl.upto_sequence,
                data=crl.data,
            )
        )

    def latest(self, authority_id: AuthorityId, shard: int, *, delta: bool = False) -> PublishedCrl | None:
        kind = crls.c.base_number.is_not(None) if delta else crls.c.base_number.is_(None)
        query = sa.select(crls).where(crls.c.authority_id == authority_id, crls.c.shard == shard, kind)
        row = self._connection.execute(query.order_by(crls.c.number.desc()).limit(1)).one_or_none()
        return None if row is None else _crl(row)


def _crl(row: sa.Row[Any]) -> PublishedCrl:
    return PublishedCrl(
        authority_id=AuthorityId(row.authority_id),
        shard=row.shard,
        number=row.number,
        base_number=row.base_number,
        this_update=from_micros(row.this_update),
        next_update=from_micros(row.next_update),
        upto_sequence=row.upto_sequence,
        data=bytes(row.data),
    )
