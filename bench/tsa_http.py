"""Timestamps over HTTP: the command's own server in one process, durable, asked from another."""

from __future__ import annotations

import hashlib
import secrets
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from api.server import make_sandbox
from api.settings import Settings
from bench._load import drive, spent
from bench.figure import Figure, in_turns, rate
from ca.timestamp import Imprint, TimestampRequest, parse_tst_info
from ca.timestamp_response import parse_response
from ca.token import verify_token
from keys import cms
from keys.private import PrivateKey
from keys.suites import DEFAULT_ALGORITHM, Suite
from tests.support.services import environment

CONNECTIONS = 64
REQUESTS = {Suite.INTL: 6_000, Suite.GUOMI: 1_500}
RAW = 600  # signatures and verifications of one turn
ROUNDS = 3
TARGET = {Suite.INTL: "1,500/s", Suite.GUOMI: ""}


def _queries(suite: Suite, count: int) -> list[bytes]:
    digest = DEFAULT_ALGORITHM[suite].digest
    queries = []
    for _ in range(count):
        imprint = Imprint.of(digest, secrets.token_bytes(32))
        query = TimestampRequest(imprint, None, secrets.randbits(63), cert_req=True).encoded()
        head = (
            f"POST /v1/tsa/{suite.value} HTTP/1.1\r\nHost: b\r\nContent-Type: application/timestamp-query\r\n"
        )
        queries.append(f"{head}Content-Length: {len(query)}\r\n\r\n".encode() + query)
    return queries


def _serve(state: Path, port: int) -> subprocess.Popen[bytes]:
    command = [str(Path(sys.executable).with_name("xinqian")), "serve", "--listen", f"127.0.0.1:{port}"]
    given = environment(XINQIAN_STATE_DIR=str(state))
    process = subprocess.Popen(command, env=given, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=5)
        except (urllib.error.URLError, OSError):
            time.sleep(0.1)
        else:
            return process
    process.terminate()
    raise RuntimeError("the server did not become ready")


def _raw(suite: Suite) -> float:
    """One signature and one verification: what no timestamp can do without."""
    key = PrivateKey.generate(DEFAULT_ALGORITHM[suite])
    data = hashlib.sha256(b"bench").digest()

    def once() -> None:
        key.public.verify(key.sign(data), data)

    return rate(once, RAW)


def figures() -> Sequence[Figure]:
    found = []
    with tempfile.TemporaryDirectory() as folder, socket.create_server(("127.0.0.1", 0)) as chosen:
        port = int(chosen.getsockname()[1])
        chosen.close()
        state = Path(folder, "state")
        make_sandbox(Settings(state_dir=state))
        process = _serve(state, port)
        try:
            for suite in Suite:
                count = REQUESTS[suite]
                drive(port, _queries(suite, count // 10), CONNECTIONS)
                began = spent(process)

                def ours(suite: Suite = suite, count: int = count) -> float:
                    queries = _queries(suite, count)
                    reached, last = drive(port, queries, CONNECTIONS)
                    for body in last:
                        _check(body)
                    return reached

                rounds = ROUNDS
                mine, peer, ratio = in_turns(ours, lambda s=suite: _raw(s), rounds)  # type: ignore[misc]
                cpu = (spent(process) - began) / (count * (rounds + 1))
                note = f"{CONNECTIONS} connections; server {cpu * 1e6:.0f} us of CPU each"
                name = f"timestamps over HTTP, {suite.value}"
                found.append(Figure(name, mine, "raw sign + verify", peer, ratio, TARGET[suite], note))
        finally:
            process.terminate()
            process.wait(timeout=60)
    return found


def _check(body: bytes) -> None:
    """The answer holds a token whose signature holds, over the imprint that it names."""
    token = parse_response(body).token
    assert token is not None
    content = cms.parse(token, limit=len(token)).content
    assert content is not None
    verify_token(token, imprints=[parse_tst_info(content).imprint])
