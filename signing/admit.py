"""Admit whoever holds a session's token to an act: session open, contract signing, and its turn."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from signing.contract import Contract
from signing.contract_ports import SigningUnit
from signing.errors import StateInvalid
from signing.party import Party, PartyState
from signing.session import Session, token_digest
from signing.transition import require_turn


@dataclass(frozen=True, slots=True)
class Admitted:
    """Who acts, on what; the contract is held until the transaction ends."""

    session: Session
    contract: Contract
    party: Party


def admit(unit: SigningUnit, token: str, act: str, at: datetime, *, hold: bool = True) -> Admitted:
    """Held but for `hold`, when nothing is to be changed.

    Raises `NotFound` for a token of no session, `StateInvalid`, `OrderNotReached`.
    """
    digest = token_digest(token)
    found = unit.sign_sessions.by_token(digest)
    contract = unit.contracts.hold(found.contract_id) if hold else unit.contracts.get(found.contract_id)
    session = unit.sign_sessions.by_token(digest)  # again: it may have changed until the contract was held
    session.require_open(act, at)
    contract.require_signing(act, at)
    party = contract.party(session.party_id)
    if party.state is PartyState.SIGNED or not party.active:
        raise StateInvalid("party", party.state.value, act)
    require_turn(contract.parties, party.party_id)
    return Admitted(session, contract, party)
