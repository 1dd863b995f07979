"""Timestamp tokens as issued: a row before the token leaves."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from ca.adapters.tables import metadata
from ca.errors import NotFound
from ca.registry import IssuedToken
from ca.serial import SerialNumber, parse_serial, serial_text
from evidence.clock import from_micros, to_micros
from keys.suites import Suite

tokens = sa.Table(
    "ca_timestamps",
    metadata,
    sa.Column("serial", sa.Text, primary_key=True),
    sa.Column("suite", sa.Text, nullable=False),
    sa.Column("gen_time", sa.BigInteger, nullable=False),
    sa.Column("imprint", sa.LargeBinary, nullable=False),
    sa.Column("policy", sa.Text, nullable=False),
    sa.Column("token", sa.LargeBinary, nullable=False),
    sa.Column("requester", sa.Text, nullable=False),
)
_COLUMNS = ("serial", "suite", "gen_time", "imprint", "policy", "token", "requester")
_INSERT = f"INSERT INTO {tokens.name} ({', '.join(_COLUMNS)}) VALUES ({{}})"  # noqa: S608  (constants of ours)
_by_serial = sa.select(tokens).where(tokens.c.serial == sa.bindparam("which"))


class SqlTimestampStore:
    """`TimestampStore` over one connection's transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def add(self, tokens: Sequence[IssuedToken]) -> None:
        """The primary key refuses a serial's second use."""
        if not tokens:
            return
        # By position: for rows this many and this short their names cost more than they do.
        placeholder = "?" if self._connection.dialect.paramstyle == "qmark" else "%s"
        self._connection.exec_driver_sql(
            _INSERT.format(", ".join([placeholder] * len(_COLUMNS))),
            [
                (
                    serial_text(one.serial),
                    one.suite.value,
                    to_micros(one.gen_time),
                    one.imprint,
                    one.policy,
                    one.token,
                    one.requester,
                )
                for one in tokens
            ],
        )

    def get(self, serial: SerialNumber) -> IssuedToken:
        row = self._connection.execute(_by_serial, {"which": serial_text(serial)}).one_or_none()
        if row is None:
            raise NotFound("timestamp", serial_text(serial))
        return IssuedToken(
            serial=parse_serial(row.serial),
            suite=Suite(row.suite),
            gen_time=from_micros(row.gen_time),
            imprint=bytes(row.imprint),
            policy=row.policy,
            token=bytes(row.token),
            requester=row.requester,
        )
