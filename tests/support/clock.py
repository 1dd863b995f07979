"""A clock that a test sets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from evidence.clock import ClockState

NOON = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)


class FixedClock:
    """`Clock` that moves when told; monotonic time moves with it unless the wall is set apart."""

    def __init__(self, moment: datetime = NOON) -> None:
        self.moment = moment
        self.elapsed = 1_000.0

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self.elapsed

    def state(self) -> ClockState:
        return ClockState("test", 0, 1)

    def advance(self, **parts: float) -> None:
        """Let time pass, as `timedelta` counts it."""
        step = timedelta(**parts)
        self.moment += step
        self.elapsed += step.total_seconds()

    def skew(self, **parts: float) -> None:
        """Set the wall clock off, without time passing."""
        self.moment += timedelta(**parts)
