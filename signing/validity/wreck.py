"""What can be said of a file that has no readable structure: byte ranges in it, and how they lie."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from signing.document import Buffer
from signing.validity.attack import Attack, AttackFound

MAX_RANGES = 64  # byte ranges that are looked at
MAX_GAP = 4_194_304  # octets of one gap that are looked into
_RANGE = re.compile(rb"/ByteRange[\x00\t\n\f\r ]*\[([^\]]{0,200})\]")
_NUMBER = re.compile(rb"[+-]?\d{1,12}")
_HEX = re.compile(rb"<[0-9A-Fa-f\x00\t\n\f\r ]*+>")


def attacks_on_wreck(data: Buffer) -> tuple[AttackFound, ...]:
    """Attacks that show in the octets alone; the file fails whatever they are."""
    return tuple(dict.fromkeys(_ranges(data)))


def _ranges(data: Buffer) -> Iterator[AttackFound]:
    matches = list(islice(_RANGE.finditer(data), MAX_RANGES))
    if matches:
        detail = "signed octets are in a file that no reader can read without repairing it"
        yield AttackFound(Attack.XREF_DISAGREEMENT, detail)
    for match in matches:
        numbers = [int(one) for one in _NUMBER.findall(match[1])]
        detail = f"the byte range at {match.start()} does not fit the file"
        if len(numbers) != 4 or numbers[0] != 0:  # noqa: PLR2004  (two parts)
            yield AttackFound(Attack.BYTE_RANGE_GAP, detail)
            continue
        _, gap, resume, length = numbers
        if gap < 0 or resume < gap or length < 0 or resume + length > len(data):
            yield AttackFound(Attack.BYTE_RANGE_OVERLAP, detail)
            continue
        between = bytes(data[gap : min(resume, gap + MAX_GAP)])
        held = _HEX.match(between)
        if held is not None and held.end() == len(between):
            continue
        rest = between if held is None else between[held.end() :]
        wrapped = b"obj" in rest or b"<<" in rest or b"/ByteRange" in rest
        yield AttackFound(Attack.SIGNATURE_WRAPPING if wrapped else Attack.BYTE_RANGE_GAP, detail)
