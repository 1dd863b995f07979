"""Authorities in SQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from ca.adapters.tables import authorities
from ca.errors import NotFound, Refused
from ca.registry import Authority, AuthorityId, AuthorityRole
from keys.key import KeyId
from keys.suites import Algorithm, Suite

_root_first = sa.case((authorities.c.parent.is_(None), 0), else_=1)


class SqlAuthorityStore:
    """`AuthorityStore` over one connection's transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, authority: Authority) -> None:
        try:
            with self._connection.begin_nested():
                self._connection.execute(sa.insert(authorities).values(_row(authority)))
        except sa.exc.IntegrityError as error:
            raise Refused(
                "authority", f"{authority.authority_id} exists, or its key serves another"
            ) from error

    def get(self, authority_id: AuthorityId) -> Authority:
        query = sa.select(authorities).where(authorities.c.authority_id == authority_id)
        row = self._connection.execute(query).one_or_none()
        if row is None:
            raise NotFound("authority", authority_id)
        return _authority(row)

    def list(self) -> Sequence[Authority]:
        query = sa.select(authorities).order_by(_root_first, authorities.c.authority_id)
        return [_authority(row) for row in self._connection.execute(query)]

    def retire(self, authority_id: AuthorityId) -> None:
        query = sa.update(authorities).where(authorities.c.authority_id == authority_id).values(active=False)
        if self._connection.execute(query).rowcount == 0:
            raise NotFound("authority", authority_id)


def _row(authority: Authority) -> dict[str, Any]:
    return {
        "authority_id": authority.authority_id,
        "suite": authority.suite.value,
        "role": authority.role.value,
        "generation": authority.generation,
        "key_id": authority.key_id,
        "algorithm": authority.algorithm.value,
        "certificate": authority.certificate,
        "parent": authority.parent,
        "active": authority.active,
    }


def _authority(row: sa.Row[Any]) -> Authority:
    return Authority(
        authority_id=AuthorityId(row.authority_id),
        suite=Suite(row.suite),
        role=AuthorityRole(row.role),
        generation=row.generation,
        key_id=KeyId(row.key_id),
        algorithm=Algorithm(row.algorithm),
        certificate=bytes(row.certificate),
        parent=None if row.parent is None else AuthorityId(row.parent),
        active=row.active,
    )
