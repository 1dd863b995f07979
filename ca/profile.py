"""Certificate profiles: what an issuer may put its name to, as data pinned by hash."""

from __future__ import annotations

import hashlib
import json
from importlib import resources

from pydantic import TypeAdapter
from pydantic import ValidationError as SchemaError

from ca.errors import NotFound, ProfileInvalid
from ca.profilecheck import check_profile
from ca.profileschema import Profile
from evidence.canonical import canonical
from evidence.errors import EventInvalid

__all__ = ["Profile", "parse_profile", "shipped_profile", "shipped_profiles"]

MAX_PROFILE_SIZE = 32_768  # octets; ours are under 2,000

_SCHEMA: TypeAdapter[Profile] = TypeAdapter(Profile)


def parse_profile(data: bytes) -> Profile:
    """A profile from JSON; raises `ProfileInvalid` with the path of the field that is wrong."""
    if len(data) > MAX_PROFILE_SIZE:
        raise ProfileInvalid("?", "$", f"is more than {MAX_PROFILE_SIZE} octets")
    try:
        raw = json.loads(data, object_pairs_hook=_no_duplicates)
    except (ValueError, RecursionError) as error:
        raise ProfileInvalid("?", "$", f"is not JSON ({error})") from error
    name = str(raw.get("name", "?"))[:63] if isinstance(raw, dict) else "?"
    try:
        form = canonical(raw)
        profile = _SCHEMA.validate_json(data)
        check_profile(profile)
    except EventInvalid as error:
        raise ProfileInvalid(name, error.field, error.reason) from error
    except SchemaError as error:
        first = error.errors(include_url=False)[0]
        raise ProfileInvalid(name, _path(first["loc"]), first["msg"]) from error
    object.__setattr__(profile, "data", form)
    object.__setattr__(profile, "profile_hash", hashlib.sha256(form).hexdigest())
    return profile


def _no_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key occurs twice")
    return found


def _path(parts: tuple[str | int, ...]) -> str:
    return "$" + "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)


def shipped_profiles() -> dict[str, bytes]:
    """JSON of the profiles that come with the package, by name."""
    folder = resources.files("ca") / "profiles"
    files = {entry.name: entry for entry in folder.iterdir() if entry.name.endswith(".json")}
    return {name.removesuffix(".json"): files[name].read_bytes() for name in sorted(files)}


def shipped_profile(name: str) -> Profile:
    """One of them; raises `NotFound`."""
    data = shipped_profiles().get(name)
    if data is None:
        raise NotFound("profile", name)
    return parse_profile(data)
