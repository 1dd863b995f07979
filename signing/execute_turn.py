"""The turn to append to a document: one act at a time, and what a dead process left behind is put right.

The turn is a lease, so that a process that died holds nobody up for long; the fence is the number of the
revision, unique in the document, together with the lease that has to be still held when it is written. No
transaction of the database is open while a certificate, a signature or a timestamp is made.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from evidence.canonical import JSON
from evidence.clock import Clock, rfc3339
from evidence.event import Draft, EventType, Result
from signing.contract import Contract, ContractId, new_identifier
from signing.contract_ports import Attempt, Pause, SigningUnits
from signing.contract_record import SYSTEM, draft
from signing.document import DocumentId
from signing.errors import TooManyRequests

HOLD_FOR = timedelta(seconds=30)  # an act takes tens of milliseconds; a slow timestamp authority, seconds
WAIT_S = 90.0  # longer than the lease of a process that died while everybody else waits
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.005, 0.25
BATCH = 100  # contracts that one look clears
JITTER = 1_000  # steps of chance in a pause, so that those who wait together do not ask together


@dataclass(frozen=True, slots=True)
class Turns:
    """Takes turns on documents."""

    units: SigningUnits
    clock: Clock
    pause: Pause
    hold_for: timedelta = HOLD_FOR
    wait_s: float = WAIT_S

    def take(self, contract: Contract, holder: str, attempt: Attempt | None = None) -> None:
        """Wait for the turn and, with it, begin the attempt and record what those before left undone.

        Raises `TooManyRequests` when the turn does not come.
        """
        pause, deadline = FIRST_PAUSE_S, self.clock.monotonic() + self.wait_s
        while not self._try(contract, holder, attempt):
            if self.clock.monotonic() >= deadline:
                raise TooManyRequests("signature", int(self.hold_for.total_seconds()))
            self.pause(pause * (1 + secrets.randbelow(JITTER) / JITTER))
            pause = min(2 * pause, LONGEST_PAUSE_S)

    def leave(self, document_id: DocumentId, holder: str) -> None:
        """Let the next one begin; nothing when the lease is another's by now."""
        with self.units() as unit:
            unit.documents.leave_turn(document_id, holder)

    def clear(self) -> tuple[ContractId, ...]:
        """Record what dead processes left undone on documents that nobody else took a turn on since.

        Called by a running service now and then; the contracts it looked at.
        """
        now = self.clock.now()
        with self.units.reading() as unit:
            stale = unit.documents.stale(now - self.hold_for, BATCH)
            contracts = [unit.contracts.get(one) for one in stale]
        for contract in contracts:
            holder = new_identifier(now)
            if self._try(contract, holder, None):
                self.leave(contract.document_id, holder)
        return tuple(stale)

    def _try(self, contract: Contract, holder: str, attempt: Attempt | None) -> bool:
        now = self.clock.now()
        with self.units() as unit:
            if not unit.documents.take_turn(contract.document_id, holder, now + self.hold_for, now):
                return False
            lost = [
                one for one in unit.documents.unfinished(contract.document_id) if one.attempt_id != holder
            ]
            for one in lost:
                unit.documents.end(one.attempt_id)
            unit.log.append(_lost(contract, lost, now))
            if attempt is not None:
                unit.documents.begin(attempt)
        return True


def _lost(contract: Contract, attempts: Sequence[Attempt], at: datetime) -> list[Draft]:
    """Their processes are gone, and the keys that lived in them; no signature of theirs can land any more."""
    drafts = []
    for one in attempts:
        facts: dict[str, JSON] = {
            "attempt": one.attempt_id,
            "key_id": one.key_id,
            "party": one.party_id,
            "started_at": rfc3339(one.started_at),
        }
        lost = Result("signing-lost")
        drafts.append(draft(EventType.SIGN_FAILED, contract, SYSTEM, at, facts, result=lost))
        if one.one_time:
            key: dict[str, JSON] = {
                "algorithm": one.algorithm,
                "created_at": rfc3339(one.started_at),
                "custody": "memory",
                "key_id": one.key_id,
                "public_key": one.public_key,
            }
            drafts.append(draft(EventType.KEY_DESTROYED, contract, SYSTEM, at, key, result=lost))
    return drafts
