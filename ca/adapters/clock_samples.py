"""The last clock sample of each instance, for all instances to see."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite

from ca.adapters.tables import metadata
from ca.clocksample import SUPERSEDED_AFTER, ClockSample, Offset
from evidence.clock import from_micros, to_micros

samples = sa.Table(
    "ca_clock_samples",
    metadata,
    sa.Column("instance", sa.Text, primary_key=True),
    sa.Column("boot", sa.Text, nullable=False),
    sa.Column("wall", sa.BigInteger, nullable=False),
    sa.Column("monotonic", sa.BigInteger, nullable=False),
    sa.Column("source", sa.Text, nullable=False),
    sa.Column("offset_ms", sa.Integer, nullable=False),
    sa.Column("uncertainty_ms", sa.Integer, nullable=False),
)
_MICROS = 1_000_000


class SqlClockSampleStore:
    """`ClockSampleStore` over one connection's transaction."""

    def __init__(self, connection: sa.Connection) -> None:
        self._connection = connection

    def newest(self) -> tuple[ClockSample, ...]:
        return _read(self._connection.execute(sa.select(samples)))

    def put(self, sample: ClockSample) -> None:
        upsert = postgresql.insert if self._connection.dialect.name == "postgresql" else sqlite.insert
        put = upsert(samples).values(
            instance=sample.instance,
            boot=sample.boot,
            wall=to_micros(sample.wall),
            monotonic=round(sample.monotonic * _MICROS),
            source=sample.offset.source,
            offset_ms=sample.offset.ms,
            uncertainty_ms=sample.offset.uncertainty_ms,
        )
        others = {column.name: put.excluded[column.name] for column in samples.c if not column.primary_key}
        self._connection.execute(put.on_conflict_do_update(index_elements=["instance"], set_=others))
        # A row that another instance holds is being replaced: two that waited for each other would stop.
        before = to_micros(sample.wall - SUPERSEDED_AFTER)
        old = sa.select(samples.c.instance).where(samples.c.wall < before).with_for_update(skip_locked=True)
        self._connection.execute(sa.delete(samples).where(samples.c.instance.in_(old)))

    def forget(self, until: datetime) -> tuple[ClockSample, ...]:
        gone = sa.delete(samples).where(samples.c.wall <= to_micros(until)).returning(*samples.c)
        return _read(self._connection.execute(gone))


def _read(rows: Iterable[sa.Row[Any]]) -> tuple[ClockSample, ...]:
    found = (
        ClockSample(
            instance=row.instance,
            boot=row.boot,
            wall=from_micros(row.wall),
            monotonic=row.monotonic / _MICROS,
            offset=Offset(row.source, row.offset_ms, row.uncertainty_ms),
        )
        for row in rows
    )
    return tuple(sorted(found, key=lambda one: one.instance))
