"""What seals need from outside."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Protocol

from ca.ports import ApprovalStore
from evidence.log import EvidenceLog
from signing.authorisation import Authorisation, AuthorisationId, AuthorisationState
from signing.seal import Seal, SealFilter, SealId, SealState
from signing.seal_use import LedgerHead, SealUse


class SealStore(Protocol):
    """One tenant's seals, drawings, authorisations and ledgers of uses, in the caller's transaction.

    Drawings and labels are sealed at rest: they name people. Uses are only ever added.
    """

    def add(self, seal: Seal, drawing: bytes) -> None:
        """A new seal with its drawing."""
        ...

    def get(self, seal_id: SealId) -> Seal:
        """Raises `NotFound`."""
        ...

    def hold(self, seal_id: SealId) -> tuple[Seal, LedgerHead]:
        """As `get`, with where its ledger stands; no other transaction changes either until this one ends.

        Raises `NotFound`.
        """
        ...

    def drawing(self, seal_id: SealId) -> bytes:
        """As it was added; raises `NotFound`."""
        ...

    def find(self, which: SealFilter) -> Sequence[Seal]:
        """One page, by id: in the order in which they were proposed."""
        ...

    def due(self, at: datetime, limit: int) -> Sequence[Seal]:
        """Those whose time is over though their state does not say so yet."""
        ...

    def move(self, seal: Seal, to: SealState, by: str, at: datetime) -> Seal:
        """Compare-and-set on the version; `by` becomes the approver of one that was proposed.

        Raises `StateInvalid` when the seal has changed since it was read.
        """
        ...

    def add_authorisation(self, authorisation: Authorisation) -> None:
        """A new one."""
        ...

    def authorisation(self, authorisation_id: AuthorisationId) -> Authorisation:
        """Raises `NotFound`."""
        ...

    def authorisations(self, seal_id: SealId) -> Sequence[Authorisation]:
        """Of one seal, in the order in which they were given."""
        ...

    def move_authorisation(
        self, authorisation: Authorisation, to: AuthorisationState, by: str, at: datetime
    ) -> Authorisation:
        """Compare-and-set on the state; raises `StateInvalid` when it has changed since it was read."""
        ...

    def count_use(self, authorisation_id: AuthorisationId, amount: int) -> bool:
        """Add to what was used, unless the total would be exceeded or the authorisation is not active.

        One atomic step: of two transactions that would exceed the total together, one gets False.
        """
        ...

    def add_use(self, use: SealUse) -> None:
        """The next entry of the ledger; the caller holds the seal."""
        ...

    def uses(self, seal_id: SealId, after: int = 0, limit: int = 100) -> Sequence[SealUse]:
        """Entries with number > `after`, in order."""
        ...


class SealUseUnit(Protocol):
    """What a use of a seal takes of a transaction: a contract's unit is one."""

    @property
    def seals(self) -> SealStore:
        """Seals."""
        ...

    @property
    def log(self) -> EvidenceLog:
        """The evidence log."""
        ...


class SealUnit(SealUseUnit, Protocol):
    """The stores of one transaction on the registry."""

    @property
    def approvals(self) -> ApprovalStore:
        """Administrators."""
        ...


class SealUnits(Protocol):
    """Opens transactions: committed, durably, when the block ends well; rolled back when it raises."""

    def __call__(self) -> AbstractContextManager[SealUnit]:
        """A new transaction."""
        ...

    def reading(self) -> AbstractContextManager[SealUnit]:
        """One consistent view that waits for no writer; nothing done in it is kept."""
        ...
