"""One run of the demonstration by the command that people type, and what it left, by name."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tests.support.services import environment

SUITES = ("intl", "guomi")
ROLES = ("root", "ocsp", "person", "seal", "service", "timestamp")
LEAVES = {"borrower": "person", "guarantor": "person", "bank": "seal"}
"""Certificates that are good, each with the authority that issued it."""
WITHDRAWN = "withdrawn"
COMMAND = str(Path(sys.executable).with_name("xinqian"))
RUN_SECONDS = 120
INTERRUPTED_AT = "[intl] RFC 3161 timestamp"


def start(out: Path, base_url: str) -> subprocess.Popen[str]:
    """The command under way, its report on standard error."""
    return subprocess.Popen(
        [COMMAND, "--lang", "en", "demo", "--out", str(out)],
        env=environment(XINQIAN_BASE_URL=base_url),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


def run(out: Path, base_url: str) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    process = start(out, base_url)
    said = process.communicate(timeout=RUN_SECONDS)
    return process.returncode, *said


def interrupt(out: Path, base_url: str) -> None:
    """Kill a run in the middle of its work."""
    process = start(out, base_url)
    assert process.stderr is not None
    deadline = time.monotonic() + RUN_SECONDS
    for line in process.stderr:
        assert time.monotonic() < deadline
        if line.startswith(INTERRUPTED_AT):
            break
    process.kill()
    process.communicate(timeout=10)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        port: int = listening.getsockname()[1]
        return port


@dataclass(frozen=True, slots=True)
class Demonstration:
    """What one run left in a folder."""

    out: Path
    base_url: str
    said: str

    @property
    def state(self) -> Path:
        return self.out / "state"

    def summary(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.out / "summary.json").read_text(encoding="utf-8"))
        return found

    def step(self, name: str, suite: str | None = None) -> dict[str, Any]:
        """The one step of this name."""
        (found,) = [one for one in self.summary()["steps"] if (one["step"], one["suite"]) == (name, suite)]
        return dict(found)

    def file(self, suite: str, name: str) -> bytes:
        return (self.out / suite / name).read_bytes()

    def crl(self, suite: str, role: str) -> bytes:
        return (self.out / f"trust/{suite}-{role}.crl").read_bytes()

    def root(self, suite: str) -> bytes:
        return _only(self.out / f"trust/{suite}-root.pem")

    def authority(self, suite: str, role: str) -> bytes:
        """DER."""
        return _only(self.out / f"{suite}/authorities/{role}.pem")

    def leaf(self, suite: str, name: str) -> bytes:
        """DER."""
        return _only(self.out / f"{suite}/{name}.pem")

    def chain(self, suite: str) -> list[bytes]:
        """The certificates of the chain file, DER."""
        return read_pem(self.out / f"trust/{suite}-chain.pem")

    def above(self, suite: str, role: str) -> list[bytes]:
        """The authority and what is above it."""
        found = [self.authority(suite, role)]
        return found if role == "root" else [*found, self.root(suite)]


def read_pem(path: Path) -> list[bytes]:
    return [one.public_bytes(Encoding.DER) for one in x509.load_pem_x509_certificates(path.read_bytes())]


def _only(path: Path) -> bytes:
    (found,) = read_pem(path)
    return found


@pytest.fixture(scope="session")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Demonstration:
    """The third run in one folder: the first ended, the second was killed."""
    out = tmp_path_factory.mktemp("demonstration") / "out"
    base_url = f"http://127.0.0.1:{free_port()}"
    code, printed, said = run(out, base_url)
    assert (code, printed) == (0, ""), said
    interrupt(out, base_url)
    assert (out / "intl/borrower.pem").exists()
    assert not (out / "summary.json").exists()  # the first run's verdict does not stand for the second
    code, printed, said = run(out, base_url)
    assert (code, printed) == (0, ""), said
    return Demonstration(out, base_url, said)
