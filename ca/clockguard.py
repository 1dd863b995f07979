"""The clock guard: a lease to stamp, given only while the clock is known to be right. It fails closed.

ETSI EN 319 421 7.7.2: no token when the clock is out of the stated accuracy, and every act of
synchronisation is logged. Lost contact with the sources ends a lease as surely as a wrong clock does.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import NoReturn

from ca.clocksample import (
    LEASE_SECONDS,
    MAX_OFFSET_MS,
    ClockSample,
    Offset,
    TimeSource,
    contradiction,
)
from ca.errors import TimeNotAvailable
from ca.ports import CaUnit, Units
from evidence.canonical import JSON, canonical
from evidence.clock import Clock, ClockState
from evidence.envelope import described
from evidence.event import Actor, ActorKind, Attestation, CaseId, Draft, EventType, Result
from keys.ports import Signer

RETRY_SECONDS = 5.0  # between attempts while there is no lease, so that requests do not flood the sources
DRIFT_TOLERANCE_MS = 250  # wall against monotonic within a lease; a slewing clock drifts 30 ms a minute
HOST_SOURCE = "host (no external reference)"
HOST_UNCERTAINTY_MS = 1_000  # what the operator vouches for by choosing the host's clock
CLOCK_CASE = CaseId("clock")
_MS = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class GuardPolicy:
    """How far the clock may be off, and for how long a look at it holds."""

    max_offset_ms: int = MAX_OFFSET_MS
    lease_seconds: float = LEASE_SECONDS
    drift_tolerance_ms: int = DRIFT_TOLERANCE_MS


@dataclass(frozen=True, slots=True)
class Lease:
    """Leave to stamp until `until` on the monotonic clock."""

    sample: ClockSample
    until: float

    @property
    def state(self) -> ClockState:
        """The provenance of the time, as events carry it."""
        offset = self.sample.offset
        return ClockState(offset.source, offset.ms, offset.uncertainty_ms)


class HostClock:
    """The host's clock as its own reference, by the operator's explicit choice."""

    def offset(self) -> Offset:
        """Nothing to compare with: the operator's word is the uncertainty."""
        return Offset(HOST_SOURCE, 0, HOST_UNCERTAINTY_MS)


@dataclass(frozen=True, slots=True)
class Instance:
    """Who looks at the clock: the process, its host's boot, and the key it signs what it saw with."""

    name: str
    boot: str
    signer: Signer


class ClockGuard:
    """Gives leases. Safe to share between threads: one of them looks at the clock, the others wait."""

    def __init__(
        self,
        clock: Clock,
        sources: Sequence[TimeSource],
        units: Units,
        instance: Instance,
        policy: GuardPolicy | None = None,
    ) -> None:
        """`sources` must all agree; none at all would vouch for nothing, and is refused with ValueError."""
        if not sources:
            raise ValueError("a clock guard needs a source; the host's clock must be chosen explicitly")
        self._clock = clock
        self._sources = tuple(sources)
        self._units = units
        self._instance = instance
        self._policy = policy or GuardPolicy()
        self._renewing = threading.Lock()
        self._lease: Lease | None = None
        self._refused_at: float | None = None
        self._refusal = TimeNotAvailable("")

    def check(self) -> Lease:
        """The current lease; looks at the clock anew when there is none. Raises `TimeNotAvailable`."""
        lease = self._lease
        if lease is not None and self._clock.monotonic() < lease.until:
            drift = self._drift_ms(lease)
            if abs(drift) <= self._policy.drift_tolerance_ms:
                return lease
            self._lease = None
            reason = f"the wall clock moved {drift} ms against the monotonic clock within a lease"
            self._refuse(TimeNotAvailable(reason))
        with self._renewing:
            if self._lease is not None and self._lease is not lease:
                return self._lease  # another thread renewed it meanwhile
            if self._refused_at is not None and self._clock.monotonic() < self._refused_at + RETRY_SECONDS:
                raise self._repeated()
            return self._renew()

    def renew(self) -> Lease:
        """Look at the clock now, whatever the lease; for the thread that keeps leases fresh."""
        with self._renewing:
            return self._renew()

    def require(self) -> None:
        """Raises `TimeNotAvailable` while there is no lease, as the last look did; does not look anew."""
        if self.lease() is not None:
            return
        if self._refused_at is None:
            raise TimeNotAvailable("the last look at the clock is too long ago")
        raise self._repeated()

    def lease(self) -> Lease | None:
        """The current lease, without looking anew."""
        lease = self._lease
        if lease is None or self._clock.monotonic() >= lease.until:
            return None
        return lease if abs(self._drift_ms(lease)) <= self._policy.drift_tolerance_ms else None

    def appraise(self) -> ClockSample:
        """Look at the clock for a person: nothing is kept or recorded, no lease is given.

        Raises `TimeNotAvailable` as a look would.
        """
        sample = self._sample(self._measure())
        with self._units.reading() as unit:
            doubt = contradiction(sample, unit.clock_samples.newest(), self._policy.max_offset_ms)
        if doubt is not None:
            raise doubt
        return sample

    def state(self) -> ClockState:
        """What is known of the clock now; says so when it is nothing."""
        lease = self.lease()
        return ClockState("none", 0, self._policy.max_offset_ms) if lease is None else lease.state

    def _drift_ms(self, lease: Lease) -> int:
        monotonic = self._clock.monotonic() - lease.sample.monotonic
        return (self._clock.now() - lease.sample.wall) // _MS - round(monotonic * 1_000)

    def _renew(self) -> Lease:
        try:
            self._lease = lease = self._look()
        except BaseException:
            self._lease = None  # whatever went wrong: the last lease does not outlive a failed look
            raise
        self._refused_at = None
        return lease

    def _look(self) -> Lease:
        started = self._clock.monotonic()
        try:
            offset = self._measure()
        except TimeNotAvailable as error:
            self._record_refusal(error.reason)
            self._refuse(error)
        with self._units() as unit:
            sample = self._sample(offset)
            doubt = contradiction(sample, unit.clock_samples.newest(), self._policy.max_offset_ms)
            if doubt is None:
                unit.clock_samples.put(sample)
            self._append(unit, sample, None if doubt is None else doubt.reason)
        if doubt is not None:
            self._refuse(doubt)
        # Measuring and recording took their time; the lease counts from before both.
        return Lease(sample, started + self._policy.lease_seconds)

    def _measure(self) -> Offset:
        found = [source.offset() for source in self._sources]
        for one in found:
            if one.bound_ms > self._policy.max_offset_ms:
                raise TimeNotAvailable(
                    f"{one.source}: the clock may be off by {one.bound_ms} ms, more than the"
                    f" {self._policy.max_offset_ms} allowed"
                )
        best = min(found, key=lambda one: one.uncertainty_ms)
        return Offset(" + ".join(one.source for one in found), best.ms, best.uncertainty_ms)

    def _sample(self, offset: Offset) -> ClockSample:
        wall, monotonic = self._clock.now(), self._clock.monotonic()
        return ClockSample(self._instance.name, self._instance.boot, wall, monotonic, offset)

    def _repeated(self) -> TimeNotAvailable:
        return type(self._refusal)(self._refusal.reason)

    def _refuse(self, error: TimeNotAvailable) -> NoReturn:
        self._refused_at, self._refusal = self._clock.monotonic(), error
        raise error

    def _record_refusal(self, reason: str) -> None:
        sample = self._sample(Offset("none", 0, self._policy.max_offset_ms))
        with self._units() as unit:
            self._append(unit, sample, reason)

    def _append(self, unit: CaUnit, sample: ClockSample, refusal: str | None) -> None:
        """The signed clock log: one CLOCK_SAMPLED event, attested by the instance's key."""
        signer = self._instance.signer
        unit.keys.count_use(signer.key_id, 1)
        facts: dict[str, JSON] = {**sample.facts, "monotonic_ms": round(sample.monotonic * 1_000)}
        result = Result() if refusal is None else Result(TimeNotAvailable.code, refusal)
        actor = Actor(ActorKind.SYSTEM, sample.instance, "clock-guard")
        draft = Draft(EventType.CLOCK_SAMPLED, CLOCK_CASE, actor, sample.wall, facts, result=result)
        # Canonical JSON begins with a brace, signed attributes with a SET tag: no signature serves as both.
        signature = signer.sign(canonical(described(draft)))
        attested = Attestation(signer.key_id, signer.public.algorithm.value, signature)
        unit.log.append(
            [
                Draft(
                    draft.type,
                    draft.case_id,
                    actor,
                    sample.wall,
                    facts,
                    result=result,
                    attestation=attested,
                )
            ]
        )
