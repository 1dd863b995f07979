"""One more revision of a PDF: an incremental update (ISO 32000-2 7.5.6), written octet by octet.

Nothing that is there is written again: the file before it stays a prefix of the file after it.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from evidence.digest import sha256
from signing.errors import DocumentRefused
from signing.pdf import syntax
from signing.pdf.lexer import tokens
from signing.pdf.sections import number as number_of
from signing.pdf.source import PdfSource, guarded

LEVEL = 6  # zlib's own default; named so that the octets do not follow another one
NO_GENERATION = 65_535  # of object 0, head of the list of free objects (7.5.4)
_ID = 16  # octets of each half of /ID (14.4)


@dataclass(frozen=True, slots=True)
class Appended:
    """The octets of one revision, to be put after the file's end."""

    data: bytes
    offsets: Mapping[int, int]
    """By object number: where its body begins, counted from the beginning of the whole file."""


class Increment:
    """Collects the objects of one revision to append to `source`."""

    def __init__(self, source: PdfSource) -> None:
        self.source = source
        self._next = source.next_number
        self._bodies: dict[int, bytes] = {}
        self._generations: dict[int, int] = {}

    def reserve(self) -> int:
        """A new object number, to be `put` later."""
        self._next += 1
        return self._next - 1

    def put(self, number: int, body: bytes) -> None:
        """The body of a new object, or in place of that in the file, whose generation is kept."""
        old = number < self.source.next_number
        self._generations[number] = guarded(lambda: self.source.generation(number)) if old else 0
        self._bodies[number] = body

    def add(self, body: bytes) -> int:
        """A new object of this body: its number."""
        number = self.reserve()
        self.put(number, body)
        return number

    def stream(self, dictionary: bytes, content: bytes, *, compress: bool = True) -> int:
        """A new stream: its number. `dictionary` is serialised, `<<…>>`, without /Length and /Filter."""
        filters = b""
        if compress:
            content = zlib.compress(content, LEVEL)
            filters = b" /Filter /FlateDecode"
        opened = dictionary.rstrip().removesuffix(b">>")
        return self.add(
            b"%s%s /Length %d>>\nstream\n%s\nendstream" % (opened, filters, len(content), content)
        )

    def body(self, number: int) -> bytes | None:
        """What was `put` for this object, if anything was."""
        return self._bodies.get(number)

    def reference(self, number: int) -> bytes:
        """A reference to an object of the file or of this revision, with its generation."""
        generation = self._generations.get(number)
        if generation is None:
            old = number < self.source.next_number
            generation = guarded(lambda: self.source.generation(number)) if old else 0
        return syntax.reference(number, generation)

    def render(self) -> Appended:
        """The revision. Raises `DocumentRefused` for a file whose trailer names no catalogue."""
        size = self.source.size
        parts: list[bytes] = []
        place = size
        if bytes(self.source.data[size - 1 :]) not in {b"\n", b"\r"}:
            parts.append(b"\n")
            place += 1
        offsets: dict[int, int] = {}
        starts: dict[int, int] = {}
        for number in sorted(self._bodies):
            head = b"%d %d obj\n" % (number, self._generations[number])
            body = self._bodies[number]
            starts[number] = place
            offsets[number] = place + len(head)
            parts += (head, body, b"\nendobj\n")
            place += len(head) + len(body) + len(b"\nendobj\n")
        last = self.source.sections[0]
        trailer = self._trailer(sha256(b"".join(parts)))
        if last.is_stream:
            parts.append(self._reference_stream(trailer, starts, place))
        else:
            parts.append(self._table(trailer, starts))
        parts.append(b"startxref\n%d\n%%%%EOF\n" % place)
        return Appended(b"".join(parts), offsets)

    def _trailer(self, digest: bytes) -> dict[bytes, bytes]:
        last = self.source.sections[0]
        known = last.trailer
        if b"Root" not in known:
            raise DocumentRefused("broken", "has a trailer that names no catalogue")
        trailer = {b"Root": known[b"Root"]}
        if b"Info" in known:
            trailer[b"Info"] = known[b"Info"]
        # The first half stays for the life of the file, the second is of this revision (14.4).
        halves = [token for token, _, _ in tokens(known.get(b"ID", b"")) if token[:1] in {b"(", b"<"}]
        renewed = sha256(b"".join((*halves, b"%d" % self.source.size, digest)))[:_ID]
        first = halves[0] if len(halves) == 2 else syntax.hexadecimal(renewed)  # noqa: PLR2004  (halves)
        trailer[b"ID"] = syntax.array((first, syntax.hexadecimal(renewed)))
        trailer[b"Prev"] = b"%d" % last.offset
        return trailer

    def _table(self, trailer: dict[bytes, bytes], starts: Mapping[int, int]) -> bytes:
        """A classic table (7.5.4) and its trailer."""
        lines = [b"xref\n"]
        for numbers in _runs(starts):
            lines.append(b"%d %d\n" % (numbers[0], len(numbers)))
            lines += (b"%010d %05d n\r\n" % (starts[one], self._generations[one]) for one in numbers)
        trailer = {b"Size": b"%d" % self._size(), **trailer}
        return b"".join(lines) + b"trailer\n" + syntax.dictionary(trailer) + b"\n"

    def _reference_stream(self, trailer: dict[bytes, bytes], starts: Mapping[int, int], place: int) -> bytes:
        """A cross-reference stream (7.5.8), which lists itself."""
        own = self.reserve()
        every = {**starts, own: place}
        width = (place.bit_length() + 7) // 8
        rows = b"".join(
            b"\x01" + every[one].to_bytes(width, "big") + self._generations.get(one, 0).to_bytes(2, "big")
            for one in sorted(every)
        )
        content = zlib.compress(rows, LEVEL)
        index = [b"%d %d" % (numbers[0], len(numbers)) for numbers in _runs(every)]
        dictionary = {
            b"Type": b"/XRef",
            b"Size": b"%d" % self._size(),
            b"W": b"[1 %d 2]" % width,
            b"Index": syntax.array(index),
            **trailer,
            b"Filter": b"/FlateDecode",
            b"Length": b"%d" % len(content),
        }
        return b"%d 0 obj\n%s\nstream\n%s\nendstream\nendobj\n" % (
            own,
            syntax.dictionary(dictionary),
            content,
        )

    def _size(self) -> int:
        # Not below that of any earlier section: /Size is one more than the highest number (table 15).
        return max(self._next, number_of(self.source.sections[0].trailer, b"Size") or 0)


def _runs(numbers: Mapping[int, int]) -> list[list[int]]:
    """Numbers that follow each other, together."""
    ordered = sorted(numbers)
    runs = [[ordered[0]]] if ordered else []
    for before, after in pairwise(ordered):
        if after == before + 1:
            runs[-1].append(after)
        else:
            runs.append([after])
    return runs
