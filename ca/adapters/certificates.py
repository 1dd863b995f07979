"""Serials, certificates and revocations in SQL; what names people is sealed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from ca.adapters.bulk import write_rows
from ca.adapters.revocations import SqlRevocations, revocation, serial_key
from ca.adapters.tables import RESERVED, certificates, revocations
from ca.errors import DuplicateKey, IssuanceMismatch, NotFound
from ca.ports import CertificateFilter
from ca.registry import (
    AuthorityId,
    CertificateRecord,
    CertificateStatus,
    Reservation,
)
from ca.serial import SerialNumber, serial_text
from evidence.clock import from_micros, to_micros
from evidence.ports import KeyWrapper

SCAN_PAGE = 500  # rows in memory at a time
FIRST = b""  # the key slot of a key's first certificate
SUBJECT_CONTEXT = b"ca/subject\0"
CERTIFICATE_CONTEXT = b"ca/certificate\0"
ROW = (
    "serial",
    "authority_id",
    "profile",
    "profile_hash",
    "spki_sha256",
    "key_slot",
    "subject",
    "identity_record",
    "not_before",
    "not_after",
    "crl_shard",
    "tbs_sha256",
    "requested_at",
    "requester",
    "status",
)
"""What a reservation fills in."""

_insert = sa.insert(certificates).values({column: sa.bindparam(column) for column in ROW})
_complete = (
    sa.update(certificates)
    .where(certificates.c.serial == sa.bindparam("which"), RESERVED)
    .values(status=CertificateStatus.ISSUED.value, certificate=sa.bindparam("sealed"))
)
_fail = (
    sa.update(certificates)
    .where(certificates.c.serial == sa.bindparam("which"), RESERVED)
    .values(status=CertificateStatus.FAILED.value, key_slot=certificates.c.serial)
)
_with_revocation = sa.select(
    certificates,
    *(column.label(f"r_{column.name}") for column in revocations.c),
).outerjoin(revocations, revocations.c.sequence == certificates.c.revocation)
_one = _with_revocation.where(certificates.c.serial == sa.bindparam("which"))


class SqlCertificateStore(SqlRevocations):
    """`CertificateStore` over one connection's transaction."""

    def __init__(self, connection: sa.Connection, wrapper: KeyWrapper) -> None:
        super().__init__(connection)
        self._wrapper = wrapper

    def reserve(self, reservations: Sequence[Reservation]) -> None:
        if not reservations:
            return
        try:
            with self._connection.begin_nested():
                write_rows(self._connection, _insert, [self._row(one) for one in reservations])
        except sa.exc.IntegrityError as error:
            raise self._taken(reservations) or error from error

    def _taken(self, reservations: Sequence[Reservation]) -> DuplicateKey | None:
        slots = set()
        for one in reservations:
            slot = bytes.fromhex(one.spki_fingerprint), _slot(one)
            same = certificates.c.spki_sha256 == slot[0], certificates.c.key_slot == slot[1]
            held = self._connection.execute(sa.select(certificates.c.serial).where(*same)).first()
            if held is not None or slot in slots:
                return DuplicateKey(one.spki_fingerprint)
            slots.add(slot)
        return None

    def complete(self, issued: Sequence[tuple[SerialNumber, bytes]]) -> None:
        rows = []
        for serial, data in issued:
            key = serial_key(serial)
            rows.append({"which": key, "sealed": self._wrapper.wrap(data, CERTIFICATE_CONTEXT + key)})
        self._change(_complete, rows)

    def fail(self, serials: Sequence[SerialNumber]) -> None:
        self._change(_fail, [{"which": serial_key(serial)} for serial in serials])

    def _change(self, statement: sa.Update, rows: Sequence[dict[str, Any]]) -> None:
        if rows and write_rows(self._connection, statement, rows) != len(rows):
            raise IssuanceMismatch(", ".join(row["which"].hex() for row in rows))

    def get(self, serial: SerialNumber) -> CertificateRecord:
        row = self._connection.execute(_one, {"which": serial_key(serial)}).one_or_none()
        if row is None:
            raise NotFound("certificate", serial_text(serial))
        return self._record(row)

    def by_key(self, fingerprint: str) -> Sequence[CertificateRecord]:
        query = _with_revocation.where(certificates.c.spki_sha256 == bytes.fromhex(fingerprint))
        return [self._record(row) for row in self._connection.execute(query.order_by(certificates.c.serial))]

    def find(self, which: CertificateFilter) -> Sequence[CertificateRecord]:
        query = _with_revocation.where(*_conditions(which)).order_by(certificates.c.serial)
        return [self._record(row) for row in self._connection.execute(query.limit(which.limit))]

    def scan(self, which: CertificateFilter) -> Iterator[CertificateRecord]:
        page = replace(which, limit=SCAN_PAGE)
        while True:
            found = self.find(page)
            yield from found
            if len(found) < SCAN_PAGE:
                return
            page = replace(page, after=found[-1].reservation.serial)

    def _row(self, one: Reservation) -> dict[str, Any]:
        key = serial_key(one.serial)
        return {
            "serial": key,
            "authority_id": one.authority_id,
            "profile": one.profile,
            "profile_hash": bytes.fromhex(one.profile_hash),
            "spki_sha256": bytes.fromhex(one.spki_fingerprint),
            "key_slot": _slot(one),
            "subject": self._wrapper.wrap(one.subject.encode(), SUBJECT_CONTEXT + key),
            "identity_record": one.identity_record,
            "not_before": to_micros(one.not_before),
            "not_after": to_micros(one.not_after),
            "crl_shard": one.crl_shard,
            "tbs_sha256": one.tbs_sha256,
            "requested_at": to_micros(one.requested_at),
            "requester": one.requester,
            "status": CertificateStatus.RESERVED.value,
        }

    def _record(self, row: sa.Row[Any]) -> CertificateRecord:
        key = bytes(row.serial)
        subject = bytes(row.subject)
        sealed = row.certificate
        slot = bytes(row.key_slot)
        reservation = Reservation(
            serial=SerialNumber(int.from_bytes(key, "big")),
            authority_id=AuthorityId(row.authority_id),
            profile=row.profile,
            profile_hash=bytes(row.profile_hash).hex(),
            spki_fingerprint=bytes(row.spki_sha256).hex(),
            subject=self._wrapper.unwrap(subject, SUBJECT_CONTEXT + key).decode() if subject else "",
            identity_record=row.identity_record,
            not_before=from_micros(row.not_before),
            not_after=from_micros(row.not_after),
            crl_shard=row.crl_shard,
            tbs_sha256=bytes(row.tbs_sha256),
            requested_at=from_micros(row.requested_at),
            requester=row.requester,
            renews=None if slot in (FIRST, key) else SerialNumber(int.from_bytes(slot, "big")),
        )
        return CertificateRecord(
            reservation=reservation,
            status=CertificateStatus(row.status),
            certificate=None if sealed is None else self._wrapper.unwrap(sealed, CERTIFICATE_CONTEXT + key),
            revocation=None if row.r_sequence is None else revocation(row, "r_"),
        )


def _slot(one: Reservation) -> bytes:
    return FIRST if one.renews is None else serial_key(one.renews)


def _conditions(which: CertificateFilter) -> list[sa.ColumnElement[bool]]:
    column = certificates.c
    conditions: list[sa.ColumnElement[bool]] = []
    if which.authority_id is not None:
        conditions.append(column.authority_id == which.authority_id)
    if which.profile is not None:
        conditions.append(column.profile == which.profile)
    if which.status is not None:
        reserved = which.status is CertificateStatus.RESERVED
        conditions.append(RESERVED if reserved else column.status == which.status.value)
    if which.revoked is not None:
        held = column.revocation
        conditions.append(held.is_not(None) if which.revoked else held.is_(None))
    if which.expires_before is not None:
        conditions.append(column.not_after < to_micros(which.expires_before))
    if which.after is not None:
        conditions.append(column.serial > serial_key(which.after))
    return conditions
