"""Which timestamping unit stamps in each suite: the newest active one, found anew after a rotation."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from api.chain import chain_of
from api.sandbox import timestamp_policy
from ca.certificate import Certificate
from ca.clockguard import ClockGuard, Instance
from ca.clocksample import ClockSample, TimeSource
from ca.errors import NotFound
from ca.hierarchy import certificate_of_key
from ca.ports import CaUnit, Signers, Units
from ca.stamp import TimestampAuthority
from ca.tsu import TimestampUnit, TsuPolicy
from evidence.clock import Clock
from keys.key import KeyPurpose, KeyState
from keys.suites import Suite

KNOWN_FOR = 1.0  # seconds until the database is asked again which unit stamps


@dataclass(frozen=True, slots=True)
class _Found:
    authority: TimestampAuthority
    until: float


class Timestamping:
    """The timestamp authorities of both suites. Safe for threads."""

    def __init__(
        self,
        units: Units,
        signers: Signers,
        clock: Clock,
        sources: Sequence[TimeSource],
        instance: str,
        boot: str,
    ) -> None:
        self._units = units
        self._signers = signers
        self._clock = clock
        self._sources = tuple(sources)
        self._instance = instance
        self._boot = boot
        self._finding = threading.Lock()
        self._found: dict[Suite, _Found] = {}
        self._guards: dict[str, ClockGuard] = {}

    def authority(self, suite: Suite) -> TimestampAuthority:
        """The suite's authority; raises `NotFound` where no unit is active."""
        found = self._found.get(suite)
        if found is not None and self._clock.monotonic() < found.until:
            return found.authority
        with self._finding:
            return self._find(suite, found)

    def look(self, suite: Suite) -> None:
        """Look at the clock now; raises `TimeNotAvailable`, `NotFound`."""
        self._guard(suite).renew()

    def require_leases(self) -> None:
        """Raises what keeps a suite from stamping now; asks neither clock nor sources."""
        for suite in Suite:
            try:
                guard = self._guard(suite)
            except NotFound:
                continue
            guard.require()

    def appraise(self) -> ClockSample:
        """What a look at the clock would find now, nothing kept; raises `TimeNotAvailable`, `NotFound`."""
        for suite in Suite:
            try:
                guard = self._guard(suite)
            except NotFound:
                continue
            return guard.appraise()
        raise NotFound("timestamping unit", "of any suite")

    def renew_leases(self) -> None:
        """Look at the clock now, before a request has to wait for it; raises `TimeNotAvailable`."""
        for suite in Suite:
            try:
                self.look(suite)
            except NotFound:
                continue

    def _guard(self, suite: Suite) -> ClockGuard:
        return self._guards[self.authority(suite).unit.signer.key_id]

    def _find(self, suite: Suite, before: _Found | None) -> TimestampAuthority:
        with self._units.reading() as unit:
            tsu = self._unit(unit, suite)
        if before is not None and before.authority.unit.signer.key_id == tsu.signer.key_id:
            authority = before.authority
        else:
            guard = self._guards.get(tsu.signer.key_id)
            if guard is None:
                seen_by = Instance(f"{self._instance}/{suite.value}", self._boot, tsu.signer)
                guard = ClockGuard(self._clock, self._sources, self._units, seen_by)
                self._guards[tsu.signer.key_id] = guard
            authority = TimestampAuthority(self._units, tsu, guard, self._clock)
        self._found[suite] = _Found(authority, self._clock.monotonic() + KNOWN_FOR)
        return authority

    def _unit(self, unit: CaUnit, suite: Suite) -> TimestampUnit:
        keys = unit.keys.list(purpose=KeyPurpose.TIMESTAMP, state=KeyState.ACTIVE)
        for key in reversed([one for one in keys if one.algorithm.suite is suite]):
            record = certificate_of_key(unit, key)
            if record is None or record.certificate is None:
                continue
            chain = chain_of(unit, record.reservation.authority_id)
            certificate = Certificate(record.certificate)
            policy = TsuPolicy(timestamp_policy(certificate, suite))
            return TimestampUnit(self._signers.signer(key), certificate, policy, chain)
        raise NotFound("timestamping unit", suite.value)
