"""What the log needs from outside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from evidence.event import CaseHead, CaseId, EventId, LogHead, LogId, Recorded, TenantId


class EventStore(Protocol):
    """Events inside the caller's transaction.

    Durability: nothing here commits; what was inserted exists when the caller's transaction does,
    and not before. Concurrency: `reserve` holds the log until that transaction ends, so indexes are
    dense; two writers of one log take turns. A store that cannot write raises `RecordRefused`.
    """

    def reserve(self, log: LogId, count: int) -> int:
        """Take `count` indexes; returns the first."""
        ...

    def case_heads(self, tenant: TenantId, cases: Iterable[CaseId]) -> dict[CaseId, CaseHead]:
        """Heads of the cases that exist."""
        ...

    def insert(self, events: Sequence[Recorded], heads: Mapping[CaseId, CaseHead]) -> None:
        """Write events, their sealed payloads, and the new heads of their cases (all of one tenant)."""
        ...

    def get(self, event_id: EventId) -> Recorded | None:
        """One event."""
        ...

    def case(self, tenant: TenantId, case_id: CaseId) -> Sequence[Recorded]:
        """A case's events in order."""
        ...

    def read(self, log: LogId, start: int, stop: int) -> Sequence[Recorded]:
        """Events with start ≤ index < stop, in order."""
        ...

    def heads(self) -> dict[LogId, LogHead]:
        """Size and last leaf of every log."""
        ...


@dataclass(frozen=True, slots=True)
class Wrapped:
    """A value that a `KeyWrapper` made, where it lies, and the context it is bound to."""

    place: tuple[str, ...]
    """The row's primary key."""
    context: bytes
    value: bytes


class WrappedValues(Protocol):
    """Values at rest under the key-encryption key, which is rotated by wrapping each of them anew."""

    def wrapped_page(self, after: tuple[str, ...] | None, limit: int) -> Sequence[Wrapped]:
        """The next values in order of their place."""
        ...

    def rewrap(self, place: tuple[str, ...], old: bytes, new: bytes) -> bool:
        """Compare-and-set; False when the value is no longer `old`: shredded meanwhile, it stays so."""
        ...


class CaseKeyStore(WrappedValues, Protocol):
    """Wrapped case keys inside the caller's transaction."""

    def get(self, tenant: TenantId, case_id: CaseId) -> bytes | None:
        """The wrapped key, None when the case never had one; raises `PayloadUnavailable` once shredded."""
        ...

    def add(self, tenant: TenantId, case_id: CaseId, wrapped: bytes) -> bool:
        """Keep a new wrapped key; False when the case has one already (a race), which then stands."""
        ...

    def shred(self, tenant: TenantId, case_id: CaseId) -> None:
        """Forget the wrapped key for good; commitments and proofs stay valid."""
        ...


class KeyWrapper(Protocol):
    """Wraps case keys under a key-encryption key that the log never sees."""

    def wrap(self, key: bytes, context: bytes) -> bytes:
        """Authenticated encryption of `key`, bound to `context`."""
        ...

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """The inverse; raises the wrapper's own error when key or context differ."""
        ...


class Watermark(Protocol):
    """The highest heads ever committed, kept outside the database, so that a restored backup shows."""

    def advance(self, heads: Mapping[LogId, LogHead]) -> None:
        """Remember heads just committed; never goes back. Survives kill -9 of the process."""
        ...

    def accept(self, heads: Mapping[LogId, LogHead]) -> None:
        """Take these for the newest heads though they may fall short of those remembered.

        Only after the loss itself was recorded: an administrator restored a backup and knows it.
        """
        ...

    def newest(self) -> dict[LogId, LogHead]:
        """The heads remembered."""
        ...
