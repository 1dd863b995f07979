"""A sample accepted while the clock was ahead is forgotten by two administrators, and the log keeps it."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from ca.approval import Act, DualControl, Plan
from ca.clockforget import forget_samples, plan_forget
from ca.clockguard import CLOCK_CASE, ClockGuard, HostClock, Instance
from ca.errors import ApprovalRequired, ClockBehind, Refused, RequestInvalid
from evidence.event import EventType
from keys.key import KeyPurpose, KeyState
from tests.support.authority import AuthorityFixture, found_authority
from tests.support.units import TENANT


@pytest.fixture
def authority(engine: sa.Engine, tmp_path: Path) -> AuthorityFixture:
    return found_authority(engine, tmp_path)


def guard(authority: AuthorityFixture, name: str) -> ClockGuard:
    with authority.units.reading() as unit:
        key = unit.keys.list(purpose=KeyPurpose.TIMESTAMP, state=KeyState.ACTIVE)[0]
    instance = Instance(name, "boot", authority.signers.signer(key))
    return ClockGuard(authority.clock, [HostClock()], authority.units, instance)


def sign(authority: AuthorityFixture, plan: Plan, *numbers: int) -> None:
    control = DualControl(authority.units, authority.clock)
    for number in numbers:
        one = authority.administrators[number]
        control.approve(plan.plan_hash, one.name, one.sign(plan.message))


def test_the_authority_goes_on_after_the_clock_was_put_right(authority: AuthorityFixture) -> None:
    units, clock = authority.units, authority.clock
    with pytest.raises(Refused, match="none"):
        plan_forget(units, "os:0:root")
    clock.skew(hours=1)
    ahead = guard(authority, "one").check().sample
    clock.skew(hours=-1)
    clock.advance(minutes=5)
    with pytest.raises(ClockBehind):
        guard(authority, "two").check()
    plan = plan_forget(units, "os:0:root")
    DualControl(units, clock).propose(plan)
    with pytest.raises(ApprovalRequired):
        forget_samples(units, clock, plan)
    sign(authority, plan, 0)
    with pytest.raises(ApprovalRequired):
        forget_samples(units, clock, plan)
    with pytest.raises(ClockBehind):
        guard(authority, "two").check()
    sign(authority, plan, 1)
    assert forget_samples(units, clock, plan) == (ahead,)
    guard(authority, "two").check()
    with units.reading() as unit:
        assert [one.instance for one in unit.clock_samples.newest()] == ["two"]
        log = [json.loads(one.envelope) for one in unit.events.case(TENANT, CLOCK_CASE)]
    accepted, forgotten = log[0], log[-2]
    assert [one["type"] for one in (accepted, forgotten)] == [
        EventType.CLOCK_SAMPLED.name,
        EventType.ADMIN_ACTION.name,
    ]
    assert forgotten["facts"] == {
        "act": "clock-forget",
        "approved_by": ["first", "second"],
        "plan": plan.plan_hash,
        "samples": [ahead.facts],
    }
    assert accepted["facts"]["wall"] == ahead.facts["wall"]


def test_a_later_sample_than_the_plans_stays(authority: AuthorityFixture) -> None:
    units, clock = authority.units, authority.clock
    guard(authority, "one").check()
    plan = plan_forget(units, "first")
    DualControl(units, clock).propose(plan)
    sign(authority, plan, 0, 1)
    clock.advance(minutes=1)
    later = guard(authority, "two").check().sample
    assert [one.instance for one in forget_samples(units, clock, plan)] == ["one"]
    with units.reading() as unit:
        assert unit.clock_samples.newest() == (later,)


def test_only_such_a_plan_is_carried_out(authority: AuthorityFixture) -> None:
    plan = Plan.of(Act.KEY_DESTROY, {}, "first")
    with pytest.raises(RequestInvalid):
        forget_samples(authority.units, authority.clock, plan)
    for until in (None, "noon"):
        wrong = replace(plan, act=Act.CLOCK_FORGET, parameters={"until": until, "samples": []})
        with pytest.raises(RequestInvalid):
            forget_samples(authority.units, authority.clock, wrong)
