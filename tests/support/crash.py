"""Processes that do acts on an installation and are killed: asked for by a test, forked by a server.

`CrashLab` starts one server, which imports the product once; every order forks a child off it, so that
hundreds of deaths cost what the acts cost. A child opens the installation as the product does, runs the
acts, and says each answer it lets out on one line, before anything else happens.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.support.services import environment

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class Order:
    """What a child is to do."""

    settings: dict[str, str]
    acts: tuple[str, ...]
    suite: str = "intl"
    point: int | str | None = None
    """The boundary to die at, by number from 1 or the first of a name; None to live."""
    rounds: int = 1
    serials: tuple[str, ...] = ()
    """What there is to revoke."""
    warm: bool = True
    """Whether the installation is opened before the fork; else the child opens it, unchecked."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a child."""

    answers: tuple[dict[str, Any], ...]
    """Each with `act` and what left."""
    boundary: str | None
    """Where it killed itself."""
    boundaries: int
    """How many it passed, when it lived."""
    failure: str | None
    status: int
    """As os.waitstatus_to_exitcode has it: -9 for a death by SIGKILL."""

    @property
    def killed(self) -> bool:
        return self.status == -signal.SIGKILL


class CrashLab:
    """The client of one server."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self._said: dict[int, list[dict[str, Any]]] = {}

    def run(self, order: Order) -> Outcome:
        """To its end."""
        return self.wait(self.start(order))

    def start(self, order: Order) -> int:
        """The process id of the child."""
        self._send(json.dumps(asdict(order)))
        while True:
            said = self._read()
            if "forked" in said:
                self._said.setdefault(said["forked"], [])
                return int(said["forked"])

    def kill(self, pid: int) -> None:
        """As kill -9; only ever a child whose end was not read yet."""
        self._send(json.dumps({"kill": pid}))

    def wait(self, pid: int) -> Outcome:
        """All it said, once it ended."""
        while not any("end" in said for said in self._said[pid]):
            self._read()
        said = self._said.pop(pid)
        last = {key: value for line in said for key, value in line.items()}
        return Outcome(
            answers=tuple(line for line in said if "act" in line),
            boundary=last.get("boundary"),
            boundaries=last.get("boundaries", 0),
            failure=last.get("failure"),
            status=last["end"],
        )

    def _send(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise AssertionError("the server of crashes is gone")
        said: dict[str, Any] = json.loads(line)
        if "pid" in said:
            self._said.setdefault(said["pid"], []).append(said)
        return said


@contextmanager
def open_lab(acts: str = "tests.support.acts") -> Iterator[CrashLab]:
    """A server of crashes, ended with its children; `acts` is the module of the `Worker`."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.crash", acts],
        cwd=ROOT,
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield CrashLab(process)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            process.wait(30)


def serve() -> None:
    """The server: one order a line; a child's end is told on a line of its own."""
    import select  # noqa: PLC0415  (the server's alone)

    # Half a second that the client does without.
    worker = import_module(sys.argv[1]).Worker()
    children: set[int] = set()
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    pending = b""
    while True:
        ready, _, _ = select.select([0, woken], [], [])
        if woken in ready:
            os.read(woken, 4096)
            _reap(children)
        if 0 not in ready:
            continue
        data = os.read(0, 65_536)
        if not data:
            break
        *lines, pending = (pending + data).split(b"\n")
        for line in lines:
            order = json.loads(line)
            if "kill" in order:
                if order["kill"] in children:
                    os.kill(order["kill"], signal.SIGKILL)
                continue
            worker.warm(order)
            pid = os.fork()
            if pid == 0:
                _child(worker.perform, order)
            children.add(pid)
            say({"forked": pid})
    for pid in children:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def _child(perform: Any, order: dict[str, Any]) -> None:  # noqa: ANN401
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    code = 1
    try:
        os.close(0)
        perform(order)
        code = 0
    except BaseException as error:  # noqa: BLE001  (a child says how it failed, and never returns)
        say({"pid": os.getpid(), "failure": f"{type(error).__name__}: {error}"})
    finally:
        os._exit(code)


def _reap(children: set[int]) -> None:
    for pid in tuple(children):
        ended, status = os.waitpid(pid, os.WNOHANG)
        if ended:
            children.discard(pid)
            say({"pid": pid, "end": os.waitstatus_to_exitcode(status)})


def say(line: dict[str, Any]) -> None:
    """One line to the test, whole: children share the pipe, and a pipe takes 4,096 octets at once."""
    text = json.dumps(line).encode() + b"\n"
    assert len(text) <= _pipe_buf()
    os.write(1, text)


def _pipe_buf() -> int:
    """PIPE_BUF (POSIX): what is written whole or not at all."""
    return os.fpathconf(1, "PC_PIPE_BUF")


if __name__ == "__main__":
    serve()
