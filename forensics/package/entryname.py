"""Names of files inside a package: what every system can unpack, each to a place of its own."""

from __future__ import annotations

import re
import unicodedata

MAX_NAME = 240  # octets of UTF-8; file systems allow 255 a component, and unpackers add a folder in front
MAX_DEPTH = 8  # components; the layout has four
_FORBIDDEN = re.compile(r'[\x00-\x1f\x7f\\:*?"<>|%]')  # what Windows refuses, and the escape of URIs
_SAFE = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/")  # RFC 3986 2.3
_DEVICES = frozenset(
    {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(10))}
)


def defect_of_name(name: str) -> str | None:
    """Why a package may not hold a file of this name, None when it may."""
    try:
        size = len(name.encode())
    except UnicodeEncodeError:
        return "holds a lone surrogate, which is not Unicode text"
    if not 1 <= size <= MAX_NAME:
        return f"is a name of {size} octets; 1 to {MAX_NAME} are allowed"
    parts = name.split("/")
    defects = {
        "is a name with a character that unpackers take for something else": _FORBIDDEN.search(name)
        is not None,
        "is a name that leads out of the folder it is unpacked into": not {"", ".", ".."}.isdisjoint(parts),
        f"is a name of more than {MAX_DEPTH} folders": len(parts) > MAX_DEPTH,
        "is a name that begins or ends with what unpackers cut off": any(map(_is_cut, parts)),
        "is the name of a device": any(map(_is_device, parts)),
        "is a name that is not in Unicode NFC": unicodedata.normalize("NFC", name) != name,
    }
    return next((reason for reason, found in defects.items() if found), None)


def _is_cut(part: str) -> bool:
    return part != part.strip(" ") or part.endswith(".")


def _is_device(part: str) -> bool:
    return part.partition(".")[0].casefold() in _DEVICES


def folded(name: str) -> str:
    """Equal for names that some file system takes for one."""
    return unicodedata.normalize("NFC", name.casefold())


def uri_of(name: str) -> str:
    """The name as a relative URI reference (RFC 3986 2.1), as ASiC manifests name files."""
    return "".join(chr(octet) if octet in _SAFE else f"%{octet:02X}" for octet in name.encode())
