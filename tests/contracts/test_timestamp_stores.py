"""The contracts of `TimestampStore` and `ClockSampleStore`, over every database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from ca.adapters import clock_samples, timestamps
from ca.adapters.clock_samples import SqlClockSampleStore
from ca.adapters.timestamps import SqlTimestampStore
from ca.clocksample import ClockSample, Offset
from ca.errors import NotFound
from ca.registry import IssuedToken
from ca.serial import SerialNumber, new_serial
from keys.suites import Suite
from tests.support.clock import NOON

MICROSECOND = timedelta(microseconds=1)


@pytest.fixture
def connection(engine: sa.Engine) -> Iterator[sa.Connection]:
    timestamps.tokens.create(engine)
    clock_samples.samples.create(engine)
    with engine.connect() as opened:
        yield opened


def token(serial: SerialNumber | None = None) -> IssuedToken:
    return IssuedToken(
        serial=serial or new_serial(),
        suite=Suite.GUOMI,
        gen_time=NOON + MICROSECOND,
        imprint=bytes(range(32)),
        policy="1.2.3.4",
        token=b"\x30\x00token",
        requester="caller",
    )


class TestTimestampStore:
    def test_gives_back_what_was_added(self, connection: sa.Connection) -> None:
        store = SqlTimestampStore(connection)
        added = [token(), token(), token(SerialNumber(1))]
        store.add(added)
        store.add([])
        assert [store.get(one.serial) for one in added] == added

    def test_has_none_that_was_not_added(self, connection: sa.Connection) -> None:
        with pytest.raises(NotFound):
            SqlTimestampStore(connection).get(new_serial())

    def test_takes_no_serial_twice(self, connection: sa.Connection) -> None:
        store = SqlTimestampStore(connection)
        first = token()
        store.add([first])
        with pytest.raises(sa.exc.IntegrityError):
            store.add([token(), replace(first, token=b"another")])

    def test_commits_nothing_itself(self, connection: sa.Connection) -> None:
        added = token()
        SqlTimestampStore(connection).add([added])
        connection.rollback()
        with pytest.raises(NotFound):
            SqlTimestampStore(connection).get(added.serial)


class TestClockSampleStore:
    SAMPLE = ClockSample("one", "boot", NOON + MICROSECOND, 1_234.567891, Offset("ntp", -3, 12))

    def test_keeps_the_last_of_each_instance(self, connection: sa.Connection) -> None:
        store = SqlClockSampleStore(connection)
        assert store.newest() == ()
        other = replace(self.SAMPLE, instance="two", boot="")
        later = replace(self.SAMPLE, wall=NOON + timedelta(seconds=9), offset=Offset("host", 0, 1_000))
        for sample in (self.SAMPLE, other, later):
            store.put(sample)
        assert store.newest() == (later, other)

    def test_commits_nothing_itself(self, connection: sa.Connection) -> None:
        SqlClockSampleStore(connection).put(self.SAMPLE)
        connection.rollback()
        assert SqlClockSampleStore(connection).newest() == ()
