"""NTP servers as a time source: a quorum must answer, and find the clock right."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import ntplib

from ca.clocksample import Offset
from ca.errors import TimeNotAvailable
from evidence.clock import Clock, to_micros

NEEDED = 3  # with two nobody knows which one is wrong (RFC 8633 3.2 asks for four configured)
TIMEOUT_S = 1.0
NTP_PORT = 123
UNSYNCHRONISED = 3  # RFC 5905 7.3: leap indicator
MAX_STRATUM = 15  # RFC 5905 7.3: 16 is unsynchronised, 0 a kiss of death


@dataclass(frozen=True, slots=True)
class _Answer:
    offset_ms: float
    uncertainty_ms: float


class NtpQuorum:
    """`TimeSource` over several servers, asked at once."""

    def __init__(
        self, servers: Sequence[str], clock: Clock, *, max_offset_ms: int, needed: int = NEEDED
    ) -> None:
        """`servers` are `host` or `host:port`. Raises ValueError for fewer than are needed."""
        if len(set(servers)) < needed:
            raise ValueError(f"{needed} different NTP servers are needed, {len(set(servers))} are configured")
        self._servers = tuple(dict.fromkeys(servers))
        self._clock = clock
        self._max_offset_ms = max_offset_ms
        self._needed = needed

    def offset(self) -> Offset:
        """At least `needed` servers, and more than half of those that answer, find the clock right."""
        with ThreadPoolExecutor(len(self._servers)) as pool:
            answers = [one for one in pool.map(self._ask, self._servers) if one is not None]
        if len(answers) < self._needed:
            raise TimeNotAvailable(f"{len(answers)} NTP servers answered, {self._needed} are needed")
        right = [one for one in answers if abs(one.offset_ms) + one.uncertainty_ms <= self._max_offset_ms]
        if len(right) < self._needed or 2 * len(right) <= len(answers):
            raise TimeNotAvailable(
                f"{len(right)} of {len(answers)} NTP servers find the clock within {self._max_offset_ms} ms"
            )
        offset = statistics.median(one.offset_ms for one in right)
        uncertainty = statistics.median(one.uncertainty_ms for one in right)
        return Offset(f"ntp ({len(right)} of {len(self._servers)})", round(offset), round(uncertainty) + 1)

    def _ask(self, server: str) -> _Answer | None:
        host, _, port = server.partition(":")
        try:
            stats = ntplib.NTPClient().request(host, version=4, port=int(port or NTP_PORT), timeout=TIMEOUT_S)
        except (ntplib.NTPException, OSError, ValueError):
            return None
        arrived = to_micros(self._clock.now()) / 1_000
        if stats.leap == UNSYNCHRONISED or not 1 <= stats.stratum <= MAX_STRATUM:
            return None
        # ntplib measures the round trip by the host's clock, which cancels out; the comparison is with ours.
        reference = (stats.tx_time + stats.delay / 2) * 1_000
        uncertainty = (abs(stats.delay) / 2 + stats.root_delay / 2 + stats.root_dispersion) * 1_000
        return _Answer(arrived - reference, uncertainty)
