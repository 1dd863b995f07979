"""Whether the revisions account for every octet: objects that no cross-reference names, octets between.

Up to the first signature's revision the objects are counted, after it every octet must belong to one.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

from signing.validity.attack import Attack, AttackFound
from signing.validity.graph import Graph
from signing.validity.structure import Revision, object_headers
from signing.validity.syntax import SyntaxInvalid, skip

MAX_TOLD = 20  # findings of one kind in one revision
_BLANKS = re.compile(rb"[\x00\t\n\f\r ]*+")
_STARTXREF = re.compile(rb"[\x00\t\n\f\r ]*+startxref")


def unaccounted(graph: Graph, signed: int | None, covered: int) -> tuple[AttackFound, ...]:
    """Everything that no revision accounts for.

    `signed` is the first revision that a signature covers, None without one; `covered` the end of the last
    signature's range.
    """
    found = list(_after(graph, covered))
    for revision in graph.revisions:
        found += list(_strays(graph, revision))[:MAX_TOLD]
        if signed is not None and revision.index > signed:
            found += list(_gaps(graph, revision))[:MAX_TOLD]
    return tuple(found)


def _after(graph: Graph, covered: int) -> Iterator[AttackFound]:
    last = graph.revisions[-1]
    end = last.bare_end if covered == last.bare_end else last.end
    left = len(graph.data) - end
    if left <= 0:
        return
    yield AttackFound(Attack.TRAILING_BYTES, f"{left} octets stand behind the last revision", last.index)
    if next(object_headers(graph.data, end, len(graph.data)), None) is not None:
        detail = "objects stand behind the last revision"
        yield AttackFound(Attack.INCREMENTAL_SAVING, detail, last.index)


def _strays(graph: Graph, revision: Revision) -> Iterator[AttackFound]:
    """Objects in the revision's octets that its cross-references do not name."""
    data = graph.data
    places = {
        skip(data, place.first): number
        for number, place in revision.entries.items()
        if place.kind == 1 and revision.start <= place.first < revision.end
    }
    places |= {one.offset: one.stream for one in revision.sections if one.stream is not None}
    for section in revision.sections:
        places |= {start: section.stream or 0 for start, _ in section.extents}
    offsets = sorted(places)
    inside = -1  # the end of the object in which the last ones stood
    for at, number in object_headers(data, revision.start, revision.end):
        if at in places or at < inside:
            continue
        before = bisect_right(offsets, at) - 1
        if before >= 0:
            inside = _end(graph, revision, offsets[before], places[offsets[before]])
            if at < inside:
                continue
        known = graph.place(revision.index, number) is not None
        if known:
            detail = f"object {number} stands twice in one revision"
            yield AttackFound(Attack.DOUBLE_OBJECT, detail, revision.index)
        else:
            detail = f"object {number} stands in the file, and no cross-reference names it"
            yield AttackFound(Attack.SHADOW_HIDE_AND_REPLACE, detail, revision.index)


def _end(graph: Graph, revision: Revision, offset: int, number: int) -> int:
    place = revision.entries.get(number)
    if place is None or place.kind != 1 or skip(graph.data, place.first) != offset:
        return next((one.end for one in revision.sections if one.offset == offset), offset)
    try:
        return graph.read(number, place).end
    except SyntaxInvalid:
        return offset


def _gaps(graph: Graph, revision: Revision) -> Iterator[AttackFound]:
    """Octets between the revision's parts."""
    data = graph.data
    pieces = [(one.offset, one.end) for one in revision.sections]
    pieces += [extent for one in revision.sections for extent in one.extents]
    for number, place in revision.entries.items():
        if place.kind == 1 and revision.start <= place.first < revision.end:
            start = skip(data, place.first)
            pieces.append((start, _end(graph, revision, place.first, number)))
    at = revision.start
    for start, end in sorted(set(pieces)):
        blanks = _BLANKS.match(data, at)
        if start > at and (blanks is None or blanks.end() < start):
            detail = f"{start - at} octets at {at} belong to no object"
            yield AttackFound(Attack.INCREMENTAL_SAVING, detail, revision.index)
        at = max(at, end)
    if _STARTXREF.match(data, at) is None:
        detail = f"{revision.bare_end - at} octets at {at} belong to no object"
        yield AttackFound(Attack.INCREMENTAL_SAVING, detail, revision.index)
