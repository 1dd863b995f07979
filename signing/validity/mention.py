"""Objects that a revision points to without having them: whoever defines one later fills a gap."""

from __future__ import annotations

import re
from collections.abc import Iterator

from signing.validity.graph import Graph
from signing.validity.structure import Revision
from signing.validity.syntax import SyntaxInvalid

HEAD = 65_536  # octets of one object that are searched: dictionaries, not the data of streams
_BLANK = rb"\x00\t\n\f\r "
_R = re.compile(rb"[" + _BLANK + rb"]R(?![^" + _BLANK + rb"()<>\[\]{}/%])")
_NUMBERS = re.compile(rb"(\d{1,10})[" + _BLANK + rb"]+\d{1,5}[" + _BLANK + rb"]*\Z")
_BEFORE = 40  # octets before the R in which both numbers stand


class Mentions:
    """Numbers that were pointed to and not defined, revision by revision."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self._named: set[int] = set()
        self._read = 0

    def before(self, revision: int) -> frozenset[int]:
        """Numbers without an object that something points to, as of the revision before."""
        for one in self._graph.revisions[self._read : revision]:
            self._named.update(self._of(one))
            self._read = one.index + 1
        own = self._graph.revisions[revision].entries
        return frozenset(
            number
            for number in own
            if number in self._named and self._graph.place(revision - 1, number) is None
        )

    def _of(self, revision: Revision) -> Iterator[int]:
        data = self._graph.data
        places = sorted(one.first for one in revision.entries.values() if one.kind == 1)
        containers = {one.first for one in revision.entries.values() if one.packed}
        for start, end in zip(places, [*places[1:], revision.end], strict=True):
            if start < revision.start or start >= revision.end:
                continue
            head = bytes(data[start : min(end, start + HEAD)])
            cut = head.find(b"stream")
            yield from _references(head if cut < 0 else head[:cut])
        for number in containers:
            place = self._graph.place(revision.index, number)
            if place is None:
                continue
            try:
                content = self._graph.unpacked(number, place)
            except SyntaxInvalid:
                continue
            yield from _references(content)


def _references(text: bytes) -> Iterator[int]:
    """Numbers that references in a text name."""
    for match in _R.finditer(text):
        at = match.start()
        numbers = _NUMBERS.search(text, max(0, at - _BEFORE), at)
        if numbers is not None:
            yield int(numbers[1])
