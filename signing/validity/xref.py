"""Cross-reference sections (ISO 32000-2 7.5.4, 7.5.8): tables, streams, hybrids, and the chain of them."""

from __future__ import annotations

import re
import zlib
from dataclasses import dataclass, field
from itertools import pairwise
from typing import NamedTuple

from signing.document import Buffer
from signing.validity.syntax import Name, Ref, Stream, SyntaxInvalid, Value, indirect, parse, skip

MAX_SECTIONS = 4_096  # as the writer allows: 100 signatures to B-LTA take some 400
MAX_ENTRIES = 500_000  # of the whole file: a 1,000-page contract has about 10,000; memory stays under 128 MB
MAX_NUMBER = 8_388_607  # ISO 32000-1 annex C: indirect objects of a file
MAX_INFLATED = 16_777_216  # octets of one decompressed stream
MAX_ROW = 12  # octets of an entry with its predictor: 1, 8 and 2 for files of any size
MAX_PREDICTED = 67_108_864  # octets of all cross-reference streams together
MAX_RATIO = 1_100  # deflate cannot do better than 1:1,032
_FREE, _PLAIN, _PACKED = 0, 1, 2
_SUBSECTION = re.compile(rb"[\x00\t\n\f\r ]*+(\d{1,8})[ \t]++(\d{1,8})[ \t]*+(?:\r\n|\n|\r)")
_ENTRY = re.compile(rb"(\d{10}) (\d{5}) ([nf])(?: \r| \n|\r\n|\n|\r)[ ]?")
_TRAILER = re.compile(rb"[\x00\t\n\f\r ]*+trailer")
_MAX_WIDTH = 8


class Place(NamedTuple):
    """Where an object lies: at an offset, or in an object stream; or nowhere."""

    kind: int
    """0 free, 1 at offset `first` with generation `second`, 2 in stream `first` as its `second`."""
    first: int
    second: int

    @property
    def in_use(self) -> bool:
        """Whether there is an object."""
        return self.kind != _FREE

    @property
    def packed(self) -> bool:
        """Whether it lies in an object stream."""
        return self.kind == _PACKED


@dataclass(frozen=True, slots=True)
class Section:
    """One cross-reference section with its trailer; a hybrid's stream is merged into it."""

    offset: int
    end: int
    entries: dict[int, Place]
    trailer: dict[bytes, Value]
    stream: int | None = None
    """The number of the object that it is, for a stream."""
    extents: tuple[tuple[int, int], ...] = ()
    """Octets that it takes, where they are more than one piece."""
    conflicts: tuple[int, ...] = ()
    """Objects that the table and the stream of a hybrid place differently."""


@dataclass(slots=True)
class _Count:
    left: int = field(default=MAX_ENTRIES)
    octets: int = field(default=MAX_PREDICTED)

    def take(self, number: int) -> None:
        self.left -= number
        if number < 0 or self.left < 0:
            raise SyntaxInvalid(f"has more than {MAX_ENTRIES} cross-reference entries")


def chain(data: Buffer, newest: int) -> list[Section]:
    """Every section, newest first; raises `SyntaxInvalid` for a broken, looping or over-long chain."""
    found: list[Section] = []
    seen: set[int] = set()
    count = _Count()
    at: int | None = newest
    while at is not None:
        if at in seen or len(found) == MAX_SECTIONS:
            raise SyntaxInvalid("has cross-reference sections that loop, or too many")
        seen.add(at)
        section = _section(data, at, count)
        found.append(section)
        at = _offset(section.trailer.get(b"Prev"), len(data))
    return found


def _offset(value: Value, size: int) -> int | None:
    if value is None:
        return None
    if not isinstance(value, int) or not 0 <= value < size:
        raise SyntaxInvalid("has a cross-reference offset outside the file")
    return value


def _section(data: Buffer, at: int, count: _Count) -> Section:
    start = skip(data, at)
    if bytes(data[start : start + 4]) != b"xref":
        return _stream_section(data, start, count)
    entries, place = _table(data, start + 4, count)
    trailer, end = _trailer(data, place)
    hybrid = _offset(trailer.get(b"XRefStm"), len(data))
    if hybrid is None:
        return Section(start, end, entries, trailer)
    beside = _stream_section(data, skip(data, hybrid), count)
    conflicts = []
    for number, other in beside.entries.items():
        held = entries.get(number)
        if held is None or not held.in_use:  # 7.5.8.4: hidden from readers of tables alone
            entries[number] = other
        elif held != other:
            conflicts.append(number)
    extents = ((start, end), (beside.offset, beside.end))
    return Section(start, end, entries, trailer, beside.stream, extents, tuple(conflicts))


def _table(data: Buffer, at: int, count: _Count) -> tuple[dict[int, Place], int]:
    entries: dict[int, Place] = {}
    while (head := _SUBSECTION.match(data, at)) is not None:
        first, number = int(head[1]), int(head[2])
        count.take(number)
        if first + number > MAX_NUMBER:
            raise SyntaxInvalid(f"numbers objects beyond {MAX_NUMBER}")
        at = head.end()
        for one in range(first, first + number):
            entry = _ENTRY.match(data, at)
            if entry is None or one in entries:
                raise SyntaxInvalid("has a malformed cross-reference table")
            # Some writers give numbers that they left unused the place 0, where no reader finds an object.
            kind = _PLAIN if entry[3] == b"n" and int(entry[1]) else _FREE
            entries[one] = Place(kind, int(entry[1]), int(entry[2]))
            at = entry.end()
    return entries, at


def _trailer(data: Buffer, at: int) -> tuple[dict[bytes, Value], int]:
    found = _TRAILER.match(data, at)
    if found is None:
        raise SyntaxInvalid("has a cross-reference table without a trailer")
    value, end = parse(data, found.end())
    if not isinstance(value, dict):
        raise SyntaxInvalid("has a trailer that is no dictionary")
    return value, end


def _stream_section(data: Buffer, at: int, count: _Count) -> Section:
    held = indirect(data, at, _no_length)
    stream = held.value
    if not isinstance(stream, Stream) or stream.entries.get(b"Type") != Name(b"XRef"):
        raise SyntaxInvalid("has no cross-reference section where one should be")
    content = inflated(data, stream, MAX_ENTRIES * MAX_ROW)
    count.octets -= len(content)
    if count.octets < 0:
        raise SyntaxInvalid(f"has more than {MAX_ENTRIES} cross-reference entries")
    entries = _stream_entries(stream.entries, content, count)
    return Section(held.start, held.end, entries, stream.entries, held.number)


def _no_length(_: Ref) -> int:
    raise SyntaxInvalid("has a cross-reference stream of indirect length")


def _stream_entries(entries: dict[bytes, Value], content: bytes, count: _Count) -> dict[int, Place]:
    widths, size = entries.get(b"W"), entries.get(b"Size")
    if not isinstance(size, int) or not isinstance(widths, list) or len(widths) != 3:  # noqa: PLR2004
        raise SyntaxInvalid("has a cross-reference stream without sizes")
    a, b, c = (one if isinstance(one, int) and 0 <= one <= _MAX_WIDTH else -1 for one in widths)
    index = entries.get(b"Index", [0, size])
    if min(a, b, c) < 0 or not isinstance(index, list) or len(index) % 2:
        raise SyntaxInvalid("has a cross-reference stream with wrong sizes")
    width = a + b + c
    found: dict[int, Place] = {}
    at = 0
    for first, number in zip(index[::2], index[1::2], strict=True):
        if not isinstance(first, int) or not isinstance(number, int) or first < 0:
            raise SyntaxInvalid("has a cross-reference stream with a wrong index")
        count.take(number)
        if first + number > MAX_NUMBER or at + number * width > len(content):
            raise SyntaxInvalid("has a cross-reference stream that is cut short")
        for one in range(first, first + number):
            row = content[at : at + width]
            kind = int.from_bytes(row[:a], "big") if a else _PLAIN
            if one in found:
                raise SyntaxInvalid("has a cross-reference stream that names an object twice")
            # 7.5.8.3: a reader takes an unknown kind for a reference to null
            known = kind if kind in (_PLAIN, _PACKED) else _FREE
            found[one] = Place(
                known, int.from_bytes(row[a : a + b], "big"), int.from_bytes(row[a + b :], "big")
            )
            at += width
    return found


def inflated(data: Buffer, stream: Stream, most: int = MAX_INFLATED) -> bytes:
    """The content of a stream under no filter, or FlateDecode alone; raises `SyntaxInvalid`."""
    filters = stream.entries.get(b"Filter")
    names = filters if isinstance(filters, list) else [] if filters is None else [filters]
    raw = bytes(data[stream.start : stream.end])
    if not names:
        return raw
    if names != [Name(b"FlateDecode")]:
        raise SyntaxInvalid("has a stream under a filter that is not read")
    limit = min(most, max(len(raw), 64) * MAX_RATIO)
    machine = zlib.decompressobj()
    try:
        content = machine.decompress(raw, limit)
    except zlib.error as error:
        raise SyntaxInvalid("has a stream that does not decompress") from error
    if machine.unconsumed_tail:
        raise SyntaxInvalid(f"has a stream of more than {limit} octets")
    parameters = stream.entries.get(b"DecodeParms")
    if isinstance(parameters, list):
        parameters = parameters[0] if len(parameters) == 1 else None
    return _unpredicted(content, parameters if isinstance(parameters, dict) else {})


def _unpredicted(content: bytes, parameters: dict[bytes, Value]) -> bytes:
    """Undo a PNG predictor (7.4.4.4) over rows of octets."""
    predictor = parameters.get(b"Predictor", 1)
    if predictor == 1:
        return content
    columns = parameters.get(b"Columns", 1)
    plain = parameters.get(b"Colors", 1) == 1 and parameters.get(b"BitsPerComponent", 8) == 8  # noqa: PLR2004
    if not isinstance(predictor, int) or predictor < 10 or not plain:  # noqa: PLR2004  (TIFF's is 2)
        raise SyntaxInvalid("has a stream under a predictor that is not read")
    if not isinstance(columns, int) or not 1 <= columns <= MAX_INFLATED:
        raise SyntaxInvalid("has a stream under a predictor of wrong width")
    previous = bytes(columns)
    made = bytearray()
    bounds = range(0, len(content) + columns + 1, columns + 1)
    for start, end in pairwise(bounds):
        row = content[start + 1 : end]
        if row:
            previous = _row(content[start], row, previous)
            made += previous
    return bytes(made)


def _row(kind: int, row: bytes, above: bytes) -> bytes:
    if kind == 0:
        return row
    if kind == 2:  # noqa: PLR2004  (Up, as every producer of cross-reference streams writes)
        return bytes([(one + other) & 0xFF for one, other in zip(row, above, strict=False)])
    made = bytearray()
    for place, one in enumerate(row):
        left = made[place - 1] if place else 0
        up = above[place]
        corner = above[place - 1] if place else 0
        match kind:
            case 1:
                add = left
            case 3:
                add = (left + up) // 2
            case 4:
                guess = left + up - corner
                add = min((left, up, corner), key=lambda value: abs(guess - value))
            case _:
                raise SyntaxInvalid("has a stream with an unknown predictor")
        made.append((one + add) & 0xFF)
    return bytes(made)
