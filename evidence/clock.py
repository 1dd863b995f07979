"""Time as an argument: the Clock port, and the one textual form of an instant."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class ClockState:
    """What is known about the clock behind a reading; `offset_ms` is clock minus reference."""

    source: str
    offset_ms: int
    uncertainty_ms: int


class Clock(Protocol):
    """Aware UTC time with its provenance. Implementations never go backwards within a process."""

    def now(self) -> datetime:
        """The current instant, aware, in UTC, with microseconds."""
        ...

    def monotonic(self) -> float:
        """Seconds from an arbitrary start, unaffected by changes of the wall clock."""
        ...

    def state(self) -> ClockState:
        """Which source the time comes from and how far it may be off."""
        ...


def to_micros(moment: datetime) -> int:
    """Microseconds since 1970-01-01T00:00:00Z, exactly; `moment` must be aware."""
    delta = moment - EPOCH
    return (delta.days * 86_400 + delta.seconds) * 1_000_000 + delta.microseconds


def from_micros(micros: int) -> datetime:
    """The inverse of `to_micros`."""
    return EPOCH + timedelta(microseconds=micros)


def rfc3339(moment: datetime) -> str:
    """RFC 3339 in UTC with milliseconds and `Z`, the only form events carry."""
    return moment.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"
