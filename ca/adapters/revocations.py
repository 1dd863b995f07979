"""The revocation journal's rows in SQL: appended, never changed; cost does not grow with their number."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from ca.adapters.tables import certificates, revocation_head, revocations
from ca.errors import AlreadyRevoked, NotFound, Refused, RegistryBehind
from ca.registry import AuthorityId, CertificateStatus, Revocation, RevocationReason
from ca.serial import SERIAL_OCTETS, SerialNumber, serial_text
from evidence.clock import from_micros, to_micros

JOURNAL_PAGE = 10_000  # entries in memory at a time
LOST_PROFILE = "(lost)"
"""Profile of a certificate that only the journal remembers: the database that issued it is gone."""

_target = (
    sa.select(
        certificates.c.authority_id,
        certificates.c.not_after,
        certificates.c.crl_shard,
        revocations.c.reason,
        revocations.c.revoked_at,
    )
    .outerjoin(revocations, revocations.c.sequence == certificates.c.revocation)
    .where(certificates.c.serial == sa.bindparam("which"))
    .with_for_update(of=certificates)
)
_insert = sa.insert(revocations)
_take = sa.update(revocation_head).values(last=revocation_head.c.last + 1).returning(revocation_head.c.last)
_mark = (
    sa.update(certificates)
    .where(certificates.c.serial == sa.bindparam("which"))
    .values(revocation=sa.bindparam("entry"))
)


def serial_key(serial: SerialNumber) -> bytes:
    """The column's 16 octets; raises `NotFound` for a number that none of ours can be."""
    if not 0 < serial < 1 << 8 * SERIAL_OCTETS:
        raise NotFound("certificate", serial_text(serial))
    return serial.to_bytes(SERIAL_OCTETS, "big")


class SqlRevocations:
    """The part of `CertificateStore` that revokes, over one connection's transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def revoke(
        self,
        serial: SerialNumber,
        reason: RevocationReason,
        at: datetime,
        requester: str,
        invalidity_date: datetime | None,
    ) -> Revocation:
        key = serial_key(serial)
        row = self._connection.execute(_target, {"which": key}).one_or_none()
        if row is None:
            raise NotFound("certificate", serial_text(serial))
        _check(serial, row, reason)
        revocation = Revocation(
            sequence=self._next(),
            authority_id=AuthorityId(row.authority_id),
            serial=serial,
            reason=reason,
            revoked_at=at,
            invalidity_date=invalidity_date,
            not_after=from_micros(row.not_after),
            crl_shard=row.crl_shard,
            requester=requester,
        )
        self._put(revocation)
        return revocation

    def append_revocation(self, revocation: Revocation) -> None:
        sequence = self._next()
        if sequence != revocation.sequence:
            raise RegistryBehind(sequence - 1, revocation.sequence)
        key = serial_key(revocation.serial)
        known = sa.select(certificates.c.serial).where(certificates.c.serial == key)
        if self._connection.execute(known).first() is None:
            self._connection.execute(sa.insert(certificates).values(_lost(revocation)))
        self._put(revocation)

    def revocations(self, authority_id: AuthorityId, shard: int, after: int = 0) -> Sequence[Revocation]:
        of_shard = revocations.c.authority_id == authority_id, revocations.c.crl_shard == shard
        query = sa.select(revocations).where(*of_shard, revocations.c.sequence > after)
        return [revocation(row) for row in self._connection.execute(query.order_by(revocations.c.sequence))]

    def journal(self, after: int) -> Sequence[Revocation]:
        query = sa.select(revocations).where(revocations.c.sequence > after)
        query = query.order_by(revocations.c.sequence).limit(JOURNAL_PAGE)
        return [revocation(row) for row in self._connection.execute(query)]

    def last_sequence(self) -> int:
        return int(self._connection.execute(sa.select(revocation_head.c.last)).scalar() or 0)

    def _next(self) -> int:
        # The row stays locked until the transaction ends, so sequences are dense and commit in order.
        taken = self._connection.execute(_take).scalar()
        if taken is None:
            insert = postgresql.insert if self._connection.dialect.name == "postgresql" else sqlite.insert
            start = insert(revocation_head).values(one=1, last=0).on_conflict_do_nothing()
            self._connection.execute(start)
            taken = self._connection.execute(_take).scalar_one()
        return int(taken)

    def _put(self, entry: Revocation) -> None:
        self._connection.execute(_insert, _row(entry))
        ended = entry.reason is RevocationReason.REMOVE_FROM_CRL
        change = {"which": serial_key(entry.serial), "entry": None if ended else entry.sequence}
        self._connection.execute(_mark, change)


def _check(serial: SerialNumber, row: sa.Row[*tuple[Any, ...]], reason: RevocationReason) -> None:
    if row.reason is None:
        if reason is RevocationReason.REMOVE_FROM_CRL:
            raise Refused("reason", "removeFromCRL ends a hold, and the certificate is not on hold")
    elif row.reason != RevocationReason.CERTIFICATE_HOLD.value or reason is RevocationReason.CERTIFICATE_HOLD:
        raise AlreadyRevoked(serial_text(serial), from_micros(row.revoked_at))


def _row(entry: Revocation) -> dict[str, Any]:
    return {
        "sequence": entry.sequence,
        "authority_id": entry.authority_id,
        "serial": serial_key(entry.serial),
        "reason": entry.reason.value,
        "revoked_at": to_micros(entry.revoked_at),
        "invalidity_date": None if entry.invalidity_date is None else to_micros(entry.invalidity_date),
        "not_after": to_micros(entry.not_after),
        "crl_shard": entry.crl_shard,
        "requester": entry.requester,
    }


def _lost(entry: Revocation) -> dict[str, Any]:
    key = serial_key(entry.serial)
    return {
        "serial": key,
        "authority_id": entry.authority_id,
        "profile": LOST_PROFILE,
        "profile_hash": b"",
        "spki_sha256": b"",
        "key_slot": key,
        "subject": b"",
        "identity_record": None,
        "not_before": to_micros(entry.revoked_at),
        "not_after": to_micros(entry.not_after),
        "crl_shard": entry.crl_shard,
        "tbs_sha256": b"",
        "requested_at": to_micros(entry.revoked_at),
        "requester": entry.requester,
        "status": CertificateStatus.FAILED.value,
        "certificate": None,
        "revocation": None,
    }


def revocation(row: sa.Row[Any], prefix: str = "") -> Revocation:
    """A journal row; `prefix` is that of its columns' labels in a join."""
    value = row._mapping  # noqa: SLF001  (SQLAlchemy's public name for a row by column)
    invalidity_date = value[prefix + "invalidity_date"]
    return Revocation(
        sequence=value[prefix + "sequence"],
        authority_id=AuthorityId(value[prefix + "authority_id"]),
        serial=SerialNumber(int.from_bytes(value[prefix + "serial"], "big")),
        reason=RevocationReason(value[prefix + "reason"]),
        revoked_at=from_micros(value[prefix + "revoked_at"]),
        invalidity_date=None if invalidity_date is None else from_micros(invalidity_date),
        not_after=from_micros(value[prefix + "not_after"]),
        crl_shard=value[prefix + "crl_shard"],
        requester=value[prefix + "requester"],
    )
