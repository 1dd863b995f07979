"""Withdraw a contract: void it, or let it expire when its time is over."""

from __future__ import annotations

from dataclasses import replace

from ca.order import Requester
from evidence.canonical import JSON
from evidence.clock import Clock, rfc3339
from evidence.event import EventType, Result
from signing.contract import ContractId
from signing.contract_ports import SigningUnits
from signing.contract_record import SYSTEM, draft
from signing.errors import ValuesInvalid
from signing.transition import ContractState, move_contract

MAX_REASON = 500  # characters
BATCH = 100  # contracts that one look lets expire: each is a transaction of its own


class Withdrawal:
    """Ends contracts that nobody is to sign any more."""

    def __init__(self, units: SigningUnits, clock: Clock) -> None:
        self._units = units
        self._clock = clock

    def void(self, contract_id: ContractId, requester: Requester, reason: str) -> None:
        """Raises `NotFound`, `StateInvalid` once all have signed, `ValuesInvalid` for an empty reason."""
        if not reason.strip() or len(reason) > MAX_REASON:
            raise ValuesInvalid("reason", f"is empty, or longer than {MAX_REASON} characters")
        now = self._clock.now()
        with self._units() as unit:
            contract = unit.contracts.hold(contract_id)
            move_contract(contract.state, ContractState.VOIDED, "void")
            unit.contracts.move(contract_id, contract.state, ContractState.VOIDED, now)
            personal: dict[str, JSON] = {"reason": reason}
            event = draft(
                EventType.CONTRACT_CANCELLED,
                contract,
                requester.actor,
                now,
                {"state": contract.state.value},
                personal=personal,
            )
            unit.log.append([replace(event, result=Result("voided"))])

    def expire_due(self) -> tuple[ContractId, ...]:
        """Those whose time is over become EXPIRED; called by a running service now and then."""
        now = self._clock.now()
        with self._units.reading() as unit:
            due = unit.contracts.due(now, BATCH)
        expired = []
        for contract_id in due:
            with self._units() as unit:
                contract = unit.contracts.hold(contract_id)
                if not contract.is_due(now):
                    continue
                unit.contracts.move(contract_id, contract.state, ContractState.EXPIRED, now)
                facts: dict[str, JSON] = {
                    "expires_at": rfc3339(contract.expires_at),
                    "state": contract.state.value,
                }
                unit.log.append([draft(EventType.CONTRACT_EXPIRED, contract, SYSTEM, now, facts)])
            expired.append(contract_id)
        return tuple(expired)
