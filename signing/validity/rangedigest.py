"""Digests of many byte ranges of one file in one pass: the Nth signature costs what it added."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import NamedTuple, Protocol

from cryptography.hazmat.primitives.hashes import SM3, Hash

from keys.suites import Digest
from signing.document import Buffer

CHUNK = 4_194_304  # octets hashed at once, so that a mapped file is not drawn into memory as a whole


class Range(NamedTuple):
    """The octets before `gap` and those from `resume` to `end`."""

    gap: int
    resume: int
    end: int


class _State(Protocol):
    def update(self, data: Buffer, /) -> None: ...


class _Digesting:
    def __init__(self, digest: Digest, state: hashlib._Hash | Hash | None = None) -> None:
        self.digest = digest
        self.state = state or (Hash(SM3()) if digest is Digest.SM3 else hashlib.new(digest.value))

    def feed(self, data: memoryview, start: int, end: int) -> None:
        state: _State = self.state
        for at in range(start, end, CHUNK):
            state.update(data[at : min(at + CHUNK, end)])

    def copy(self) -> _Digesting:
        return _Digesting(self.digest, self.state.copy())

    def value(self) -> bytes:
        return self.state.finalize() if isinstance(self.state, Hash) else self.state.digest()


def digest_ranges(data: Buffer, wanted: Iterable[tuple[Digest, Range]]) -> dict[tuple[Digest, Range], bytes]:
    """Digests of well-formed ranges (0 <= gap <= resume <= end <= size)."""
    view = memoryview(data)
    found: dict[tuple[Digest, Range], bytes] = {}
    for digest in Digest:
        ranges = sorted({one for algorithm, one in wanted if algorithm is digest})
        running = _Digesting(digest)
        at = 0
        for one in ranges:
            running.feed(view, at, one.gap)
            at = one.gap
            branch = running.copy()
            branch.feed(view, one.resume, one.end)
            found[digest, one] = branch.value()
    return found
