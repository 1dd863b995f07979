"""The boundaries between an act's durable steps, and dying at one of them.

A boundary is the moment before, or after, one of: an SQL statement, a COMMIT, a signature, and each call
that writes, cuts, syncs or locks a file beside the database. They are found by watching the interpreter,
so that the product runs exactly as it is wired.
"""

from __future__ import annotations

import fcntl
import os
import signal
import sys
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any

from sqlalchemy.engine.default import DefaultDialect

from keys.private import PrivateKey

_PYTHON: dict[CodeType, str] = {
    DefaultDialect.do_execute.__code__: "statement",
    DefaultDialect.do_executemany.__code__: "statement",
    DefaultDialect.do_execute_no_params.__code__: "statement",
    DefaultDialect.do_commit.__code__: "COMMIT",
    PrivateKey.sign.__code__: "signature",
}
_NATIVE: dict[Any, str] = {
    os.write: "write",
    os.pwrite: "write",
    os.truncate: "truncate",
    os.ftruncate: "truncate",
    os.replace: "replace",
    os.rename: "replace",
    os.fsync: "fsync",
    os.fdatasync: "fsync",
    fcntl.flock: "lock",
}
_WHEN = {
    "call": "before",
    "c_call": "before",
    "return": "after",
    "c_return": "after",
    "c_exception": "after",
}
STATEMENT_WORDS = 3


class Boundaries:
    """Counts the boundaries that this thread passes; at the one that was chosen the process kills itself."""

    def __init__(
        self,
        chosen: int | str | None,
        tell: Callable[[str], None],
        among: frozenset[str] | None = None,
    ) -> None:
        """`chosen` by number from 1, or the first of a name; `tell` is given its name before the end.

        `among` names those that count, as `COMMIT` or `signature`; all of them when it is None.
        """
        self._among = among
        self._chosen = chosen
        self._tell = tell
        self.passed = 0

    def watch(self) -> None:
        """From now on."""
        sys.setprofile(self._profile)

    def stop(self) -> None:
        """No more."""
        sys.setprofile(None)

    def _profile(self, frame: FrameType, event: str, argument: Any) -> None:  # noqa: ANN401  (the hook's own)
        name = _NATIVE.get(argument) if event.startswith("c_") else _PYTHON.get(frame.f_code)
        if name is None or (self._among is not None and name not in self._among):
            return
        self.passed += 1
        if isinstance(self._chosen, str):
            chosen = self._chosen == f"{_WHEN[event]} {name}"
        else:
            chosen = self._chosen == self.passed
        if chosen:
            sys.setprofile(None)
            self._tell(f"{_WHEN[event]} {_detailed(name, frame)}")
            os.kill(os.getpid(), signal.SIGKILL)


def _detailed(name: str, frame: FrameType) -> str:
    if name != "statement":
        return name
    return " ".join(str(frame.f_locals.get("statement", "")).split()[:STATEMENT_WORDS])
