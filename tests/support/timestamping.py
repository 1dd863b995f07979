"""A timestamp authority over a test's database, its certificate from the shipped profiles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from api.db import Database
from ca.certificate import Certificate
from ca.clockguard import ClockGuard, GuardPolicy, HostClock, Instance
from ca.clocksample import TimeSource
from ca.registry import AuthorityRole
from ca.stamp import TimestampAuthority
from ca.tsu import TimestampUnit, TsuPolicy
from evidence.clock import Clock
from keys.adapters.software import SoftwareSigner
from keys.key import KeyPurpose, KeyState, new_key_id
from keys.private import PrivateKey
from keys.suites import Algorithm
from tests.support import chains
from tests.support.keys import key_record

POLICY = "1.3.6.1.4.1.99999.1.1"
OTHER_POLICY = "1.3.6.1.4.1.99999.1.2"
TSU_POLICY = TsuPolicy(POLICY, frozenset({OTHER_POLICY}))


@dataclass(frozen=True, slots=True)
class Stamping:
    """An authority with what a test needs to look behind it."""

    authority: TimestampAuthority
    guard: ClockGuard
    units: Database
    private: PrivateKey

    @property
    def unit(self) -> TimestampUnit:
        return self.authority.unit


def make_unit(
    algorithm: Algorithm = Algorithm.P256, policy: TsuPolicy = TSU_POLICY
) -> tuple[TimestampUnit, PrivateKey]:
    """A unit whose key no store knows."""
    party = chains.leaf(algorithm, "timestamp-unit")
    above = chains.intermediate(algorithm, AuthorityRole.TIMESTAMP).party.certificate
    signer = SoftwareSigner(new_key_id(), party.key)
    return TimestampUnit(signer, party.certificate, policy, [above]), party.key


def anchor(algorithm: Algorithm) -> Certificate:
    return chains.root(algorithm).party.certificate


def make_authority(
    units: Database,
    clock: Clock,
    algorithm: Algorithm = Algorithm.P256,
    *,
    sources: Sequence[TimeSource] = (HostClock(),),
    instance: str = "one",
    boot: str = "boot",
    policy: GuardPolicy | None = None,
    share: Stamping | None = None,
    use_limit: int | None = None,
) -> Stamping:
    """An authority whose key is in the store; with `share`, another process with the same key."""
    if share is None:
        unit, private = make_unit(algorithm)
        record = key_record(
            key_id=unit.signer.key_id,
            algorithm=algorithm,
            purpose=KeyPurpose.TIMESTAMP,
            public=private.public,
            state=KeyState.ACTIVE,
            use_limit=use_limit,
        )
        with units() as stores:
            stores.keys.add(record)
    else:
        unit, private = share.unit, share.private
    guard = ClockGuard(clock, sources, units, Instance(instance, boot, unit.signer), policy)
    return Stamping(TimestampAuthority(units, unit, guard, clock), guard, units, private)
