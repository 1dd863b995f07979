"""Whether each object lies where the cross-references say, under its own number (ISO 32000-2 7.3.10).

An object that lies under another's number makes readers differ over which one is meant. qpdf puts what it
finds there in the other's place while that is being read, and has been seen to crash over it.
"""

from __future__ import annotations

import re

import pikepdf

from signing.document import Buffer
from signing.errors import DocumentRefused

PLAIN = 1
"""Type of a reference to an object that is in no object stream (table 18)."""
HEAD = 32
"""Octets looked at: a number, a generation, the word, and a few blanks."""
_LABEL = re.compile(rb"[\x00\t\n\f\r ]*([0-9]{1,10})[\x00\t\n\f\r ]+([0-9]{1,5})[\x00\t\n\f\r ]+obj")


def is_labelled(pdf: pikepdf.Pdf, data: Buffer) -> bool:
    """Whether every object's place begins with its number, its generation and `obj`."""
    for (number, generation), entry in pdf.get_xref_table().items():
        if entry.type != PLAIN or not entry.offset:  # a common writer gives unused numbers the place 0
            continue
        found = _LABEL.match(bytes(data[entry.offset : entry.offset + HEAD]))
        if found is None or (int(found[1]), int(found[2])) != (number, generation):
            return False
    return True


def check_labels(pdf: pikepdf.Pdf, data: Buffer) -> None:
    """Raises `DocumentRefused` where it is not so."""
    if not is_labelled(pdf, data):
        raise DocumentRefused("broken", "has objects that do not lie where its cross-references say")
