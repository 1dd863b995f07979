"""Contracts and parties move as the tables say, and in no other way."""

from __future__ import annotations

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signing.errors import OrderNotReached, StateInvalid
from signing.party import Party, PartyState
from signing.transition import (
    CONTRACT_MOVES,
    PARTY_MOVES,
    SILENT_MOVES,
    ContractState,
    advance_party,
    all_signed,
    move_contract,
    move_party,
    require_turn,
    turn,
)
from tests.support.signing_contract import member

ENDS = {ContractState.COMPLETED, ContractState.DECLINED, ContractState.VOIDED, ContractState.EXPIRED}


parties = st.lists(
    st.tuples(st.sampled_from(list(PartyState)), st.integers(1, 4)), min_size=1, max_size=8
).map(lambda given: tuple(member(at, state, order) for at, (state, order) in enumerate(given)))


def test_every_state_has_its_moves() -> None:
    assert CONTRACT_MOVES.keys() == set(ContractState)
    assert PARTY_MOVES.keys() == set(PartyState)
    assert {one for one in ContractState if one.ended} == ENDS


@given(st.sampled_from(list(ContractState)), st.sampled_from(list(ContractState)))
def test_contracts_move_by_the_table_alone(state: ContractState, to: ContractState) -> None:
    if to in CONTRACT_MOVES[state]:
        assert move_contract(state, to, "test") is to
    else:
        with pytest.raises(StateInvalid):
            move_contract(state, to, "test")


@given(st.sampled_from(list(PartyState)), st.sampled_from(list(PartyState)), st.booleans())
def test_parties_move_by_their_table_alone(state: PartyState, to: PartyState, silent: bool) -> None:  # noqa: FBT001
    moves = SILENT_MOVES if silent else PARTY_MOVES
    if to in moves.get(state, frozenset()):
        assert move_party(member(0, state, silent=silent), to, "test") is to
    else:
        with pytest.raises(StateInvalid):
            move_party(member(0, state, silent=silent), to, "test")


@given(st.lists(st.sampled_from(list(ContractState)), max_size=12))
def test_no_way_leads_out_of_an_end_or_around_a_signature(wanted: list[ContractState]) -> None:
    """Whatever is tried in whatever order: completed contracts were signed, and ends are ends."""
    state, way = ContractState.DRAFT, [ContractState.DRAFT]
    for to in wanted:
        try:
            state = move_contract(state, to, "test")
        except StateInvalid:
            continue
        way.append(state)
    assert not any(one.ended for one in way[:-1])
    if ContractState.COMPLETED in way:
        assert way == [
            ContractState.DRAFT,
            ContractState.PREPARED,
            ContractState.SIGNING,
            ContractState.SIGNED,
            ContractState.COMPLETED,
        ]


def test_looking_again_takes_nobody_back() -> None:
    confirmed = member(0, PartyState.CONFIRMED)
    assert advance_party(confirmed, PartyState.VIEWED, "test") is PartyState.CONFIRMED
    assert advance_party(confirmed, PartyState.CONFIRMED, "test") is PartyState.CONFIRMED
    with pytest.raises(StateInvalid):
        advance_party(member(0, PartyState.SIGNED), PartyState.VIEWED, "test")
    with pytest.raises(StateInvalid):
        advance_party(member(0, PartyState.INVITED), PartyState.CONFIRMED, "test")


@given(parties)
def test_a_turn_waits_for_all_before_it(everyone: tuple[Party, ...]) -> None:
    mine = turn(everyone)
    for one in everyone:
        before = [
            other
            for other in everyone
            if other.active and other.state is not PartyState.SIGNED and other.order < one.order
        ]
        if before:
            with pytest.raises(OrderNotReached) as refused:
                require_turn(everyone, one.party_id)
            assert refused.value.waiting_for == len(before)
        else:
            require_turn(everyone, one.party_id)
    assert len({one.order for one in mine}) <= 1
    assert all(one.active and one.state is not PartyState.SIGNED for one in mine)


@given(parties)
def test_all_have_signed_when_nobody_is_waited_for(everyone: tuple[Party, ...]) -> None:
    if all_signed(everyone):
        assert turn(everyone) == ()
        assert any(one.state is PartyState.SIGNED for one in everyone)
    elif any(one.active for one in everyone):
        assert turn(everyone)


def test_a_party_that_was_replaced_is_not_waited_for() -> None:
    old, new = member(0, PartyState.REPLACED), member(1, PartyState.SIGNED)
    assert all_signed((old, new))
    assert turn((old, dataclasses.replace(new, state=PartyState.INVITED)))[0].party_id == new.party_id
