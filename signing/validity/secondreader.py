"""A second opinion: whether pikepdf (qpdf) reads the same document out of the file as we do."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from typing import BinaryIO

import pikepdf

from signing.document import Buffer
from signing.validity.attack import Attack, AttackFound
from signing.validity.graph import Graph, entries_of
from signing.validity.pagetree import PageTree
from signing.validity.syntax import Name, Ref, Stream, Value

MAX_COMPARED = 5_000  # objects that later revisions touch; 100 signatures touch under 1,000
MAX_DEPTH = 32
BUFFER = 65_536  # octets that the reader takes at once
MAX_COPIED = 16_777_216  # octets of a file that is copied, since the library reads copies far quicker
_TOLERANCE = Decimal("0.0001")


def disagreements(graph: Graph, tree: PageTree, numbers: Iterable[int]) -> tuple[AttackFound, ...]:
    """Where the two readings differ: catalogue, pages, and the objects of these numbers."""
    last = len(graph.revisions) - 1

    def told(detail: str) -> AttackFound:
        return AttackFound(Attack.XREF_DISAGREEMENT, detail, last)

    try:
        with pikepdf.open(_opened(graph.data), suppress_warnings=True, attempt_recovery=False) as pdf:
            return tuple(map(told, _compared(graph, pdf, tree, numbers)))
    except (pikepdf.PdfError, ValueError, RuntimeError, OverflowError, TypeError, RecursionError):
        return (told("another reader cannot read the file without repairing it"),)


def _compared(graph: Graph, pdf: pikepdf.Pdf, tree: PageTree, numbers: Iterable[int]) -> Iterator[str]:
    last = len(graph.revisions) - 1
    root = graph.revisions[last].root
    if root is None or tuple(root) != pdf.Root.objgen:
        yield "another reader finds another catalogue"
    pages = tuple(page.obj.objgen[0] for page in pdf.pages)
    if pages != tree.pages:
        yield "another reader finds other pages"
    for number in sorted(set(numbers))[:MAX_COMPARED]:
        place = graph.place(last, number)
        generation = place.second if place is not None and not place.packed else 0
        theirs = pdf.get_object(number, generation)
        if not _same(graph, last, graph.value(last, number), theirs, 0):
            yield f"another reader finds another object {number}"


def _same(graph: Graph, revision: int, ours: Value, theirs: object, depth: int) -> bool:
    if depth > MAX_DEPTH:
        return True
    if isinstance(ours, Ref):
        if isinstance(theirs, pikepdf.Object) and theirs.is_indirect:
            return tuple(ours) == theirs.objgen
        ours = graph.resolve(revision, ours)
        return isinstance(ours, dict | list | Stream) or _same(graph, revision, ours, theirs, depth + 1)
    if isinstance(ours, dict | Stream):
        return _same_entries(graph, revision, ours, theirs, depth)
    if isinstance(ours, list):
        return (
            isinstance(theirs, pikepdf.Array)
            and len(theirs) == len(ours)
            and all(_same(graph, revision, a, b, depth + 1) for a, b in zip(ours, theirs, strict=True))
        )
    return _same_scalar(ours, theirs)


def _same_entries(graph: Graph, revision: int, ours: Value, theirs: object, depth: int) -> bool:
    kind = pikepdf.Stream if isinstance(ours, Stream) else pikepdf.Dictionary
    if not isinstance(theirs, kind):
        return False
    held = entries_of(ours)
    present = {key: value for key, value in held.items() if value is not None and key != b"Length"}
    names = {bytes(Name(key[1:].encode("utf-8", "surrogateescape"))) for key in theirs.keys()}  # noqa: SIM118
    if not {key for key in present if key.isascii()} <= names | _nulls(graph, revision, present):
        return False
    for key, value in present.items():
        if not key.isascii() or key not in names:
            continue
        if not _same(graph, revision, value, theirs[f"/{key.decode()}"], depth + 1):
            return False
    return True


def _nulls(graph: Graph, revision: int, entries: Mapping[bytes, Value]) -> set[bytes]:
    """Entries that point to nothing: as good as absent (ISO 32000-2 7.3.9)."""
    return {
        key
        for key, value in entries.items()
        if isinstance(value, Ref) and graph.resolve(revision, value) is None
    }


def _same_scalar(ours: Value, theirs: object) -> bool:
    if isinstance(ours, Name):
        shown = str(theirs)[1:] if isinstance(theirs, pikepdf.Name) else None
        return shown is not None and (shown.encode("utf-8", "surrogateescape") == ours or not ours.isascii())
    if isinstance(ours, bytes):
        return isinstance(theirs, pikepdf.String) and bytes(theirs) == ours
    if isinstance(ours, bool) or ours is None:
        return theirs is ours
    if isinstance(ours, int | float) and isinstance(theirs, int | Decimal):
        return abs(Decimal(str(ours)) - Decimal(theirs)) <= _TOLERANCE
    return False


def _opened(data: Buffer) -> BinaryIO:
    """As a file: a small one in memory, a large one where it lies."""
    if isinstance(data, bytes):
        return io.BytesIO(data)  # shares the octets
    if len(data) <= MAX_COPIED:
        return io.BytesIO(bytes(data))
    return io.BufferedReader(_File(data), BUFFER)


class _File(io.RawIOBase):
    """A buffer as a file, not copied."""

    def __init__(self, data: Buffer) -> None:
        super().__init__()
        self._data = memoryview(data)
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: len(self._data)}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        part = self._data[self._at : self._at + len(buffer)]
        buffer[: len(part)] = part
        self._at += len(part)
        return len(part)
