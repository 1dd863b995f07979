"""The revisions of a file as its cross-references tell them, and octets that none of them accounts for."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from signing.document import Buffer
from signing.validity.attack import Attack, AttackFound
from signing.validity.syntax import Ref, SyntaxInvalid, Value, header_at, skip
from signing.validity.xref import Place, Section, chain

HEADER_WITHIN = 1_024  # octets: ISO 32000-1 annex H.3.4.1 has readers look so far for the header
MAX_MARKS = 8_192  # of `startxref`: every revision has one, embedded files may have more
_HEADER = re.compile(rb"%PDF-[12]\.\d")
_MARK = re.compile(rb"startxref[\x00\t\n\f\r ]++(\d{1,12})[\x00\t\n\f\r ]++%%EOF(\r\n|\n|\r)?")
_OBJ = re.compile(rb"obj")
_BEFORE_OBJ = re.compile(rb"(?:^|[^\d])(\d{1,10})[\x00\t\n\f\r ]+(\d{1,5})[\x00\t\n\f\r ]+\Z")
_NUMBERS = 24  # octets before `obj` in which both numbers stand


@dataclass(frozen=True, slots=True)
class Revision:
    """What one save added: from `start` up to `end` of the file."""

    index: int
    start: int
    bare_end: int
    """Behind `%%EOF`."""
    end: int
    """Behind the end of line that may follow."""
    sections: tuple[Section, ...]
    """Newest first."""
    entries: Mapping[int, Place]
    trailer: Mapping[bytes, Value]

    @property
    def root(self) -> Ref | None:
        """The catalogue."""
        found = self.trailer.get(b"Root")
        return found if isinstance(found, Ref) else None

    @property
    def size(self) -> int:
        """As the trailer says it."""
        found = self.trailer.get(b"Size")
        return found if isinstance(found, int) else 0


@dataclass(frozen=True, slots=True)
class Structure:
    """A file taken apart: `data` begins with its header."""

    data: Buffer
    leading: int
    """Octets before the header."""
    revisions: tuple[Revision, ...]
    found: tuple[AttackFound, ...]

    def ending_at(self, end: int) -> Revision | None:
        """The revision that ends there, with its end of line or without."""
        place = bisect_left(self.revisions, end, key=lambda one: one.end)
        if place < len(self.revisions) and end in (self.revisions[place].bare_end, self.revisions[place].end):
            return self.revisions[place]
        return None


def read_structure(data: Buffer) -> Structure:
    """Take a file apart; raises `SyntaxInvalid` where it has no header, or no chain of cross-references."""
    header = _HEADER.search(data, 0, HEADER_WITHIN)
    if header is None:
        raise SyntaxInvalid("has no PDF header")
    leading = header.start()
    view = memoryview(data)[leading:] if leading else data
    marks = _marks(view)
    if not marks:
        raise SyntaxInvalid("does not say where its cross-references begin")
    revisions, found = _revisions(view, chain(view, marks[-1].target), marks)
    if leading:
        detail = f"{leading} octets stand before the header"
        found.append(AttackFound(Attack.LEADING_BYTES, detail, 0))
    current: dict[int, Place] = {}
    for revision in revisions:
        found += _misplaced(view, revision, current)
        current |= revision.entries
    return Structure(view, leading, tuple(revisions), tuple(found))


@dataclass(frozen=True, slots=True)
class _Mark:
    start: int
    bare_end: int
    end: int
    target: int


def _marks(data: Buffer) -> list[_Mark]:
    found = []
    for match in _MARK.finditer(data):
        bare = match.start(2) if match[2] else match.end()
        found.append(_Mark(match.start(), bare, match.end(), int(match[1])))
        if len(found) > MAX_MARKS:
            raise SyntaxInvalid(f"has more than {MAX_MARKS} ends of revisions")
    return found


def _revisions(
    data: Buffer, sections: list[Section], marks: list[_Mark]
) -> tuple[list[Revision], list[AttackFound]]:
    """A section that no `startxref` names (a linearised file's second) belongs to the next newer one."""
    by_target: dict[int, list[_Mark]] = {}
    for mark in marks:
        if mark.target < len(data):
            by_target.setdefault(skip(data, mark.target), []).append(mark)
    found: list[AttackFound] = []
    revisions: list[Revision] = []
    waiting: list[Section] = []
    start = 0
    for section in reversed(sections):
        waiting.insert(0, section)
        ends = [one for one in by_target.get(section.offset, ()) if one.start >= section.end]
        if section is sections[0]:
            ends = ends[-1:]
        if not ends:
            continue
        mark = ends[0]
        if mark.bare_end <= start:
            detail = f"the cross-references at {section.offset} lie before those that they replace"
            found.append(AttackFound(Attack.XREF_DISAGREEMENT, detail, len(revisions)))
            continue
        revisions.append(_revision(len(revisions), start, mark, waiting))
        start, waiting = mark.end, []
    if waiting or not revisions:
        raise SyntaxInvalid("has cross-references that end nowhere")
    for revision in revisions:
        for section in revision.sections:
            found += _conflicts(section, revision.index)
    return revisions, found


def _revision(index: int, start: int, mark: _Mark, sections: list[Section]) -> Revision:
    if len(sections) == 1:
        entries = sections[0].entries
    else:
        entries = {}
        for section in reversed(sections):
            entries |= section.entries
    return Revision(index, start, mark.bare_end, mark.end, tuple(sections), entries, sections[0].trailer)


def _conflicts(section: Section, index: int) -> Iterator[AttackFound]:
    if section.conflicts:
        detail = f"table and stream place object {section.conflicts[0]} differently"
        yield AttackFound(Attack.XREF_DISAGREEMENT, detail, index)


def _misplaced(data: Buffer, revision: Revision, before: Mapping[int, Place]) -> Iterator[AttackFound]:
    """Entries that name no object, another object, or one outside the revision."""
    for number, place in revision.entries.items():
        offset = place.first
        if place.kind != 1 or (offset < revision.start and before.get(number) == place):
            continue  # listed again, where it lies since
        if not 0 < offset < revision.end or header_at(data, offset) != (number, place.second):
            detail = f"object {number} is not where the cross-reference says"
            yield AttackFound(Attack.XREF_DISAGREEMENT, detail, revision.index)
        elif offset < revision.start:
            detail = f"object {number} is taken from the octets of an earlier revision"
            yield AttackFound(Attack.SHADOW_HIDE_AND_REPLACE, detail, revision.index)


def object_headers(data: Buffer, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Offset and number of everything between that looks like the head of an object."""
    for match in _OBJ.finditer(data, start, end):
        at = match.start()
        low = max(start, at - _NUMBERS)
        before = _BEFORE_OBJ.search(bytes(data[low:at]))
        if before is not None:
            yield low + before.start(1), int(before[1])
