"""A case that nobody appends to until the caller's transaction ends, for what depends on all its events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from evidence.casecheck import CaseReport, check_stored
from evidence.caseports import CaseUnit
from evidence.errors import CaseNotFound, RecordRefused
from evidence.event import CaseId, Draft, EventType, Recorded, TenantId
from evidence.log import log_of


@dataclass(frozen=True, slots=True)
class StillCase:
    """All events of a case, and the only way to add to them meanwhile."""

    unit: CaseUnit
    tenant: TenantId
    case_id: CaseId
    events: Sequence[Recorded]
    report: CaseReport

    @property
    def history(self) -> list[tuple[EventType, datetime]]:
        """Types and times, in order."""
        return [(one.type, one.recorded_at) for one in self.events]

    def append(self, draft: Draft) -> Recorded:
        """Record the case's next event; raises `RecordRefused` if another came between after all.

        The log's turn was taken before the events were read. Only at the change of the half-year, when
        this process and another write into two logs, can one have come between.
        """
        (event,) = self.unit.log.append([draft])
        if event.case_seq != len(self.events):
            raise RecordRefused("another event was recorded meanwhile")
        return event


def hold_still(unit: CaseUnit, tenant: TenantId, case_id: CaseId, now: datetime) -> StillCase:
    """Take the log's turn, then read the case; raises `CaseNotFound`, `RecordRefused`."""
    unit.events.reserve(log_of(tenant, now), 0)
    events = unit.events.case(tenant, case_id)
    if not events:
        raise CaseNotFound(case_id)
    head = unit.events.case_heads(tenant, [case_id])[case_id]
    return StillCase(unit, tenant, case_id, events, check_stored(events, (tenant, case_id), head))
