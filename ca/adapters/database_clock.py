"""The PostgreSQL server's clock as a time source: a second host, which every instance shares."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from ca.clocksample import Offset
from ca.errors import TimeNotAvailable
from evidence.clock import Clock, to_micros

_NOW = sa.text("SELECT CAST(extract(epoch FROM clock_timestamp()) * 1000000 AS bigint)")


class DatabaseClock:
    """`TimeSource` over `clock_timestamp()`."""

    def __init__(self, engine: sa.Engine, clock: Clock) -> None:
        """`engine` must be on PostgreSQL: SQLite has no clock but the host's."""
        if engine.dialect.name != "postgresql":
            raise ValueError("only a PostgreSQL server has a clock of its own")
        self._engine = engine
        self._clock = clock

    def offset(self) -> Offset:
        try:
            with self._engine.connect() as connection:
                connection.execute(_NOW)  # the first statement may connect; the second is measured
                started = self._clock.monotonic()
                reference = int(connection.execute(_NOW).scalar_one())
                wall = to_micros(self._clock.now())
                took = self._clock.monotonic() - started
        except DBAPIError as error:
            raise TimeNotAvailable("the database server's clock cannot be read") from error
        # The server read its clock somewhere within the round trip.
        half_ms = took * 500
        return Offset("database server", round((wall - reference) / 1_000 - half_ms), round(half_ms) + 1)
