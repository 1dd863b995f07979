"""Dual control: what two administrators signed is the only thing done, and once."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from ca.activate import activate_profile, destroy_planned, plan_activation, plan_destruction
from ca.approval import APPROVAL_LIFETIME, PROPOSAL_LIFETIME, Act, DualControl, Plan, require_approval
from ca.certificate import Certificate
from ca.errors import ApprovalRequired, NotFound, ProfileInvalid, Refused, RequestInvalid
from ca.hierarchy import Hierarchy
from ca.issue import event_order
from ca.profile import shipped_profiles
from ca.registry import Approval, AuthorityRole, authority_id
from evidence.event import EventType
from keys.errors import KeyNotFound, KeyStateInvalid
from keys.key import KeyId, KeyPurpose, KeyState
from keys.onetime import OneTimeKey
from keys.private import PrivateKey
from keys.record import key_case
from keys.suites import Algorithm, Suite
from tests.support.authority import (
    BANK,
    PERSON_AUTHORITY,
    Administrator,
    AuthorityFixture,
    found_authority,
    person,
)
from tests.support.units import TENANT

PERSON = PERSON_AUTHORITY[Suite.INTL]


@pytest.fixture
def authority(engine: sa.Engine, tmp_path: Path) -> AuthorityFixture:
    return found_authority(engine, tmp_path)


@pytest.fixture
def control(authority: AuthorityFixture) -> DualControl:
    return DualControl(authority.units, authority.clock)


@pytest.fixture
def hierarchy(authority: AuthorityFixture) -> Hierarchy:
    return Hierarchy(authority.units, authority.certifier, authority.clock)


def a_plan(requester: str = "first") -> Plan:
    return Plan.of(Act.MASS_REVOCATION, {"serials": ["01"]}, requester)


def approved(authority: AuthorityFixture, control: DualControl, plan: Plan) -> Plan:
    control.propose(plan)
    for one in authority.administrators:
        sign(control, plan, one)
    return plan


def sign(control: DualControl, plan: Plan, administrator: Administrator) -> None:
    control.approve(plan.plan_hash, administrator.name, administrator.sign(plan.message))


def refused(authority: AuthorityFixture, plan: Plan) -> tuple[int, int]:
    """How many signatures stand under a plan that is not carried out, and how many must."""
    with pytest.raises(ApprovalRequired) as caught, authority.units() as unit:
        require_approval(unit, plan, authority.clock.now())
    assert caught.value.plan_hash == plan.plan_hash
    return caught.value.given, caught.value.needed


def test_a_plan_is_its_bytes() -> None:
    plan = a_plan()
    assert Plan.parse(plan.data) == plan
    assert Plan.parse(plan.data).plan_hash == plan.plan_hash
    hashes = {
        plan.plan_hash,
        a_plan().plan_hash,
        replace(plan, requester="second").plan_hash,
        replace(plan, act=Act.KEY_DESTROY).plan_hash,
        replace(plan, parameters={}).plan_hash,
    }
    assert len(hashes) == 5


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[]", b"{", b'{"act":"war","nonce":"","parameters":{},"requester":""}']
)
def test_what_is_no_plan_is_refused(data: bytes) -> None:
    with pytest.raises(RequestInvalid):
        Plan.parse(data)
    with pytest.raises(RequestInvalid):
        Plan.parse(a_plan().data.replace(b":", b": ", 1))


def test_an_approval_serves_once(authority: AuthorityFixture, control: DualControl) -> None:
    plan = a_plan()
    first, second = authority.administrators
    assert refused(authority, plan) == (0, 2)
    control.propose(plan)
    assert [one.plan_hash for one in control.pending()] == [plan.plan_hash]
    assert control.plan(plan.plan_hash) == plan
    assert refused(authority, plan) == (0, 2)
    sign(control, plan, second)
    assert refused(authority, plan) == (1, 2)
    sign(control, plan, first)
    assert [one.administrator for one in control.standing(plan.plan_hash)] == ["first", "second"]
    now = authority.clock.now()
    with authority.units() as unit:
        assert require_approval(unit, plan, now) == ("first", "second")
    assert control.pending() == []
    with pytest.raises(Refused, match="carried out"), authority.units() as unit:
        require_approval(unit, plan, now)


@pytest.mark.parametrize("requester", ["first", "second", "os:0:root"])
def test_one_key_is_one_person_whatever_name_asks(
    authority: AuthorityFixture, control: DualControl, requester: str
) -> None:
    """Who holds one key and a shell chooses the requester's name: it counts for nothing."""
    plan = a_plan(requester)
    control.propose(plan)
    first = authority.administrators[0]
    sign(control, plan, first)
    with pytest.raises(Refused, match="before"):
        sign(control, plan, first)
    assert refused(authority, plan) == (1, 2)
    with authority.units() as unit:  # nor does one key under two names
        unit._connection.execute(sa.text("UPDATE ca_administrators SET name = 'third' WHERE name = 'second'"))
        unit.approvals.add(
            Approval(plan.plan_hash, plan.act.value, "third", first.sign(plan.message), authority.clock.now())
        )
    assert refused(authority, plan) == (1, 2)


def test_an_act_that_fails_gives_its_approval_back(authority: AuthorityFixture, control: DualControl) -> None:
    plan = approved(authority, control, a_plan())

    def act() -> None:
        with authority.units() as unit:
            require_approval(unit, plan, authority.clock.now())
            raise OSError("full")

    with pytest.raises(OSError, match="full"):
        act()
    with authority.units() as unit:
        require_approval(unit, plan, authority.clock.now())


def test_nobody_signs_with_another_key(authority: AuthorityFixture, control: DualControl) -> None:
    plan = a_plan()
    control.propose(plan)
    first, second = authority.administrators
    stranger = Administrator.of("third")
    for name, signature, error in (
        (first.name, second.sign(plan.message), Refused),
        (stranger.name, stranger.sign(plan.message), NotFound),
        (second.name, first.sign(plan.message), Refused),
        (second.name, second.sign(plan.plan_hash.encode()), Refused),
        (second.name, b"", Refused),
        (second.name, second.sign(a_plan().message), Refused),
    ):
        with pytest.raises(error):
            control.approve(plan.plan_hash, name, signature)
    with pytest.raises(NotFound):
        control.approve("00" * 32, second.name, b"")
    assert refused(authority, plan) == (0, 2)


def test_approvals_and_proposals_grow_old(authority: AuthorityFixture, control: DualControl) -> None:
    plan = approved(authority, control, a_plan())
    authority.clock.advance(seconds=APPROVAL_LIFETIME.total_seconds() + 1)
    assert refused(authority, plan) == (0, 2)
    waiting = a_plan()
    control.propose(waiting)
    authority.clock.advance(seconds=PROPOSAL_LIFETIME.total_seconds() + 1)
    assert control.pending() == []
    with pytest.raises(Refused):
        sign(control, waiting, authority.administrators[1])


def test_signatures_count_together_for_a_day(authority: AuthorityFixture, control: DualControl) -> None:
    plan = a_plan()
    control.propose(plan)
    first, second = authority.administrators
    sign(control, plan, first)
    authority.clock.advance(seconds=APPROVAL_LIFETIME.total_seconds() + 1)
    sign(control, plan, second)
    assert refused(authority, plan) == (1, 2)


def test_an_approval_from_the_database_alone_does_not_count(
    authority: AuthorityFixture, control: DualControl
) -> None:
    plan = approved(authority, control, a_plan())
    with authority.units() as unit:
        unit._connection.execute(sa.text("UPDATE ca_approvals SET plan_hash = :h"), {"h": plan.plan_hash})
        unit._connection.execute(
            sa.text("UPDATE ca_approvals SET signature = :s"), {"s": authority.administrators[0].sign(b"")}
        )
    assert refused(authority, plan) == (0, 2)


def test_an_administrator_is_added_under_dual_control(
    authority: AuthorityFixture, control: DualControl
) -> None:
    third = Administrator.of("third", Algorithm.SM2)
    plan = control.plan_administrator("third", third.public.spki, "first")
    with pytest.raises(ApprovalRequired):
        control.add_administrator(plan)
    control.add_administrator(approved(authority, control, plan))
    again = a_plan("second")
    control.propose(again)
    sign(control, again, third)
    sign(control, again, authority.administrators[0])
    with authority.units() as unit:
        assert require_approval(unit, again, authority.clock.now()) == ("first", "third")
    for name, spki in (
        ("", third.public.spki),
        ("a b\n", third.public.spki),
        ("x" * 65, third.public.spki),
        ("fourth", b"no key"),
        ("fourth", PrivateKey.generate(Algorithm.RSA3072).public.spki),
    ):
        with pytest.raises(RequestInvalid):
            control.plan_administrator(name, spki, "first")


def test_a_profile_comes_into_force_under_dual_control(
    authority: AuthorityFixture, control: DualControl
) -> None:
    shipped = shipped_profiles()["person-event"]
    with pytest.raises(ProfileInvalid):
        plan_activation(b"{}", "first")
    with pytest.raises(Refused):
        activate_profile(authority.units, authority.clock, plan_activation(shipped, "first"))
    plan = plan_activation(shipped.replace(b'"24h"', b'"2h"'), "first")
    with pytest.raises(ApprovalRequired):
        activate_profile(authority.units, authority.clock, plan)
    activated = activate_profile(authority.units, authority.clock, approved(authority, control, plan))
    order = event_order(
        person(),
        bytes(32),
        OneTimeKey(Algorithm.P256, authority.clock),
        PERSON,
        BANK,
        validity=timedelta(hours=3),
    )
    with pytest.raises(RequestInvalid):
        authority.issuance.issue(order)
    issued = authority.issuance.issue(replace(order, request=replace(order.request, validity=None)))
    assert issued.profile_hash == activated.profile_hash
    with pytest.raises(RequestInvalid):
        activate_profile(authority.units, authority.clock, a_plan())


def test_an_authority_gets_a_new_generation(
    authority: AuthorityFixture, control: DualControl, hierarchy: Hierarchy
) -> None:
    plan = hierarchy.plan_rekey(PERSON, "first")
    with pytest.raises(ApprovalRequired):
        hierarchy.rekey(plan)
    with authority.units.reading() as unit:
        assert len(unit.authorities.list()) == 12
    new = hierarchy.rekey(approved(authority, control, plan))
    assert new.authority_id == "intl-person-2"
    with authority.units.reading() as unit:
        old = unit.authorities.get(PERSON)
        assert not old.active
        assert unit.keys.get(old.key_id).state is KeyState.ACTIVE  # it still signs CRLs
    assert Certificate(new.certificate).subject_der == Certificate(old.certificate).subject_der
    key = OneTimeKey(Algorithm.P256, authority.clock)
    with pytest.raises(Refused) as caught:
        authority.issuance.issue(event_order(person(), bytes(32), key, PERSON, BANK))
    assert caught.value.field == "authority"
    issued = authority.issuance.issue(event_order(person(), bytes(32), key, new.authority_id, BANK))
    issued.certificate.check_signed_by(Certificate(new.certificate).public)
    with pytest.raises(Refused):
        hierarchy.plan_rekey(PERSON, "first")
    with pytest.raises(RequestInvalid):
        hierarchy.plan_rekey(new.authority_id, "first", algorithm=Algorithm.SM2)


def test_a_root_gets_a_new_generation(
    authority: AuthorityFixture, control: DualControl, hierarchy: Hierarchy
) -> None:
    root = authority_id(Suite.GUOMI, AuthorityRole.ROOT)
    new = hierarchy.rekey(approved(authority, control, hierarchy.plan_rekey(root, "first")))
    certificate = Certificate(new.certificate)
    certificate.check_signed_by(certificate.public)
    person_two = hierarchy.rekey(
        approved(authority, control, hierarchy.plan_rekey(PERSON_AUTHORITY[Suite.GUOMI], "first"))
    )
    Certificate(person_two.certificate).check_signed_by(certificate.public)
    assert person_two.parent == new.authority_id


def test_responders_and_timestamp_units_are_replaced(
    authority: AuthorityFixture, hierarchy: Hierarchy
) -> None:
    def keys(purpose: KeyPurpose) -> set[KeyId]:
        with authority.units.reading() as unit:
            return {one.key_id for one in unit.keys.list(purpose=purpose, state=KeyState.ACTIVE)}

    responders, stamping = keys(KeyPurpose.OCSP), keys(KeyPurpose.TIMESTAMP)
    responder = hierarchy.renew_responder(PERSON, "first")
    unit_certificate = hierarchy.renew_timestamp_unit(Suite.GUOMI, "first")
    assert "OCSP" in responder.certificate.subject.rfc4514_string()
    assert unit_certificate.certificate.suite is Suite.GUOMI
    assert len(keys(KeyPurpose.OCSP)) == 12
    assert len(keys(KeyPurpose.OCSP) & responders) == 11
    assert len(keys(KeyPurpose.TIMESTAMP) & stamping) == 1
    with authority.units.reading() as unit:
        (old,) = unit.keys.list(purpose=KeyPurpose.OCSP, state=KeyState.DEACTIVATED)
        assert old.successor in keys(KeyPurpose.OCSP) - responders


def test_a_key_is_destroyed_under_dual_control(
    authority: AuthorityFixture, control: DualControl, hierarchy: Hierarchy
) -> None:
    with authority.units.reading() as unit:
        issuing = unit.authorities.get(PERSON).key_id
    for key_id, error in ((issuing, KeyStateInvalid), (KeyId("key-none"), KeyNotFound)):
        with pytest.raises(error):
            plan_destruction(authority.units, key_id, "first")
    hierarchy.renew_responder(PERSON, "first")
    with authority.units.reading() as unit:
        (old,) = unit.keys.list(purpose=KeyPurpose.OCSP, state=KeyState.DEACTIVATED)
    plan = plan_destruction(authority.units, old.key_id, "first")
    with pytest.raises(ApprovalRequired):
        destroy_planned(authority.units, authority.signers, authority.clock, plan)
    gone = destroy_planned(
        authority.units, authority.signers, authority.clock, approved(authority, control, plan)
    )
    assert (gone.state, gone.handle) == (KeyState.DESTROYED, b"")
    with authority.units.reading() as unit:
        last = unit.events.case(TENANT, key_case(old.key_id))[-1]
    assert last.type is EventType.KEY_DESTROYED
    assert json.loads(last.envelope)["facts"]["approved_by"] == ["first", "second"]


def test_the_log_knows_who_proposed_and_who_approved(
    authority: AuthorityFixture, control: DualControl
) -> None:
    plan = approved(authority, control, a_plan("os:0:root"))
    with authority.units.reading() as unit:
        case = [
            event
            for log, head in unit.events.heads().items()
            for event in unit.events.read(log, 0, head.size)
            if event.case_id == f"plan/{plan.plan_hash}"
        ]
    assert [one.type for one in case] == [EventType.ADMIN_ACTION, *[EventType.APPROVAL_GIVEN] * 2]
    actors = [json.loads(one.envelope)["actor"]["pseudonym"] for one in case]
    assert actors == ["os:0:root", "first", "second"]
