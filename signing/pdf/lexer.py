"""Tokens of PDF syntax (ISO 32000-2 7.2), as far as one dictionary is to be taken apart or skipped.

pikepdf reads objects; this reads what it does not show: trailers of earlier sections, and the entries of a
dictionary octet for octet, so that one can be changed and the others stay as they were.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from signing.errors import DocumentRefused

MAX_DEPTH = 500
"""Arrays and dictionaries in each other: qpdf's own bound (parser_max_nesting) is 499."""
_BLANK = rb"\x00\t\n\f\r "
_REGULAR = rb"[^" + _BLANK + rb"()<>\[\]{}/%]"
_TOKEN = re.compile(
    rb"[" + _BLANK + rb"]+|%[^\r\n]*"
    rb"|(?P<token><<|>>|[\[\]{}]|/" + _REGULAR + rb"*|<[^<>]*>|\(|" + _REGULAR + rb"+)"
)
_STRING = re.compile(rb"\\.|[()]", re.DOTALL)
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")


def tokens(data: bytes, start: int = 0) -> Iterator[tuple[bytes, int, int]]:
    """Each token with where it begins and ends; blanks and comments are left out.

    Raises `DocumentRefused` ("broken") for octets that are no token.
    """
    place = start
    while place < len(data):
        match = _TOKEN.match(data, place)
        if match is None:
            raise DocumentRefused("broken", "has octets in a dictionary that are no PDF syntax")
        end = match.end()
        token = match["token"]
        if token == b"(":
            end = _string_end(data, place)
            yield data[place:end], place, end
        elif token is not None:
            yield token, place, end
        place = end


def entries(data: bytes, start: int = 0) -> tuple[dict[bytes, bytes], int]:
    """The dictionary that begins at `start`, and where it ends.

    By name (without the slash, unescaped) the octets of the value; a name that stands twice keeps its last
    value, as with qpdf. Raises `DocumentRefused` ("broken").
    """
    found: dict[bytes, bytes] = {}
    depth = 0
    key: bytes | None = None
    first = last = 0
    for token, begins, ends in tokens(data, start):
        if depth == 0 and token != b"<<":
            break
        closes = token in {b">>", b"]"}
        depth -= closes
        if depth == 1 and not closes and token.startswith(b"/") and (key is None or last):
            # A name stands for a key unless a value is still to come.
            if key is not None:
                found[key] = data[first:last]
            key, last = unescape(token[1:]), 0
        elif depth == 0 and closes:
            if key is not None and last:
                found[key] = data[first:last]
            return found, ends
        elif key is not None:
            first, last = (first, ends) if last else (begins, ends)
        depth += token in {b"<<", b"["}
        if depth > MAX_DEPTH:
            break
    raise DocumentRefused("broken", "has a dictionary that does not end")


def unescape(name: bytes) -> bytes:
    """A name's octets with #xx resolved (7.3.5)."""
    return _ESCAPED.sub(lambda match: bytes((int(match[1], 16),)), name)


def _string_end(data: bytes, start: int) -> int:
    depth = 0
    for match in _STRING.finditer(data, start):
        depth += {b"(": 1, b")": -1}.get(match[0], 0)
        if depth == 0:
            return match.end()
    raise DocumentRefused("broken", "has a string that does not end")
