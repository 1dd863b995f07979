"""What keeping and reading cases needs from outside."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from evidence.case import CaseState, Ending
from evidence.event import CaseId, EventType, TenantId
from evidence.log import EvidenceLog
from evidence.ports import CaseKeyStore, EventStore

MAX_PAGE = 500  # cases of one answer


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """What `CaseStore.find` selects among the cases of contracts; None for all. Newest first."""

    contracts: tuple[str, ...] | None = None
    """Ids of contracts: whoever looks for a number or a party finds these first."""
    since: datetime | None = None
    """First event recorded at or after."""
    before: datetime | None = None
    """First event recorded before."""
    type: EventType | None = None
    """Holds an event of this type."""
    state: CaseState | None = None
    after: CaseId | None = None
    """The last case of the page before."""
    limit: int = 50


@dataclass(frozen=True, slots=True)
class CaseSummary:
    """A case without its events."""

    case_id: CaseId
    contract_id: str | None
    opened_at: datetime
    changed_at: datetime
    events: int
    state: CaseState
    ending: Ending | None
    closed_seq: int | None
    holds: int
    """Legal holds that stand."""
    shredded: bool


class CaseStore(Protocol):
    """Cases inside the caller's transaction. Durability is the transaction's; see `evidence.ports`."""

    def find(self, tenant: TenantId, which: CaseFilter) -> Sequence[CaseSummary]:
        """One page; raises `CaseNotFound` when `after` names no case."""
        ...

    def summary(self, tenant: TenantId, case_id: CaseId) -> CaseSummary:
        """One case, also one of no contract; raises `CaseNotFound`."""
        ...

    def put_hold(self, tenant: TenantId, case_id: CaseId, hold_id: str, at: datetime) -> None:
        """Let `find` know of a hold; the events say what it is. A hold id taken is `RecordRefused`."""
        ...

    def end_hold(self, tenant: TenantId, hold_id: str, at: datetime) -> bool:
        """Compare-and-set; False when no such hold stands."""
        ...


class CaseUnit(Protocol):
    """The stores of one transaction."""

    @property
    def events(self) -> EventStore:
        """Events as stored."""
        ...

    @property
    def case_keys(self) -> CaseKeyStore:
        """Wrapped case keys."""
        ...

    @property
    def cases(self) -> CaseStore:
        """Cases."""
        ...

    @property
    def log(self) -> EvidenceLog:
        """The log, appending in this transaction."""
        ...


class CaseUnits(Protocol):
    """Opens transactions: committed, durably, when the block ends well; rolled back when it raises."""

    def __call__(self) -> AbstractContextManager[CaseUnit]:
        """A new transaction."""
        ...

    def reading(self) -> AbstractContextManager[CaseUnit]:
        """One consistent view that waits for no writer; nothing done in it is kept."""
        ...
