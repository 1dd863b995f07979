"""Land a signature: its revision, its party, its contract and its evidence in one transaction, or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ca.certificate import Certificate
from ca.errors import NotFound as CaNotFound
from ca.ports import AuthorityStore
from ca.registry import AuthorityId, AuthorityRole
from keys.suites import Suite
from signing.contract import Contract
from signing.contract_ports import Attempt, SigningUnit
from signing.document import Revision
from signing.errors import NotFound, RevisionConflict, StateInvalid
from signing.execute_embed import Embedded
from signing.invite import invite
from signing.party import Party, PartyState, Spot
from signing.transition import ContractState, all_signed, move_contract, move_party


@dataclass(frozen=True, slots=True)
class Landed:
    """What a signature brought about; those invited are told once it is committed."""

    contract: Contract
    party: Party
    invited: tuple[Party, ...]


def pending(party: Party, revisions: Sequence[Revision]) -> tuple[Spot, ...]:
    """The party's fields that carry no signature yet: a crash may have left it between two."""
    signed = {one.field for one in revisions}
    return tuple(one for one in party.spots if one.field not in signed)


def fence(unit: SigningUnit, attempt: Attempt, embedded: Embedded, at: datetime) -> Contract:
    """The contract, held, with the new revision recorded.

    Raises `RevisionConflict` when the turn is another's by now or another revision came first,
    `StateInvalid` for a contract that ended meanwhile, or a party in whose place another was put.
    """
    contract = unit.contracts.hold(attempt.contract_id)
    contract.require_signing("sign", at)
    party = contract.party(attempt.party_id)
    if not party.active:
        raise StateInvalid("party", party.state.value, "sign")
    if not unit.documents.has_turn(attempt.document_id, attempt.attempt_id):
        raise RevisionConflict(attempt.document_id, embedded.revision.number)
    unit.documents.add(embedded.revision)
    return contract


def finish(unit: SigningUnit, contract: Contract, attempt: Attempt, at: datetime) -> Landed:
    """The party's last signature is in: it has SIGNED, and the next are invited, or all have."""
    party = contract.party(attempt.party_id)
    move_party(party, PartyState.SIGNED, "sign")
    unit.contracts.move_party(party, PartyState.SIGNED, at)
    unit.documents.end(attempt.attempt_id)
    unit.documents.leave_turn(attempt.document_id, attempt.attempt_id)
    contract = unit.contracts.get(contract.contract_id)
    invited: tuple[Party, ...] = ()
    if all_signed(contract.parties):
        move_contract(contract.state, ContractState.SIGNED, "sign")
        unit.contracts.move(contract.contract_id, contract.state, ContractState.SIGNED, at)
    else:
        invited = invite(unit, contract, at)
    contract = unit.contracts.get(contract.contract_id)
    return Landed(contract, contract.party(party.party_id), invited)


def issuer_of(authorities: AuthorityStore, suite: Suite, role: AuthorityRole) -> AuthorityId:
    """The active authority of a suite's role; raises `NotFound`."""
    for one in authorities.list():
        if one.active and one.suite is suite and one.role is role:
            return one.authority_id
    raise NotFound("authority", f"{suite.value}-{role.value}")


def chain_above(authorities: AuthorityStore, issuer: AuthorityId | None) -> list[Certificate]:
    """Issuers' certificates from that authority to the root; raises `NotFound`."""
    found = []
    try:
        while issuer is not None:
            authority = authorities.get(issuer)
            found.append(Certificate(authority.certificate))
            issuer = authority.parent
    except CaNotFound as error:
        raise NotFound("authority", str(issuer)) from error
    return found
