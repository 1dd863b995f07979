"""The doctor's verdicts, from plain facts and from an authority."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from api import messages
from ca.adapters.journal import FileRevocationJournal
from ca.approval import Act, DualControl, Plan
from ca.certificate import Certificate
from ca.doctor import (
    Circumstances,
    ClockFact,
    Facts,
    Finding,
    Severity,
    SignerFact,
    SignerKind,
    examine,
    gravest,
)
from ca.issue import Issuance, event_order
from ca.journal import Level
from ca.publish import CrlPublisher, Due
from ca.registry import AuthorityRole, RevocationReason, authority_id
from ca.survey import survey
from keys.adapters.software import SoftwareCustody
from keys.check import KeyCheck
from keys.key import KeyId
from keys.onetime import OneTimeKey
from keys.open import OpenSigners
from keys.suites import Algorithm, Suite
from keys.wrapping import MasterKey, MasterKeyRing
from tests.support.authority import (
    BANK,
    BASE_URL,
    PERSON_AUTHORITY,
    AuthorityFixture,
    found_authority,
    person,
)
from tests.support.clock import NOON

PERSON = PERSON_AUTHORITY[Suite.INTL]
HEALTHY = Facts(
    signers=(),
    due_crls=(),
    clock=ClockFact(),
    keys=(KeyCheck(KeyId("key-1"), signed=True),),
    journal=Level(3, 3),
    pending=(),
    reserved=(),
    backup_at=NOON - timedelta(hours=1),
    base_url="https://pki.example",
    sandbox=False,
)


def only(facts: Facts, at: datetime = NOON) -> Finding:
    """The one finding that is not OK."""
    (found,) = [one for one in examine(facts, at) if one.severity is not Severity.OK]
    return found


def test_a_healthy_authority_is_told_so() -> None:
    findings = examine(HEALTHY, NOON)
    assert gravest(findings) is Severity.OK
    assert {one.check for one in findings} == {
        "signers",
        "pointers",
        "crls",
        "clock",
        "keys",
        "journal",
        "approvals",
        "reservations",
        "backup",
        "base-url",
    }


DUE = Due(PERSON, 0, delta=False, since=NOON, expired=False)
BAD: dict[str, tuple[Facts, Severity, str]] = {
    "crl due": (replace(HEALTHY, due_crls=(DUE,)), Severity.WARNING, "crl-due"),
    "crl expired": (
        replace(HEALTHY, due_crls=(replace(DUE, expired=True),)),
        Severity.CRITICAL,
        "crl-expired",
    ),
    "crl missing": (
        replace(HEALTHY, due_crls=(replace(DUE, since=None, expired=True),)),
        Severity.CRITICAL,
        "crl-missing",
    ),
    "delta expired": (
        replace(HEALTHY, due_crls=(replace(DUE, expired=True, delta=True),)),
        Severity.WARNING,
        "crl-expired",
    ),
    "clock": (replace(HEALTHY, clock=ClockFact("no lease")), Severity.CRITICAL, "clock-not-known"),
    "clock behind": (
        replace(HEALTHY, clock=ClockFact("3 ms behind", behind=True)),
        Severity.CRITICAL,
        "clock-behind",
    ),
    "key": (
        replace(HEALTHY, keys=(KeyCheck(KeyId("key-1"), signed=False, code="key-unseal-failed"),)),
        Severity.CRITICAL,
        "key-does-not-open",
    ),
    "journal unreadable": (replace(HEALTHY, journal=None), Severity.CRITICAL, "journal-unreadable"),
    "database behind": (replace(HEALTHY, journal=Level(2, 3)), Severity.CRITICAL, "registry-behind"),
    "journal behind": (replace(HEALTHY, journal=Level(3, 2)), Severity.WARNING, "journal-behind"),
    "plan waits": (
        replace(HEALTHY, pending=(("ab", "key-destroy", NOON - timedelta(hours=2)),)),
        Severity.INFO,
        "approval-pending",
    ),
    "plan waits long": (
        replace(HEALTHY, pending=(("ab", "key-destroy", NOON - timedelta(days=2)),)),
        Severity.WARNING,
        "approval-pending",
    ),
    "serial": (replace(HEALTHY, reserved=(("01", NOON),)), Severity.WARNING, "serials-never-signed"),
    "no backup": (replace(HEALTHY, backup_at=None), Severity.WARNING, "backup-unknown"),
    "old backup": (
        replace(HEALTHY, backup_at=NOON - timedelta(hours=27)),
        Severity.WARNING,
        "backup-behind",
    ),
    "very old backup": (
        replace(HEALTHY, backup_at=NOON - timedelta(days=8)),
        Severity.CRITICAL,
        "backup-behind",
    ),
}


@pytest.mark.parametrize("case", BAD)
def test_each_fault_is_found(case: str) -> None:
    facts, severity, code = BAD[case]
    found = only(facts)
    assert (found.severity, found.code) == (severity, code)


LOCAL = [
    "http://127.0.0.1:8000",
    "http://127.9.9.9/pki",
    "https://localhost",
    "http://LOCALHOST.:80",
    "http://pki.localhost",
    "http://[::1]:8000",
    "http://0.0.0.0:8000",
    "http://user@[0:0:0:0:0:0:0:1]/pki",
]


@pytest.mark.parametrize("url", LOCAL)
def test_an_address_that_only_this_host_reaches_is_found(url: str) -> None:
    found = only(replace(HEALTHY, base_url=url))
    assert (found.severity, found.code, found.subject) == (Severity.WARNING, "base-url-local", url)
    assert found.command.startswith("XINQIAN_BASE_URL=")
    findings = examine(replace(HEALTHY, base_url=url, sandbox=True), NOON)
    assert gravest(findings) is Severity.OK


@pytest.mark.parametrize(
    "url",
    [
        "http://10.0.0.1",
        "http://localhost@pki.test",
        "no address",
        "http://pki.test:8000",
        "http://[2001:db8::1]/x",
    ],
)
def test_an_address_that_others_reach_is_not(url: str) -> None:
    assert gravest(examine(replace(HEALTHY, base_url=url), NOON)) is Severity.OK


def test_a_host_clock_is_told_apart_from_a_wrong_one() -> None:
    found = only(replace(HEALTHY, clock=ClockFact(external=False)))
    assert (found.severity, found.code) == (Severity.WARNING, "clock-host")
    assert found.command.startswith("XINQIAN_CLOCK=")
    both = examine(replace(HEALTHY, clock=ClockFact("no lease", external=False)), NOON)
    assert {"clock-not-known", "clock-host"} <= {one.code for one in both}


@pytest.mark.parametrize("code", ["clock-host", "base-url-local"])
def test_what_is_found_has_a_text_in_each_language(code: str) -> None:
    assert messages.text(f"finding.{code}", "en") != messages.text(f"finding.{code}", "zh-CN")


def test_a_clock_behind_its_samples_is_named_with_the_cure() -> None:
    assert only(BAD["clock behind"][0]).command == "xinqian tsa clock --forget"


@pytest.fixture
def authority(engine: sa.Engine, tmp_path: Path) -> AuthorityFixture:
    return found_authority(engine, tmp_path)


def surveyed(authority: AuthorityFixture, folder: Path, signers: OpenSigners | None = None) -> Facts:
    return survey(
        authority.units,
        signers or authority.signers,
        CrlPublisher(authority.units, authority.signers, authority.clock, authority.policy),
        FileRevocationJournal(folder / "revocations.jsonl"),
        authority.clock,
        Circumstances(ClockFact(), BASE_URL, sandbox=False, backup_at=authority.clock.now()),
    )


def test_a_new_authority_lacks_only_its_crls(authority: AuthorityFixture, tmp_path: Path) -> None:
    findings = examine(surveyed(authority, tmp_path), authority.clock.now())
    assert {one.code for one in findings if one.severity is not Severity.OK} == {"crl-missing"}
    CrlPublisher(authority.units, authority.signers, authority.clock, authority.policy).publish_due()
    CrlPublisher(authority.units, authority.signers, authority.clock, authority.policy).publish_due()
    assert gravest(examine(surveyed(authority, tmp_path), authority.clock.now())) is Severity.OK


@pytest.mark.parametrize(
    ("days", "severity", "code", "command"),
    [
        (11, Severity.WARNING, "responder-expiring", "xinqian ca responder intl-person"),
        (15, Severity.CRITICAL, "responder-expired", "xinqian ca responder intl-person"),
        (1825 - 80, Severity.INFO, "timestamp-unit-expiring", "xinqian tsa renew --suite guomi"),
        (1825 - 10, Severity.WARNING, "timestamp-unit-expiring", "xinqian tsa renew --suite guomi"),
        (3650 - 300, Severity.INFO, "authority-expiring", "xinqian ca rekey intl-person"),
        (3650 - 30, Severity.WARNING, "authority-expiring", "xinqian ca rekey intl-person"),
        (3651, Severity.CRITICAL, "authority-expired", "xinqian ca rekey intl-person"),
    ],
)
def test_signers_that_end_are_named_with_the_cure(
    authority: AuthorityFixture, tmp_path: Path, days: int, severity: Severity, code: str, command: str
) -> None:
    facts = surveyed(authority, tmp_path)
    findings = examine(facts, NOON + timedelta(days=days))
    found = [one for one in findings if (one.code, one.command) == (code, command)]
    assert [one.severity for one in found] == [severity]


def test_what_an_authority_lacks_is_seen(authority: AuthorityFixture, tmp_path: Path) -> None:
    class Power:
        def signer(self, record: object) -> object:
            raise SystemExit

    issuance = Issuance(authority.units, Power(), authority.clock, authority.policy)  # type: ignore[arg-type]
    key = OneTimeKey(Algorithm.P256, authority.clock)
    with pytest.raises(SystemExit):
        issuance.issue(event_order(person(), bytes(32), key, PERSON, BANK))
    DualControl(authority.units, authority.clock).propose(Plan.of(Act.KEY_DESTROY, {}, "first"))
    with authority.units() as unit:
        page = unit.certificates.by_key(unit.keys.get(unit.authorities.get(PERSON).key_id).public.fingerprint)
        unit.certificates.revoke(
            page[0].reservation.serial, RevocationReason.SUPERSEDED, NOON, "officer", None
        )
    authority.clock.advance(minutes=2)
    wrong = OpenSigners([SoftwareCustody(MasterKeyRing(MasterKey(bytes(32))))])
    findings = examine(surveyed(authority, tmp_path, wrong), authority.clock.now())
    codes = [one.code for one in findings]
    assert codes.count("key-does-not-open") == 26
    assert {"serials-never-signed", "approval-pending", "journal-behind"} <= set(codes)
    assert [one.severity for one in findings] == sorted((one.severity for one in findings), reverse=True)


def test_pointers_are_looked_for(authority: AuthorityFixture) -> None:
    with authority.units.reading() as unit:
        root = Certificate(unit.authorities.get(authority_id(Suite.INTL, AuthorityRole.ROOT)).certificate)
        issuing = Certificate(unit.authorities.get(PERSON).certificate)

    def codes(certificate: Certificate | None, *, is_root: bool = False) -> list[str]:
        fact = SignerFact(SignerKind.AUTHORITY, PERSON, Suite.INTL, certificate, is_root)
        findings = examine(replace(HEALTHY, signers=(fact,)), NOON)
        return [one.code for one in findings if one.severity is Severity.CRITICAL]

    assert codes(issuing) == []
    assert codes(root, is_root=True) == []
    assert codes(root) == ["crl-pointer-missing", "ocsp-pointer-missing"]
    assert codes(None) == ["authority-missing"]
