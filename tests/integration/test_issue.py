"""Issuing against a database: what leaves is recorded, what is refused is recorded, no serial twice."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from cryptography import x509

from api.db import Unit
from ca.certificate import Certificate
from ca.errors import (
    DuplicateKey,
    IssuanceMismatch,
    NotFound,
    Refused,
    RequestInvalid,
)
from ca.issue import MAX_BATCH, Issuance, event_order
from ca.order import Issued, Refusal
from ca.pointers import crl_url
from ca.ports import CertificateFilter
from ca.publish import CrlPolicy
from ca.registry import (
    CertificateStatus,
    Revocation,
    RevocationReason,
)
from ca.serial import SerialNumber, new_serial
from evidence.event import EventType
from keys.errors import KeyStateInvalid, KeyUseExhausted
from keys.key import KeyRecord
from keys.onetime import OneTimeKey
from keys.ports import Signer
from keys.private import PrivateKey
from keys.suites import Algorithm, Suite
from tests.support.authority import (
    ALGORITHM,
    BANK,
    BASE_URL,
    OPERATOR,
    PERSON_AUTHORITY,
    AuthorityFixture,
    found_authority,
    person,
)
from tests.support.clock import NOON
from tests.support.orders import (
    INTENT,
    PERSON,
    SERVICE,
    events,
    facts,
    identity_order,
    order,
    outcome,
    server_order,
)


@pytest.fixture
def authority(engine: sa.Engine, tmp_path: Path) -> AuthorityFixture:
    return found_authority(engine, tmp_path)


@pytest.mark.parametrize("suite", Suite)
def test_an_event_certificate_names_the_verified_person_and_the_intent(
    authority: AuthorityFixture, suite: Suite
) -> None:
    issued, key = authority.issuance.issue_event(
        person(), INTENT, PERSON_AUTHORITY[suite], BANK, algorithm=ALGORITHM[suite], uses=2
    )
    certificate = issued.certificate
    with authority.units.reading() as unit:
        issuer = Certificate(unit.authorities.get(PERSON_AUTHORITY[suite]).certificate)
        record = unit.certificates.get(issued.serial)
    certificate.check_signed_by(issuer.public)
    assert certificate.issuer_der == issuer.subject_der
    assert certificate.public == key.public
    assert certificate.subject.rfc4514_string() == "2.5.4.5=p-0001,CN=王小明,C=CN"
    assert certificate.not_after - certificate.not_before == timedelta(hours=1, seconds=-1)
    assert INTENT in certificate.data
    for _ in range(2):
        certificate.public.verify(key.sign(b"contract"), b"contract")
    with pytest.raises(KeyUseExhausted):
        key.sign(b"contract")
    assert record.certificate == issued.data
    assert record.status is CertificateStatus.ISSUED
    assert record.reservation.identity_record == "idr-1"


def test_the_distribution_point_is_where_the_crl_will_be(authority: AuthorityFixture) -> None:
    issuance = Issuance(
        authority.units, authority.signers, authority.clock, CrlPolicy(BASE_URL, shards={PERSON: 4})
    )
    found = set()
    for _ in range(12):
        issued = issuance.issue(order(authority))
        with authority.units.reading() as unit:
            shard = unit.certificates.get(issued.serial).reservation.crl_shard
        (point,) = issued.certificate.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
        assert point.full_name is not None
        assert point.full_name[0].value == crl_url(BASE_URL, PERSON, shard)
        found.add(shard)
    assert len(found) > 1


def test_the_intent_comes_before_and_the_certificate_after(authority: AuthorityFixture) -> None:
    key = OneTimeKey(Algorithm.P256, authority.clock)
    issued = authority.issuance.issue(event_order(person(), INTENT, key, PERSON, BANK))
    intent, made = events(authority, EventType.CERT_SIGNING, EventType.CERT_ISSUED)[-2:]
    assert intent.type is EventType.CERT_SIGNING
    serial = f"{issued.serial:032x}"
    with authority.units.reading() as unit:
        digest = unit.certificates.get(issued.serial).reservation.tbs_sha256
    assert facts(intent)["tbs_sha256"] == [[serial, digest.hex()]]
    assert facts(made)["serial"] == serial
    assert facts(made)["one_time_key"] == key.key_id
    assert "王" not in made.envelope.decode()
    authority.issuance.record_destroyed([key])
    assert facts(events(authority, EventType.KEY_DESTROYED)[-1])["key_id"] == key.key_id
    with pytest.raises(KeyStateInvalid):
        key.sign(b"")


def test_a_simulated_identity_shows_in_the_policy(authority: AuthorityFixture) -> None:
    policies = []
    for simulated in (False, True):
        key = OneTimeKey(Algorithm.P256, authority.clock)
        identity = person(simulated=simulated)
        issued = authority.issuance.issue(event_order(identity, INTENT, key, PERSON, BANK))
        (policy,) = issued.certificate.extensions.get_extension_for_class(x509.CertificatePolicies).value
        policies.append(policy.policy_identifier.dotted_string)
    assert policies[1] == policies[0] + ".99"


def test_a_batch_judges_each_order_for_itself(authority: AuthorityFixture) -> None:
    twice = PrivateKey.generate(Algorithm.P256)
    orders = [
        order(authority),
        identity_order(authority, assurance="low"),
        server_order(twice),
        server_order(twice),
        event_order(
            person(), INTENT, OneTimeKey(Algorithm.SM2, authority.clock), PERSON_AUTHORITY[Suite.GUOMI], BANK
        ),
    ]
    outcomes = authority.issuance.issue_many(orders)
    assert [type(one) for one in outcomes] == [Issued, Refusal, Issued, Refusal, Issued]
    assert isinstance(outcomes[3], Refusal)
    assert isinstance(outcomes[3].error, DuplicateKey)
    assert authority.issuance.issue_many([]) == []
    with pytest.raises(RequestInvalid):
        authority.issuance.issue_many([order(authority)] * (MAX_BATCH + 1))


def test_uses_of_the_issuing_key_are_counted_before_it_signs(authority: AuthorityFixture) -> None:
    def uses() -> int:
        with authority.units.reading() as unit:
            return unit.keys.get(unit.authorities.get(PERSON).key_id).use_count

    before = uses()
    authority.issuance.issue_many([order(authority) for _ in range(5)])
    assert uses() == before + 5


def test_a_responder_certificate_is_renewed_for_its_key_once(authority: AuthorityFixture) -> None:
    with authority.units.reading() as unit:
        page = unit.certificates.find(CertificateFilter(authority_id=SERVICE, profile="ocsp-responder"))
    old = page[0].reservation
    authority.clock.advance(days=1)
    new = authority.issuance.renew(old.serial, OPERATOR)
    with authority.units.reading() as unit:
        record = unit.certificates.get(new.serial).reservation
    assert (record.renews, record.spki_fingerprint, record.subject) == (
        old.serial,
        old.spki_fingerprint,
        old.subject,
    )
    with pytest.raises(DuplicateKey):
        authority.issuance.renew(old.serial, OPERATOR)


def test_a_person_key_is_never_certified_twice(authority: AuthorityFixture) -> None:
    issued = authority.issuance.issue(order(authority))
    with pytest.raises(Refused) as caught:
        authority.issuance.renew(issued.serial, OPERATOR)
    assert caught.value.field == "renews"
    with pytest.raises(NotFound):
        authority.issuance.renew(new_serial(), OPERATOR)


@dataclass
class FaultySigner:
    """A signer whose answer is altered."""

    inner: Signer
    fault: str

    @property
    def key_id(self) -> str:
        return self.inner.key_id

    @property
    def public(self) -> object:
        return self.inner.public if self.fault != "algorithm" else PrivateKey.generate(Algorithm.SM2).public

    def sign(self, data: bytes) -> bytes:
        return self.inner.sign(data + b"more" if self.fault == "other bytes" else data)


@dataclass
class FaultySigners:
    inner: object
    fault: str

    def signer(self, record: KeyRecord) -> FaultySigner:
        if self.fault == "stops":
            raise KeyStateInvalid(record.key_id, "suspended", "sign")
        return FaultySigner(self.inner.signer(record), self.fault)  # type: ignore[attr-defined]


@pytest.mark.parametrize("fault", ["other bytes", "algorithm", "stops"])
def test_no_certificate_leaves_whose_signing_went_wrong(authority: AuthorityFixture, fault: str) -> None:
    issuance = Issuance(
        authority.units,
        FaultySigners(authority.signers, fault),  # type: ignore[arg-type]
        authority.clock,
        authority.policy,
    )
    with pytest.raises((IssuanceMismatch, KeyStateInvalid)):
        issuance.issue(order(authority))
    with authority.units.reading() as unit:
        failed = unit.certificates.find(CertificateFilter(status=CertificateStatus.FAILED))
        assert [one.certificate for one in failed] == [None]
        assert not unit.certificates.find(CertificateFilter(status=CertificateStatus.RESERVED))
    assert outcome(events(authority, EventType.CERT_REFUSED)[0])[0] in (
        "issuance-mismatch",
        "key-state-invalid",
    )


class FailingUnits:
    """Units of which the n-th does not commit."""

    def __init__(self, inner: object, fails: int) -> None:
        self.inner = inner
        self.left = fails

    @contextmanager
    def __call__(self) -> Iterator[Unit]:
        with self.inner() as unit:  # type: ignore[operator]
            yield unit
            self.left -= 1
            if self.left == 0:
                raise OSError("no space left on device")

    def reading(self) -> object:
        return self.inner.reading()  # type: ignore[attr-defined]


@pytest.mark.parametrize("place", [1, 2])
def test_a_commit_that_fails_lets_nothing_out(authority: AuthorityFixture, place: int) -> None:
    units = FailingUnits(authority.units, place)
    issuance = Issuance(units, authority.signers, authority.clock, authority.policy)  # type: ignore[arg-type]
    with pytest.raises(OSError, match="no space"):
        issuance.issue(order(authority))
    with authority.units.reading() as unit:
        reserved = unit.certificates.find(CertificateFilter(status=CertificateStatus.RESERVED))
    assert len(reserved) == place - 1


def test_a_lost_serial_is_failed_and_stays_revocable(authority: AuthorityFixture) -> None:
    units = FailingUnits(authority.units, 2)
    issuance = Issuance(units, authority.signers, authority.clock, authority.policy)  # type: ignore[arg-type]
    with pytest.raises(OSError, match="no space"):
        issuance.issue(order(authority))
    assert authority.issuance.recover() == ()  # it may be another process at work
    authority.clock.advance(minutes=2)
    (lost,) = authority.issuance.recover()
    assert authority.issuance.recover() == ()
    assert outcome(events(authority, EventType.CERT_REFUSED)[0])[0] == "signing-lost"
    with authority.units() as unit:
        assert unit.certificates.get(lost).status is CertificateStatus.FAILED
        entry = unit.certificates.revoke(lost, RevocationReason.SUPERSEDED, NOON, "officer", None)
    assert isinstance(entry, Revocation)


def test_concurrent_issuers_never_share_a_serial(authority: AuthorityFixture) -> None:
    found: list[SerialNumber] = []
    errors: list[BaseException] = []

    def work() -> None:
        try:
            issuance = Issuance(authority.units, authority.signers, authority.clock, authority.policy)
            for _ in range(4):
                found.extend(
                    one.serial
                    for one in issuance.issue_many([order(authority) for _ in range(10)])
                    if isinstance(one, Issued)
                )
        except BaseException as error:  # noqa: BLE001  (shown by the assertion)
            errors.append(error)

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert errors == []
    assert len(set(found)) == 120
    with authority.units.reading() as unit:
        assert all(unit.certificates.get(serial).status is CertificateStatus.ISSUED for serial in found)


def test_the_wrong_digest_length_is_refused(authority: AuthorityFixture) -> None:
    with pytest.raises(RequestInvalid) as caught:
        authority.issuance.issue_event(person(), b"short", PERSON, BANK, algorithm=Algorithm.P256)
    assert caught.value.field == "intent"
    assert events(authority, EventType.KEY_DESTROYED)
