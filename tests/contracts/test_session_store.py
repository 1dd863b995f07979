"""The store of sessions, proofs, intents and codes, on every database."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from api.db import Database
from keys.wrapping import MasterKey, MasterKeyRing
from signing.adapters.contracts_tables import challenges, intents, lookup_keys
from signing.challenge import Challenge, ChallengeId, ChallengeState
from signing.contract import ContractId, new_identifier
from signing.contract_ports import ContractFilter
from signing.identity import Method
from signing.intent import Intent, IntentId, state_intent
from signing.party import (
    PartyId,
)
from signing.proof import IdentityProof
from signing.session import Consent, Session, SessionEnd, SessionId, View
from tests.support.clock import NOON, FixedClock
from tests.support.signing_rows import LATER, PAIR, SHOWN, add, agency, contract, signer
from tests.support.units import MASTER, open_units


@pytest.fixture
def units(engine: sa.Engine, tmp_path: Path) -> Database:
    return open_units(engine, FixedClock(), tmp_path)


def session(**changes: object) -> Session:
    made = Session(SessionId(new_identifier(NOON)), ContractId("k"), PartyId("p"), b"t", NOON, LATER)
    return replace(made, **changes)  # type: ignore[arg-type]  # by name


def test_a_session_comes_back_as_it_was(units: Database) -> None:
    made = session()
    full = replace(
        made,
        shown=SHOWN,
        view=View(1_000, True, LATER),  # noqa: FBT003
        consents=(Consent("e-signature", "t@1", "0" * 64, NOON),),
    )
    with units() as unit:
        unit.sign_sessions.add(made)
        assert unit.sign_sessions.by_token(b"t") == made
        unit.sign_sessions.save(full)
        assert unit.sign_sessions.by_token(b"t") == full
        assert unit.sign_sessions.open_of(PartyId("p")) == [full]
        unit.sign_sessions.save(replace(full, end=SessionEnd.SIGNED, ended_at=LATER))
        assert unit.sign_sessions.open_of(PartyId("p")) == []
        assert unit.sign_sessions.opened_since(PartyId("p"), NOON - timedelta(hours=1)) == 1
        assert unit.sign_sessions.opened_since(PartyId("p"), NOON) == 0


def test_proofs_come_back_in_order(units: Database) -> None:
    proof = IdentityProof(Method.FACE, "bureau", "r", "t1", b"d" * 32, simulated=True, at=NOON, score=990_000)
    later = replace(proof, transaction="t2", at=LATER, score=None)
    with units() as unit:
        unit.sign_sessions.add_proof(PartyId("p"), later, "event-2")
        unit.sign_sessions.add_proof(PartyId("p"), proof, "")
        assert unit.sign_sessions.proofs(PartyId("p")) == [proof, later]
        assert unit.sign_sessions.record_of(PartyId("p")) == "event-2"
        assert unit.sign_sessions.record_of(PartyId("q")) == ""
        assert unit.sign_sessions.count_enquiry(PartyId("p"), NOON, NOON - timedelta(days=1)) == 1
        assert unit.sign_sessions.count_enquiry(PartyId("p"), NOON, NOON - timedelta(days=1)) == 2


def test_an_intent_is_sealed_and_comes_back(units: Database) -> None:
    made = contract()
    (party,) = made.parties
    statement = state_intent(made, party, SHOWN, PAIR, NOON)
    intent = Intent(IntentId("i"), made.contract_id, party.party_id, SessionId("s"), statement, SHOWN, NOON)
    with units() as unit:
        unit.sign_sessions.add_intent(intent)
        assert unit.sign_sessions.intent(IntentId("i")) == intent
        assert unit.sign_sessions.newest_intent(party.party_id) is None
        unit.sign_sessions.confirm_intent(IntentId("i"), LATER, ("click", "one-time-code"))
        confirmed = replace(intent, confirmed_at=LATER, factors=("click", "one-time-code"))
        assert unit.sign_sessions.newest_intent(party.party_id) == confirmed
    with units.engine.connect() as connection:
        stored = connection.execute(sa.select(intents.c.statement)).scalar_one()
    assert party.particulars.name.encode() not in bytes(stored)


def challenge(number: int) -> Challenge:
    return Challenge(
        ChallengeId(f"c{number}"),
        ContractId("k"),
        PartyId("p"),
        IntentId("i"),
        b"k" * 32,
        b"m" * 32,
        NOON,
        LATER,
    )


def test_challenges_are_superseded_and_counted(units: Database) -> None:
    first, second = challenge(1), replace(challenge(2), issued_at=LATER)
    with units() as unit:
        unit.sign_sessions.add_challenge(first, "13800000001")
        assert unit.sign_sessions.challenge(first.challenge_id) == first
        unit.sign_sessions.add_challenge(second, "13800000001")
        assert unit.sign_sessions.challenge(first.challenge_id).state is ChallengeState.SUPERSEDED
        locked = replace(second, attempts=5, state=ChallengeState.LOCKED, locked_until=LATER)
        unit.sign_sessions.save_challenge(locked)
        assert unit.sign_sessions.challenge(second.challenge_id) == locked
        before = NOON - timedelta(days=1)
        party = unit.sign_sessions.codes_of_party(PartyId("p"), before)
        assert [(one.at, one.locked_until) for one in party] == [(NOON, None), (LATER, LATER)]
        assert unit.sign_sessions.codes_to_mobile("13800000001", before) == party
        assert unit.sign_sessions.codes_to_mobile("13800000002", before) == []
        assert unit.sign_sessions.codes_of_party(PartyId("p"), LATER) == []
    with units.engine.connect() as connection:
        row = connection.execute(sa.select(challenges).limit(1)).one()
    assert b"k" * 32 not in bytes(row.key)
    assert "13800000001" not in repr(tuple(row))


def test_every_sealed_value_can_be_sealed_anew(units: Database) -> None:
    made = add(units, contract(agency(), signer(1)))
    with units() as unit:
        unit.sign_sessions.add_challenge(challenge(1), "13800000001")
    old, new = MasterKeyRing(MasterKey(MASTER)), MasterKey(bytes(reversed(MASTER)))
    ring = MasterKeyRing(MasterKey(MASTER))
    ring.rotate(new)
    with units() as unit:
        after: tuple[str, ...] | None = None
        places = []
        while page := unit.sealed_contracts.wrapped_page(after, 2):
            for one in page:
                fresh = ring.reseal(one.value, one.context, subject="test")
                assert unit.sealed_contracts.rewrap(one.place, one.value, fresh)
                assert not unit.sealed_contracts.rewrap(one.place, one.value, fresh), "it is another by now"
                places.append(one.place)
            after = page[-1].place
    assert [name for name, _ in places] == ["challenge", "contract", "lookup", "party", "party"]
    assert old.current.key_id != new.key_id
    rotated = Database(units.engine, replace(units._context, wrapper=MasterKeyRing(new)))
    with rotated.reading() as unit:
        assert unit.contracts.get(made.contract_id) == made
        assert unit.sign_sessions.challenge(ChallengeId("c1")) == challenge(1)
        assert unit.contracts.find(ContractFilter(number=made.number)) == [made]
    with units.engine.connect() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(lookup_keys)).scalar_one() == 1
