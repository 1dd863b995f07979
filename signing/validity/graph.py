"""Objects of a file as a reader of any of its revisions sees them."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable

from signing.document import Buffer
from signing.validity.structure import Revision, Structure
from signing.validity.syntax import Indirect, Name, Ref, Spans, Stream, SyntaxInvalid, Value, indirect, parse
from signing.validity.xref import Place, inflated

MAX_CACHED = 4_194_304  # octets of objects kept parsed, which take some 20 times as many
PARSED = 128  # octets that even the smallest object counts for
MAX_UNPACKED = 4  # object streams kept decompressed
MAX_PACKED = 100_000  # objects of one stream; ISO 32000-2 7.5.7 has writers keep to some hundred
PAIR = 24  # octets of an object's number and offset in a stream, at most
MAX_WORK = 5_000_000  # objects looked at, again or not: 100 signatures on 1,000 pages take 100,000
MAX_REFERENCES = 32  # references to references; more are a loop
_NUMBERS = re.compile(rb"\d+")


class Graph:
    """Resolves objects by number as of a revision. What cannot be read is null, and named in `broken`."""

    def __init__(self, structure: Structure) -> None:
        self.structure = structure
        self.data: Buffer = structure.data
        self.broken: dict[int, str] = {}
        self._history: dict[int, list[tuple[int, Place]]] = {}
        for revision in structure.revisions:
            for number, place in revision.entries.items():
                self._history.setdefault(number, []).append((revision.index, place))
        self._starts: list[int] | None = None
        self._work = MAX_WORK
        self._holders: tuple[int, dict[int, set[int]]] | None = None
        self._cache: dict[Place, Value] = {}
        self._room = MAX_CACHED
        self._unpacked: dict[Place, tuple[list[int], int, bytes]] = {}

    @property
    def revisions(self) -> tuple[Revision, ...]:
        """Oldest first."""
        return self.structure.revisions

    def place(self, revision: int, number: int) -> Place | None:
        """Where the object lies as of a revision; None where there is none."""
        for index, place in reversed(self._history.get(number, ())):
            if index <= revision:
                return place if place.in_use else None
        return None

    def numbers(self, revision: int) -> Iterable[int]:
        """Of all objects in use as of a revision."""
        return (one for one in self._history if self.place(revision, one) is not None)

    def value(self, revision: int, number: int) -> Value:
        """The object; None where there is none, or none that can be read.

        Raises `SyntaxInvalid` once more was looked at than any honest file makes necessary.
        """
        self._work -= 1
        if self._work < 0:
            raise SyntaxInvalid("makes more work than any contract does")
        place = self.place(revision, number)
        if place is None:
            return None
        if not place.packed and place in self._cache:
            return self._cache[place]
        try:
            value = self._packed(revision, number, place) if place.packed else self.read(number, place).value
        except SyntaxInvalid as error:
            self.broken[number] = str(error)
            value = None
        if not place.packed:
            if self._room <= 0:
                self._cache.clear()
                self._room = MAX_CACHED
            self._cache[place] = value
        return value

    def read(self, number: int, place: Place, spans: Spans | None = None) -> Indirect:
        """The object at a place of the file; raises `SyntaxInvalid` where another, or none, stands there."""
        if place.kind != 1 or not 0 < place.first < len(self.data):
            raise SyntaxInvalid("has no place in the file")
        held = indirect(self.data, place.first, self._length, spans)
        if (held.number, held.generation) != (number, place.second):
            raise SyntaxInvalid("is another object than the cross-reference says")
        data = held.value.end - held.value.start if isinstance(held.value, Stream) else 0
        self._room -= PARSED + held.end - held.start - data
        return held

    def resolve(self, revision: int, value: Value) -> Value:
        """What a value stands for, references followed."""
        for _ in range(MAX_REFERENCES):
            if not isinstance(value, Ref):
                return value
            value = self.value(revision, value.number)
        return None

    def get(self, revision: int, holder: Value, key: bytes) -> Value:
        """An entry of a dictionary or stream, resolved; None where it is missing."""
        return self.resolve(revision, entries_of(holder).get(key))

    def catalog(self, revision: int) -> dict[bytes, Value]:
        """The catalogue; empty where there is none."""
        found = self.resolve(revision, self.revisions[revision].root)
        return found if isinstance(found, dict) else {}

    def content(self, stream: Stream) -> bytes:
        """Octets of a stream; raises `SyntaxInvalid`."""
        return inflated(self.data, stream)

    def holders(self, revision: int, number: int) -> set[int]:
        """Objects that refer to one, as of a revision: looks at them all."""
        if self._holders is None or self._holders[0] != revision:
            found: dict[int, set[int]] = {}
            for one in self.numbers(revision):
                for ref in references(self.value(revision, one)):
                    found.setdefault(ref.number, set()).add(one)
            self._holders = (revision, found)
        return self._holders[1].get(number, set())

    def data_start(self, at: int) -> int | None:
        """Where the object begins in whose octets an offset lies, as far as cross-references tell."""
        if self._starts is None:
            self._starts = sorted(
                {place.first for held in self._history.values() for _, place in held if place.kind == 1}
            )
        before = bisect_right(self._starts, at) - 1
        return self._starts[before] if before >= 0 else None

    def at(self, offset: int) -> Value:
        """The object at an offset; None for what cannot be read."""
        try:
            return indirect(self.data, offset, self._length).value
        except SyntaxInvalid:
            return None

    def unpacked(self, number: int, place: Place) -> bytes:
        """The objects of an object stream, as text; raises `SyntaxInvalid`."""
        _, first, content = self._unpack(number, place)
        return content[first:]

    def _length(self, ref: Ref) -> int:
        # A stream's length must be known without knowing the revision: an integer that never changed.
        places = {place for _, place in self._history.get(ref.number, ()) if place.in_use}
        if len(places) != 1:
            raise SyntaxInvalid("is a stream whose length is elsewhere, and not one")
        place = places.pop()
        if place.packed:
            value = self._packed(self.revisions[-1].index, ref.number, place)
        else:
            value = indirect(self.data, place.first, _no_length).value
        if not isinstance(value, int):
            raise SyntaxInvalid("is a stream without a length")
        return value

    def _packed(self, revision: int, number: int, place: Place) -> Value:
        container = self.place(revision, place.first)
        if container is None or container.packed:
            raise SyntaxInvalid("lies in an object stream that is none")
        if container not in self._unpacked:
            if len(self._unpacked) >= MAX_UNPACKED:
                self._unpacked.pop(next(iter(self._unpacked)))
            self._unpacked[container] = self._unpack(place.first, container)
        numbers, first, content = self._unpacked[container]
        if 2 * place.second + 1 >= len(numbers) or numbers[2 * place.second] != number:
            raise SyntaxInvalid("is another object than the cross-reference says")
        return parse(content, first + numbers[2 * place.second + 1])[0]

    def _unpack(self, number: int, place: Place) -> tuple[list[int], int, bytes]:
        stream = self.read(number, place).value
        if not isinstance(stream, Stream) or stream.entries.get(b"Type") != Name(b"ObjStm"):
            raise SyntaxInvalid("lies in an object stream that is none")
        first, count = stream.entries.get(b"First"), stream.entries.get(b"N")
        content = inflated(self.data, stream)
        if not isinstance(first, int) or not isinstance(count, int) or not 0 <= count <= MAX_PACKED:
            raise SyntaxInvalid("lies in a malformed object stream")
        if not 0 <= first <= min(len(content), count * PAIR):
            raise SyntaxInvalid("lies in a malformed object stream")
        numbers = [int(one) for one in _NUMBERS.findall(content[:first])]
        if len(numbers) != 2 * count:
            raise SyntaxInvalid("lies in a malformed object stream")
        return numbers, first, content


def _no_length(_: Ref) -> int:
    raise SyntaxInvalid("is a stream where a number should be")


def entries_of(value: Value) -> dict[bytes, Value]:
    """The entries of a dictionary, or of a stream's; none of anything else."""
    if isinstance(value, Stream):
        return value.entries
    return value if isinstance(value, dict) else {}


def references(value: Value) -> Iterable[Ref]:
    """Every reference inside a value, however deep."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, Ref):
            yield one
        elif isinstance(one, list):
            waiting += one
        elif isinstance(one, dict | Stream):
            waiting += entries_of(one).values()
