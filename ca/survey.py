"""Gather what the doctor looks at."""

from __future__ import annotations

from datetime import datetime

from ca.approval import PROPOSAL_LIFETIME, Plan
from ca.certificate import Certificate
from ca.doctor import Circumstances, Facts, SignerFact, SignerKind
from ca.errors import CaError
from ca.hierarchy import certificate_of_key
from ca.issue import LOST_AFTER
from ca.journal import Level
from ca.ports import CaUnit, CertificateFilter, RevocationJournal, Units
from ca.publish import CrlPublisher
from ca.registry import AuthorityRole, CertificateStatus
from ca.serial import serial_text
from evidence.clock import Clock
from keys.check import check_keys
from keys.key import KeyPurpose, KeyState
from keys.open import OpenSigners

RESERVED_SHOWN = 100


def survey(
    units: Units,
    signers: OpenSigners,
    publisher: CrlPublisher,
    journal: RevocationJournal,
    clock: Clock,
    given: Circumstances,
) -> Facts:
    """Facts as they are now; every active key signs a test message, which counts as a use.

    `given` is what neither the database nor the keys tell.
    """
    now = clock.now()
    due = publisher.due()
    with units() as unit:
        checks = check_keys(unit.keys, signers, unit.keys.list())
    with units.reading() as unit:
        return Facts(
            signers=_signers(unit),
            due_crls=due,
            clock=given.clock,
            keys=checks,
            journal=_level(unit, journal),
            pending=_pending(unit, now - PROPOSAL_LIFETIME),
            reserved=_reserved(unit, now - LOST_AFTER),
            backup_at=given.backup_at,
            base_url=given.base_url,
            sandbox=given.sandbox,
        )


def _signers(unit: CaUnit) -> tuple[SignerFact, ...]:
    """Active authorities, the newest responder of each, and each suite's newest timestamping unit."""
    authorities = [one for one in unit.authorities.list() if one.active]
    newest: dict[tuple[SignerKind, str], Certificate] = {}
    for purpose, kind in (
        (KeyPurpose.OCSP, SignerKind.RESPONDER),
        (KeyPurpose.TIMESTAMP, SignerKind.TIMESTAMP_UNIT),
    ):
        for key in unit.keys.list(purpose=purpose, state=KeyState.ACTIVE):
            record = certificate_of_key(unit, key)
            if record is None or record.certificate is None:
                continue
            certificate = Certificate(record.certificate)
            place = kind, record.reservation.authority_id
            if place not in newest or newest[place].not_after < certificate.not_after:
                newest[place] = certificate
    found = []
    for one in authorities:
        name, suite, root = one.authority_id, one.suite, one.role is AuthorityRole.ROOT
        found.append(SignerFact(SignerKind.AUTHORITY, name, suite, Certificate(one.certificate), root))
        found.append(SignerFact(SignerKind.RESPONDER, name, suite, newest.get((SignerKind.RESPONDER, name))))
        if one.role is AuthorityRole.TIMESTAMP:
            stamping = newest.get((SignerKind.TIMESTAMP_UNIT, name))
            found.append(SignerFact(SignerKind.TIMESTAMP_UNIT, name, suite, stamping))
    return tuple(found)


def _level(unit: CaUnit, journal: RevocationJournal) -> Level | None:
    try:
        return Level(unit.certificates.last_sequence(), journal.last_sequence())
    except (CaError, OSError):
        return None


def _pending(unit: CaUnit, since: datetime) -> tuple[tuple[str, str, datetime], ...]:
    return tuple(
        (one.plan_hash, Plan.parse(one.data).act.value, one.proposed_at)
        for one in unit.approvals.pending(since)
    )


def _reserved(unit: CaUnit, before: datetime) -> tuple[tuple[str, datetime], ...]:
    which = CertificateFilter(status=CertificateStatus.RESERVED, limit=RESERVED_SHOWN)
    waiting = [one.reservation for one in unit.certificates.find(which)]
    return tuple((serial_text(one.serial), one.requested_at) for one in waiting if one.requested_at <= before)
