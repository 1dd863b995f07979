"""`xinqian evidence`: cases: found, read, closed, held, released, shredded. Every look is recorded."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import datetime

import click

from api.casekeeping import CaseKeeping
from api.cli.command import Noun
from api.cli.dual import carry_out_plan
from api.cli.exits import Exit
from api.cli.options import MOMENT
from api.cli.session import Session, with_session
from ca.approval import Plan
from ca.errors import Refused
from evidence.access import Access, CaseView, Purpose
from evidence.case import CaseState
from evidence.casecheck import CaseOutcome
from evidence.caseports import MAX_PAGE, CaseFilter, CaseSummary
from evidence.event import CaseId, EventType, Recorded, TenantId
from evidence.hold import Hold, HoldGround, HoldOrder
from evidence.retention import RULES, Decision

noun = Noun("evidence", help="noun.evidence")
COLUMNS = ("case", "contract", "opened_at", "changed_at", "events", "case_state", "ending", "holds")
EVENT_COLUMNS = ("sequence", "type", "recorded_at", "actor", "result", "opened")
HOLD_COLUMNS = ("hold", "ground", "authority_name", "reference", "set_at", "released_at", "approved_by")
FAULT_COLUMNS = ("place", "fault", "meaning")
TYPES = tuple(sorted(one.name for one in EventType))


def _reading(function: Callable[..., None]) -> Callable[..., None]:
    """By whose authority, what for, and what allows it: recorded with every look."""
    for option in (
        click.option("--basis", "legal_basis", default="internal order"),
        click.option("--authority", "on_authority", default="operations"),
        click.option(
            "--purpose",
            "reading_purpose",
            type=click.Choice([one.value for one in Purpose]),
            default=Purpose.OPERATION.value,
        ),
    ):
        function = option(function)
    return function


@noun.command("list", help="evidence.list")
@click.option("--contract", "contract_ids", multiple=True)
@click.option("--since", "opened_since", type=MOMENT)
@click.option("--before", "opened_before", type=MOMENT)
@click.option("--type", "event_type", type=click.Choice(TYPES))
@click.option("--state", "case_state", type=click.Choice([one.value for one in CaseState]))
@click.option("--after", "after_case")
@click.option("--limit", type=click.IntRange(1, MAX_PAGE), default=50, show_default=True)
@_reading
@with_session
def list_(
    session: Session,
    *,
    contract_ids: tuple[str, ...],
    opened_since: datetime | None,
    opened_before: datetime | None,
    event_type: str | None,
    case_state: str | None,
    after_case: str | None,
    limit: int,
    reading_purpose: str,
    on_authority: str,
    legal_basis: str,
) -> None:
    """Cases of contracts, newest first."""
    which = CaseFilter(
        contracts=contract_ids or None,
        since=opened_since,
        before=opened_before,
        type=None if event_type is None else EventType[event_type],
        state=None if case_state is None else CaseState(case_state),
        after=None if after_case is None else CaseId(after_case),
        limit=limit,
    )
    access = _access(session, reading_purpose, on_authority, legal_basis)
    found = _keeping(session).reader.find(which, access)
    session.output.rows("cases", COLUMNS, [_summary(one) for one in found])


@noun.command("show", help="evidence.show")
@click.argument("case_id")
@click.option("--open", "open_payloads", is_flag=True)
@_reading
@with_session
def show(
    session: Session,
    case_id: str,
    *,
    open_payloads: bool,
    reading_purpose: str,
    on_authority: str,
    legal_basis: str,
) -> None:
    """A case with its events, and whether they are all; exit 1 for one that was altered."""
    access = _access(session, reading_purpose, on_authority, legal_basis)
    keeping = _keeping(session)
    look = keeping.reader.open if open_payloads else keeping.reader.read
    view = look(CaseId(case_id), access)
    _tell(session, view, keeping.retention(CaseId(case_id)))
    if view.report.outcome is CaseOutcome.BROKEN:
        session.end(Exit.INVALID)


@noun.command("close", help="evidence.close")
@click.argument("case_id")
@click.option("--commit", is_flag=True)
@with_session
def close(session: Session, case_id: str, *, commit: bool) -> None:
    """Count and root are committed to; from then on nothing is added to what happened."""
    keeping = _keeping(session)
    if session.plan("plan.case-close", _summary(keeping.summary(CaseId(case_id))), commit=commit):
        session.output.record(_recorded(keeping.close(CaseId(case_id), session.actor)))


@noun.command("hold", help="evidence.hold")
@click.argument("case_id")
@click.option("--ground", type=click.Choice([one.value for one in HoldGround]), required=True)
@click.option("--authority", "hold_authority", required=True)
@click.option("--reference", required=True)
@click.option("--reason", "why_held", required=True)
@click.option("--plan", "plan_hash")
@click.option("--commit", is_flag=True)
@with_session
def hold(
    session: Session,
    case_id: str,
    *,
    ground: str,
    hold_authority: str,
    reference: str,
    why_held: str,
    plan_hash: str | None,
    commit: bool,
) -> None:
    """Nothing of the case may be destroyed; after two administrators' signatures."""
    keeping = _keeping(session)
    order = HoldOrder(HoldGround(ground), hold_authority, reference, why_held)
    carry_out_plan(
        session,
        lambda: keeping.plan_hold(CaseId(case_id), order, session.actor),
        lambda plan: _hold(keeping.hold(_of(plan, case_id))),
        plan_hash=plan_hash,
        commit=commit,
    )


@noun.command("release", help="evidence.release")
@click.argument("case_id")
@click.argument("hold_id")
@click.option("--reason", "why_released", required=True)
@click.option("--plan", "plan_hash")
@click.option("--commit", is_flag=True)
@with_session
def release(
    session: Session, case_id: str, hold_id: str, *, why_released: str, plan_hash: str | None, commit: bool
) -> None:
    """A hold ends; after two administrators' signatures."""
    keeping = _keeping(session)
    carry_out_plan(
        session,
        lambda: keeping.plan_release(CaseId(case_id), hold_id, why_released, session.actor),
        lambda plan: _recorded(keeping.release(_of(plan, case_id))),
        plan_hash=plan_hash,
        commit=commit,
    )


@noun.command("shred", help="evidence.shred")
@click.argument("case_id")
@click.option("--settled", type=MOMENT)
@click.option("--plan", "plan_hash")
@click.option("--commit", is_flag=True)
@with_session
def shred(
    session: Session, case_id: str, *, settled: datetime | None, plan_hash: str | None, commit: bool
) -> None:
    """Destroy the case's personal data for good; after two administrators' signatures."""
    keeping = _keeping(session)
    carry_out_plan(
        session,
        lambda: keeping.plan_shredding(CaseId(case_id), settled, session.actor),
        lambda plan: _recorded(keeping.shred(_of(plan, case_id))),
        plan_hash=plan_hash,
        commit=commit,
    )


def _keeping(session: Session) -> CaseKeeping:
    centre = session.centre
    return CaseKeeping(centre.database, TenantId(centre.settings.tenant), centre.clock, RULES)


def _access(session: Session, purpose: str, authority: str, basis: str) -> Access:
    return Access(session.actor, Purpose(purpose), authority, basis)


def _of(plan: Plan, case_id: str) -> Plan:
    if plan.parameters.get("case") != case_id:
        raise Refused("plan", f"is for {plan.parameters.get('case')}")
    return plan


def _tell(session: Session, view: CaseView, decision: Decision) -> None:
    output = session.output
    report = view.report
    shown: dict[str, object] = {
        **_summary(view.summary),
        "completeness": report.outcome.value,
        "committed_events": report.committed,
        "root": report.root.as_json(),
        "kept_until": decision.until,
        "rule": None if decision.governing is None else decision.governing.rule.rule_id,
        "recorded_as": None if view.record is None else view.record.event_id,
    }
    faults = [
        {
            "place": one.place,
            "fault": one.fault.value,
            "meaning": output.text(f"case-fault.{one.fault.value}"),
        }
        for one in report.faults
    ]
    events = [_event(view, one) for one in view.events]
    holds = [_hold(one) for one in view.holds]
    if output.form == "json":
        output.record({**shown, "faults": faults, "holds_set": holds, "log": events})
        return
    output.record(shown)
    output.rows("log", EVENT_COLUMNS, events)
    if holds:
        output.rows("holds_set", HOLD_COLUMNS, holds)
    if faults:
        output.rows("faults", FAULT_COLUMNS, faults)


def _event(view: CaseView, event: Recorded) -> Mapping[str, object]:
    envelope = json.loads(event.envelope)
    opened = view.payloads.get(event.event_id)
    return {
        "sequence": event.case_seq,
        "type": event.type.name,
        "recorded_at": event.recorded_at,
        "actor": envelope["actor"]["pseudonym"],
        "result": envelope["result"]["code"],
        "opened": None if opened is None else dict(opened.fields),
        "envelope": envelope,
    }


def _summary(case: CaseSummary) -> dict[str, object]:
    return {
        "case": case.case_id,
        "contract": case.contract_id,
        "opened_at": case.opened_at,
        "changed_at": case.changed_at,
        "events": case.events,
        "case_state": case.state.value,
        "ending": None if case.ending is None else case.ending.value,
        "holds": case.holds,
        "shredded": case.shredded,
    }


def _hold(hold: Hold) -> dict[str, object]:
    return {
        "hold": hold.hold_id,
        "case": hold.case_id,
        "ground": hold.ground.value,
        "authority_name": hold.authority,
        "reference": hold.reference,
        "requester": hold.requester,
        "approved_by": list(hold.approved_by),
        "set_at": hold.set_at,
        "released_at": hold.released_at,
    }


def _recorded(event: Recorded) -> dict[str, object]:
    return {
        "case": event.case_id,
        "sequence": event.case_seq,
        "type": event.type.name,
        "event_id": event.event_id,
        "recorded_at": event.recorded_at,
        "facts": json.loads(event.envelope)["facts"],
    }
