"""Replace a party before it signed: another person in its role, its order and its places."""

from __future__ import annotations

from dataclasses import replace

from ca.order import Requester
from evidence.canonical import JSON
from evidence.clock import Clock
from evidence.event import EventType
from signing.contract import ContractId, new_identifier
from signing.contract_ports import SigningUnits
from signing.contract_record import draft, party_facts
from signing.errors import StateInvalid
from signing.invite import Invitations, invite
from signing.party import Agent, Particulars, Party, PartyId, PartyOrder, PartyState, check_party
from signing.session import SessionEnd
from signing.transition import ContractState, move_party


class Replacement:
    """Puts somebody else in a party's place; the document stays as it is."""

    def __init__(self, units: SigningUnits, invitations: Invitations, clock: Clock) -> None:
        self._units = units
        self._invitations = invitations
        self._clock = clock

    def replace(
        self,
        contract_id: ContractId,
        party_id: PartyId,
        particulars: Particulars,
        requester: Requester,
        agent: Agent | None = None,
    ) -> Party:
        """The new party, with an id of its own.

        Raises `NotFound`, `StateInvalid` for one that signed or declined and for a contract that is
        neither prepared nor being signed, `ValuesInvalid`, `Refused`.
        """
        now = self._clock.now()
        with self._units() as unit:
            contract = unit.contracts.hold(contract_id)
            if contract.state is not ContractState.PREPARED:
                contract.require_signing("replace a party", now)
            old = contract.party(party_id)
            move_party(old, PartyState.REPLACED, "replace")
            signed = {one.field for one in unit.documents.revisions(contract.document_id)}
            if signed.intersection(old.fields):
                raise StateInvalid("party", PartyState.SIGNED.value, "replace")
            check_party(
                PartyOrder(old.role, old.kind, particulars, old.order, old.places, agent, old.silent), "party"
            )
            signer = particulars if agent is None else agent.particulars
            new = replace(
                old,
                party_id=PartyId(new_identifier(now)),
                particulars=particulars,
                agent=agent,
                state=PartyState.PENDING,
                pseudonym=unit.contracts.pseudonym(signer.id_number),
                replaces=party_id,
            )
            if new.pseudonym == old.pseudonym:
                raise StateInvalid("party", "the same person", "replace")
            unit.contracts.move_party(old, PartyState.REPLACED, now)
            unit.contracts.add_party(contract_id, new)
            for session in unit.sign_sessions.open_of(party_id):
                unit.sign_sessions.save(replace(session, end=SessionEnd.SUPERSEDED, ended_at=now))
            facts: dict[str, JSON] = {**party_facts(new), "replaces": party_id}
            personal: dict[str, JSON] = {"name": particulars.name}
            kind = EventType.PARTY_REPLACED
            unit.log.append([draft(kind, contract, requester.actor, now, facts, personal=personal)])
            contract = unit.contracts.get(contract_id)
            signing = contract.state is ContractState.SIGNING
            fresh = invite(unit, contract, now) if signing else ()
            contract = unit.contracts.get(contract_id)
        self._invitations.tell(contract, fresh, actor=requester.actor)
        return contract.party(new.party_id)
