"""Acts under dual control: propose the plan, wait for two administrators, carry it out by its hash."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from api.cli.exits import Exit
from api.cli.session import Session
from ca.approval import SIGNATURES, Plan


def carry_out_plan(
    session: Session,
    make: Callable[[], Plan],
    carry: Callable[[Plan], Mapping[str, object]],
    *,
    plan_hash: str | None,
    commit: bool,
) -> None:
    """Show the plan; with --commit propose it (exit 6); with --plan and --commit do what was approved.

    `carry` takes the approval in the transaction of the act, and raises `ApprovalRequired` without one.
    """
    control = session.centre.dual_control
    if plan_hash is not None:
        plan = control.plan(plan_hash)
        if session.plan(f"plan.{plan.act.value}", _shown(plan), commit=commit):
            session.output.record(carry(plan))
        return
    plan = make()
    if not session.plan(f"plan.{plan.act.value}", _shown(plan), commit=commit):
        return
    control.propose(plan)
    session.output.record({**_shown(plan), "committed": False})
    session.output.say("cli.proposed", plan_hash=plan.plan_hash, needed=SIGNATURES)
    session.end(Exit.NEEDS_APPROVAL)


def _shown(plan: Plan) -> dict[str, object]:
    return {
        "plan_hash": plan.plan_hash,
        "act": plan.act.value,
        "requester": plan.requester,
        "parameters": dict(plan.parameters),
    }
