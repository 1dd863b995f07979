"""Cross-reference sections of a PDF, from the last back to the first (ISO 32000-2 7.5.4 to 7.5.8).

Read before any library sees the file: what has to be known to append (where the last section lies and of
which kind it is), and what decides whether it may be read at all (encrypted, hybrid, bombs).
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from signing.document import Buffer
from signing.errors import DocumentRefused
from signing.pdf.lexer import entries
from signing.pdf.limits import PdfLimits

TAIL = 2_048  # octets; readers look for startxref in the last 1,024, signed files may end in more blanks
WINDOW = 8_192  # octets of a section read at first; most trailers take 300
_HEADER = re.compile(rb"%PDF-[12]\.[0-9]")
_END = re.compile(rb"startxref[\x00\t\n\f\r ]+([0-9]{1,12})[\x00\t\n\f\r ]+%%EOF[\x00\t\n\f\r ]*\Z")
_BLANKS = rb"[\x00\t\n\f\r ]*"
_SUBSECTION = re.compile(_BLANKS + rb"([0-9]{1,10})[ \t]+([0-9]{1,10})[ \t]*[\r\n]+")
_TRAILER = re.compile(_BLANKS + rb"trailer" + _BLANKS)
_STREAM = re.compile(_BLANKS + rb"([0-9]{1,10})[\x00\t\n\f\r ]+([0-9]{1,5})[\x00\t\n\f\r ]+obj" + _BLANKS)
_DATA = re.compile(_BLANKS + rb"stream\r?\n")
_ENTRY = 20  # octets of a classic entry (7.5.4)


@dataclass(frozen=True, slots=True)
class Section:
    """One cross-reference section."""

    offset: int
    """Where it begins, as a /Prev or startxref names it."""
    is_stream: bool
    trailer: Mapping[bytes, bytes]
    """Of a classic section its trailer, else the stream's dictionary; names without the slash."""


def read_sections(data: Buffer, limits: PdfLimits, *, last_only: bool = False) -> tuple[Section, ...]:
    """All of them, the last first, or that one alone. Raises `DocumentRefused`."""
    size = len(data)
    if size > limits.max_size:
        raise DocumentRefused("too-large", f"has {size} octets; {limits.max_size} are allowed")
    if _HEADER.match(bytes(data[:16])) is None:
        head = bytes(data[:1024])
        if b"%PDF-" not in head:
            raise DocumentRefused("not-pdf", "is no PDF: it does not begin with %PDF-")
        raise DocumentRefused("broken", "does not begin with the header of a PDF")
    end = _END.search(bytes(data[max(0, size - TAIL) :]))
    if end is None:
        raise DocumentRefused("broken", "does not end with startxref and %%EOF")
    found: list[Section] = []
    seen: set[int] = set()
    offset: int | None = int(end[1])
    while offset is not None:
        if offset in seen:
            raise DocumentRefused("circular", "has cross-reference sections that lead in a circle")
        if len(found) == limits.max_sections:
            raise DocumentRefused(
                "too-many-objects", f"has over {limits.max_sections} cross-reference sections"
            )
        seen.add(offset)
        section = _section(data, offset, limits)
        found.append(section)
        offset = None if last_only else number(section.trailer, b"Prev")
    return tuple(found)


def number(trailer: Mapping[bytes, bytes], name: bytes) -> int | None:
    """A non-negative integer of a trailer, or None when it has none. Raises `DocumentRefused`."""
    raw = trailer.get(name)
    if raw is None:
        return None
    if not raw.isdigit() or len(raw) > 12:  # noqa: PLR2004  (12 digits: beyond any file that is taken)
        raise DocumentRefused("broken", f"has a trailer whose {name.decode('latin-1')} is no number")
    return int(raw)


def _section(data: Buffer, offset: int, limits: PdfLimits) -> Section:
    head = bytes(data[offset : offset + WINDOW])
    if head.startswith(b"xref"):
        section = Section(offset, False, _classic(data, offset + 4, limits))  # noqa: FBT003  (a field)
    elif match := _STREAM.match(head):
        trailer, end = _dictionary(data, offset + match.end(), limits)
        if trailer.get(b"Type") != b"/XRef":
            raise DocumentRefused("broken", "has no cross-reference section where one is said to be")
        section = Section(offset, True, trailer)  # noqa: FBT003  (a field)
        _check_unfolded(data, end, trailer, limits)
    else:
        raise DocumentRefused("broken", "has no cross-reference section where one is said to be")
    if b"Encrypt" in section.trailer:
        raise DocumentRefused("encrypted", "is encrypted")
    if b"XRefStm" in section.trailer:
        raise DocumentRefused("hybrid", "has cross-references of two kinds at once (hybrid)")
    size = number(section.trailer, b"Size")
    if size is None:
        raise DocumentRefused("broken", "has a trailer that names no size")
    if size > limits.max_objects:
        raise DocumentRefused("too-many-objects", f"has {size} objects; {limits.max_objects} are allowed")
    return section


def _classic(data: Buffer, start: int, limits: PdfLimits) -> dict[bytes, bytes]:
    place = start
    while True:
        head = bytes(data[place : place + 64])
        if match := _TRAILER.match(head):
            return _dictionary(data, place + match.end(), limits)[0]
        match = _SUBSECTION.match(head)
        if match is None:
            break
        place += match.end() + int(match[2]) * _ENTRY
    # Entries of another width: some writers end them with one octet. Readers go on to the word.
    longest = limits.max_objects * _ENTRY
    table = bytes(data[start : min(len(data), start + longest)])
    found = table.find(b"trailer")
    if found < 0:
        raise DocumentRefused("broken", "has a table of cross-references and no trailer after it")
    return _dictionary(data, start + found + len(b"trailer"), limits)[0]


def _dictionary(data: Buffer, start: int, limits: PdfLimits) -> tuple[dict[bytes, bytes], int]:
    window = WINDOW
    while True:
        try:
            found, end = entries(bytes(data[start : start + window]))
        except DocumentRefused:
            if window >= limits.max_dictionary or start + window >= len(data):
                raise
            window *= 8
        else:
            return found, start + end


def _check_unfolded(data: Buffer, end: int, trailer: Mapping[bytes, bytes], limits: PdfLimits) -> None:
    """A cross-reference stream may unfold to no more than its bound: libraries unfold it whole at once."""
    match = _DATA.match(bytes(data[end : end + 64]))
    length = number(trailer, b"Length")
    if match is None or length is None:
        raise DocumentRefused("broken", "has a cross-reference stream without octets")
    if trailer.get(b"Filter", b"").strip(b"[] \r\n") != b"/FlateDecode":
        if b"Filter" in trailer:
            raise DocumentRefused("broken", "has a cross-reference stream of an unusual compression")
        return
    start = end + match.end()
    unfolded = zlib.decompressobj()
    left = limits.max_stream
    part = bytes(data[start : start + length])
    try:
        while part and left > 0 and not unfolded.eof:
            left -= len(unfolded.decompress(part, min(left, 1 << 20)))
            part = unfolded.unconsumed_tail
    except zlib.error:
        raise DocumentRefused("broken", "has a cross-reference stream that does not unfold") from None
    if left <= 0:
        raise DocumentRefused("too-large", f"has a stream that unfolds to over {limits.max_stream} octets")
