"""Put a case under legal hold, and release it: two persons answer for each."""

from __future__ import annotations

from datetime import datetime

from evidence.canonical import JSON
from evidence.caseports import CaseUnit
from evidence.casestill import StillCase, hold_still
from evidence.errors import CaseRefused
from evidence.event import Actor, CaseId, Draft, EventType, Recorded, TenantId
from evidence.hold import (
    MAX_REASON,
    Hold,
    HoldOrder,
    check_text,
    hold_facts,
    holds_of,
    require_persons,
    require_standing,
)


def set_hold(
    unit: CaseUnit,
    tenant: TenantId,
    case_id: CaseId,
    hold_id: str,
    order: HoldOrder,
    actor: Actor,
    approved_by: tuple[str, ...],
    now: datetime,
) -> Hold:
    """Record LEGAL_HOLD_SET in the caller's transaction; a case may be under several holds at once.

    Raises `CaseNotFound`, `EventInvalid` for an order that is not whole, `PersonsMissing`, and
    `CaseRefused` for a case whose personal data is gone.
    """
    order.check()
    persons = require_persons("legal-hold", approved_by)
    case = hold_still(unit, tenant, case_id, now)
    if unit.cases.summary(tenant, case_id).shredded:
        raise CaseRefused(case_id, "its personal data was shredded, so that there is nothing to hold")
    facts = hold_facts(hold_id, order, actor.pseudonym, persons)
    case.append(_event(case, EventType.LEGAL_HOLD_SET, actor, now, facts, order.reason))
    unit.cases.put_hold(tenant, case_id, hold_id, now)
    return require_standing(holds_of(unit.events.case(tenant, case_id)), hold_id)


def release_hold(
    unit: CaseUnit,
    tenant: TenantId,
    case_id: CaseId,
    hold_id: str,
    reason: str,
    actor: Actor,
    approved_by: tuple[str, ...],
    now: datetime,
) -> Recorded:
    """Record LEGAL_HOLD_RELEASED in the caller's transaction.

    Raises `CaseNotFound`, `HoldNotFound` for a hold that does not stand, `EventInvalid`, `PersonsMissing`.
    """
    check_text("hold.reason", reason, MAX_REASON)
    persons = require_persons("hold-release", approved_by)
    case = hold_still(unit, tenant, case_id, now)
    hold = require_standing(holds_of(case.events), hold_id)
    facts: dict[str, JSON] = {"approved_by": persons, "hold": hold.hold_id, "requester": actor.pseudonym}
    event = case.append(_event(case, EventType.LEGAL_HOLD_RELEASED, actor, now, facts, reason))
    unit.cases.end_hold(tenant, hold_id, now)
    return event


def _event(
    case: StillCase, kind: EventType, actor: Actor, at: datetime, facts: dict[str, JSON], reason: str
) -> Draft:
    contract_id = case.unit.cases.summary(case.tenant, case.case_id).contract_id
    return Draft(kind, case.case_id, actor, at, facts, {"reason": reason}, contract_id=contract_id)
