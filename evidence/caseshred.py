"""Destroy a case's personal data for good: its key is forgotten, its commitments and proofs stay valid."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from evidence.canonical import JSON
from evidence.caseports import CaseUnit
from evidence.casestill import hold_still
from evidence.clock import rfc3339
from evidence.errors import CaseHeld, CaseRefused
from evidence.event import Actor, CaseId, Draft, EventType, Recorded, TenantId
from evidence.hold import holds_of, require_persons
from evidence.retention import Decision, Known, RetentionRule, decide


def shred_case(
    unit: CaseUnit,
    tenant: TenantId,
    case_id: CaseId,
    rules: Iterable[RetentionRule],
    known: Known,
    actor: Actor,
    approved_by: tuple[str, ...],
    now: datetime,
) -> Recorded:
    """Forget the case's key and record PAYLOAD_SHREDDED, in one transaction of the caller's.

    Raises `CaseNotFound`, `PersonsMissing`, and as `require_shreddable`. Afterwards
    `EvidenceLog.open_payload` raises `PayloadUnavailable` for every event of the case.
    """
    persons = require_persons("payload-shred", approved_by)
    case = hold_still(unit, tenant, case_id, now)
    decision = decide(rules, case.history, holds_of(case.events), now, known)
    summary = unit.cases.summary(tenant, case_id)
    require_shreddable(case_id, decision, closed=summary.closed_seq is not None, shredded=summary.shredded)
    governing = max(decision.terms, key=lambda term: term.until or now)  # all are known, and past
    facts: dict[str, JSON] = {
        "approved_by": persons,
        "kept_until": _time(governing.until),
        "payloads": sum(one.sealed is not None for one in case.events),
        "requester": actor.pseudonym,
        "rule": governing.rule.rule_id,
        "terms": {term.rule.rule_id: _time(term.until) for term in decision.terms},
    }
    unit.case_keys.shred(tenant, case_id)
    return case.append(
        Draft(
            EventType.PAYLOAD_SHREDDED,
            case_id,
            actor,
            now,
            facts,
            contract_id=summary.contract_id,
            legal_basis=governing.rule.basis,
        )
    )


def require_shreddable(case_id: CaseId, decision: Decision, *, closed: bool, shredded: bool) -> None:
    """Raises `CaseHeld` under a hold; `CaseRefused` unless closed, past every term, and not shredded yet."""
    if decision.holds:
        raise CaseHeld(case_id, ", ".join(one.hold_id for one in decision.holds))
    if shredded:
        raise CaseRefused(case_id, "its personal data was shredded before")
    if not closed:
        raise CaseRefused(case_id, "it is not closed")
    if decision.may_shred:
        return
    if decision.until is None:
        raise CaseRefused(case_id, "it is not known until when it must be kept")
    raise CaseRefused(case_id, f"it must be kept until {rfc3339(decision.until)}")


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else rfc3339(moment)
