"""Read, open and export cases: nothing leaves unless it is recorded who took it, what for, and what it was.

Each act is one transaction that ends before its answer leaves; where it cannot be recorded, nothing is shown.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from evidence.accessrole import CaseAct, require_may
from evidence.canonical import JSON
from evidence.casecheck import CaseReport
from evidence.caseports import MAX_PAGE, CaseFilter, CaseSummary, CaseUnit, CaseUnits
from evidence.casestill import hold_still
from evidence.clock import Clock, rfc3339
from evidence.digest import DigestPair
from evidence.errors import AccessRefused, EventInvalid
from evidence.event import Actor, CaseId, Draft, EventId, EventType, Recorded, TenantId
from evidence.hold import Hold, check_text, holds_of, require_persons
from evidence.payload import Opened

SEARCHES = CaseId("evidence-searches")
"""Where searches are recorded, which look at no case of their own."""
MAX_TEXT = 200  # characters of an authority, a basis


class Purpose(enum.StrEnum):
    """What somebody reads evidence for."""

    LITIGATION = "litigation"
    INVESTIGATION = "investigation"
    COMPLAINT = "complaint"
    PARTY_REQUEST = "party-request"
    """A party asks for its own data (PIPL 45)."""
    AUDIT = "audit"
    OPERATION = "operation"


class Variant(enum.StrEnum):
    """How much of a case leaves with an export."""

    FULL = "full"
    MASKED = "masked"
    SIGNATURE_ONLY = "signature-only"


@dataclass(frozen=True, slots=True)
class Access:
    """Who reads, and why. Authority and basis are recorded in the clear: titles and numbers, never names."""

    actor: Actor
    purpose: Purpose
    authority: str
    """Whose demand or whose mandate: a court's file number, a department's order."""
    basis: str
    """The provision that allows it."""

    def check(self, act: CaseAct) -> None:
        """Raises `AccessRefused` for a role that may not, or where authority or basis is not said."""
        require_may(self.actor, act)
        try:
            check_text("authority", self.authority, MAX_TEXT)
            check_text("basis", self.basis, MAX_TEXT)
        except EventInvalid as error:
            raise AccessRefused(act.value, str(error)) from error


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case as it stood before it was read."""

    summary: CaseSummary
    events: Sequence[Recorded]
    report: CaseReport
    holds: tuple[Hold, ...]
    payloads: Mapping[EventId, Opened] = field(default_factory=dict)
    """Personal values of the events that were opened; empty when none were."""
    record: Recorded | None = None
    """The event that says so; None until it is recorded."""


@dataclass(frozen=True, slots=True)
class Exported:
    """What left, and the event that says so."""

    data: bytes
    digest: DigestPair
    record: Recorded


class EvidenceReader:
    """Reads the cases of one tenant."""

    def __init__(self, units: CaseUnits, tenant: TenantId, clock: Clock) -> None:
        self._units = units
        self._tenant = tenant
        self._clock = clock

    def find(self, which: CaseFilter, access: Access) -> Sequence[CaseSummary]:
        """One page of the cases of contracts, newest first; the search is recorded.

        Raises `AccessRefused`, `CaseNotFound` when `which.after` names no case, `EventInvalid` for a page
        larger than `MAX_PAGE`.
        """
        access.check(CaseAct.SEARCH)
        if not 0 < which.limit <= MAX_PAGE:
            raise EventInvalid("limit", f"is not between 1 and {MAX_PAGE}")
        with self._units() as unit:
            found = unit.cases.find(self._tenant, which)
            facts: dict[str, JSON] = {"found": len(found), "search": _asked(which)}
            unit.log.append([self._event(EventType.EVIDENCE_ACCESSED, SEARCHES, access, facts)])
        return found

    def read(self, case_id: CaseId, access: Access) -> CaseView:
        """The events as recorded, personal values sealed; raises `AccessRefused`, `CaseNotFound`."""
        return self._see(case_id, access, CaseAct.READ, ())

    def open(self, case_id: CaseId, access: Access, only: Sequence[EventId] | None = None) -> CaseView:
        """As `read`, with the personal values of the events named in `only`, of all when it is None.

        Raises also `PayloadUnavailable` once shredded, `PayloadCorrupt`.
        """
        return self._see(case_id, access, CaseAct.OPEN, only)

    def export(
        self,
        case_id: CaseId,
        access: Access,
        variant: Variant,
        produce: Callable[[CaseView], bytes],
        approved_by: Sequence[str] = (),
    ) -> Exported:
        """What `produce` makes of the case, its digests recorded before it leaves.

        A full export opens personal values, and two persons answer for it: raises `PersonsMissing`.
        `produce` runs outside of any transaction: events may be recorded meanwhile, and are not in it.
        """
        full = variant is Variant.FULL
        access.check(CaseAct.EXPORT_FULL if full else CaseAct.EXPORT_MASKED)
        persons = require_persons(CaseAct.EXPORT_FULL.value, approved_by) if full else tuple(approved_by)
        with self._units() as unit:
            view = self._view(unit, case_id, None if full else ())
        data = produce(view)
        digest = DigestPair.of(data)
        facts: dict[str, JSON] = {
            **_shown(view),
            "approved_by": persons,
            "digest": digest.as_json(),
            "size": len(data),
            "variant": variant.value,
        }
        with self._units() as unit:
            event = self._event(EventType.EVIDENCE_EXPORTED, case_id, access, facts, view.summary)
            (record,) = unit.log.append([event])
        return Exported(data, digest, record)

    def _see(self, case_id: CaseId, access: Access, act: CaseAct, only: Sequence[EventId] | None) -> CaseView:
        access.check(act)
        with self._units() as unit:
            view = self._view(unit, case_id, only)
            event = self._event(EventType.EVIDENCE_ACCESSED, case_id, access, _shown(view), view.summary)
            (record,) = unit.log.append([event])
        return replace(view, record=record)

    def _view(self, unit: CaseUnit, case_id: CaseId, only: Sequence[EventId] | None) -> CaseView:
        case = hold_still(unit, self._tenant, case_id, self._clock.now())
        payloads = {}
        for event in case.events:
            if event.sealed is None or (only is not None and event.event_id not in only):
                continue
            if (opened := unit.log.open_payload(event)) is not None:
                payloads[event.event_id] = opened
        summary = unit.cases.summary(self._tenant, case_id)
        return CaseView(summary, case.events, case.report, holds_of(case.events), payloads)

    def _event(
        self,
        kind: EventType,
        case_id: CaseId,
        access: Access,
        facts: dict[str, JSON],
        summary: CaseSummary | None = None,
    ) -> Draft:
        why: dict[str, JSON] = {"authority": access.authority, "purpose": access.purpose.value}
        return Draft(
            type=kind,
            case_id=case_id,
            actor=access.actor,
            occurred_at=self._clock.now(),
            facts={**facts, **why},
            contract_id=None if summary is None else summary.contract_id,
            legal_basis=access.basis,
        )


def _shown(view: CaseView) -> dict[str, JSON]:
    """What was shown: count and root of the events, and which were opened."""
    return {
        "events": view.report.events,
        "opened": [one.case_seq for one in view.events if one.event_id in view.payloads],
        "root": view.report.root.as_json(),
    }


def _asked(which: CaseFilter) -> dict[str, JSON]:
    return {
        "after": which.after,
        "before": None if which.before is None else rfc3339(which.before),
        "contracts": None if which.contracts is None else list(which.contracts[:MAX_PAGE]),
        "limit": which.limit,
        "since": None if which.since is None else rfc3339(which.since),
        "state": None if which.state is None else which.state.value,
        "type": None if which.type is None else which.type.name,
    }
