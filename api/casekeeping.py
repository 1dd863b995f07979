"""What is done with cases: closing; holding, releasing and shredding as plans that two administrators sign.

The plan's approval is taken in the transaction of the act itself, so that what was approved happens once,
whole or not at all, and the events say who approved.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from api.db import Database, Unit
from ca.approval import Act, Plan, require_act, require_approval
from ca.certificate import Certificate
from ca.errors import NotFound, RequestInvalid
from ca.serial import parse_serial
from evidence.access import EvidenceReader
from evidence.accessrole import CaseAct, require_may
from evidence.canonical import JSON
from evidence.case import ended
from evidence.caseclose import close_case
from evidence.caseports import CaseSummary
from evidence.caseshred import require_shreddable, shred_case
from evidence.clock import Clock, rfc3339
from evidence.errors import CaseNotFound
from evidence.event import Actor, ActorKind, CaseId, EventType, Recorded, TenantId
from evidence.hold import Hold, HoldGround, HoldOrder, holds_of, require_standing
from evidence.holdcase import release_hold, set_hold
from evidence.retention import RULES, Decision, Known, RetentionRule, decide

CERTIFIED = frozenset(
    {
        EventType.CERT_ISSUED,
        EventType.SIGN_REQUESTED,
        EventType.SIGNATURE_CREATED,
        EventType.SEAL_APPLIED,
    }
)
"""Events whose fact `serial` is that of a certificate which a signature of the case rests on."""


class CaseKeeping:
    """Acts on the cases of one tenant."""

    def __init__(
        self, database: Database, tenant: TenantId, clock: Clock, rules: Sequence[RetentionRule] = RULES
    ) -> None:
        self._database = database
        self._tenant = tenant
        self._clock = clock
        self._rules = rules

    @property
    def reader(self) -> EvidenceReader:
        """Reads cases, and records that it did."""
        return EvidenceReader(self._database, self._tenant, self._clock)

    def summary(self, case_id: CaseId) -> CaseSummary:
        """Where a case stands, to be shown before something is done to it; raises `CaseNotFound`."""
        with self._database.reading() as unit:
            return unit.cases.summary(self._tenant, case_id)

    def close(self, case_id: CaseId, actor: Actor) -> Recorded:
        """As `evidence.caseclose.close_case`; raises also `AccessRefused`."""
        require_may(actor, CaseAct.CLOSE)
        with self._database() as unit:
            return close_case(unit, self._tenant, case_id, actor, self._clock.now())

    def plan_hold(self, case_id: CaseId, order: HoldOrder, actor: Actor) -> Plan:
        """A legal hold as a plan; raises `AccessRefused`, `CaseNotFound`, `EventInvalid`."""
        require_may(actor, CaseAct.HOLD)
        order.check()
        self.summary(case_id)
        parameters: dict[str, JSON] = {
            "authority": order.authority,
            "case": case_id,
            "ground": order.ground.value,
            "hold": secrets.token_hex(16),
            "reason": order.reason,
            "reference": order.reference,
        }
        return Plan.of(Act.LEGAL_HOLD, parameters, actor.pseudonym)

    def hold(self, plan: Plan) -> Hold:
        """Carry such a plan out; raises `ApprovalRequired`, and as `evidence.holdcase.set_hold`."""
        require_act(plan, Act.LEGAL_HOLD)
        read = _texts(plan, "authority", "case", "ground", "hold", "reason", "reference")
        order = HoldOrder(HoldGround(read["ground"]), read["authority"], read["reference"], read["reason"])
        now = self._clock.now()
        with self._database() as unit:
            approved_by = require_approval(unit, plan, now)
            case_id = CaseId(read["case"])
            return set_hold(
                unit, self._tenant, case_id, read["hold"], order, _requester(plan), approved_by, now
            )

    def plan_release(self, case_id: CaseId, hold_id: str, reason: str, actor: Actor) -> Plan:
        """The end of a hold as a plan; raises `AccessRefused`, `CaseNotFound`, `HoldNotFound`."""
        require_may(actor, CaseAct.RELEASE)
        with self._database.reading() as unit:
            require_standing(holds_of(self._events(unit, case_id)), hold_id)
        parameters: dict[str, JSON] = {"case": case_id, "hold": hold_id, "reason": reason}
        return Plan.of(Act.HOLD_RELEASE, parameters, actor.pseudonym)

    def release(self, plan: Plan) -> Recorded:
        """Carry such a plan out; raises `ApprovalRequired`, and as `evidence.holdcase.release_hold`."""
        require_act(plan, Act.HOLD_RELEASE)
        read = _texts(plan, "case", "hold", "reason")
        now = self._clock.now()
        with self._database() as unit:
            approved_by = require_approval(unit, plan, now)
            case_id = CaseId(read["case"])
            return release_hold(
                unit, self._tenant, case_id, read["hold"], read["reason"], _requester(plan), approved_by, now
            )

    def retention(self, case_id: CaseId, settled: datetime | None = None) -> Decision:
        """Until when a case is kept; `settled` is what the bank knows. Raises `CaseNotFound`."""
        with self._database.reading() as unit:
            events = self._events(unit, case_id)
            return self._decide(unit, events, settled)

    def plan_shredding(self, case_id: CaseId, settled: datetime | None, actor: Actor) -> Plan:
        """The end of a case's personal data as a plan.

        Raises `AccessRefused`, `CaseNotFound`, and as `evidence.caseshred.require_shreddable`.
        """
        require_may(actor, CaseAct.SHRED)
        summary, decision = self.summary(case_id), self.retention(case_id, settled)
        require_shreddable(
            case_id, decision, closed=summary.closed_seq is not None, shredded=summary.shredded
        )
        parameters: dict[str, JSON] = {
            "case": case_id,
            "settled": None if settled is None else rfc3339(settled),
        }
        return Plan.of(Act.PAYLOAD_SHRED, parameters, actor.pseudonym)

    def shred(self, plan: Plan) -> Recorded:
        """Carry such a plan out; raises `ApprovalRequired`, and as `evidence.caseshred.shred_case`."""
        require_act(plan, Act.PAYLOAD_SHRED)
        case_id = CaseId(_texts(plan, "case")["case"])
        settled = _moment(plan.parameters.get("settled"))
        now = self._clock.now()
        with self._database() as unit:
            approved_by = require_approval(unit, plan, now)
            known = _known(unit, self._events(unit, case_id), settled)
            return shred_case(
                unit, self._tenant, case_id, self._rules, known, _requester(plan), approved_by, now
            )

    def _events(self, unit: Unit, case_id: CaseId) -> Sequence[Recorded]:
        events = unit.events.case(self._tenant, case_id)
        if not events:
            raise CaseNotFound(case_id)
        return events

    def _decide(self, unit: Unit, events: Sequence[Recorded], settled: datetime | None) -> Decision:
        history = [(one.type, one.recorded_at) for one in events]
        known = _known(unit, events, settled)
        return decide(self._rules, history, holds_of(events), self._clock.now(), known)


def _known(unit: Unit, events: Sequence[Recorded], settled: datetime | None) -> Known:
    """What the rules count from. A case without certificates is past theirs as soon as it ended."""
    expiries = list(_expiries(unit, events))
    end = ended((one.type, one.recorded_at) for one in events)
    if not expiries and end is not None:
        expiries.append(end.at)
    return Known(settled, max(expiries, default=None))


def _expiries(unit: Unit, events: Iterable[Recorded]) -> Iterable[datetime]:
    serials = {json.loads(one.envelope)["facts"].get("serial") for one in events if one.type in CERTIFIED} - {
        None
    }
    for serial in serials:
        try:
            certificate = unit.certificates.get(parse_serial(serial)).certificate
        except NotFound:
            continue  # of an authority that is not ours
        if certificate is not None:
            yield Certificate(certificate).not_after


def _requester(plan: Plan) -> Actor:
    return Actor(ActorKind.OPERATOR, plan.requester, "administrator")


def _texts(plan: Plan, *names: str) -> dict[str, str]:
    """Parameters that are texts; raises `RequestInvalid` for another."""
    found = {}
    for name in names:
        value = plan.parameters.get(name)
        if not isinstance(value, str):
            raise RequestInvalid(f"plan.{name}", "is not a text")
        found[name] = value
    return found


def _moment(value: JSON) -> datetime | None:
    return None if value is None else datetime.fromisoformat(str(value)).astimezone(UTC)
