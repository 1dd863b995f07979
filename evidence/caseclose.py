"""Close a case: from now on its count and its root are what was recorded, and nobody can show less."""

from __future__ import annotations

from datetime import datetime

from evidence.canonical import JSON
from evidence.case import require_closable
from evidence.casecheck import CaseOutcome
from evidence.caseports import CaseUnit
from evidence.casestill import hold_still
from evidence.clock import rfc3339
from evidence.errors import CaseRefused
from evidence.event import Actor, CaseId, Draft, EventType, Recorded, TenantId


def close_case(unit: CaseUnit, tenant: TenantId, case_id: CaseId, actor: Actor, now: datetime) -> Recorded:
    """Record CASE_CLOSED in the caller's transaction.

    Its facts are what `evidence.case.Closing` holds: `events`, those before it; `root`, RFC 9162 2.1.1
    over their leaf hashes under both digests; `ending`. Raises `CaseNotFound`; `CaseRefused` as
    `evidence.case.require_closable`, and for a case whose rows were altered: a closing over them would
    vouch for it. Whoever appends at the same time comes before it, or is refused with `CaseClosed`.
    """
    case = hold_still(unit, tenant, case_id, now)
    end = require_closable(case_id, case.history, actor, now)
    if case.report.outcome is CaseOutcome.BROKEN:
        raise CaseRefused(case_id, "its events are not as they were recorded")
    facts: dict[str, JSON] = {
        "ended_at": rfc3339(end.at),
        "ending": end.ending.value,
        "events": case.report.events,
        "root": case.report.root.as_json(),
    }
    contract_id = unit.cases.summary(tenant, case_id).contract_id
    return case.append(Draft(EventType.CASE_CLOSED, case_id, actor, now, facts, contract_id=contract_id))
