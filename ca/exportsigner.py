"""The key and certificate that exports are signed with: the system's own, made when first needed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from ca.certificate import Certificate
from ca.certify import Certifier, Wanted, operator_requester
from ca.hierarchy import active_authority, certificate_of_key
from ca.issuer import IssuerContext
from ca.name import Name
from ca.order import subject_of_certificate
from ca.ports import Units
from ca.registry import AuthorityRole
from evidence.clock import Clock
from keys.generate import KeyPlan
from keys.key import KeyPurpose, KeyRecord, KeyState
from keys.state import change_state
from keys.suites import Suite

PROFILE = "administrator"
RENEW_BEFORE = timedelta(days=30)  # an export is checked for weeks after it was made


@dataclass(frozen=True, slots=True)
class ExportSigner:
    """The key, its certificate, and that of the authority above it."""

    key: KeyRecord
    certificate: Certificate
    issuer: Certificate


def export_signer(
    units: Units, certifier: Certifier, clock: Clock, suite: Suite, operator: str
) -> ExportSigner:
    """The signer in force; with less than a month left, another takes over.

    Raises `NotFound` for a suite without a service authority, and as `Certifier.certify`.
    """
    now = clock.now()
    label = f"export/{suite.value}"
    with units() as unit:
        olds = [
            one
            for one in unit.keys.list(purpose=KeyPurpose.ADMINISTRATOR, state=KeyState.ACTIVE)
            if one.label == label
        ]
        for key in olds:
            record = certificate_of_key(unit, key)
            if record is not None and record.certificate is not None:
                certificate = Certificate(record.certificate)
                if certificate.not_after - now > RENEW_BEFORE:
                    issuer = unit.authorities.get(record.reservation.authority_id)
                    return ExportSigner(key, certificate, Certificate(issuer.certificate))
        authority = active_authority(unit, suite, AuthorityRole.SERVICE)
        issuer_key = unit.keys.get(authority.key_id)
        plan = KeyPlan(authority.algorithm, KeyPurpose.ADMINISTRATOR, label)
        key = certifier.generate(unit, issuer_key.custody, plan, operator, now)
        wanted = Wanted(PROFILE, _subject(Certificate(authority.certificate)), key, operator)
        context = IssuerContext.of(authority, certifier.base_url)
        issued = certifier.certify(unit, context, issuer_key, wanted, now)
        for old in olds:
            actor = operator_requester(operator).actor
            change_state(unit, old.key_id, KeyState.DEACTIVATED, actor, now, reason="replaced")
        return ExportSigner(key, issued.certificate, Certificate(authority.certificate))


def _subject(authority: Certificate) -> Name:
    kept = ("C", "O", "OU")
    pairs = [(one.kind.text, one.value) for one in subject_of_certificate(authority).attributes]
    organisation = [(text, value) for text, value in pairs if text in kept]
    return Name.of([*organisation, ("CN", "Export"), ("serialNumber", "export")])
