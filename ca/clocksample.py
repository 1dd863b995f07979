"""What a look at the clock found: values of the clock log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol


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


class ClockSampleStore(Protocol):
    """The last sample of each instance, inside the caller's transaction."""

    def newest(self) -> tuple[ClockSample, ...]:
        """One an instance."""
        ...

    def put(self, sample: ClockSample) -> None:
        """In place of the instance's last."""
        ...
