"""Forget clock samples that were accepted while the clock was ahead, under dual control.

Such a sample keeps every clock that was put right from getting a lease until the time catches up with
it. The event log goes on to say what was accepted, when, and who had it forgotten.
"""

from __future__ import annotations

from ca.approval import Act, Plan, require_act, require_approval
from ca.certify import operator_requester
from ca.clockguard import CLOCK_CASE
from ca.clocksample import ClockSample
from ca.errors import Refused, RequestInvalid
from ca.ports import Units
from evidence.canonical import JSON
from evidence.clock import Clock, from_micros, to_micros
from evidence.event import Draft, EventType


def plan_forget(units: Units, requester: str) -> Plan:
    """All samples there are, up to the latest, as a plan; raises `Refused` when there is none."""
    with units.reading() as unit:
        found = unit.clock_samples.newest()
    if not found:
        raise Refused("clock samples", "there are none")
    parameters: dict[str, JSON] = {
        "samples": [one.facts for one in found],
        "until": to_micros(max(one.wall for one in found)),
    }
    return Plan.of(Act.CLOCK_FORGET, parameters, requester)


def forget_samples(units: Units, clock: Clock, plan: Plan) -> tuple[ClockSample, ...]:
    """Carry such a plan out; returns what was forgotten, recorded as ADMIN_ACTION.

    Samples later than the plan's stay. Raises `ApprovalRequired`, `Refused` for a plan carried out.
    """
    require_act(plan, Act.CLOCK_FORGET)
    until = plan.parameters["until"]
    if not isinstance(until, int):
        raise RequestInvalid("plan.until", "is no time")
    now = clock.now()
    with units() as unit:
        approved_by = require_approval(unit, plan, now)
        gone = unit.clock_samples.forget(from_micros(until))
        facts: dict[str, JSON] = {
            "act": plan.act.value,
            "approved_by": approved_by,
            "plan": plan.plan_hash,
            "samples": [one.facts for one in gone],
        }
        actor = operator_requester(plan.requester).actor
        unit.log.append([Draft(EventType.ADMIN_ACTION, CLOCK_CASE, actor, now, facts)])
    return gone
