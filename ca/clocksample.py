"""What a look at the clock found, and what earlier looks say against it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from ca.errors import ClockBehind, TimeNotAvailable
from evidence.canonical import JSON
from evidence.clock import rfc3339

LEASE_SECONDS = 60.0  # the interval at which other authorities look at their sources
MAX_OFFSET_MS = 1_000  # ETSI EN 319 421 7.7.2: one second or better
PEER_SECONDS = 2 * LEASE_SECONDS  # how long another instance's sample of the same boot speaks for the present
SUPERSEDED_AFTER = timedelta(seconds=PEER_SECONDS, milliseconds=2 * MAX_OFFSET_MS)
_MS = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Offset:
    """What one source says of the clock: `ms` is clock minus reference."""

    source: str
    ms: int
    uncertainty_ms: int

    @property
    def bound_ms(self) -> int:
        """How far the clock may be off, as this source has it."""
        return abs(self.ms) + self.uncertainty_ms


class TimeSource(Protocol):
    """Something the clock can be compared with."""

    def offset(self) -> Offset:
        """Compare now; raises `TimeNotAvailable` when the source cannot be asked or does not know."""
        ...


@dataclass(frozen=True, slots=True)
class ClockSample:
    """The last time an instance found its clock right."""

    instance: str
    boot: str
    """The host's boot, within which monotonic times of all processes can be compared; empty if unknown."""
    wall: datetime
    monotonic: float
    """Seconds."""
    offset: Offset

    @property
    def facts(self) -> dict[str, JSON]:
        """As plans and events name it."""
        return {
            "boot": self.boot,
            "instance": self.instance,
            "offset_ms": self.offset.ms,
            "source": self.offset.source,
            "uncertainty_ms": self.offset.uncertainty_ms,
            "wall": rfc3339(self.wall),
        }


def contradiction(
    sample: ClockSample, others: Iterable[ClockSample], max_offset_ms: int = MAX_OFFSET_MS
) -> TimeNotAvailable | None:
    """What the last samples of all instances say against `sample`; None for nothing."""
    for other in others:
        ours = other.instance == sample.instance
        behind = (other.wall - sample.wall) // _MS
        if behind > (0 if ours else max_offset_ms):
            name = other.instance
            return ClockBehind(f"the wall clock is {behind} ms behind the newest sample of instance {name}")
        elapsed = sample.monotonic - other.monotonic
        if ours or not sample.boot or other.boot != sample.boot or abs(elapsed) > PEER_SECONDS:
            continue
        # The same boot: both monotonic clocks are one, so both walls must have moved alike.
        apart = (sample.wall - other.wall) // _MS - round(elapsed * 1_000)
        if abs(apart) > max_offset_ms:
            name = other.instance
            return TimeNotAvailable(f"the wall clock is {apart} ms apart from that of instance {name}")
    return None


def is_superseded(old: ClockSample, new: ClockSample) -> bool:
    """Whether `old` says nothing any more once `new`, which `old` did not contradict, is kept.

    A later look that `old` finds behind is further behind `new`, by more than any tolerance. Of the
    same boot: `old` did not find `new` apart, though the walls differ by more than `PEER_SECONDS`, so
    more than `PEER_SECONDS` passed between them, and pass between `old` and every later look. Of
    another boot: the same holds as far as each clock was within `MAX_OFFSET_MS` of the time, as its
    sources said when its sample was accepted.
    """
    return old.wall < new.wall - SUPERSEDED_AFTER


class ClockSampleStore(Protocol):
    """The last sample of each instance that still says something, inside the caller's transaction."""

    def newest(self) -> tuple[ClockSample, ...]:
        """One an instance."""
        ...

    def put(self, sample: ClockSample) -> None:
        """In place of the instance's last and of all that it supersedes (`is_superseded`)."""
        ...

    def forget(self, until: datetime) -> tuple[ClockSample, ...]:
        """Drop those whose wall is not after `until`; returns them."""
        ...
