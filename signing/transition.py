"""How contracts and their parties move from state to state: tables, and pure functions over them."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from typing import TypeVar

from signing.errors import OrderNotReached, StateInvalid
from signing.party import Party, PartyId, PartyState


class ContractState(enum.StrEnum):
    """How far a contract is."""

    DRAFT = "draft"
    PREPARED = "prepared"
    """Its text and its signature fields stand; nobody was invited yet."""
    SIGNING = "signing"
    SIGNED = "signed"
    """By all; data for later validation is still to be added."""
    COMPLETED = "completed"
    DECLINED = "declined"
    VOIDED = "voided"
    EXPIRED = "expired"

    @property
    def ended(self) -> bool:
        """Whether nothing leads out of it."""
        return not CONTRACT_MOVES[self]


CONTRACT_MOVES: Mapping[ContractState, frozenset[ContractState]] = {
    ContractState.DRAFT: frozenset({ContractState.PREPARED, ContractState.VOIDED}),
    ContractState.PREPARED: frozenset({ContractState.SIGNING, ContractState.VOIDED, ContractState.EXPIRED}),
    ContractState.SIGNING: frozenset(
        {ContractState.SIGNED, ContractState.DECLINED, ContractState.VOIDED, ContractState.EXPIRED}
    ),
    ContractState.SIGNED: frozenset({ContractState.COMPLETED}),
    ContractState.COMPLETED: frozenset(),
    ContractState.DECLINED: frozenset(),
    ContractState.VOIDED: frozenset(),
    ContractState.EXPIRED: frozenset(),
}

PARTY_MOVES: Mapping[PartyState, frozenset[PartyState]] = {
    PartyState.PENDING: frozenset({PartyState.INVITED, PartyState.REPLACED}),
    PartyState.INVITED: frozenset({PartyState.VIEWED, PartyState.DECLINED, PartyState.REPLACED}),
    PartyState.VIEWED: frozenset({PartyState.CONFIRMED, PartyState.DECLINED, PartyState.REPLACED}),
    PartyState.CONFIRMED: frozenset({PartyState.SIGNED, PartyState.DECLINED, PartyState.REPLACED}),
    PartyState.SIGNED: frozenset(),
    PartyState.DECLINED: frozenset(),
    PartyState.REPLACED: frozenset(),
}
"""Of parties that sign in person."""

SILENT_MOVES: Mapping[PartyState, frozenset[PartyState]] = {
    PartyState.PENDING: frozenset({PartyState.INVITED, PartyState.REPLACED}),
    PartyState.INVITED: frozenset({PartyState.SIGNED, PartyState.REPLACED}),
    PartyState.SIGNED: frozenset(),
    PartyState.REPLACED: frozenset(),
}
"""Of organisations that sign by their own seal: there is nobody to view and confirm."""

S = TypeVar("S", bound=enum.StrEnum)


def move_contract(state: ContractState, to: ContractState, act: str) -> ContractState:
    """`to`; raises `StateInvalid` naming the act when no move leads there."""
    return _move(CONTRACT_MOVES, state, to, "contract", act)


def move_party(party: Party, to: PartyState, act: str) -> PartyState:
    """`to`; raises `StateInvalid` naming the act when no move leads there."""
    return _move(SILENT_MOVES if party.silent else PARTY_MOVES, party.state, to, "party", act)


def advance_party(party: Party, to: PartyState, act: str) -> PartyState:
    """As `move_party`, but a party that is as far already, or further towards its signature, stays.

    Looking again, or confirming anew after the proof has aged, takes nobody back.
    """
    if party.state in _PROGRESS and to in _PROGRESS[: _PROGRESS.index(party.state) + 1]:
        return party.state
    return move_party(party, to, act)


def turn(parties: Iterable[Party]) -> tuple[Party, ...]:
    """Those whose turn it is: of the lowest order among all that have yet to sign."""
    waiting = [one for one in parties if one.active and one.state is not PartyState.SIGNED]
    first = min((one.order for one in waiting), default=0)
    return tuple(one for one in waiting if one.order == first)


def require_turn(parties: Iterable[Party], party_id: PartyId) -> None:
    """Raises `OrderNotReached`, with how many have to sign before."""
    everyone = tuple(parties)
    mine = next(one for one in everyone if one.party_id == party_id)
    before = [
        one
        for one in everyone
        if one.active and one.state is not PartyState.SIGNED and one.order < mine.order
    ]
    if before:
        raise OrderNotReached(len(before))


def all_signed(parties: Iterable[Party]) -> bool:
    """Whether every party that counts has signed, and there is one."""
    counted = [one for one in parties if one.active]
    return bool(counted) and all(one.state is PartyState.SIGNED for one in counted)


_PROGRESS = (PartyState.INVITED, PartyState.VIEWED, PartyState.CONFIRMED)


def _move(moves: Mapping[S, frozenset[S]], state: S, to: S, kind: str, act: str) -> S:
    if to not in moves.get(state, frozenset()):
        raise StateInvalid(kind, state.value, act)
    return to
