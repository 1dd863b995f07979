"""Go's golang.org/x/mod/sumdb as a judge of notes, trees, proofs and tiles.

The judge is the Go program beside this file, built once for one text of it from the sources that the
distribution installs; nothing of ours takes part in a verdict.
"""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.services import environment, require

SOURCE = Path(__file__).parent / "main.go"
BUILD_SECONDS = 240


class Refused(AssertionError):
    """The judge does not accept."""


class SumdbJudge:
    """One running judge."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, question: str, **values: object) -> dict[str, Any]:
        """Octets as bytes or lists of them; raises `Refused`."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        words = {"Ask": question} | {name.capitalize(): _sent(value) for name, value in values.items()}
        self._process.stdin.write(json.dumps(words) + "\n")
        self._process.stdin.flush()
        found: dict[str, Any] = json.loads(self._process.stdout.readline())
        if found["Refused"]:
            raise Refused(found["Refused"])
        return found

    def octets(self, question: str, **values: object) -> bytes:
        """The root or the note that is asked for."""
        found = self.ask(question, **values)
        return base64.b64decode(found["Root"] or found["Note"])

    def proof(self, question: str, **values: object) -> tuple[bytes, ...]:
        """The proof that is asked for."""
        return tuple(base64.b64decode(one) for one in self.ask(question, **values)["Proof"] or [])


@contextmanager
def open_judge() -> Iterator[SumdbJudge]:
    """Skips the test where Go or its sumdb package is missing."""
    program = _built(require("go"), require("sumdb"))
    command = [str(program)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        try:
            yield SumdbJudge(process)
        finally:
            process.stdin.close()
            process.wait(timeout=10)


def _built(go: str, path: str) -> Path:
    name = hashlib.sha256(SOURCE.read_bytes()).hexdigest()[:16]
    folder = Path(tempfile.gettempdir()) / "xinqian-sumdb-judge"
    folder.mkdir(exist_ok=True)
    program = folder / name
    if not program.exists():
        with tempfile.TemporaryDirectory(dir=folder) as beside:
            made = Path(beside) / name
            settings = environment(
                GO111MODULE="off", GOPATH=path, GOCACHE=str(folder / "cache"), GOFLAGS="", CGO_ENABLED="0"
            )
            subprocess.run(
                [go, "build", "-o", str(made), str(SOURCE)],
                env=settings,
                check=True,
                capture_output=True,
                timeout=BUILD_SECONDS,
            )
            made.replace(program)
    return program


def _sent(value: object) -> object:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_sent(one) for one in value]
    return value
