"""The host's clock: the only place of the product that asks the operating system for the time."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from evidence.clock import ClockState

# The kernel's own estimate is read by the timestamp authority's guard, not here; a host clock that
# nothing disciplines is assumed to be within a second of UTC.
HOST_UNCERTAINTY_MS = 1000


class SystemClock:
    """`Clock` over the operating system."""

    def now(self) -> datetime:
        """Wall time, UTC."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """CLOCK_MONOTONIC in seconds."""
        return time.monotonic()

    def state(self) -> ClockState:
        """Says honestly that this is the host's own clock."""
        return ClockState("host", 0, HOST_UNCERTAINTY_MS)
