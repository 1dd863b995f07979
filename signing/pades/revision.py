"""A revision that waits for its signature: placeholders, byte range, digest, and the closing.

ISO 32000-2 12.8.1: the byte range covers the whole file but the hexadecimal string of /Contents, its
angle brackets included.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Protocol

from cryptography.hazmat.primitives.hashes import SM3, Hash

from keys.suites import Digest
from signing.document import Buffer
from signing.pdf.increment import Appended

# Digits of each number in a byte range: PDF offsets that a cross-reference table can hold (ISO 32000-2
# 7.5.4) have 10. A narrower room breaks files over 100,000,000 octets.
NUMBER_WIDTH = 10
_NUMBERS = 3 * (NUMBER_WIDTH + 1)  # the first number is always 0


class _Hasher(Protocol):
    def update(self, data: Buffer, /) -> None: ...


@dataclass(frozen=True, slots=True)
class SignatureDictionary:
    """A signature dictionary with room for the byte range and the signature."""

    body: bytes
    byte_range: int
    """Offset in `body` of the octets kept for the numbers after the first."""
    contents: int
    """Offset in `body` of the opening angle bracket."""
    room: int
    """Octets of signature; twice as many digits stand in the file."""

    @classmethod
    def compose(cls, head: bytes, tail: bytes, room: int) -> SignatureDictionary:
        """Entries before and after /ByteRange and /Contents, as PDF text."""
        before = b"<< " + head + b" /ByteRange [0"
        between = b"] /Contents "
        contents = len(before) + _NUMBERS + len(between)
        body = b"".join((before, b" " * _NUMBERS, between, b"<", b"0" * (2 * room), b"> ", tail, b" >>"))
        return cls(body, len(before), contents, room)


@dataclass(frozen=True, slots=True)
class OpenRevision:
    """The appended octets with the byte range written and /Contents still zeros."""

    appended: bytes
    offset: int
    """Octets of the file before them."""
    contents: int
    """Offset in `appended` of the opening angle bracket."""
    room: int

    @classmethod
    def of(cls, size: int, appended: Appended, number: int, dictionary: SignatureDictionary) -> OpenRevision:
        """From a rendered increment whose object `number` is the dictionary; `size` of the file before."""
        body = appended.offsets[number] - size
        start = body + dictionary.contents
        after = start + 2 * dictionary.room + 2
        total = size + len(appended.data)
        numbers = b"".join(b" %d" % one for one in (size + start, size + after, total - size - after))
        if len(numbers) > _NUMBERS:
            raise OverflowError("the byte range does not fit into its place")
        data = bytearray(appended.data)
        at = body + dictionary.byte_range
        data[at : at + len(numbers)] = numbers
        return cls(bytes(data), size, start, dictionary.room)

    @property
    def after(self) -> int:
        """Offset in `appended` behind the closing angle bracket."""
        return self.contents + 2 * self.room + 2

    @property
    def byte_range(self) -> tuple[int, int, int, int]:
        """As it stands in the dictionary."""
        after = self.offset + self.after
        return 0, self.offset + self.contents, after, self.offset + len(self.appended) - after

    def digest(self, before: Buffer, digest: Digest) -> bytes:
        """Of what the byte range covers; `before` is the file so far, which is read in place."""
        appended = memoryview(self.appended)
        parts = (memoryview(before), appended[: self.contents], appended[self.after :])
        if digest is Digest.SM3:
            state = Hash(SM3())
            _feed(state, parts)
            return state.finalize()
        known = hashlib.new(digest.value)
        _feed(known, parts)
        return known.digest()

    def close(self, contents: bytes) -> bytes:
        """The appended octets with the signature in its place, padded with zeros.

        Raises ValueError when it does not fit.
        """
        if len(contents) > self.room:
            raise ValueError(f"{len(contents)} octets do not fit into the {self.room} that are reserved")
        digits = contents.hex().upper().encode()
        start = self.contents + 1
        return b"".join((self.appended[:start], digits, self.appended[start + len(digits) :]))


def _feed(state: _Hasher, parts: tuple[memoryview, ...]) -> None:
    for part in parts:
        state.update(part)
