"""The hierarchy of each suite: a root, intermediates, and the delegates that answer and stamp for them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ca.approval import Act, Plan, require_act, require_approval
from ca.certificate import Certificate
from ca.certify import Certifier, Wanted, operator_requester
from ca.errors import NotFound, Refused, RequestInvalid
from ca.issuer import IssuerContext
from ca.name import Name
from ca.order import Issued, authority_case, subject_of_certificate
from ca.ports import CaUnit, Units
from ca.registry import (
    Authority,
    AuthorityId,
    AuthorityRole,
    CertificateRecord,
    CertificateStatus,
    authority_id,
)
from evidence.canonical import JSON
from evidence.clock import Clock
from evidence.event import Draft, EventType
from keys.generate import KeyPlan
from keys.key import KeyPurpose, KeyRecord, KeyState
from keys.record import draft
from keys.suites import Algorithm, Suite

RESPONDER_PROFILE = "ocsp-responder"
TIMESTAMP_PROFILE = "timestamp-unit"


@dataclass(frozen=True, slots=True)
class AuthorityPlan:
    """An authority wanted."""

    suite: Suite
    role: AuthorityRole
    subject: Name
    algorithm: Algorithm
    custody: str
    validity: timedelta | None = None
    """None for the profile's default."""
    generation: int = 1

    @property
    def authority_id(self) -> AuthorityId:
        """The id it will have."""
        return authority_id(self.suite, self.role, self.generation)

    @property
    def profile(self) -> str:
        """Of its certificate."""
        return "root" if self.role is AuthorityRole.ROOT else f"intermediate-{self.role.value}"


@dataclass(frozen=True, slots=True)
class UnitPlan:
    """A delegate wanted: an OCSP responder of `authority_id`, or a timestamping unit below it."""

    authority_id: AuthorityId
    subject: Name
    algorithm: Algorithm
    custody: str
    validity: timedelta | None = None


def create_authority(
    certifier: Certifier, unit: CaUnit, plan: AuthorityPlan, operator: str, at: datetime
) -> tuple[Authority, Issued]:
    """Key, certificate and record of an authority, in the caller's transaction.

    Raises `NotFound` when its root does not exist, `Refused` when it does itself, and what
    `Certifier.certify` raises.
    """
    root = plan.role is AuthorityRole.ROOT
    purpose = KeyPurpose.ROOT_CA if root else KeyPurpose.ISSUING_CA
    key_plan = KeyPlan(plan.algorithm, purpose, plan.authority_id)
    parent = None if root else active_authority(unit, plan.suite, AuthorityRole.ROOT)
    key = certifier.generate(unit, plan.custody, key_plan, operator, at)
    if parent is None:
        context = IssuerContext.self_signed(plan.authority_id, plan.subject, key.public, certifier.base_url)
        issuer_key = key
    else:
        context = IssuerContext.of(parent, certifier.base_url)
        issuer_key = unit.keys.get(parent.key_id)
    wanted = Wanted(plan.profile, plan.subject, key, operator, plan.validity)
    issued = certifier.certify(unit, context, issuer_key, wanted, at)
    authority = Authority(
        authority_id=plan.authority_id,
        suite=plan.suite,
        role=plan.role,
        generation=plan.generation,
        key_id=key.key_id,
        algorithm=plan.algorithm,
        certificate=issued.data,
        parent=None if parent is None else parent.authority_id,
        active=True,
    )
    unit.authorities.add(authority)
    return authority, issued


def create_delegate(
    certifier: Certifier, unit: CaUnit, plan: UnitPlan, purpose: KeyPurpose, operator: str, at: datetime
) -> tuple[KeyRecord, Issued]:
    """Key and certificate of an OCSP responder or a timestamping unit, in the caller's transaction."""
    authority = unit.authorities.get(plan.authority_id)
    key = certifier.generate(
        unit, plan.custody, KeyPlan(plan.algorithm, purpose, plan.authority_id), operator, at
    )
    profile = RESPONDER_PROFILE if purpose is KeyPurpose.OCSP else TIMESTAMP_PROFILE
    wanted = Wanted(profile, plan.subject, key, operator, plan.validity)
    context = IssuerContext.of(authority, certifier.base_url)
    return key, certifier.certify(unit, context, unit.keys.get(authority.key_id), wanted, at)


def active_authority(unit: CaUnit, suite: Suite, role: AuthorityRole) -> Authority:
    """The generation that issues; raises `NotFound`."""
    for authority in unit.authorities.list():
        if authority.suite is suite and authority.role is role and authority.active:
            return authority
    raise NotFound("authority", authority_id(suite, role))


def certificate_of_key(unit: CaUnit, key: KeyRecord) -> CertificateRecord | None:
    """The newest certificate of a key of ours that was issued and is not revoked."""
    issued = [
        one
        for one in unit.certificates.by_key(key.public.fingerprint)
        if one.status is CertificateStatus.ISSUED and one.revocation is None
    ]
    return max(issued, key=lambda one: one.reservation.not_after, default=None)


class Hierarchy:
    """Changes to a hierarchy that exists."""

    def __init__(self, units: Units, certifier: Certifier, clock: Clock) -> None:
        self._units = units
        self._certifier = certifier
        self._clock = clock

    def plan_rekey(
        self,
        authority: AuthorityId,
        requester: str,
        *,
        algorithm: Algorithm | None = None,
        custody: str | None = None,
    ) -> Plan:
        """A new generation of an authority, as a plan; raises `NotFound`, `Refused` for one that retired."""
        with self._units.reading() as unit:
            found = unit.authorities.get(authority)
            if not found.active:
                raise Refused("authority", f"{authority} has a successor")
            chosen = algorithm or found.algorithm
            if chosen.suite is not found.suite:
                raise RequestInvalid("algorithm", f"{chosen.value} is not of {found.suite.value}")
            parameters: dict[str, JSON] = {
                "algorithm": chosen.value,
                "authority": authority,
                "custody": custody or unit.keys.get(found.key_id).custody,
            }
        return Plan.of(Act.AUTHORITY_REKEY, parameters, requester)

    def rekey(self, plan: Plan) -> Authority:
        """The next generation, with a responder of its own; the old one retires.

        Its key stays active: it goes on signing CRLs and its responder's certificates until its own
        certificate expires. Raises `ApprovalRequired`, and what `create_authority` raises.
        """
        require_act(plan, Act.AUTHORITY_REKEY)
        now = self._clock.now()
        with self._units() as unit:
            old = unit.authorities.get(AuthorityId(str(plan.parameters["authority"])))
            if not old.active:
                raise Refused("authority", f"{old.authority_id} has a successor")
            approved_by = require_approval(unit, plan, now)
            certificate = Certificate(old.certificate)
            wanted = AuthorityPlan(
                old.suite,
                old.role,
                subject_of_certificate(certificate),
                Algorithm(str(plan.parameters["algorithm"])),
                str(plan.parameters["custody"]),
                generation=old.generation + 1,
            )
            unit.authorities.retire(old.authority_id)
            new, issued = create_authority(self._certifier, unit, wanted, plan.requester, now)
            responder = replace(
                UnitPlan(new.authority_id, wanted.subject, wanted.algorithm, wanted.custody),
                subject=responder_subject(wanted.subject),
            )
            create_delegate(self._certifier, unit, responder, KeyPurpose.OCSP, plan.requester, now)
            facts: dict[str, JSON] = {
                "act": plan.act.value,
                "approved_by": approved_by,
                "authority": old.authority_id,
                "certificate": issued.certificate.fingerprint,
                "plan": plan.plan_hash,
                "successor": new.authority_id,
            }
            actor = operator_requester(plan.requester).actor
            case = authority_case(old.authority_id)
            unit.log.append([Draft(EventType.KEY_ROTATED, case, actor, now, facts)])
        return new

    def renew_responder(self, authority: AuthorityId, operator: str) -> Issued:
        """A new key and certificate for an authority's OCSP responder; the keys before it sign no more.

        Needs no approval: it lives for weeks and can speak for no other issuer. Raises `NotFound`.
        """
        with self._units() as unit:
            found = unit.authorities.get(authority)
            olds = _delegates(unit, KeyPurpose.OCSP, authority)
            custody = olds[-1].custody if olds else unit.keys.get(found.key_id).custody
            subject = responder_subject(subject_of_certificate(Certificate(found.certificate)))
            plan = UnitPlan(authority, subject, found.algorithm, custody)
            return self._replace(unit, plan, KeyPurpose.OCSP, olds, operator)

    def renew_timestamp_unit(self, suite: Suite, operator: str) -> Issued:
        """A new generation of the suite's timestamping unit; tokens of those before it stay good.

        Raises `NotFound` for a suite without one.
        """
        with self._units() as unit:
            authority = active_authority(unit, suite, AuthorityRole.TIMESTAMP)
            olds = [
                one
                for one in unit.keys.list(purpose=KeyPurpose.TIMESTAMP, state=KeyState.ACTIVE)
                if one.algorithm.suite is suite
            ]
            record = certificate_of_key(unit, olds[-1]) if olds else None
            if record is None or record.certificate is None:
                raise NotFound("timestamping unit", suite.value)
            subject = subject_of_certificate(Certificate(record.certificate))
            plan = UnitPlan(authority.authority_id, subject, olds[-1].algorithm, olds[-1].custody)
            return self._replace(unit, plan, KeyPurpose.TIMESTAMP, olds, operator)

    def _replace(
        self, unit: CaUnit, plan: UnitPlan, purpose: KeyPurpose, olds: list[KeyRecord], operator: str
    ) -> Issued:
        now = self._clock.now()
        key, issued = create_delegate(self._certifier, unit, plan, purpose, operator, now)
        actor = operator_requester(operator).actor
        for old in olds:
            retired = unit.keys.transition(old.key_id, KeyState.DEACTIVATED, successor=key.key_id)
            event = draft(EventType.KEY_ROTATED, retired, actor, now, successor=key.key_id)
            unit.log.append([event])
        return issued


def _delegates(unit: CaUnit, purpose: KeyPurpose, authority: AuthorityId) -> list[KeyRecord]:
    found = []
    for key in unit.keys.list(purpose=purpose, state=KeyState.ACTIVE):
        record = certificate_of_key(unit, key)
        if record is not None and record.reservation.authority_id == authority:
            found.append(key)
    return found


def responder_subject(authority: Name) -> Name:
    """The authority's name with ` OCSP` after its common name."""
    pairs = [(one.kind.text, one.value) for one in authority.attributes]
    return Name.of([(text, f"{value} OCSP" if text == "CN" else value) for text, value in pairs])
