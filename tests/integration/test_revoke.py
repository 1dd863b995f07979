"""Revoking: database, journal and log agree; a compromised key is blocked everywhere."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from ca.adapters.journal import FileRevocationJournal
from ca.approval import DualControl, Plan
from ca.certificate import Certificate
from ca.errors import AlreadyRevoked, ApprovalRequired, DuplicateKey, NotFound, Refused, RequestInvalid
from ca.issue import event_order
from ca.name import Name
from ca.order import Issued, Order, certificate_case
from ca.registry import AuthorityRole, Revocation, RevocationReason, authority_id
from ca.revoke import Grounds, Revocations, Selection, reason_named
from ca.serial import SerialNumber, new_serial
from ca.template import CertificateRequest
from evidence.event import EventType
from keys.errors import KeyBlocked
from keys.key import KeyPurpose, KeyState
from keys.onetime import OneTimeKey
from keys.private import PrivateKey
from keys.suites import Algorithm, Suite
from tests.support.authority import (
    BANK,
    OPERATOR,
    PERSON_AUTHORITY,
    AuthorityFixture,
    found_authority,
    person,
)
from tests.support.clock import NOON
from tests.support.units import TENANT

PERSON = PERSON_AUTHORITY[Suite.INTL]
SERVICE = authority_id(Suite.INTL, AuthorityRole.SERVICE)
COMPROMISE = Grounds(RevocationReason.KEY_COMPROMISE, OPERATOR)
SUPERSEDED = Grounds(RevocationReason.SUPERSEDED, OPERATOR)
HOLD = Grounds(RevocationReason.CERTIFICATE_HOLD, OPERATOR)
REMOVE = Grounds(RevocationReason.REMOVE_FROM_CRL, OPERATOR)


@dataclass(frozen=True, slots=True)
class Office:
    authority: AuthorityFixture
    journal: FileRevocationJournal
    revocations: Revocations
    path: Path

    def issue(self) -> Issued:
        key = OneTimeKey(Algorithm.P256, self.authority.clock)
        return self.authority.issuance.issue(event_order(person(), bytes(32), key, PERSON, BANK))

    def rows(self) -> list[Revocation]:
        with self.authority.units.reading() as unit:
            return list(unit.certificates.journal(0))

    def agree(self) -> list[Revocation]:
        rows = self.rows()
        assert list(FileRevocationJournal(self.path).read(0)) == rows
        return rows


@pytest.fixture
def office(engine: sa.Engine, tmp_path: Path) -> Office:
    authority = found_authority(engine, tmp_path)
    path = tmp_path / "revocations.jsonl"
    journal = FileRevocationJournal(path)
    return Office(authority, journal, Revocations(authority.units, journal, authority.clock), path)


def by_serial(serial: SerialNumber) -> Selection:
    return Selection(serial=serial)


def test_a_revocation_is_in_database_journal_and_log(office: Office) -> None:
    issued = office.issue()
    since = NOON - timedelta(days=1)
    (made,) = office.revocations.revoke(by_serial(issued.serial), replace(SUPERSEDED, invalidity_date=since))
    assert office.agree() == [made]
    assert (made.reason, made.invalidity_date, made.not_after) == (
        RevocationReason.SUPERSEDED,
        since,
        issued.not_after,
    )
    with office.authority.units.reading() as unit:
        (event,) = [
            one
            for log, head in unit.events.heads().items()
            for one in unit.events.read(log, 0, head.size)
            if one.type is EventType.CERT_REVOKED
        ]
    facts = json.loads(event.envelope)["facts"]
    assert facts["serial"] == f"{issued.serial:032x}"
    assert facts["reason"] == "superseded"


def test_exactly_one_selector(office: Office) -> None:
    issued = office.issue()
    for given in (
        {},
        {"serial": issued.serial, "certificate": issued.certificate},
        {"serial": issued.serial, "public": issued.certificate.public},
    ):
        with pytest.raises(RequestInvalid) as caught:
            Selection(**given)  # type: ignore[arg-type]
        assert caught.value.field == "selection"


def test_by_certificate_and_by_key(office: Office) -> None:
    first, second, foreign = office.issue(), office.issue(), office.issue()
    office.revocations.revoke(Selection(certificate=first.certificate), SUPERSEDED)
    office.revocations.revoke(Selection(public=second.certificate.public), SUPERSEDED)
    assert [one.serial for one in office.agree()] == [first.serial, second.serial]
    altered = Certificate(foreign.data)
    altered.data = foreign.data + b"x"
    with pytest.raises(NotFound):
        office.revocations.revoke(Selection(certificate=altered), SUPERSEDED)


def test_refusals_leave_nothing(office: Office) -> None:
    issued = office.issue()
    with pytest.raises(NotFound):
        office.revocations.revoke(by_serial(new_serial()), SUPERSEDED)
    with pytest.raises(Refused):
        office.revocations.revoke(by_serial(issued.serial), REMOVE)
    with pytest.raises(Refused):
        office.revocations.revoke(by_serial(issued.serial), Grounds(RevocationReason.CA_COMPROMISE, OPERATOR))
    future = replace(SUPERSEDED, invalidity_date=office.authority.clock.now() + timedelta(seconds=1))
    with pytest.raises(RequestInvalid) as caught:
        office.revocations.revoke(by_serial(issued.serial), future)
    assert caught.value.field == "invalidity_date"
    assert office.agree() == []
    office.revocations.revoke(by_serial(issued.serial), SUPERSEDED)
    with pytest.raises(AlreadyRevoked):
        office.revocations.revoke(by_serial(issued.serial), SUPERSEDED)
    assert len(office.agree()) == 1


def test_reasons_have_their_names_of_rfc_5280() -> None:
    assert {reason.text for reason in RevocationReason} == {
        "unspecified",
        "keyCompromise",
        "cACompromise",
        "affiliationChanged",
        "superseded",
        "cessationOfOperation",
        "certificateHold",
        "removeFromCRL",
        "privilegeWithdrawn",
    }
    assert reason_named("keyCompromise") is RevocationReason.KEY_COMPROMISE
    with pytest.raises(RequestInvalid):
        reason_named("lost")


def test_a_hold_is_lifted(office: Office) -> None:
    serial = office.issue().serial
    office.revocations.revoke(by_serial(serial), HOLD)
    office.revocations.revoke(by_serial(serial), REMOVE)
    office.revocations.revoke(by_serial(serial), SUPERSEDED)
    assert [one.reason for one in office.agree()] == [
        RevocationReason.CERTIFICATE_HOLD,
        RevocationReason.REMOVE_FROM_CRL,
        RevocationReason.SUPERSEDED,
    ]


def server_order(private: PrivateKey) -> Order:
    name = Name.of([("C", "CN"), ("O", "Bank"), ("CN", "api")])
    request = CertificateRequest(private.public, name, dns_names=("api.bank.test",))
    return Order("service", SERVICE, request, OPERATOR)


def test_a_compromised_key_is_blocked_everywhere(office: Office) -> None:
    private = PrivateKey.generate(Algorithm.P256)
    issued = office.authority.issuance.issue(server_order(private))
    office.revocations.revoke(by_serial(issued.serial), COMPROMISE)
    with pytest.raises(KeyBlocked):
        office.authority.issuance.issue(server_order(private))
    with pytest.raises(AlreadyRevoked):
        office.revocations.revoke(by_serial(issued.serial), COMPROMISE)


def test_a_compromise_reported_late_blocks_the_key_all_the_same(office: Office) -> None:
    private = PrivateKey.generate(Algorithm.P256)
    issued = office.authority.issuance.issue(server_order(private))
    office.revocations.revoke(by_serial(issued.serial), SUPERSEDED)
    assert office.revocations.revoke(by_serial(issued.serial), COMPROMISE) == ()
    with pytest.raises((KeyBlocked, DuplicateKey)):
        office.authority.issuance.issue(server_order(private))
    with office.authority.units.reading() as unit:
        assert unit.keys.blocked([private.public.fingerprint])


def test_a_key_never_certified_can_be_blocked(office: Office) -> None:
    private = PrivateKey.generate(Algorithm.SM2)
    assert office.revocations.revoke(Selection(public=private.public), COMPROMISE) == ()
    with office.authority.units.reading() as unit:
        assert unit.keys.blocked([private.public.fingerprint]) == {
            private.public.fingerprint: "keyCompromise"
        }


def test_every_certificate_of_a_compromised_key_of_ours_is_revoked(office: Office) -> None:
    with office.authority.units.reading() as unit:
        key = next(
            one
            for one in unit.keys.list(purpose=KeyPurpose.OCSP)
            if unit.certificates.by_key(one.public.fingerprint)[0].reservation.authority_id == SERVICE
        )
        (first,) = unit.certificates.by_key(key.public.fingerprint)
    office.authority.clock.advance(days=1)
    second = office.authority.issuance.renew(first.reservation.serial, OPERATOR)
    made = office.revocations.revoke(by_serial(second.serial), COMPROMISE)
    assert {one.serial for one in made} == {first.reservation.serial, second.serial}
    with office.authority.units.reading() as unit:
        assert unit.keys.get(key.key_id).state is KeyState.DEACTIVATED
    office.agree()


def approve(office: Office, plan: Plan) -> Plan:
    control = DualControl(office.authority.units, office.authority.clock)
    control.propose(plan)
    for one in office.authority.administrators:
        control.approve(plan.plan_hash, one.name, one.sign(plan.message))
    return plan


def test_a_mass_revocation_needs_two_administrators(office: Office) -> None:
    serials = [office.issue().serial for _ in range(6)]
    office.revocations.revoke(by_serial(serials[0]), SUPERSEDED)
    plan = office.revocations.plan_many([*serials, serials[1]], COMPROMISE)
    with pytest.raises(ApprovalRequired) as caught:
        office.revocations.revoke_many(plan)
    assert caught.value.plan_hash == plan.plan_hash
    assert len(office.agree()) == 1
    made = office.revocations.revoke_many(approve(office, plan))
    assert {one.serial for one in made} == set(serials[1:])
    assert [one.sequence for one in office.agree()] == list(range(1, 7))
    with office.authority.units.reading() as unit:
        for one in made:
            for event in unit.events.case(TENANT, certificate_case(one.serial)):
                if event.type is EventType.CERT_REVOKED:
                    assert json.loads(event.envelope)["facts"]["approved_by"] == ["first", "second"]
    with pytest.raises(Refused, match="carried out"):
        office.revocations.revoke_many(plan)


def test_a_mass_revocation_names_its_first_unknown_serial(office: Office) -> None:
    with pytest.raises(NotFound):
        office.revocations.plan_many([office.issue().serial, new_serial()], SUPERSEDED)
    with pytest.raises(RequestInvalid):
        office.revocations.plan_many([], SUPERSEDED)


class FullDisk(FileRevocationJournal):
    def append(self, entries: object) -> None:
        raise OSError("no space left on device")


def test_no_answer_leaves_before_the_journal_has_it(office: Office, tmp_path: Path) -> None:
    first, second = office.issue(), office.issue()
    broken = Revocations(office.authority.units, FullDisk(office.path), office.authority.clock)
    with pytest.raises(OSError, match="no space"):
        broken.revoke(by_serial(first.serial), SUPERSEDED)
    assert office.journal.last_sequence() == 0
    office.revocations.revoke(by_serial(second.serial), SUPERSEDED)  # and brings the journal up to date
    assert [one.serial for one in office.agree()] == [first.serial, second.serial]
