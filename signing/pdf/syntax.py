"""Values in PDF syntax (ISO 32000-2 7.3), written the same way each time."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

import pikepdf

from signing.pdf.lexer import entries

_PLAIN = re.compile(rb"[!-~]")  # octets that stand for themselves in a name, unless they delimit
_SPECIAL = re.compile(rb"[^ -~]|[()\\]")
_DELIMITERS = frozenset(b"()<>[]{}/%#")
_PRINTABLE = re.compile(r"[ -~]*")
"""The part of PDFDocEncoding (annex D.2) that is ASCII; all else is written in UTF-16BE."""
PLACES = 5
"""Decimal places of a real: a fifth of a thousandth of a printer's dot at 2,400 dpi."""


def name(value: str | bytes) -> bytes:
    """A name object; `value` without the slash, its octets (UTF-8) written #xx where needed (7.3.5)."""
    octets = value if isinstance(value, bytes) else value.encode("utf-8")
    if octets.isalnum():  # ASCII letters and digits: nearly every name there is
        return b"/" + octets
    return b"/" + b"".join(
        bytes((one,)) if _PLAIN.match(bytes((one,))) and one not in _DELIMITERS else b"#%02X" % one
        for one in octets
    )


def text(value: str) -> bytes:
    """A text string (7.9.2.2): PDFDocEncoding where it is ASCII, else UTF-16BE with its mark."""
    if _PRINTABLE.fullmatch(value):
        return literal(value.encode("ascii"))
    return b"<FEFF" + value.encode("utf-16-be", "replace").hex().upper().encode() + b">"


def literal(value: bytes) -> bytes:
    """A literal string (7.3.4.2)."""
    return b"(" + _SPECIAL.sub(lambda match: b"\\%03o" % match[0][0], value) + b")"


def hexadecimal(value: bytes) -> bytes:
    """A hexadecimal string (7.3.4.3)."""
    return b"<" + value.hex().upper().encode() + b">"


def number(value: float) -> bytes:
    """A number, without an exponent. Raises `ValueError` for what is none."""
    if isinstance(value, int):
        return b"%d" % value
    if not math.isfinite(value):
        raise ValueError(value)
    written = f"{value:.{PLACES}f}".rstrip("0").rstrip(".")
    return b"0" if written == "-0" else written.encode()


def numbers(values: Iterable[float]) -> bytes:
    """Numbers with blanks between, as operands or in an array."""
    return b" ".join(number(one) for one in values)


def date(value: datetime) -> bytes:
    """A date (7.9.4) in UTC: D:YYYYMMDDHHmmSS+00'00'. Raises `ValueError` for a time without a zone."""
    if value.tzinfo is None:
        raise ValueError(value)
    return b"(D:" + value.astimezone(UTC).strftime("%Y%m%d%H%M%S").rjust(14, "0").encode() + b"+00'00')"


def reference(number: int, generation: int = 0) -> bytes:
    """An indirect reference (7.3.10)."""
    return b"%d %d R" % (number, generation)


def array(values: Iterable[bytes]) -> bytes:
    """An array of serialised values."""
    return b"[" + b" ".join(values) + b"]"


def dictionary(values: Mapping[bytes, bytes]) -> bytes:
    """A dictionary of serialised values; keys without the slash, their octets unescaped."""
    return b"<<" + b" ".join(name(key) + b" " + value for key, value in values.items()) + b">>"


def serialise(value: pikepdf.Object) -> bytes:
    """An object as it is written, its own content and not a reference to it; those in it stay references."""
    if isinstance(value, pikepdf.Stream):
        value = value.stream_dict
    return value.unparse(resolved=True)


def taken_apart(value: pikepdf.Object) -> dict[bytes, bytes]:
    """A dictionary's (or stream's) entries, each serialised, so that one may be changed and others stay.

    Raises `DocumentRefused` for what cannot be taken apart.
    """
    return entries(serialise(value))[0]
