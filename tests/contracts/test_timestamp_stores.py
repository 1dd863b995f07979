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
from ca.clocksample import SUPERSEDED_AFTER, ClockSample, Offset, is_superseded
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

    def test_drops_what_a_new_sample_supersedes(self, connection: sa.Connection) -> None:
        store = SqlClockSampleStore(connection)
        boundary = replace(self.SAMPLE, instance="boundary", boot="another")
        older = replace(self.SAMPLE, instance="older", wall=self.SAMPLE.wall - MICROSECOND)
        ahead = replace(self.SAMPLE, instance="ahead", wall=self.SAMPLE.wall + timedelta(days=1))
        new = replace(self.SAMPLE, instance="new", wall=self.SAMPLE.wall + SUPERSEDED_AFTER)
        for sample in (older, boundary, replace(ahead, wall=NOON), new):
            store.put(sample)
        assert [one for one in (older, boundary, new) if is_superseded(one, new)] == [older]
        assert {one.instance for one in store.newest()} == {"boundary", "new"}
        store.put(ahead)
        assert store.newest() == (ahead,)

    def test_forgets_up_to_a_time(self, connection: sa.Connection) -> None:
        store = SqlClockSampleStore(connection)
        two = replace(self.SAMPLE, instance="two")
        later = replace(self.SAMPLE, instance="later", wall=self.SAMPLE.wall + MICROSECOND)
        for sample in (two, self.SAMPLE, later):
            store.put(sample)
        assert store.forget(self.SAMPLE.wall - MICROSECOND) == ()
        assert store.forget(self.SAMPLE.wall) == (self.SAMPLE, two)
        assert store.newest() == (later,)

    def test_stays_small_however_many_processes_looked(self, connection: sa.Connection) -> None:
        store = SqlClockSampleStore(connection)
        for number in range(300):
            wall = NOON + number * timedelta(seconds=10)
            store.put(replace(self.SAMPLE, instance=f"process-{number}", wall=wall))
        assert len(store.newest()) == SUPERSEDED_AFTER // timedelta(seconds=10) + 1

    def test_does_not_wait_to_drop_what_another_is_replacing(self, engine: sa.Engine) -> None:
        if engine.dialect.name == "sqlite":
            pytest.skip("SQLite has one writer at a time")
        clock_samples.samples.create(engine)
        later = replace(self.SAMPLE, wall=NOON + timedelta(hours=1))
        with engine.begin() as connection:
            for name in ("one", "two"):
                SqlClockSampleStore(connection).put(replace(self.SAMPLE, instance=name))
        with engine.connect() as first, engine.connect() as second:
            for connection in (first, second):
                connection.execute(sa.text("SET LOCAL lock_timeout = '2s'"))
            SqlClockSampleStore(second).put(replace(self.SAMPLE, instance="two", wall=NOON))
            SqlClockSampleStore(first).put(later)
            first.commit()
            SqlClockSampleStore(second).put(replace(later, instance="two"))
            second.commit()
            assert {one.wall for one in SqlClockSampleStore(first).newest()} == {later.wall}

    def test_commits_nothing_itself(self, connection: sa.Connection) -> None:
        SqlClockSampleStore(connection).put(self.SAMPLE)
        connection.rollback()
        assert SqlClockSampleStore(connection).newest() == ()
