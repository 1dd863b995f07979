"""A simulator of an NTP server on the loopback: answers over UDP with a clock that is off as it is told."""

from __future__ import annotations

import socket
import struct
import threading
from types import TracebackType
from typing import Self

from evidence.clock import Clock, to_micros

NTP_EPOCH = 2_208_988_800  # seconds from 1900 to 1970 (RFC 5905 6)
_PACKET = struct.Struct(">BBbb3I4Q")


class NtpServer:
    """One simulated server; `skew_s` is its clock minus the reference it is given."""

    def __init__(
        self, clock: Clock, *, skew_s: float = 0.0, stratum: int = 2, leap: int = 0, silent: bool = False
    ) -> None:
        self._clock = clock
        self._first = leap << 6 | 4 << 3 | 4
        self._stratum = stratum
        self._silent = silent
        self.skew_s = skew_s
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(0.05)
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    @property
    def address(self) -> str:
        """As the settings name a server."""
        host, port = self._socket.getsockname()
        return f"{host}:{port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ended.set()
        self._thread.join()
        self._socket.close()

    def _serve(self) -> None:
        while not self._ended.is_set():
            try:
                request, peer = self._socket.recvfrom(512)
            except TimeoutError:
                continue
            if not self._silent:
                self._socket.sendto(self._answer(request), peer)

    def _answer(self, request: bytes) -> bytes:
        now = self._timestamp(self._clock)
        originate = struct.unpack(">Q", request[40:48])[0]
        ms = 1 << 16 >> 10  # NTP short format: about a millisecond
        return _PACKET.pack(self._first, self._stratum, 6, -20, ms, ms, 0, now, originate, now, now)

    def _timestamp(self, clock: Clock) -> int:
        micros = to_micros(clock.now()) + round(self.skew_s * 1_000_000) + NTP_EPOCH * 1_000_000
        return (micros << 32) // 1_000_000
