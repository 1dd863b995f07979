"""Objects of PDF syntax (ISO 32000-2 7.2, 7.3), read strictly: nothing that two readers take differently.

Independent of pikepdf on purpose: a validator that shares its reader with the writer shares its mistakes.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, TypeAlias

from signing.document import Buffer

MAX_DEPTH = 100  # arrays and dictionaries in each other; ISO 32000-1 annex C has readers stop at about 28
MAX_TOKENS = 1_000_000  # of one object: an array of every object that a file may have here
MAX_STRING = 33_554_432  # octets of one string: signatures with CRLs inside are under 16 MiB, in hexadecimal

_BLANK = rb"\x00\t\n\f\r "
_DELIMITER = rb"()<>\[\]{}/%"
_REGULAR = rb"[^" + _BLANK + _DELIMITER + rb"]"
_SKIP = rb"(?:[" + _BLANK + rb"]++|%[^\r\n]*+)*+"
_TOKEN = re.compile(
    _SKIP + rb"(?:"
    rb"/(?P<name>" + _REGULAR + rb"*+)"
    rb"|(?P<ref>\d{1,10}[" + _BLANK + rb"]++\d{1,5}[" + _BLANK + rb"]++R(?!" + _REGULAR + rb"))"
    rb"|(?P<int>[+-]?\d{1,19}+(?![.\d]))"
    rb"|(?P<open><<)|(?P<close>>>)|(?P<array>\[)|(?P<end>\])"
    rb"|<(?P<hex>[0-9A-Fa-f" + _BLANK + rb"]*+)>"
    rb"|\((?P<text>[^()\\\r]*+)\)"
    rb"|(?P<string>\()"
    rb"|(?P<real>[+-]?(?:\d{1,40}+\.\d*+|\.\d++))"
    rb"|(?P<word>" + _REGULAR + rb"++)"
    rb")"
)
_SKIPPED = re.compile(_SKIP)
_HEADER = re.compile(rb"(\d{1,10})[" + _BLANK + rb"]++(\d{1,5})[" + _BLANK + rb"]++obj(?!" + _REGULAR + rb")")
_STREAM = re.compile(_SKIP + rb"stream(?:\r\n|\n)")
_AFTER_STREAM = re.compile(rb"(?:\r\n|\n|\r)?endstream(?!" + _REGULAR + rb")")
_ENDOBJ = re.compile(_SKIP + rb"endobj(?!" + _REGULAR + rb")")
_HEX = re.compile(rb"#([0-9A-Fa-f]{2})")
_PIECE = re.compile(rb"[^()\\\r]++|\\(?:[0-7]{1,3}|\r\n|.)|\r\n?|[()]", re.DOTALL)
_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}
_WORDS: dict[bytes, bool | None] = {b"true": True, b"false": False, b"null": None}


class SyntaxInvalid(ValueError):
    """Octets that are not the object expected; callers turn it into a finding or an error of theirs."""


class Name(bytes):
    """A name without its slash, #xx resolved."""

    __slots__ = ()


class Ref(NamedTuple):
    """A reference to an indirect object."""

    number: int
    generation: int


@dataclass(frozen=True, slots=True)
class Stream:
    """A stream: its dictionary, and where its octets lie in the file."""

    entries: dict[bytes, Value]
    start: int
    end: int


Value: TypeAlias = "bool|int|float|bytes|Name|Ref|list[Value]|dict[bytes,Value]|Stream|None"
Spans: TypeAlias = dict[bytes, tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Indirect:
    """An indirect object as it stands in the file."""

    number: int
    generation: int
    value: Value
    start: int
    end: int
    """Behind its `endobj`."""


def skip(data: Buffer, at: int) -> int:
    """Behind blanks and comments."""
    found = _SKIPPED.match(data, at)
    return at if found is None else found.end()


def parse(data: Buffer, at: int, spans: Spans | None = None) -> tuple[Value, int]:
    """The direct object at `at`, and where it ends; raises `SyntaxInvalid`.

    `spans` receives, for each entry of an outermost dictionary, where its value begins and ends.
    """
    inside: list[_Open] = []
    for _ in range(MAX_TOKENS):
        found = _TOKEN.match(data, at)
        if found is None:
            raise SyntaxInvalid("is no PDF syntax")
        kind = found.lastgroup or ""
        start, at = found.start(kind) - _LEADS.get(kind, 0), found.end()
        if kind in _OPENS:
            if len(inside) == MAX_DEPTH:
                raise SyntaxInvalid(f"is nested deeper than {MAX_DEPTH}")
            inside.append(_Open(kind, start, []))
            continue
        if kind in _CLOSES:
            if not inside or inside[-1].kind != _CLOSES[kind]:
                raise SyntaxInvalid("closes what was not opened")
            last = inside.pop()
            start = last.start
            value: Value = _dictionary(last.parts) if last.kind == "open" else last.parts
        elif kind == "string":
            value, at = _string(data, at)
        else:
            value = _READERS[kind](found[kind])
        if not inside:
            return value, at
        parts = inside[-1].parts
        parts.append(value)
        if spans is not None and len(inside) == 1 and inside[0].kind == "open" and len(parts) % 2 == 0:
            spans[_key(parts[-2])] = (start, at)
    raise SyntaxInvalid(f"has more than {MAX_TOKENS} parts")


class _Open(NamedTuple):
    kind: str
    start: int
    parts: list[Value]


_OPENS = frozenset({"open", "array"})
_CLOSES = {"close": "open", "end": "array"}
_LEADS = {"hex": 1, "text": 1}  # the delimiter before what the group holds


def _name(text: bytes) -> Name:
    return Name(_HEX.sub(_unhex, text) if b"#" in text else text)


def _ref(text: bytes) -> Ref:
    number, generation, _ = text.replace(b"\0", b" ").split()  # NUL is a blank here too (table 1)
    return Ref(int(number), int(generation))


def _word(text: bytes) -> bool | None:
    if text not in _WORDS:
        raise SyntaxInvalid("holds a word that is no object")
    return _WORDS[text]


def indirect(data: Buffer, at: int, length: Callable[[Ref], int], spans: Spans | None = None) -> Indirect:
    """The indirect object whose number stands at `at`; raises `SyntaxInvalid`.

    `length` resolves the indirect length of a stream.
    """
    start = skip(data, at)
    header = _HEADER.match(data, start)
    if header is None:
        raise SyntaxInvalid("has no object where one should be")
    value, end = parse(data, header.end(), spans)
    begun = _STREAM.match(data, end) if isinstance(value, dict) else None
    if begun is not None and isinstance(value, dict):
        size = value.get(b"Length")
        if isinstance(size, Ref):
            size = length(size)
        if not isinstance(size, int) or not 0 <= size <= len(data) - begun.end():
            raise SyntaxInvalid("is a stream without a length")
        after = _AFTER_STREAM.match(data, begun.end() + size)
        if after is None:
            raise SyntaxInvalid("is a stream of another length than it says")
        value = Stream(value, begun.end(), begun.end() + size)
        end = after.end()
    closed = _ENDOBJ.match(data, end)
    if closed is None:
        raise SyntaxInvalid("does not end where it should")
    return Indirect(int(header[1]), int(header[2]), value, start, closed.end())


def header_at(data: Buffer, at: int) -> tuple[int, int] | None:
    """Number and generation of the object that begins at `at`, blanks before it allowed."""
    found = _HEADER.match(data, skip(data, at))
    return None if found is None else (int(found[1]), int(found[2]))


def _unhex(match: re.Match[bytes]) -> bytes:
    return bytes((int(match[1], 16),))


def _key(value: Value) -> bytes:
    if not isinstance(value, Name):
        raise SyntaxInvalid("is a dictionary with a key that is no name")
    return bytes(value)


def _dictionary(parts: list[Value]) -> dict[bytes, Value]:
    if len(parts) % 2:
        raise SyntaxInvalid("is a dictionary with a key that has no value")
    made = {_key(key): value for key, value in zip(parts[::2], parts[1::2], strict=True)}
    if len(made) * 2 != len(parts):  # ISO 32000-2 7.3.7: readers differ in which of the two they take
        raise SyntaxInvalid("is a dictionary that holds a key twice")
    return made


def _hexadecimal(digits: bytes) -> bytes:
    if len(digits) > 2 * MAX_STRING:
        raise SyntaxInvalid(f"is a string of more than {MAX_STRING} octets")
    plain = digits.translate(None, b"\x00\t\n\f\r ")
    return bytes.fromhex((plain + b"0" if len(plain) % 2 else plain).decode())


def _string(data: Buffer, at: int) -> tuple[bytes, int]:
    parts: list[bytes] = []
    depth = 1
    size = 0
    while size <= MAX_STRING:
        found = _PIECE.match(data, at)
        if found is None:
            break
        at = found.end()
        piece = found[0]
        size += len(piece)
        if piece == b"(":
            depth += 1
        elif piece == b")":
            depth -= 1
            if depth == 0:
                return b"".join(parts), at
        parts.append(_piece(piece))
    raise SyntaxInvalid("is a string that does not end")


def _piece(piece: bytes) -> bytes:
    if piece[:1] == b"\r":
        return b"\n"  # 7.3.4.2: any end of line inside a string is a line feed
    if piece[:1] != b"\\":
        return piece
    rest = piece[1:]
    if rest[:1].isdigit() and rest[:1] < b"8":
        return bytes((int(rest, 8) & 0xFF,))
    if rest in {b"\n", b"\r", b"\r\n"}:
        return b""
    return _ESCAPES.get(rest, rest)


_READERS: dict[str, Callable[[bytes], Value]] = {
    "name": _name,
    "ref": _ref,
    "int": int,
    "hex": _hexadecimal,
    "text": bytes,
    "real": float,
    "word": _word,
}
