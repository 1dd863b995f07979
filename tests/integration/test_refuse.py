"""Orders that are refused: by the field that is wrong, recorded, nothing kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from ca.certificate import Certificate
from ca.errors import (
    DuplicateKey,
    NotFound,
    Refused,
    RequestInvalid,
    ValidityBeyondIssuer,
)
from ca.order import Order, Requester
from ca.ports import CertificateFilter
from ca.registry import (
    AuthorityId,
)
from ca.serial import new_serial
from evidence.event import EventType
from keys.errors import KeyBlocked, KeyStateInvalid
from keys.key import KeyPurpose, KeyState
from keys.private import PrivateKey
from keys.suites import Algorithm, Suite
from tests.support.authority import (
    PERSON_AUTHORITY,
    AuthorityFixture,
    found_authority,
)
from tests.support.clock import NOON
from tests.support.orders import (
    PERSON,
    SERVICE,
    events,
    identity_order,
    order,
    outcome,
    server_order,
)


@pytest.fixture
def authority(engine: sa.Engine, tmp_path: Path) -> AuthorityFixture:
    return found_authority(engine, tmp_path)


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
