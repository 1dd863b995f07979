"""The stores of contracts and documents, on every database."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from api.db import Database
from evidence.event import TenantId
from keys.key import KeyId
from signing.adapters.contracts_tables import contracts, parties
from signing.challenge import ChallengeId
from signing.contract import ContractId
from signing.contract_ports import Attempt, ContractFilter
from signing.document import BlobId, DocumentId, Revision, RevisionKind
from signing.errors import NotFound, RevisionConflict, StateInvalid
from signing.intent import IntentId
from signing.party import (
    PartyId,
    PartyState,
)
from signing.transition import ContractState
from tests.support.clock import NOON, FixedClock
from tests.support.signing_rows import LATER, PAIR, add, agency, contract, signer
from tests.support.units import open_units


@pytest.fixture
def units(engine: sa.Engine, tmp_path: Path) -> Database:
    return open_units(engine, FixedClock(), tmp_path)


def test_a_contract_comes_back_as_it_was(units: Database) -> None:
    made = add(units, contract(agency(), signer(1)))
    with units.reading() as unit:
        assert unit.contracts.get(made.contract_id) == made
    with units() as unit:
        assert unit.contracts.hold(made.contract_id) == made


def test_nothing_that_names_people_lies_open(units: Database) -> None:
    made = add(units, contract(agency()))
    (party,) = made.parties
    with units.engine.connect() as connection:
        rows = [*connection.execute(sa.select(contracts)), *connection.execute(sa.select(parties))]
    stored = repr([tuple(row) for row in rows])
    agent = party.signer
    for secret in (made.number, made.title, party.particulars.name, party.particulars.id_number):
        assert secret not in stored
    assert agent.id_number not in stored
    assert str(agent.mobile) not in stored


def test_a_number_serves_once(units: Database) -> None:
    made = add(units, contract())
    with pytest.raises(StateInvalid), units() as unit:
        unit.contracts.add(contract(number=made.number))


def test_what_is_not_there_is_named(units: Database) -> None:
    with units.reading() as unit:
        for ask in (
            lambda: unit.contracts.get(ContractId("x")),
            lambda: unit.contracts.hold(ContractId("x")),
            lambda: unit.documents.revisions(DocumentId("x")),
            lambda: unit.sign_sessions.by_token(b"x"),
            lambda: unit.sign_sessions.intent(IntentId("x")),
            lambda: unit.sign_sessions.challenge(ChallengeId("x")),
        ):
            with pytest.raises(NotFound):
                ask()


def test_contracts_are_found_by_number_person_state_and_code(units: Database) -> None:
    with units() as unit:
        pseudonym = unit.contracts.pseudonym("330106198803150011")
        assert pseudonym == unit.contracts.pseudonym("330106198803150011")
    first = add(units, contract(replace(signer(), pseudonym=pseudonym)))
    second = add(units, contract(agency(), state=ContractState.VOIDED))
    firm = second.parties[0].particulars.id_number
    with units.reading() as unit:

        def found(**which: object) -> list[ContractId]:
            chosen = ContractFilter(**which)  # type: ignore[arg-type]  # by name
            return [one.contract_id for one in unit.contracts.find(chosen)]

        assert found() == sorted([first.contract_id, second.contract_id], reverse=True)
        assert found(number=first.number) == [first.contract_id]
        assert found(id_number="330106198803150011") == [first.contract_id]
        assert found(id_number=firm) == [second.contract_id]
        assert found(state=ContractState.VOIDED) == [second.contract_id]
        assert found(code=second.code) == [second.contract_id]
        newest = max(first.contract_id, second.contract_id)
        assert found(before=newest, limit=5) == [min(first.contract_id, second.contract_id)]
        assert found(number="none") == []


def test_moves_compare_and_set(units: Database) -> None:
    made = add(units, contract())
    (party,) = made.parties
    with units() as unit:
        unit.contracts.move(made.contract_id, ContractState.SIGNING, ContractState.DECLINED, LATER)
        unit.contracts.move_party(party, PartyState.INVITED, LATER)
    with units.reading() as unit:
        after = unit.contracts.get(made.contract_id)
    assert (after.state, after.ended_at) == (ContractState.DECLINED, LATER)
    assert after.parties[0].state is PartyState.INVITED
    with pytest.raises(StateInvalid), units() as unit:
        unit.contracts.move(made.contract_id, ContractState.SIGNING, ContractState.SIGNED, LATER)
    with pytest.raises(StateInvalid), units() as unit:
        unit.contracts.move_party(party, PartyState.VIEWED, LATER)


def test_a_party_is_added_after_the_others(units: Database) -> None:
    made = add(units, contract(signer(), signer(1)))
    new = replace(agency(), replaces=made.parties[0].party_id)
    with units() as unit:
        unit.contracts.add_party(made.contract_id, new)
    with units.reading() as unit:
        assert unit.contracts.get(made.contract_id).parties == (*made.parties, new)


def test_due_and_waiting(units: Database) -> None:
    open_one = add(units, contract(expires_at=LATER))
    add(units, contract(expires_at=LATER, state=ContractState.COMPLETED))
    signed = add(units, contract(state=ContractState.SIGNED))
    with units.reading() as unit:
        assert unit.contracts.due(NOON, 10) == []
        assert unit.contracts.due(LATER, 10) == [open_one.contract_id]
        assert unit.contracts.waiting(ContractState.SIGNED, 10) == [signed.contract_id]


def test_messages_are_counted_by_kind(units: Database) -> None:
    with units() as unit:
        for _ in range(2):
            unit.contracts.note_sent(PartyId("p"), "reminder", NOON)
        unit.contracts.note_sent(PartyId("p"), "other", NOON)
        assert unit.contracts.sent_since(PartyId("p"), "reminder", NOON - timedelta(days=1)) == [NOON, NOON]
        assert unit.contracts.sent_since(PartyId("p"), "reminder", NOON) == []


def revision(number: int, document_id: str = "d", field: str | None = None) -> Revision:
    kind = RevisionKind.SIGNED if field else RevisionKind.PREPARED
    return Revision(DocumentId(document_id), number, kind, 5, 7, PAIR, BlobId("b" * 64), field, NOON)


def test_a_revision_has_a_number_of_its_own(units: Database) -> None:
    with units() as unit:
        unit.documents.add(revision(0))
        unit.documents.add(revision(1, field="party1-1"))
        with pytest.raises(RevisionConflict) as conflict:
            unit.documents.add(revision(1))
        unit.documents.add(revision(0, "e"))
    assert conflict.value.number == 1
    with units.reading() as unit:
        assert unit.documents.revisions(DocumentId("d")) == [revision(0), revision(1, field="party1-1")]


def test_a_turn_is_one_holders_until_it_ends(units: Database) -> None:
    which = DocumentId("d")
    with units() as unit:
        assert unit.documents.take_turn(which, "a", LATER, NOON)
        assert unit.documents.take_turn(which, "a", LATER, NOON), "its own again"
        assert not unit.documents.take_turn(which, "b", LATER, NOON)
        assert unit.documents.take_turn(DocumentId("e"), "b", LATER, NOON)
        assert unit.documents.has_turn(which, "a")
        assert not unit.documents.has_turn(which, "b")
    with units() as unit:
        assert unit.documents.take_turn(which, "b", LATER + timedelta(minutes=1), LATER), "it was over"
        assert not unit.documents.has_turn(which, "a")
        unit.documents.leave_turn(which, "a")
        assert unit.documents.has_turn(which, "b")
        unit.documents.leave_turn(which, "b")
        unit.documents.leave_turn(which, "b")
        assert unit.documents.take_turn(which, "a", LATER, NOON)


def test_attempts_are_there_until_they_end(units: Database) -> None:
    attempt = Attempt(
        "t",
        ContractId("k"),
        DocumentId("d"),
        PartyId("p"),
        KeyId("key"),
        one_time=True,
        algorithm="p256",
        public_key="f" * 64,
        started_at=NOON,
    )
    with units() as unit:
        unit.documents.begin(attempt)
        assert unit.documents.unfinished(DocumentId("d")) == [attempt]
        assert unit.documents.unfinished(DocumentId("e")) == []
        assert unit.documents.stale(LATER, 5) == [ContractId("k")]
        assert unit.documents.stale(NOON, 5) == []
        unit.documents.end("t")
        assert unit.documents.unfinished(DocumentId("d")) == []


def test_another_tenant_sees_nothing(units: Database) -> None:
    made = add(units, contract())
    context = replace(units._context, tenant=TenantId("other"))
    others = Database(units.engine, context)
    with others.reading() as unit:
        with pytest.raises(NotFound):
            unit.contracts.get(made.contract_id)
        assert unit.contracts.find(ContractFilter()) == []
        assert unit.contracts.waiting(made.state, 5) == []
    with pytest.raises(StateInvalid), others() as unit:
        unit.contracts.move(made.contract_id, made.state, ContractState.VOIDED, LATER)
    add(others, contract(number=made.number))
