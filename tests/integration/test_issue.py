"""Issuing against a database: what leaves is recorded, what is refused is recorded, no serial twice."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
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
    ValidityBeyondIssuer,
)
from ca.issue import MAX_BATCH, Issuance, event_order
from ca.name import Name
from ca.order import Issued, Order, Refusal, Requester
from ca.pointers import crl_url
from ca.ports import CertificateFilter
from ca.publish import CrlPolicy
from ca.registry import (
    AuthorityId,
    AuthorityRole,
    CertificateStatus,
    Revocation,
    RevocationReason,
    authority_id,
)
from ca.serial import SerialNumber, new_serial
from ca.template import CertificateRequest
from evidence.event import EventType, Recorded
from keys.errors import KeyBlocked, KeyStateInvalid, KeyUseExhausted
from keys.key import KeyPurpose, KeyRecord, KeyState
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

INTENT = bytes(range(32))
SERVICE = authority_id(Suite.INTL, AuthorityRole.SERVICE)
PERSON = PERSON_AUTHORITY[Suite.INTL]
SERVER = Name.of([("C", "CN"), ("O", "Bank"), ("CN", "api")])


@pytest.fixture
def authority(engine: sa.Engine, tmp_path: Path) -> AuthorityFixture:
    return found_authority(engine, tmp_path)


def events(authority: AuthorityFixture, *kinds: EventType) -> list[Recorded]:
    with authority.units.reading() as unit:
        return [
            event
            for log, head in unit.events.heads().items()
            for event in unit.events.read(log, 0, head.size)
            if event.type in kinds
        ]


def facts(event: Recorded) -> dict[str, object]:
    envelope = json.loads(event.envelope)
    found: dict[str, object] = envelope["facts"]
    return found


def outcome(event: Recorded) -> tuple[str, str]:
    result = json.loads(event.envelope)["result"]
    return result["code"], result["reason"]


def order(authority: AuthorityFixture, **changes: object) -> Order:
    key = OneTimeKey(Algorithm.P256, authority.clock)
    made = event_order(person(authority.clock.now()), INTENT, key, PERSON, BANK)
    return replace(made, **changes)  # type: ignore[arg-type]


def server_order(private: PrivateKey | None = None, **changes: object) -> Order:
    public = (private or PrivateKey.generate(Algorithm.P256)).public
    request = CertificateRequest(public, SERVER, dns_names=("api.bank.test",))
    made = Order("service", SERVICE, request, OPERATOR)
    return replace(made, **changes)  # type: ignore[arg-type]


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


def identity_order(authority: AuthorityFixture, **changes: object) -> Order:
    key = OneTimeKey(Algorithm.P256, authority.clock)
    return event_order(person(**changes), INTENT, key, PERSON, BANK)  # type: ignore[arg-type]


REFUSED: dict[str, tuple[Callable[[AuthorityFixture], Order], type[Exception], str, str]] = {
    "unknown profile": (lambda a: order(a, profile="nobody"), NotFound, "not-found", ""),
    "another version of the profile": (
        lambda a: order(a, profile_hash="00" * 32),
        Refused,
        "refused",
        "profile_hash",
    ),
    "no right to the profile": (
        lambda a: order(a, requester=Requester("shop", profiles=frozenset({"service"}))),
        Refused,
        "refused",
        "requester",
    ),
    "unknown authority": (
        lambda a: order(a, authority_id=AuthorityId("intl-nobody")),
        NotFound,
        "not-found",
        "",
    ),
    "another role's authority": (lambda a: order(a, authority_id=SERVICE), Refused, "refused", "profile"),
    "an authority's profile": (
        lambda a: server_order(profile="intermediate-person"),
        Refused,
        "refused",
        "profile",
    ),
    "a key of the other suite": (
        lambda a: order(a, authority_id=PERSON_AUTHORITY[Suite.GUOMI]),
        RequestInvalid,
        "request-invalid",
        "public_key",
    ),
    "identity out of date": (
        lambda a: identity_order(a, valid_until=NOON),
        Refused,
        "refused",
        "identity.valid_until",
    ),
    "identity not yet verified": (
        lambda a: identity_order(a, verified_at=NOON + timedelta(hours=1)),
        Refused,
        "refused",
        "identity.valid_until",
    ),
    "identity too weak": (
        lambda a: identity_order(a, assurance="low"),
        Refused,
        "refused",
        "identity.assurance",
    ),
    "a name nobody can read": (
        lambda a: identity_order(a, name="王\u202e明"),
        RequestInvalid,
        "request-invalid",
        "subject.CN",
    ),
    "too long a life": (
        lambda a: replace(order(a), request=replace(order(a).request, validity=timedelta(days=2))),
        RequestInvalid,
        "request-invalid",
        "validity",
    ),
    "no host name for a server": (
        lambda a: replace(server_order(), request=replace(server_order().request, dns_names=())),
        RequestInvalid,
        "request-invalid",
        "dns_names",
    ),
    "a renewal of a key with one certificate": (
        lambda a: server_order(renews=new_serial()),
        Refused,
        "refused",
        "renews",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_refusal_names_the_field_and_is_recorded(authority: AuthorityFixture, case: str) -> None:
    make, error, code, named = REFUSED[case]
    with authority.units.reading() as unit:
        before = len(list(unit.certificates.scan(CertificateFilter())))
    with pytest.raises(error) as caught:
        authority.issuance.issue(make(authority))
    assert getattr(caught.value, "field", "") == named
    refused = events(authority, EventType.CERT_REFUSED)
    assert [outcome(one) for one in refused] == [(code, named)]
    assert "王" not in refused[0].envelope.decode()
    with authority.units.reading() as unit:
        assert len(list(unit.certificates.scan(CertificateFilter()))) == before


def test_a_name_of_a_stranger_cannot_break_the_record(authority: AuthorityFixture) -> None:
    with pytest.raises(NotFound):
        authority.issuance.issue(
            order(authority, profile="\ud800" * 70_000, authority_id=AuthorityId("x" * 99))
        )
    assert len(events(authority, EventType.CERT_REFUSED)) == 1


def test_a_certificate_cannot_outlive_its_issuer(authority: AuthorityFixture) -> None:
    with authority.units.reading() as unit:
        end = Certificate(unit.authorities.get(SERVICE).certificate).not_after
    authority.clock.moment = end - timedelta(days=1)
    with pytest.raises(ValidityBeyondIssuer):
        authority.issuance.issue(server_order())


def test_a_blocked_key_gets_no_certificate(authority: AuthorityFixture) -> None:
    bad = PrivateKey.generate(Algorithm.P256)
    with authority.units() as unit:
        unit.keys.block(bad.public.fingerprint, "keyCompromise", NOON)
    with pytest.raises(KeyBlocked):
        authority.issuance.issue(server_order(bad))
    assert outcome(events(authority, EventType.CERT_REFUSED)[0])[0] == "key-blocked"


def test_a_blocked_authority_issues_nothing(authority: AuthorityFixture) -> None:
    with authority.units() as unit:
        key = unit.keys.get(unit.authorities.get(PERSON).key_id)
        unit.keys.block(key.public.fingerprint, "keyCompromise", NOON)
    with pytest.raises(KeyBlocked):
        authority.issuance.issue(order(authority))


def test_a_suspended_authority_key_issues_nothing(authority: AuthorityFixture) -> None:
    with authority.units() as unit:
        unit.keys.transition(unit.authorities.get(PERSON).key_id, KeyState.SUSPENDED)
    with pytest.raises(KeyStateInvalid):
        authority.issuance.issue(order(authority))


def test_one_key_gets_one_certificate(authority: AuthorityFixture) -> None:
    private = PrivateKey.generate(Algorithm.P256)
    authority.issuance.issue(server_order(private))
    with pytest.raises(DuplicateKey):
        authority.issuance.issue(server_order(private))


def test_a_key_of_ours_serves_its_own_purpose_only(authority: AuthorityFixture) -> None:
    with authority.units.reading() as unit:
        (timestamp, *_) = unit.keys.list(purpose=KeyPurpose.TIMESTAMP)
    public = timestamp.public
    with pytest.raises(Refused) as caught:
        authority.issuance.issue(
            replace(server_order(), request=replace(server_order().request, public=public))
        )
    assert caught.value.field == "public_key"


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
