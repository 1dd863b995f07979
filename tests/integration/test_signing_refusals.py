"""What keeps a contract from being drawn up, and a party from its turn."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from signing.authorisation import AuthorisationId
from signing.contract import TemplateChoice, Terms
from signing.errors import (
    AuthorisationMissing,
    DocumentRefused,
    GlyphMissing,
    NotFound,
    OrderNotReached,
    PlacementInvalid,
    Refused,
    SigningError,
    StateInvalid,
    ValuesInvalid,
)
from signing.party import (
    Agent,
    Particulars,
    PartyKind,
    PartyOrder,
    PartyRole,
    PartyState,
    PowerOfAttorney,
    SignaturePlace,
)
from signing.place import Box, CrossPage, Keyword, Rect
from signing.transition import ContractState
from tests.support.contracts import loan_values, person_id
from tests.support.signing_bank import CODE, NAME, SealedBank
from tests.support.signing_contract import (
    BANK,
    Studio,
    person,
    place,
    somebody,
)
from tests.support.signing_studio import results
from tests.support.tiny_pdf import tiny_pdf

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    ("changes", "error", "field"),
    [
        ({"number": " "}, ValuesInvalid, "number"),
        ({"number": "n" * 65}, ValuesInvalid, "number"),
        ({"number": "a\u202eb"}, ValuesInvalid, "number"),
        ({"title": ""}, ValuesInvalid, "title"),
        ({"kind": "借款"}, ValuesInvalid, "kind"),
        ({"file": None}, ValuesInvalid, "template"),
        ({"terms": Terms(0, 1)}, ValuesInvalid, "terms.amount"),
        ({"terms": Terms(1, -1)}, ValuesInvalid, "terms.rate_bp"),
        ({"expires_at": datetime(2020, 1, 1, tzinfo=UTC)}, ValuesInvalid, "expires_at"),
        ({"file": b"no pdf"}, DocumentRefused, "not-pdf"),
        ({"file": tiny_pdf()[:200]}, DocumentRefused, "broken"),
    ],
)
def test_what_can_be_no_contract_is_named(
    studio: Studio, changes: dict[str, object], error: type[SigningError], field: str
) -> None:
    with pytest.raises(error) as refused:
        studio.draw_up(**changes)
    assert field in (getattr(refused.value, "field", None), getattr(refused.value, "cause", None))


@pytest.mark.parametrize(
    ("where", "name"),
    [
        (SignaturePlace(Box(9, Rect(0, 0, 100, 50))), "no page"),
        (SignaturePlace(Box(1, Rect(500, 0, 200, 50))), "reaches beyond"),
        (SignaturePlace(Keyword("没有的词", 100, 50)), "party1-1"),
    ],
)
def test_a_place_that_cannot_be_had_is_named(studio: Studio, where: SignaturePlace, name: str) -> None:
    with pytest.raises(PlacementInvalid, match=name):
        studio.draw_up(person(PartyRole.BORROWER, places=(where,)))


def test_a_party_without_a_place_is_named(studio: Studio) -> None:
    with pytest.raises(ValuesInvalid) as refused:
        studio.draw_up(person(PartyRole.BORROWER, places=()))
    assert refused.value.field == "parties[0].fields"


def test_a_name_that_no_font_has_is_refused_by_name(studio: Studio) -> None:
    with pytest.raises(GlyphMissing) as refused:
        studio.draw_up(person(PartyRole.BORROWER, name="张\U000323b0"))
    assert refused.value.field == "parties[0].name"
    assert refused.value.characters == "\U000323b0"


def test_a_number_that_is_taken_is_refused(studio: Studio) -> None:
    made = studio.draw_up()
    with pytest.raises(StateInvalid):
        studio.draw_up(number=made.number)


def test_a_broken_file_is_rewritten_and_people_are_told(studio: Studio) -> None:
    made = studio.draw_up(file=tiny_pdf(2).replace(b"startxref", b"startxxxx"))
    assert any("rewritten" in note for note in made.notes)
    assert made.source["repaired"] is True


def test_nobody_signs_before_the_start(studio: Studio) -> None:
    contract = studio.draw_up()
    with pytest.raises(StateInvalid):
        studio.open(contract, contract.parties[0])
    assert results(studio, contract, "SESSION_REFUSED") == ["contract-state-invalid"]
    studio.invitations.start(contract.contract_id, BANK)
    with pytest.raises(StateInvalid):
        studio.invitations.start(contract.contract_id, BANK)


def test_the_order_holds(studio: Studio) -> None:
    contract = studio.start(person(PartyRole.BORROWER), person(PartyRole.GUARANTOR, 2, 1))
    with pytest.raises(OrderNotReached) as refused:
        studio.open(contract, contract.parties[1])
    assert refused.value.waiting_for == 1
    assert results(studio, contract, "SESSION_REFUSED") == ["order-not-reached"]


def test_in_parallel_the_order_is_nobodys(studio: Studio) -> None:
    contract = studio.start(person(PartyRole.BORROWER), person(PartyRole.GUARANTOR, 2, 1), parallel=True)
    assert {one.state for one in contract.parties} == {PartyState.INVITED}


def test_a_seal_needs_its_authorisation(studio: Studio, bank: SealedBank) -> None:
    borrower = person(PartyRole.BORROWER)
    contract = studio.start(borrower, bank.lender(2, place(5)))
    with pytest.raises(OrderNotReached):
        bank.seal(contract)
    studio.sign(contract, contract.parties[0])
    sealing = studio.centre.executing.sealing
    lender = contract.parties[1]
    with pytest.raises(NotFound):
        sealing.seal(contract.contract_id, lender.party_id, AuthorisationId("none"), BANK)
    with pytest.raises(Refused):
        sealing.seal(contract.contract_id, contract.parties[0].party_id, bank.authorisation_id, BANK)
    with pytest.raises(StateInvalid):
        studio.open(contract, lender)
    assert bank.seal(contract).contract.state is ContractState.COMPLETED
    assert studio.events(contract).count("SEAL_APPLIED") == 1
    with pytest.raises(StateInvalid):
        bank.seal(contract)


def test_a_seal_beyond_its_cap_is_refused(studio: Studio, bank: SealedBank) -> None:
    contract = studio.start(bank.lender(1, place()), terms=Terms(20_000_001, 650))
    with pytest.raises(AuthorisationMissing) as refused:
        bank.seal(contract)
    assert refused.value.field == "amount"
    assert results(studio, contract, "SIGN_FAILED") == ["authorisation-missing"]


def test_a_seal_across_pages_is_one_signature(studio: Studio, bank: SealedBank) -> None:
    across = SignaturePlace(None, CrossPage(110, 110))
    contract = studio.start(bank.lender(1, place(), across), file=tiny_pdf(5))
    signed = bank.seal(contract)
    assert len(signed.revisions) == 2
    assert signed.contract.state is ContractState.COMPLETED


def test_the_names_of_the_bank_are_its_registers(bank: SealedBank) -> None:
    party = bank.lender(1)
    assert (party.particulars.name, party.particulars.id_number) == (NAME, CODE)


def test_a_place_too_small_for_the_signature_is_refused_before_anybody_signs(studio: Studio) -> None:
    small = SignaturePlace(Box(1, Rect(10, 10, 30, 12)))
    with pytest.raises(PlacementInvalid, match="too small"):
        studio.draw_up(person(PartyRole.BORROWER, places=(small,)))


def test_a_silent_party_without_a_seal_is_refused(studio: Studio, bank: SealedBank) -> None:
    lender = replace(bank.lender(1), places=(place(),))
    with pytest.raises(Refused) as refused:
        studio.draw_up(lender)
    assert refused.value.field == "seal"


@pytest.mark.parametrize(
    ("name", "value"), [("name", "王五"), ("id_number", person_id("330106", "19900101", "123"))]
)
def test_the_text_names_those_who_sign(studio: Studio, name: str, value: str) -> None:
    values = loan_values()
    own = Particulars(values["borrower"]["name"], values["borrower"]["id_number"], "13800000001")
    borrower = person(PartyRole.BORROWER, particulars=own, places=())
    values["borrower"][name] = value
    with pytest.raises(ValuesInvalid) as refused:
        studio.draw_up(borrower, file=None, template=TemplateChoice("personal-loan"), values=values)
    assert refused.value.field.startswith("borrower")


def test_an_agent_seals_in_person(studio: Studio, bank: SealedBank) -> None:
    """The organisation's seal is shown, its ledger says who approved, the certificate is the agent's."""
    now = studio.centre.clock.now()
    power = PowerOfAttorney("poa-1", frozenset({PartyRole.LENDER}), now, now + timedelta(days=1))
    particulars = Particulars(NAME, CODE, representative="周示范")
    order = PartyOrder(
        role=PartyRole.LENDER,
        kind=PartyKind.ORGANISATION,
        particulars=particulars,
        order=1,
        places=(replace(place(), seal=bank.seal_id),),
        agent=Agent(somebody("钱七"), power),
    )
    contract = studio.start(order)
    signed = studio.sign(contract, contract.parties[0])
    assert signed.contract.state is ContractState.COMPLETED
    assert "AUTHORITY_CHECKED" in studio.events(contract)
    (applied,) = [facts for name, facts, _ in studio.recorded(contract) if name == "SEAL_APPLIED"]
    assert applied["authorisation"] is None
    assert applied["approver"]
    with studio.centre.database.reading() as unit:
        subject = unit.certificates.get(signed.serial).reservation.subject
    assert "CN=钱七" in subject


def test_a_power_that_is_over_signs_nothing(studio: Studio) -> None:
    now = studio.centre.clock.now()
    power = PowerOfAttorney("poa-1", frozenset({PartyRole.GUARANTOR}), now - timedelta(days=2), now)
    order = PartyOrder(
        role=PartyRole.GUARANTOR,
        kind=PartyKind.ORGANISATION,
        particulars=Particulars(NAME, CODE, representative="周示范"),
        order=1,
        places=(place(),),
        agent=Agent(somebody("钱七"), power),
    )
    contract = studio.start(order)
    with pytest.raises(Refused) as refused:
        studio.open(contract, contract.parties[0])
    assert refused.value.field == "power_of_attorney"
    assert results(studio, contract, "SESSION_REFUSED") == ["signing-refused"]
