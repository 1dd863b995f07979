"""A dictionary of a PDF written again with some entries changed, everything else as it was."""

from __future__ import annotations

from collections.abc import Mapping

import pikepdf

from signing.pdf.source import PdfSource
from signing.pdf.syntax import dictionary, name, serialise, taken_apart

SIGNED_APPEND_ONLY = 3  # ISO 32000-2 table 225, /SigFlags: SignaturesExist and AppendOnly


def held(source: PdfSource, number: int) -> pikepdf.Object:
    """Object `number` of the file, of whatever generation."""
    return source.pdf.get_object(number, source.generation(number))


def amended(old: pikepdf.Object, changes: Mapping[bytes, bytes]) -> bytes:
    """`old` (a dictionary, direct or not) with the entries of `changes`, serialised; keys without slash.

    Raises `DocumentRefused` for what is no dictionary.
    """
    if all(f"/{key.decode()}" not in old for key in changes):
        written = serialise(old).rstrip()
        if written.endswith(b">>"):  # what is only added needs nothing taken apart
            added = b" ".join(name(key) + b" " + value for key, value in changes.items())
            return written[:-2] + added + b">>"
    return dictionary({**taken_apart(old), **changes})
