"""Invite the parties whose turn it is, and remind them, within limits."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from ca.order import Requester
from evidence.canonical import JSON
from evidence.clock import Clock, rfc3339
from evidence.digest import sha256
from evidence.event import Actor, EventType
from signing.contract import Contract, ContractId
from signing.contract_ports import SigningUnit, SigningUnits
from signing.contract_record import SYSTEM, draft, failure
from signing.errors import ProviderUnavailable, StateInvalid, TooManyRequests
from signing.message import MessageSender, ShortMessage
from signing.party import Party, PartyId, PartyState
from signing.transition import ContractState, move_contract, turn

MAX_REMINDERS_PER_DAY = 2  # of one party, as the large services bound it
REMIND_AFTER = timedelta(hours=2)  # between two
DAY = timedelta(days=1)
REMINDER, INVITATION = "reminder", "invitation"


class Invitations:
    """Starts the signing, and tells parties that it is their turn."""

    def __init__(self, units: SigningUnits, sender: MessageSender, clock: Clock) -> None:
        self._units = units
        self._sender = sender
        self._clock = clock

    def start(self, contract_id: ContractId, requester: Requester) -> Contract:
        """PREPARED → SIGNING, and the first in order are invited.

        Raises `NotFound`, `StateInvalid`. A message that the gateway did not take is recorded and does
        not undo the start: a reminder sends it again.
        """
        now = self._clock.now()
        with self._units() as unit:
            contract = unit.contracts.hold(contract_id)
            if contract.is_due(now):
                raise StateInvalid("contract", ContractState.EXPIRED.value, "start")
            move_contract(contract.state, ContractState.SIGNING, "start")
            unit.contracts.move(contract_id, contract.state, ContractState.SIGNING, now)
            invited = invite(unit, contract, now)
            contract = unit.contracts.get(contract_id)
        self.tell(contract, invited, actor=requester.actor)
        return contract

    def tell(self, contract: Contract, parties: tuple[Party, ...], *, actor: Actor = SYSTEM) -> None:
        """A message to each that has a mobile number; what became of it is recorded."""
        for party in parties:
            if party.signer.mobile is not None and not party.silent:
                self._tell(contract, party, INVITATION, actor)

    def remind(self, contract_id: ContractId, party_id: PartyId, requester: Requester) -> None:
        """Once more to a party whose turn it is.

        Raises `NotFound`, `StateInvalid` for a party whose turn it is not, `TooManyRequests` beyond two
        a day or within two hours, `ProviderUnavailable`.
        """
        now = self._clock.now()
        with self._units() as unit:
            contract = unit.contracts.hold(contract_id)
            contract.require_signing("remind", now)
            party = contract.party(party_id)
            if party.silent or party not in turn(contract.parties):
                raise StateInvalid("party", party.state.value, "remind")
            sent = unit.contracts.sent_since(party_id, REMINDER, now - DAY)
            if len(sent) >= MAX_REMINDERS_PER_DAY:
                raise TooManyRequests("reminder", _seconds(sent[-MAX_REMINDERS_PER_DAY] + DAY, now))
            if sent and now < sent[-1] + REMIND_AFTER:
                raise TooManyRequests("reminder", _seconds(sent[-1] + REMIND_AFTER, now))
            unit.contracts.note_sent(party_id, REMINDER, now)
        error = self._tell(contract, party, REMINDER, requester.actor)
        if error is not None:
            raise error

    def _tell(self, contract: Contract, party: Party, kind: str, actor: Actor) -> ProviderUnavailable | None:
        mobile = party.signer.mobile or ""
        now = self._clock.now()
        reference = f"{kind}/{party.party_id}/{rfc3339(now)}"
        facts: dict[str, JSON] = {
            "gateway": self._sender.name,
            "kind": kind,
            "party": party.party_id,
            "reference": reference,
            "simulated": self._sender.simulated,
        }
        error: ProviderUnavailable | None = None
        try:
            receipt = self._sender.send(ShortMessage(mobile, _text(contract, kind), reference))
            facts |= {"message": receipt.message_id, "receipt_sha256": sha256(receipt.response).hex()}
        except ProviderUnavailable as caught:
            error = caught
        event = draft(EventType.NOTICE_SENT, contract, actor, self._clock.now(), facts)
        with self._units() as unit:
            unit.log.append([event if error is None else replace(event, result=failure(error))])
        return error


def invite(unit: SigningUnit, contract: Contract, at: datetime) -> tuple[Party, ...]:
    """Parties whose turn has come become INVITED; they are returned, to be told after the commit."""
    fresh = tuple(one for one in turn(contract.parties) if one.state is PartyState.PENDING)
    for party in fresh:
        unit.contracts.move_party(party, PartyState.INVITED, at)
    return fresh


def _seconds(until: datetime, now: datetime) -> int:
    return max(1, -int((now - until).total_seconds() // 1))


def _text(contract: Contract, kind: str) -> str:
    begin = "提醒您，" if kind == REMINDER else ""
    return f"{begin}《{contract.title}》（编号{contract.number}）待您签署，请在{_day(contract)}前完成。"


def _day(contract: Contract) -> str:
    beijing = contract.expires_at + timedelta(
        hours=8
    )  # China has had one zone without summer time since 1992
    return f"{beijing:%Y-%m-%d}"
