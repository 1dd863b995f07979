"""OCSP over HTTP from a second process, against raw signatures of the same kind of key."""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from api.engine import open_engine
from bench.figure import Figure, rate
from ca.ocsp import certificate_id, encode_request
from ca.ocspresponse import load_response
from evidence.adapters.system_clock import SystemClock
from keys.private import PrivateKey
from keys.suites import Algorithm
from tests.support.clock import FixedClock
from tests.support.revocable import Hierarchy, open_hierarchy

CONNECTIONS = 32
CERTIFICATES = 200
PREPARED, LIVE = 6_000, 1_500  # requests
TICKS = os.sysconf("SC_CLK_TCK")


class _Connection(asyncio.Protocol):
    """One request after the other on one connection; counts answers and keeps the last body."""

    def __init__(self, requests: list[bytes], done: asyncio.Future[None]) -> None:
        self._requests = requests
        self._done = done
        self._buffer = b""
        self.last = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._send()

    def _send(self) -> None:
        if self._requests:
            self._transport.write(self._requests.pop())
            return
        self._transport.close()
        self._done.set_result(None)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, found, body = self._buffer.partition(b"\r\n\r\n")
        if not found:
            return
        assert head.startswith(b"HTTP/1.1 200"), head
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        if len(body) >= length:
            self.last, self._buffer = body, b""
            self._send()


async def _drive(port: int, requests: list[bytes]) -> bytes:
    loop = asyncio.get_running_loop()
    ends, last = [], b""
    protocols: list[_Connection] = []
    for place in range(CONNECTIONS):
        done: asyncio.Future[None] = loop.create_future()
        protocol = _Connection(requests[place::CONNECTIONS], done)
        await loop.create_connection(lambda it=protocol: it, "127.0.0.1", port)  # type: ignore[misc]
        protocols.append(protocol)
        ends.append(done)
    await asyncio.gather(*ends)
    for protocol in protocols:
        last = protocol.last
        assert load_response(last).answers
    return last


def _post(issuer: str, body: bytes) -> bytes:
    head = f"POST /v1/ocsp/{issuer} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/ocsp-request\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def _spent(process: subprocess.Popen[bytes]) -> float:
    """CPU seconds of a process."""
    fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def _measure(process: subprocess.Popen[bytes], port: int, requests: list[bytes]) -> tuple[float, float]:
    """Answers a second, and answers a second of the server's CPU time."""
    began, spent = time.perf_counter(), _spent(process)
    count = len(requests)
    asyncio.run(_drive(port, requests))
    return count / (time.perf_counter() - began), count / (_spent(process) - spent)


def _requests(made: Hierarchy, serials: Sequence[int], count: int, *, nonce: bool) -> list[bytes]:
    return [
        _post(
            made.person_id,
            encode_request(
                certificate_id(made.person, serials[place % len(serials)]),
                secrets.token_bytes(32) if nonce else None,
            ),
        )
        for place in range(count)
    ]


def _serve(folder: Path, listener: socket.socket) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "bench._ocsp_server", str(folder), str(listener.fileno())]
    return subprocess.Popen(command, pass_fds=[listener.fileno()])


def figures() -> Sequence[Figure]:
    found = []
    for algorithm in (Algorithm.P256, Algorithm.SM2):
        with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as listener:
            engine = open_engine(f"sqlite:///{folder}/bench.sqlite")
            made = open_hierarchy(engine, Path(folder), algorithm, FixedClock(SystemClock().now()))
            serials = [one.serial for one in made.issue_many(CERTIFICATES)]
            port = listener.getsockname()[1]
            process = _serve(Path(folder), listener)
            try:
                _measure(process, port, _requests(made, serials, 2 * CERTIFICATES, nonce=False))
                prepared = _measure(process, port, _requests(made, serials, PREPARED, nonce=False))
                live = _measure(process, port, _requests(made, serials, LIVE, nonce=True))
            finally:
                process.terminate()
                process.wait(timeout=30)
            engine.dispose()
        private = PrivateKey.generate(algorithm)
        raw = rate(lambda: private.sign(bytes(200)), 3_000)  # noqa: B023
        for kind, (whole, core) in (("signed ahead", prepared), ("with nonce, signed live", live)):
            name = f"OCSP over HTTP, {algorithm.suite.value}, {kind}"
            note = f"{core:,.0f} a second of the server's CPU"
            found.append(Figure(name, whole, "raw signature", raw, whole / raw, note=note))
    return found
