"""RFC 8785 canonical JSON for the values events are made of: text, integers, booleans, null, lists, maps."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from json.encoder import encode_basestring

from evidence.errors import EventInvalid

JSON = str | int | bool | None | Sequence["JSON"] | Mapping[str, "JSON"]

MAX_SAFE_INTEGER = 2**53 - 1  # RFC 8785 3.2.2.3: beyond it an IEEE 754 reader would read another number
MAX_DEPTH = 16  # far above any event's shape; bounds the recursion on strangers' input
MAX_STRING = 65_536  # characters; larger things are recorded by digest

_encode = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode


def canonical(value: JSON, *, field: str = "$") -> bytes:
    """UTF-8 bytes of `value` under RFC 8785.

    Keys must be ASCII, which makes Python's key order and UTF-16 order the same; floats are refused,
    since amounts are integers and a float has many histories.

    Raises `EventInvalid` naming the path of the value that cannot be written.
    """
    try:
        return canonical_text(value, field).encode()
    except UnicodeEncodeError as error:
        raise EventInvalid(field, "holds a lone surrogate, which is not Unicode text") from error


def canonical_text(value: JSON, field: str = "$") -> str:
    """As `canonical`, before UTF-8: whoever encodes it answers for lone surrogates."""
    if type(value) is dict:
        _check_map(value, field, 1)
    else:
        _check(value, field, 0)
    return _encode(value)


def quoted(value: str, field: str = "$") -> str:
    """As `canonical_text`, for one string."""
    _check(value, field, 0)
    return encode_basestring(value)


def _check(value: object, path: str, depth: int) -> None:
    if isinstance(value, str):
        if len(value) > MAX_STRING:
            raise EventInvalid(path, f"is longer than {MAX_STRING} characters")
    elif isinstance(value, bool) or value is None:
        return
    elif isinstance(value, int):
        if not -MAX_SAFE_INTEGER <= value <= MAX_SAFE_INTEGER:
            raise EventInvalid(path, "is an integer no JSON reader keeps exactly; write it as text")
    elif depth >= MAX_DEPTH:
        raise EventInvalid(path, f"is nested deeper than {MAX_DEPTH}")
    elif isinstance(value, dict):
        _check_map(value, path, depth + 1)
    elif isinstance(value, list | tuple):
        for place, item in enumerate(value):
            _check(item, f"{path}[{place}]", depth + 1)
    else:
        kind = type(value).__name__
        raise EventInvalid(path, f"is a {kind}; only text, integers, booleans, null, lists and maps")


def _check_map(value: dict[object, object], path: str, depth: int) -> None:
    for key, item in value.items():
        if not isinstance(key, str) or not key.isascii():
            raise EventInvalid(f"{path}.{key}", "is not an ASCII key")
        if not isinstance(item, str) or len(item) > MAX_STRING:  # short text is most of an event
            _check(item, f"{path}.{key}", depth)
