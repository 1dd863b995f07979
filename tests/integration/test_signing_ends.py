"""How contracts end, and what undoes no signature."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from api.chores import Chores
from keys.key import new_key_id
from keys.suites import Suite
from signing.contract import new_identifier
from signing.contract_ports import Attempt
from signing.errors import (
    ProofExpired,
    StateInvalid,
    TimestampUnavailable,
    TooManyRequests,
    ValuesInvalid,
)
from signing.party import PartyRole, PartyState
from signing.ports import TimestampSource
from signing.transition import ContractState
from tests.support.pdfsamples import stranger
from tests.support.signing_contract import (
    BANK,
    Studio,
    person,
    place,
    somebody,
)
from tests.support.signing_studio import NoTimestamps, ShiftedClock, begun, results

pytestmark = pytest.mark.slow


def test_declining_ends_the_contract(studio: Studio) -> None:
    contract, token = begun(studio, person(PartyRole.BORROWER), person(PartyRole.GUARANTOR, 2, 1))
    studio.read(token)
    with pytest.raises(ValuesInvalid):
        studio.centre.contracts.attendance.decline(token, " ")
    studio.centre.contracts.attendance.decline(token, "利率不对")
    after = studio.get(contract.contract_id)
    assert (after.state, after.parties[0].state) == (ContractState.DECLINED, PartyState.DECLINED)
    with pytest.raises(StateInvalid):
        studio.open(contract, contract.parties[0])


def test_voiding_ends_every_session(studio: Studio) -> None:
    contract, token = begun(studio)
    studio.agree(token)
    studio.centre.contracts.withdrawal.void(contract.contract_id, BANK, "错误")
    with pytest.raises(StateInvalid):
        studio.centre.executing.execution.sign(token)
    assert results(studio, contract, "CONTRACT_CANCELLED") == ["voided"]


def test_a_contract_expires(studio: Studio) -> None:
    contract = studio.start(expires_at=studio.centre.clock.now() + timedelta(minutes=6))
    withdrawal = studio.centre.contracts.withdrawal
    clock = withdrawal._clock
    later = ShiftedClock(clock)
    later.shift = timedelta(minutes=7)
    assert contract.contract_id not in withdrawal.expire_due()
    withdrawal._clock = later
    try:
        assert contract.contract_id in withdrawal.expire_due()
        assert contract.contract_id not in withdrawal.expire_due()
    finally:
        withdrawal._clock = clock
    assert studio.get(contract.contract_id).state is ContractState.EXPIRED
    assert results(studio, contract, "CONTRACT_EXPIRED") == ["ok"]


def test_reminders_are_limited(studio: Studio) -> None:
    contract = studio.start(person(PartyRole.BORROWER), person(PartyRole.GUARANTOR, 2, 1))
    first, second = contract.parties
    before = len(studio.telephone.received)
    studio.invitations.remind(contract.contract_id, first.party_id, BANK)
    assert len(studio.telephone.received) == before + 1
    with pytest.raises(TooManyRequests) as refused:
        studio.invitations.remind(contract.contract_id, first.party_id, BANK)
    assert 7_000 < refused.value.retry_after <= 7_200
    with pytest.raises(StateInvalid):
        studio.invitations.remind(contract.contract_id, second.party_id, BANK)
    clock = studio.invitations._clock
    later = ShiftedClock(clock)
    studio.invitations._clock = later
    try:
        later.shift = timedelta(hours=3)
        studio.invitations.remind(contract.contract_id, first.party_id, BANK)
        later.shift = timedelta(hours=6)
        with pytest.raises(TooManyRequests):
            studio.invitations.remind(contract.contract_id, first.party_id, BANK)
        later.shift = timedelta(hours=25)
        studio.invitations.remind(contract.contract_id, first.party_id, BANK)
    finally:
        studio.invitations._clock = clock


def test_a_party_is_replaced_before_it_signs(studio: Studio) -> None:
    contract, token = begun(studio)
    old = contract.parties[0]
    replacement = studio.centre.contracts.replacement
    with pytest.raises(StateInvalid):
        replacement.replace(contract.contract_id, old.party_id, old.particulars, BANK)
    new = replacement.replace(contract.contract_id, old.party_id, somebody("李四"), BANK)
    assert (new.replaces, new.state, new.order) == (old.party_id, PartyState.INVITED, old.order)
    assert new.party_id != old.party_id
    with pytest.raises(StateInvalid):
        studio.centre.contracts.attendance.document(token)
    signed = studio.sign(studio.get(contract.contract_id), new)
    assert signed.contract.state is ContractState.COMPLETED
    with pytest.raises(StateInvalid):
        replacement.replace(contract.contract_id, new.party_id, somebody(), BANK)
    assert results(studio, contract, "PARTY_REPLACED") == ["ok"]


def test_without_a_timestamp_there_is_no_signature(studio: Studio) -> None:
    contract, token = begun(studio)
    studio.agree(token)
    execution = studio.centre.executing.execution
    desk = execution._desk

    def none(suite: Suite) -> TimestampSource:
        return NoTimestamps()

    execution._desk = replace(desk, timestamps=none)
    try:
        with pytest.raises(TimestampUnavailable):
            execution.sign(token)
    finally:
        execution._desk = desk
    with studio.centre.database.reading() as unit:
        assert len(unit.documents.revisions(contract.document_id)) == 2
        assert unit.documents.unfinished(contract.document_id) == []
    assert results(studio, contract, "SIGN_FAILED") == ["timestamp-unavailable"]
    assert studio.events(contract)[-2:] == ["SIGN_FAILED", "KEY_DESTROYED"]
    assert execution.sign(token).contract.state is ContractState.COMPLETED, "the same session tries again"


def test_a_contract_waits_for_validation_data(studio: Studio) -> None:
    """All have signed; what is missing for B-LT is fetched later, and takes no signature back."""
    contract, token = begun(studio)
    studio.agree(token)
    completion = studio.centre.executing.completion
    timestamps = completion._timestamps

    def none(suite: Suite) -> TimestampSource:
        return NoTimestamps()

    completion._timestamps = none
    try:
        assert studio.centre.executing.execution.sign(token).contract.state is ContractState.SIGNED
    finally:
        completion._timestamps = timestamps
    assert results(studio, contract, "LTA_EXTENDED") == ["timestamp-unavailable"]
    with pytest.raises(StateInvalid):
        studio.centre.contracts.withdrawal.void(contract.contract_id, BANK, "too late")
    assert contract.contract_id in completion.resume()
    assert studio.get(contract.contract_id).state is ContractState.COMPLETED


def test_old_proof_has_to_be_given_again(studio: Studio) -> None:
    contract, token = begun(studio)
    studio.agree(token)
    clock = ShiftedClock(studio.centre.clock)
    execution = studio.centre.executing.execution
    desk = execution._desk
    execution._desk = replace(desk, clock=clock)
    try:
        clock.shift = timedelta(minutes=11)
        with pytest.raises(ProofExpired) as refused:
            execution.sign(token)
    finally:
        execution._desk = desk
    assert refused.value.field == "intent"
    assert results(studio, contract, "SIGN_FAILED") == ["proof-expired"]
    assert execution.sign(token).party.state is PartyState.SIGNED


def test_several_places_of_a_party_are_signed_in_one_act(studio: Studio) -> None:
    contract = studio.start(person(PartyRole.BORROWER, places=(place(0), place(1), place(40))))
    signed = studio.sign(contract, contract.parties[0])
    assert [one.field for one in signed.revisions] == ["party1-1", "party1-2", "party1-3"]
    assert signed.contract.state is ContractState.COMPLETED
    assert studio.events(contract).count("CERT_ISSUED") == 1


def test_strangers_signatures_are_kept_and_not_vouched_for(studio: Studio) -> None:
    """An uploaded file may come with signatures of people that no authority of ours knows."""
    signed = stranger("minimal-two-fields-signed-twice.pdf")
    contract = studio.draw_up(file=signed)
    assert any("came with 2 signatures" in note for note in contract.notes)
    studio.invitations.start(contract.contract_id, BANK)
    done = studio.sign(contract, contract.parties[0])
    assert done.contract.state is ContractState.COMPLETED
    assert studio.data(contract).startswith(signed)


def test_a_running_service_records_what_a_dead_process_left(studio: Studio) -> None:
    """Its key is gone with it, and no signature of it can land any more."""
    contract = studio.start()
    (party,) = contract.parties
    long_ago = studio.centre.clock.now() - timedelta(minutes=2)
    attempt = Attempt(
        attempt_id=new_identifier(long_ago),
        contract_id=contract.contract_id,
        document_id=contract.document_id,
        party_id=party.party_id,
        key_id=new_key_id(),
        one_time=True,
        algorithm="p256-sha256",
        public_key="0" * 64,
        started_at=long_ago,
    )
    with studio.centre.database() as unit:
        assert unit.documents.take_turn(contract.document_id, attempt.attempt_id, long_ago, long_ago)
        unit.documents.begin(attempt)
    Chores(studio.centre).contracts()
    assert studio.events(contract)[-2:] == ["SIGN_FAILED", "KEY_DESTROYED"]
    assert results(studio, contract, "SIGN_FAILED") == ["signing-lost"]
    with studio.centre.database.reading() as unit:
        assert unit.documents.unfinished(contract.document_id) == []
    assert studio.sign(contract, party).contract.state is ContractState.COMPLETED
