"""Who may stand in a contract, and as what."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from signing.errors import Refused, SigningError, ValuesInvalid
from signing.identity import Method
from signing.party import (
    Agent,
    Particulars,
    PartyKind,
    PartyOrder,
    PartyRole,
    PowerOfAttorney,
    check_party,
    masked_mobile,
    profile_of,
)
from signing.place import CrossPage
from signing.proof import ORGANISATION_PROFILE, PERSON_PROFILE, SEAL_PROFILE, SigningProfile
from tests.support.clock import NOON
from tests.support.contracts import LENDER
from tests.support.signing_contract import person, place, somebody

NUMBER = "330106198803150010"
"""Its check digit is that of another number."""
FIRM = Particulars(LENDER["name"], LENDER["credit_code"], representative=LENDER["representative"])
POWER = PowerOfAttorney("poa-1", frozenset({PartyRole.LENDER}), NOON, NOON + timedelta(days=1), 10_000)
AGENT = Agent(somebody("李四"), POWER)


def firm(**changes: object) -> PartyOrder:
    made = PartyOrder(PartyRole.LENDER, PartyKind.ORGANISATION, FIRM, 1, (place(),), AGENT)
    return replace(made, **changes)  # type: ignore[arg-type]  # by name


def test_who_may_stand_in_a_contract() -> None:
    for order in (person(PartyRole.BORROWER), firm(), firm(agent=None, silent=True)):
        assert check_party(order, "parties[0]") is order


@pytest.mark.parametrize(
    ("order", "field"),
    [
        (person(PartyRole.BORROWER, 0), "order"),
        (person(PartyRole.BORROWER, 1_001), "order"),
        (person(PartyRole.BORROWER, places=tuple(place(n) for n in range(9))), "fields"),
        (person(PartyRole.BORROWER, places=(replace(place(), place=None),)), "fields[0]"),
        (person(PartyRole.BORROWER, places=(replace(place(), cross_page=CrossPage(9, 9)),)), "fields[0]"),
        (person(PartyRole.BORROWER, silent=True), "silent"),
        (person(PartyRole.BORROWER, agent=AGENT), "agent"),
        (person(PartyRole.BORROWER, particulars=replace(somebody(), name=" ")), "name"),
        (person(PartyRole.BORROWER, particulars=replace(somebody(), name="名" * 65)), "name"),
        (
            person(PartyRole.BORROWER, particulars=replace(somebody(), id_number="330106198803150010")),
            "id_number",
        ),
        (person(PartyRole.BORROWER, particulars=replace(somebody(), mobile=None)), "mobile"),
        (person(PartyRole.BORROWER, particulars=replace(somebody(), mobile="12000000000")), "mobile"),
        (firm(particulars=replace(FIRM, id_number="91330106MA2H1XQ011")), "id_number"),
        (firm(agent=None), "agent"),
        (firm(silent=True), "agent"),
        (firm(agent=replace(AGENT, power=replace(POWER, not_after=NOON))), "agent.power"),
        (firm(agent=replace(AGENT, particulars=replace(somebody(), mobile=""))), "agent.mobile"),
    ],
)
def test_what_is_refused_names_the_field(order: PartyOrder, field: str) -> None:
    with pytest.raises(SigningError) as refused:
        check_party(order, "parties[0]")
    assert isinstance(refused.value, ValuesInvalid | Refused)
    assert refused.value.field == f"parties[0].{field}"


def test_an_error_never_repeats_an_identity_number() -> None:
    with pytest.raises(ValuesInvalid) as refused:
        check_party(person(PartyRole.BORROWER, particulars=replace(somebody(), id_number=NUMBER)), "p")
    assert NUMBER not in str(refused.value)
    assert NUMBER not in repr(person(PartyRole.BORROWER, particulars=replace(somebody(), id_number=NUMBER)))


@pytest.mark.parametrize(
    ("role", "amount", "after"),
    [
        (PartyRole.LENDER, 10_000, timedelta(days=-1)),
        (PartyRole.LENDER, 10_000, timedelta(days=2)),
        (PartyRole.GUARANTOR, 10_000, timedelta(hours=1)),
        (PartyRole.LENDER, 10_001, timedelta(hours=1)),
        (PartyRole.LENDER, None, timedelta(hours=1)),
    ],
)
def test_a_power_covers_what_it_says(role: PartyRole, amount: int | None, after: timedelta) -> None:
    POWER.require(PartyRole.LENDER, 10_000, NOON + timedelta(hours=1))
    with pytest.raises(Refused) as refused:
        POWER.require(role, amount, NOON + after)
    assert refused.value.field == "power_of_attorney"


def test_profiles_follow_who_signs() -> None:
    own = SigningProfile(identity=(frozenset({Method.FOUR_ELEMENTS}),))
    assert profile_of(person(PartyRole.BORROWER)) is PERSON_PROFILE
    assert profile_of(firm()) is ORGANISATION_PROFILE
    assert profile_of(firm(agent=None, silent=True)) is SEAL_PROFILE
    assert profile_of(person(PartyRole.BORROWER, profile=own)) is own


def test_numbers_are_shown_masked() -> None:
    assert masked_mobile("13812345678") == "138****5678"
