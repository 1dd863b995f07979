"""Dual control: an act as a plan, the plan's hash signed by two administrators, carried out once."""

from __future__ import annotations

import enum
import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from ca.errors import ApprovalRequired, NotFound, Refused, RequestInvalid
from ca.ports import CaUnit, Units
from ca.registry import Approval, Proposal
from evidence.canonical import JSON, canonical
from evidence.clock import Clock
from evidence.event import Actor, ActorKind, CaseId, Draft, EventType
from keys.errors import KeyEncodingInvalid, SignatureInvalid
from keys.public import PublicKey
from keys.suites import Algorithm

PLAN_DOMAIN = b"xinqian/plan/v1\x00"
APPROVAL_DOMAIN = b"xinqian/approval/v1\x00"
APPROVAL_LIFETIME = timedelta(hours=24)  # an approval is for an act about to happen
SIGNATURES = 2
"""Of different administrators. The requester's name is what a login says and proves nobody; a signature
does, so the requester signs like anybody else, and one key with a shell is still one person."""
PROPOSAL_LIFETIME = timedelta(days=7)  # long enough for a weekend and a holiday
MAX_PLAN_SIZE = 1_048_576  # octets; a mass revocation of 20,000 serials takes 750,000
MAX_NAME = 64  # characters of an administrator's name
ADMINISTRATOR_ALGORITHMS = frozenset({Algorithm.P256, Algorithm.SM2})


class Act(enum.StrEnum):
    """What is done under dual control."""

    AUTHORITY_REKEY = "authority-rekey"
    PROFILE_ACTIVATE = "profile-activate"
    MASS_REVOCATION = "mass-revocation"
    KEY_DESTROY = "key-destroy"
    ADMINISTRATOR_ADD = "administrator-add"
    CLOCK_FORGET = "clock-forget"
    LEGAL_HOLD = "legal-hold"
    HOLD_RELEASE = "hold-release"
    PAYLOAD_SHRED = "payload-shred"


@dataclass(frozen=True, slots=True)
class Plan:
    """An act with everything it depends on: what was approved is the only thing that can be done."""

    act: Act
    parameters: Mapping[str, JSON]
    requester: str
    nonce: str
    """32 hexadecimal digits: the same act a second time is another plan."""

    @classmethod
    def of(cls, act: Act, parameters: Mapping[str, JSON], requester: str) -> Plan:
        """A new plan; raises `RequestInvalid` for parameters that are no canonical JSON, or too long."""
        plan = cls(act, parameters, requester, secrets.token_hex(16))
        if len(plan.data) > MAX_PLAN_SIZE:
            raise RequestInvalid("plan", f"is more than {MAX_PLAN_SIZE} bytes")
        return plan

    @classmethod
    def parse(cls, data: bytes) -> Plan:
        """The inverse of `data`; raises `RequestInvalid`."""
        if len(data) > MAX_PLAN_SIZE:
            raise RequestInvalid("plan", f"is more than {MAX_PLAN_SIZE} bytes")
        try:
            read = json.loads(data)
            plan = cls(Act(read["act"]), read["parameters"], read["requester"], read["nonce"])
        except (ValueError, TypeError, KeyError, RecursionError) as error:
            raise RequestInvalid("plan", "is not the JSON of a plan") from error
        if not isinstance(plan.parameters, dict) or plan.data != data:
            raise RequestInvalid("plan", "is not in canonical form")
        return plan

    @property
    def data(self) -> bytes:
        """Canonical JSON (RFC 8785)."""
        return canonical(
            {
                "act": self.act.value,
                "nonce": self.nonce,
                "parameters": dict(self.parameters),
                "requester": self.requester,
            },
            field="plan",
        )

    @property
    def plan_hash(self) -> str:
        """SHA-256, domain-separated, hexadecimal: what administrators compare and sign."""
        return hashlib.sha256(PLAN_DOMAIN + self.data).hexdigest()

    @property
    def message(self) -> bytes:
        """What an approving administrator signs."""
        return approval_message(self.plan_hash)


def approval_message(plan_hash: str) -> bytes:
    """The signed bytes of an approval: domain, and the hash's 64 digits."""
    return APPROVAL_DOMAIN + plan_hash.encode("ascii")


def standing_approvals(unit: CaUnit, plan: Plan, at: datetime) -> tuple[Approval, ...]:
    """Those that count: given within `APPROVAL_LIFETIME`, and verifying under a key of its own each."""
    administrators = unit.approvals.administrators()
    counted: dict[bytes, Approval] = {}
    for approval in unit.approvals.of(plan.plan_hash):
        spki = administrators.get(approval.administrator)
        fresh = at - APPROVAL_LIFETIME <= approval.approved_at <= at
        if spki is None or spki in counted or not fresh:
            continue
        try:
            PublicKey.from_spki(spki).verify(approval.signature, plan.message)
        except (KeyEncodingInvalid, SignatureInvalid):
            continue
        counted[spki] = approval
    return tuple(counted.values())


def require_approval(unit: CaUnit, plan: Plan, at: datetime) -> tuple[str, ...]:
    """Take the approval of `plan`, once, in the transaction of the act itself; returns who gave it.

    Raises `ApprovalRequired` unless `SIGNATURES` administrators signed the plan (`standing_approvals`),
    `Refused` when it was carried out.
    """
    standing = standing_approvals(unit, plan, at)
    if len(standing) < SIGNATURES:
        raise ApprovalRequired(plan.act.value, plan.plan_hash, len(standing), SIGNATURES)
    if not unit.approvals.consume(plan.plan_hash):
        raise Refused("plan", "was carried out before")
    return tuple(one.administrator for one in standing)


class DualControl:
    """Proposals and approvals, and who may approve."""

    def __init__(self, units: Units, clock: Clock) -> None:
        self._units = units
        self._clock = clock

    def propose(self, plan: Plan) -> Proposal:
        """Put a plan before the administrators; recorded as ADMIN_ACTION."""
        now = self._clock.now()
        proposal = Proposal(plan.plan_hash, plan.data, now, carried_out=False)
        facts: dict[str, JSON] = {"act": plan.act.value, "plan": plan.plan_hash}
        with self._units() as unit:
            unit.approvals.propose(proposal)
            unit.log.append([_event(EventType.ADMIN_ACTION, plan.plan_hash, plan.requester, now, facts)])
        return proposal

    def pending(self) -> Sequence[Proposal]:
        """Proposals that can still be carried out, oldest first."""
        with self._units.reading() as unit:
            return unit.approvals.pending(self._clock.now() - PROPOSAL_LIFETIME)

    def plan(self, plan_hash: str) -> Plan:
        """A proposed plan, to be read before it is approved; raises `NotFound`."""
        with self._units.reading() as unit:
            return Plan.parse(unit.approvals.proposal(plan_hash).data)

    def approve(self, plan_hash: str, administrator: str, signature: bytes) -> Approval:
        """Record an administrator's signature over `approval_message(plan_hash)`.

        Raises `NotFound` for a plan never proposed or an administrator unknown, `Refused` for a plan
        carried out or too old, a second signature of the same administrator, or one that does not
        verify. Recorded as APPROVAL_GIVEN.
        """
        now = self._clock.now()
        with self._units() as unit:
            proposal = unit.approvals.proposal(plan_hash)
            plan = Plan.parse(proposal.data)
            spki = unit.approvals.administrators().get(administrator)
            if spki is None:
                raise NotFound("administrator", administrator)
            if plan.plan_hash != plan_hash:
                raise Refused("plan", "the plan kept under this hash is another")
            if proposal.carried_out or now - proposal.proposed_at > PROPOSAL_LIFETIME:
                raise Refused("plan", "was carried out, or proposed too long ago")
            try:
                PublicKey.from_spki(spki).verify(signature, plan.message)
            except SignatureInvalid as error:
                raise Refused("signature", error.reason) from error
            approval = Approval(plan_hash, plan.act.value, administrator, signature, now)
            unit.approvals.add(approval)
            facts: dict[str, JSON] = {
                "act": plan.act.value,
                "plan": plan_hash,
                "requester": plan.requester,
                "signature": signature.hex(),
            }
            unit.log.append([_event(EventType.APPROVAL_GIVEN, plan_hash, administrator, now, facts)])
        return approval

    def standing(self, plan_hash: str) -> tuple[Approval, ...]:
        """The approvals of a plan that count now; raises `NotFound`."""
        with self._units.reading() as unit:
            plan = Plan.parse(unit.approvals.proposal(plan_hash).data)
            return standing_approvals(unit, plan, self._clock.now())

    def plan_administrator(self, name: str, spki: bytes, requester: str) -> Plan:
        """A further administrator, as a plan; raises `RequestInvalid` for a name or key that cannot be."""
        check_administrator(name, spki)
        return Plan.of(Act.ADMINISTRATOR_ADD, {"name": name, "spki": spki.hex()}, requester)

    def add_administrator(self, plan: Plan) -> str:
        """Carry such a plan out; returns the name. Raises `ApprovalRequired`, `Refused` for a name taken."""
        require_act(plan, Act.ADMINISTRATOR_ADD)
        now = self._clock.now()
        name, spki = str(plan.parameters["name"]), bytes.fromhex(str(plan.parameters["spki"]))
        check_administrator(name, spki)
        with self._units() as unit:
            approved_by = require_approval(unit, plan, now)
            unit.approvals.add_administrator(name, spki, now)
            facts: dict[str, JSON] = {
                "act": plan.act.value,
                "administrator": name,
                "approved_by": approved_by,
                "plan": plan.plan_hash,
                "public_key": PublicKey.from_spki(spki).fingerprint,
            }
            unit.log.append([_event(EventType.ADMIN_ACTION, plan.plan_hash, plan.requester, now, facts)])
        return name


def require_act(plan: Plan, act: Act) -> None:
    """Raises `RequestInvalid` for the plan of another act."""
    if plan.act is not act:
        raise RequestInvalid("plan", f"is of {plan.act.value}, not of {act.value}")


def check_administrator(name: str, spki: bytes) -> PublicKey:
    """Raises `RequestInvalid` naming the field."""
    if not (name.isascii() and name.isprintable() and name.strip() == name and 0 < len(name) <= MAX_NAME):
        raise RequestInvalid("name", f"is not 1 to {MAX_NAME} visible ASCII characters")
    try:
        public = PublicKey.from_spki(spki)
    except KeyEncodingInvalid as error:
        raise RequestInvalid("public key", error.reason) from error
    if public.algorithm not in ADMINISTRATOR_ALGORITHMS:
        raise RequestInvalid("public key", "administrators sign with P-256 or SM2")
    return public


def _event(
    kind: EventType, plan_hash: str, administrator: str, at: datetime, facts: dict[str, JSON]
) -> Draft:
    actor = Actor(ActorKind.OPERATOR, administrator, "administrator")
    return Draft(type=kind, case_id=CaseId(f"plan/{plan_hash}"), actor=actor, occurred_at=at, facts=facts)
