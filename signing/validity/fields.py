"""The interactive form of a revision (ISO 32000-2 12.7): fields by their full names, and their widgets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from signing.validity.graph import Graph
from signing.validity.syntax import Name, Ref, Value

MAX_FIELDS = 20_000  # of a form; a contract of 100 signers has a few hundred
MAX_DEPTH = 32  # of the tree of fields
SIGNATURE = b"Sig"
MAX_NAME = 256  # characters of a name that are looked at
_UTF16 = b"\xfe\xff"
_UTF8 = b"\xef\xbb\xbf"


class Widget(NamedTuple):
    """A field's place on a page."""

    number: int
    entries: dict[bytes, Value]


@dataclass(frozen=True, slots=True)
class Field:
    """A terminal field."""

    name: str
    number: int
    """Of its dictionary, which is the widget's too when there is one."""
    kind: bytes
    """Btn, Tx, Ch, Sig; empty when none is said."""
    value: Value
    """As it stands: for a signature mostly a reference."""
    entries: dict[bytes, Value]
    widgets: tuple[Widget, ...]
    inherited: frozenset[int]
    """Objects above it whose entries it has."""

    @property
    def signature(self) -> Ref | None:
        """The signature dictionary, for a signed signature field."""
        return self.value if self.kind == SIGNATURE and isinstance(self.value, Ref) else None


@dataclass(frozen=True, slots=True)
class Form:
    """All fields of a revision. `numbers` are the objects that the tree is made of."""

    fields: tuple[Field, ...]
    numbers: frozenset[int]
    flags: int
    complete: bool
    """False where the tree loops, or is too large, or holds what is no field."""

    def named(self, name: str) -> Field | None:
        """The field of that name."""
        return next((one for one in self.fields if one.name == name), None)


def form_of(graph: Graph, revision: int) -> Form:
    """The form as of a revision; without one, an empty one."""
    return _Walk(graph, revision).form()


class _Walk:
    def __init__(self, graph: Graph, revision: int) -> None:
        self._graph = graph
        self._revision = revision
        self._fields: list[Field] = []
        self._numbers: set[int] = set()
        self._complete = True

    def form(self) -> Form:
        catalog = self._graph.catalog(self._revision)
        held = self._open(catalog.get(b"AcroForm"))
        flags = 0
        if isinstance(held, dict):
            kids = self._open(held.get(b"Fields"))
            for kid in kids if isinstance(kids, list) else []:
                self._field(kid, (), b"", None, frozenset())
            found = self._graph.get(self._revision, held, b"SigFlags")
            flags = found if isinstance(found, int) else 0
        return Form(tuple(self._fields), frozenset(self._numbers), flags, self._complete)

    def _open(self, value: Value) -> Value:
        if isinstance(value, Ref):
            self._numbers.add(value.number)
        return self._graph.resolve(self._revision, value)

    def _field(
        self, ref: Value, path: tuple[str, ...], kind: bytes, value: Value, above: frozenset[int]
    ) -> None:
        if not isinstance(ref, Ref) or ref.number in self._numbers or len(self._fields) >= MAX_FIELDS:
            self._complete = False
            return
        entries = self._open(ref)
        if not isinstance(entries, dict) or len(above) >= MAX_DEPTH:
            self._complete = False
            return
        title = self._graph.get(self._revision, entries, b"T")
        if isinstance(title, bytes):
            path = (*path, text_of(title))
        named = self._graph.get(self._revision, entries, b"FT")
        kind = bytes(named) if isinstance(named, Name) else kind
        value = entries.get(b"V", value)
        kids = self._open(entries.get(b"Kids"))
        refs = [one for one in kids if isinstance(one, Ref)] if isinstance(kids, list) else []
        if any(self._is_field(one) for one in refs):
            for one in refs:
                self._field(one, path, kind, value, above | {ref.number})
            return
        widgets = [Widget(ref.number, entries)] if not refs else []
        for one in refs:
            held = self._open(one)
            if isinstance(held, dict):
                widgets.append(Widget(one.number, held))
        self._fields.append(Field(".".join(path), ref.number, kind, value, entries, tuple(widgets), above))

    def _is_field(self, ref: Ref) -> bool:
        held = self._graph.resolve(self._revision, ref)
        return isinstance(held, dict) and (b"T" in held or b"Kids" in held)


def text_of(data: bytes) -> str:
    """A text string (ISO 32000-2 7.9.2.2) fit to be shown: what is not readable or printable is replaced."""
    if data.startswith(_UTF16):
        text = data[2 : 2 + 2 * MAX_NAME].decode("utf-16-be", "replace")
    elif data.startswith(_UTF8):
        text = data[3 : 3 + 4 * MAX_NAME].decode("utf-8", "replace")
    else:
        text = data[:MAX_NAME].decode("latin-1")  # PDFDocEncoding, as far as names of fields need it
    return printable(text[:MAX_NAME])


def printable(text: str) -> str:
    """A stranger's text without what would steer a terminal."""
    return "".join(one if one.isprintable() else "\ufffd" for one in text)


def name_of(key: bytes) -> str:
    """A name of PDF syntax fit to be shown, without its slash."""
    return printable(key[:64].decode("latin-1"))
