"""The clock guard: every doubt ends in no lease."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from api.db import Database
from ca.clockguard import CLOCK_CASE, HOST_SOURCE, ClockGuard, GuardPolicy, HostClock, Instance
from ca.clocksample import Offset, TimeSource
from ca.errors import ClockBehind, TimeNotAvailable
from evidence.canonical import canonical
from evidence.event import Recorded
from keys.errors import KeyStateInvalid
from keys.key import KeyState
from tests.support.clock import FixedClock
from tests.support.timestamping import Stamping, make_authority
from tests.support.units import TENANT, open_units


class Source:
    """A source that says what the test tells it."""

    def __init__(self, ms: int = 0, uncertainty_ms: int = 10, name: str = "reference") -> None:
        self.answer: Offset | None = Offset(name, ms, uncertainty_ms)
        self.asked = 0

    def offset(self) -> Offset:
        self.asked += 1
        if self.answer is None:
            raise TimeNotAvailable("the reference does not answer")
        return self.answer


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def units(engine: sa.Engine, clock: FixedClock, tmp_path: Path) -> Database:
    return open_units(engine, clock, tmp_path)


def guarded(units: Database, clock: FixedClock, *sources: TimeSource, **more: object) -> Stamping:
    chosen: Sequence[TimeSource] = sources or (HostClock(),)
    return make_authority(units, clock, sources=chosen, **more)  # type: ignore[arg-type]


def samples(units: Database) -> list[dict[str, Any]]:
    events: Sequence[Recorded]
    with units() as unit:
        events = unit.events.case(TENANT, CLOCK_CASE)
    return [json.loads(event.envelope) for event in events]


def refused(guard: ClockGuard) -> str:
    with pytest.raises(TimeNotAvailable) as caught:
        guard.check()
    assert guard.lease() is None
    assert guard.state().source == "none"
    return caught.value.reason


def test_a_lease_holds_for_its_time_and_no_longer(units: Database, clock: FixedClock) -> None:
    source = Source()
    guard = guarded(units, clock, source).guard
    first = guard.check()
    clock.advance(seconds=59)
    assert guard.check() is first
    assert source.asked == 1
    clock.advance(seconds=1)
    assert guard.lease() is None
    assert guard.check() is not first
    assert source.asked == 2


def test_the_state_says_where_the_time_comes_from(units: Database, clock: FixedClock) -> None:
    guard = guarded(units, clock, Source(-3, 20, "ntp"), Source(5, 7, "database")).guard
    assert guard.state().source == "none"
    guard.check()
    state = guard.state()
    assert (state.source, state.offset_ms, state.uncertainty_ms) == ("ntp + database", 5, 7)


def test_the_hosts_clock_says_that_nothing_vouches_for_it(units: Database, clock: FixedClock) -> None:
    guard = guarded(units, clock).guard
    guard.check()
    assert guard.state().source == HOST_SOURCE
    assert guard.state().uncertainty_ms == 1_000


def test_no_source_is_no_guard(units: Database, clock: FixedClock) -> None:
    signer = guarded(units, clock).unit.signer
    with pytest.raises(ValueError, match="explicitly"):
        ClockGuard(clock, [], units, Instance("one", "", signer))


@pytest.mark.parametrize(("ms", "uncertainty"), [(991, 10), (-991, 10), (0, 1_001), (86_400_000, 1)])
def test_one_source_that_finds_the_clock_wrong_is_enough(
    units: Database, clock: FixedClock, ms: int, uncertainty: int
) -> None:
    guard = guarded(units, clock, Source(), Source(ms, uncertainty, "other")).guard
    assert "other: the clock may be off" in refused(guard)


def test_a_source_that_does_not_answer_ends_it(units: Database, clock: FixedClock) -> None:
    source = Source()
    guard = guarded(units, clock, source).guard
    guard.check()
    source.answer = None
    clock.advance(seconds=61)
    assert "does not answer" in refused(guard)


def test_attempts_are_spaced_while_there_is_no_lease(units: Database, clock: FixedClock) -> None:
    source = Source()
    source.answer = None
    guard = guarded(units, clock, source).guard
    for _ in range(5):
        refused(guard)
    assert source.asked == 1
    assert len(samples(units)) == 1
    clock.advance(seconds=6)
    refused(guard)
    assert source.asked == 2
    source.answer = Offset("reference", 0, 1)
    clock.advance(seconds=6)
    guard.check()


@pytest.mark.parametrize("seconds", [-3_600, -0.3, 0.3, 3_600])
def test_a_step_of_the_wall_clock_ends_the_lease_at_once(
    units: Database, clock: FixedClock, seconds: float
) -> None:
    guard = guarded(units, clock).guard
    guard.check()
    clock.skew(seconds=seconds)
    assert "against the monotonic clock" in refused(guard)


def test_slewing_within_tolerance_is_no_step(units: Database, clock: FixedClock) -> None:
    guard = guarded(units, clock).guard
    lease = guard.check()
    clock.skew(milliseconds=200)
    assert guard.check() is lease


def test_a_clock_behind_its_own_last_sample_gets_no_lease(units: Database, clock: FixedClock) -> None:
    before = guarded(units, clock, Source())
    before.guard.check()
    clock.skew(seconds=-0.2)
    restarted = guarded(units, clock, Source(), share=before)
    assert "behind the newest sample of instance one" in refused(restarted.guard)
    with pytest.raises(ClockBehind):  # and so it is told again until the next attempt
        restarted.guard.check()
    clock.advance(seconds=6)
    restarted.guard.check()


@pytest.mark.parametrize("ahead", [-3_600, -5, 5, 3_600])
def test_a_second_signer_with_a_skewed_clock_gets_no_lease(
    units: Database, clock: FixedClock, ahead: float
) -> None:
    first = guarded(units, clock)
    first.guard.check()
    skewed = FixedClock(clock.moment)
    skewed.skew(seconds=ahead)
    second = guarded(units, skewed, instance="two", share=first)
    assert "instance one" in refused(second.guard)
    assert samples(units)[-1]["result"] == {
        "code": "time-not-available",
        "reason": refused(second.guard),
    }
    clock.advance(seconds=70)
    first.guard.check()


def test_a_second_signer_on_another_host_is_judged_by_the_wall(units: Database, clock: FixedClock) -> None:
    first = guarded(units, clock)
    first.guard.check()
    behind = FixedClock(clock.moment)
    behind.elapsed = 5.0
    behind.skew(seconds=-2)
    assert "behind" in refused(guarded(units, behind, instance="two", boot="another", share=first).guard)
    right = FixedClock(clock.moment)
    right.elapsed = 5.0
    guarded(units, right, instance="three", boot="another", share=first).guard.check()


def test_an_appraisal_finds_what_a_look_would_and_keeps_nothing(units: Database, clock: FixedClock) -> None:
    source = Source(7, 8)
    guard = guarded(units, clock, source).guard
    assert guard.appraise().offset == source.answer
    assert guard.lease() is None
    assert samples(units) == []
    guard.check()
    clock.skew(seconds=-0.2)
    with pytest.raises(ClockBehind):
        guard.appraise()
    source.answer = None
    with pytest.raises(TimeNotAvailable, match="does not answer"):
        guard.appraise()
    assert len(samples(units)) == 1
    with units.reading() as unit:
        assert len(unit.clock_samples.newest()) == 1


def test_every_look_is_logged_and_signed(units: Database, clock: FixedClock) -> None:
    stamping = guarded(units, clock, Source(3, 4))
    stamping.guard.check()
    (event,) = samples(units)
    assert event["facts"] == {
        "boot": "boot",
        "instance": "one",
        "monotonic_ms": 1_000_000,
        "offset_ms": 3,
        "source": "reference",
        "uncertainty_ms": 4,
        "wall": "2026-11-23T12:00:00.000Z",
    }
    producer = event["producer"]
    assert isinstance(producer, dict)
    assert producer["key_id"] == stamping.unit.signer.key_id
    described = {name: event[name] for name in ("actor", "case_id", "facts", "occurred_at", "result", "type")}
    stamping.private.public.verify(bytes.fromhex(producer["signature"]), canonical(described))
    with units() as unit:
        assert unit.keys.get(stamping.unit.signer.key_id).use_count == 1


def test_a_suspended_key_gets_no_lease(units: Database, clock: FixedClock) -> None:
    stamping = guarded(units, clock)
    with units() as unit:
        unit.keys.transition(stamping.unit.signer.key_id, KeyState.SUSPENDED)
    with pytest.raises(KeyStateInvalid):
        stamping.guard.check()
    assert stamping.guard.lease() is None


def test_renewing_keeps_the_old_lease_until_the_new_one_is_there(units: Database, clock: FixedClock) -> None:
    source = Source()
    guard = guarded(units, clock, source, policy=GuardPolicy(lease_seconds=10)).guard
    guard.check()
    clock.advance(seconds=5)
    renewed = guard.renew()
    assert guard.lease() is renewed
    clock.advance(seconds=9)
    assert guard.check() is renewed
    source.answer = None
    with pytest.raises(TimeNotAvailable):
        guard.renew()
    assert guard.lease() is None
