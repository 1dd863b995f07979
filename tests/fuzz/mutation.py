"""Mutation of DER: octets, and whole elements moved, doubled, dropped, re-tagged or re-sized."""

from __future__ import annotations

from random import Random
from typing import Final

INTERESTING: Final = (
    0x00,
    0x01,
    0x02,
    0x05,
    0x0C,
    0x18,
    0x24,
    0x30,
    0x31,
    0x7F,
    0x80,
    0x81,
    0x84,
    0xA0,
    0xFF,
)
CONSTRUCTED = 0x20
MAX_GROWTH = 65_536  # octets


def elements(data: bytes) -> list[tuple[int, int]]:
    """Start and end of every element that can be found, at any depth; tolerant, for what is broken too."""
    found = []
    pending = [(0, len(data))]
    while pending:
        at, end = pending.pop()
        while at + 2 <= end:
            size, header = data[at + 1], 2
            if size & 0x80:
                count = size & 0x7F
                if count > 4 or at + 2 + count > end:
                    break
                size, header = int.from_bytes(data[at + 2 : at + 2 + count], "big"), 2 + count
            stop = at + header + size
            if stop > end:
                break
            found.append((at, stop))
            if data[at] & CONSTRUCTED or data[at] == 0x04:
                pending.append((at + header, stop))
            at = stop
    return found


def mutate(data: bytes, others: tuple[bytes, ...], chance: Random) -> bytes:
    """One to four changes."""
    for _ in range(chance.randint(1, 4)):
        data = chance.choice(_CHANGES)(data, others, chance)[:MAX_GROWTH]
    return data


def _octet(data: bytes, others: tuple[bytes, ...], chance: Random) -> bytes:
    if not data:
        return bytes([chance.choice(INTERESTING)])
    at = chance.randrange(len(data))
    new = chance.choice((chance.choice(INTERESTING), data[at] ^ 1 << chance.randrange(8)))
    return data[:at] + bytes([new]) + data[at + 1 :]


def _cut(data: bytes, others: tuple[bytes, ...], chance: Random) -> bytes:
    at = chance.randint(0, len(data))
    return data[:at] + data[min(len(data), at + chance.randint(1, 16)) :]


def _grow(data: bytes, others: tuple[bytes, ...], chance: Random) -> bytes:
    at = chance.randint(0, len(data))
    return data[:at] + chance.choice((chance.randbytes(chance.randint(1, 16)), b"\x30\x80" * 200)) + data[at:]


def _element(data: bytes, others: tuple[bytes, ...], chance: Random) -> bytes:
    """An element dropped, doubled, or replaced by another of the same or of another sample; sizes mended."""
    places = elements(data)
    donor = chance.choice((data, *others))
    parts = elements(donor)
    if not places or not parts:
        return data
    start, end = chance.choice(places)
    first, last = chance.choice(parts)
    new = chance.choice((b"", data[start:end] * 2, donor[first:last]))
    return mended(data, start, end, new)


def mended(data: bytes, start: int, end: int, new: bytes) -> bytes:
    """The element replaced, and the lengths of all that hold it written anew."""
    holders = [place for place in elements(data) if place[0] < start and end <= place[1]]
    for at, stop in sorted(holders, reverse=True):
        header = 2 + (data[at + 1] & 0x7F if data[at + 1] & 0x80 else 0)
        content = data[at + header : start] + new + data[end:stop]
        size = len(content)
        octets = size.to_bytes((size.bit_length() + 7) // 8 or 1, "big")
        length = octets if size < 0x80 else bytes([0x80 | len(octets)]) + octets
        start, end, new = at, stop, data[at : at + 1] + length + content
    return data[:start] + new + data[end:]


_CHANGES = (_octet, _octet, _cut, _grow, _element, _element, _element)
