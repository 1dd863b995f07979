"""Load from this process on a server in another: kept-alive connections, one request at a time on each."""

from __future__ import annotations

import asyncio
import os
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


class _Connection(asyncio.Protocol):
    def __init__(self, requests: list[bytes], done: asyncio.Future[bytes]) -> None:
        self._requests = requests
        self._done = done
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._transport.write(self._requests.pop())

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, body = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        assert head.startswith(b"HTTP/1.1 200"), self._buffer
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        if len(body) < length:
            return
        self._buffer = b""
        if self._requests:
            self._transport.write(self._requests.pop())
        else:
            self._transport.close()
            self._done.set_result(body)

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._done.done():
            self._done.set_exception(exc or ConnectionError("the server closed the connection"))


async def _drive(port: int, requests: Sequence[bytes], connections: int) -> list[bytes]:
    loop = asyncio.get_running_loop()
    ends = []
    for place in range(connections):
        done: asyncio.Future[bytes] = loop.create_future()
        share = list(requests[place::connections])
        await loop.create_connection(lambda s=share, d=done: _Connection(s, d), "127.0.0.1", port)  # type: ignore[misc]
        ends.append(done)
    return await asyncio.gather(*ends)


def drive(port: int, requests: Sequence[bytes], connections: int) -> tuple[float, list[bytes]]:
    """Answers a second, and the last body of each connection."""
    began = time.perf_counter()
    last = asyncio.run(_drive(port, requests, connections))
    return len(requests) / (time.perf_counter() - began), last


def spent(process: subprocess.Popen[bytes]) -> float:
    """CPU seconds of a process."""
    fields = Path(f"/proc/{process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS
