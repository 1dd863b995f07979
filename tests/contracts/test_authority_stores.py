"""What every `AuthorityStore`, `ProfileStore` and `ApprovalStore` keeps to."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from api.db import Database
from ca.errors import NotFound, Refused
from ca.registry import Approval, Authority, AuthorityRole, Proposal, authority_id
from keys.key import KeyId
from keys.suites import Algorithm, Suite
from tests.support.clock import NOON, FixedClock
from tests.support.units import open_units

ROOT = Authority(
    authority_id=authority_id(Suite.INTL, AuthorityRole.ROOT),
    suite=Suite.INTL,
    role=AuthorityRole.ROOT,
    generation=1,
    key_id=KeyId("key-1"),
    algorithm=Algorithm.P256,
    certificate=b"root",
    parent=None,
    active=True,
)
PERSON = replace(
    ROOT,
    authority_id=authority_id(Suite.INTL, AuthorityRole.PERSON),
    role=AuthorityRole.PERSON,
    key_id=KeyId("key-2"),
    parent=ROOT.authority_id,
)


@pytest.fixture
def units(engine: sa.Engine, tmp_path: Path) -> Database:
    return open_units(engine, FixedClock(), tmp_path)


def test_authorities_come_back_roots_first(units: Database) -> None:
    with units() as unit:
        unit.authorities.add(PERSON)
        unit.authorities.add(ROOT)
    with units() as unit:
        assert list(unit.authorities.list()) == [ROOT, PERSON]
        assert unit.authorities.get(PERSON.authority_id) == PERSON
        with pytest.raises(NotFound):
            unit.authorities.get(authority_id(Suite.GUOMI, AuthorityRole.SEAL))


@pytest.mark.parametrize("taken", [ROOT, replace(PERSON, key_id=ROOT.key_id)])
def test_neither_name_nor_key_serves_twice(units: Database, taken: Authority) -> None:
    with units() as unit:
        unit.authorities.add(ROOT)
        with pytest.raises(Refused):
            unit.authorities.add(taken)
        assert list(unit.authorities.list()) == [ROOT]


def test_an_authority_retires(units: Database) -> None:
    with units() as unit:
        unit.authorities.add(ROOT)
        unit.authorities.retire(ROOT.authority_id)
        assert unit.authorities.get(ROOT.authority_id) == replace(ROOT, active=False)
        with pytest.raises(NotFound):
            unit.authorities.retire(PERSON.authority_id)


def test_the_profile_last_activated_is_in_force(units: Database) -> None:
    with units() as unit:
        unit.profiles.activate("seal", "aa", b"one", NOON)
        unit.profiles.activate("person-event", "cc", b"other", NOON)
        unit.profiles.activate("seal", "bb", b"two", NOON)
        assert unit.profiles.active() == {"seal": ("bb", b"two"), "person-event": ("cc", b"other")}
        unit.profiles.activate("seal", "aa", b"one", NOON)  # back to an earlier version
        assert unit.profiles.active()["seal"] == ("aa", b"one")


def test_administrators_have_names_and_keys_of_their_own(units: Database) -> None:
    with units() as unit:
        unit.approvals.add_administrator("wang", b"key of wang", NOON)
        for name, key in (("wang", b"other"), ("li", b"key of wang")):
            with pytest.raises(Refused):
                unit.approvals.add_administrator(name, key, NOON)
        unit.approvals.add_administrator("li", b"key of li", NOON)
        assert unit.approvals.administrators() == {"li": b"key of li", "wang": b"key of wang"}


def test_a_plan_is_proposed_and_carried_out_once(units: Database) -> None:
    proposal = Proposal("ab", b"{}", NOON, carried_out=False)
    with units() as unit:
        assert not unit.approvals.consume("ab")
        unit.approvals.propose(proposal)
        with pytest.raises(Refused):
            unit.approvals.propose(proposal)
        assert unit.approvals.proposal("ab") == proposal
        assert list(unit.approvals.pending(NOON)) == [proposal]
        assert not unit.approvals.pending(NOON + timedelta(microseconds=1))
        assert unit.approvals.consume("ab")
        assert not unit.approvals.consume("ab")
        assert not unit.approvals.pending(NOON)
        assert unit.approvals.proposal("ab") == replace(proposal, carried_out=True)
        with pytest.raises(NotFound):
            unit.approvals.proposal("cd")


def test_an_administrator_approves_a_plan_once(units: Database) -> None:
    first = Approval("ab", "key-destroy", "wang", b"signature", NOON)
    second = replace(first, administrator="li", approved_at=NOON - timedelta(seconds=1))
    with units() as unit:
        unit.approvals.add(first)
        unit.approvals.add(second)
        with pytest.raises(Refused):
            unit.approvals.add(replace(first, signature=b"other"))
        unit.approvals.add(replace(first, plan_hash="cd"))
        assert list(unit.approvals.of("ab")) == [second, first]
