"""Canonical JSON (RFC 8785) of strangers: one value has one text, and any other text is refused."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Never, TypeVar, cast

from evidence.canonical import JSON, canonical
from evidence.errors import EventInvalid
from forensics.errors import PackageInvalid

MAX_JSON = 64 * 1024 * 1024  # octets; the manifest of 10,000 files has 4 MB, the salts of a large case less

T = TypeVar("T")


def read_json(data: bytes, part: str, *, limit: int = MAX_JSON) -> Mapping[str, JSON]:
    """The object in `data`, which `evidence.canonical` would write in the same octets.

    Raises `PackageInvalid` for `part`: other spellings, keys twice, floats, depth or size over the limits.
    """
    if len(data) > limit:
        raise PackageInvalid(part, f"is {len(data)} octets of JSON, more than {limit}")
    try:
        value = json.loads(data, parse_float=_no_float, parse_constant=_no_float)
    except (ValueError, RecursionError) as error:  # a decoding error is a ValueError
        raise PackageInvalid(part, "is not JSON as packages hold it") from error
    if not isinstance(value, dict):
        raise PackageInvalid(part, "is no JSON object")
    try:
        same = canonical(value) == data
    except EventInvalid as error:
        raise PackageInvalid(part, str(error)) from error
    if not same:
        raise PackageInvalid(part, "is not in canonical form (RFC 8785)")
    return cast("Mapping[str, JSON]", value)


def member(value: Mapping[str, JSON], key: str, kind: type[T], part: str) -> T:
    """A member of this very type; raises `PackageInvalid`."""
    found = value.get(key)
    if type(found) is not kind:
        raise PackageInvalid(part, f"has no {key} of the type expected")
    return found


def objects(value: Mapping[str, JSON], key: str, part: str) -> Sequence[Mapping[str, JSON]]:
    """A member that is a list of objects; raises `PackageInvalid`."""
    found = member(value, key, list, part)
    if not all(isinstance(one, dict) for one in found):
        raise PackageInvalid(part, f"has no {key} of the type expected")
    return found


def _no_float(text: str) -> Never:
    raise ValueError(text)
