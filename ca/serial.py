"""Serial numbers of certificates and tokens: positive, 16 octets, from the system's randomness."""

from __future__ import annotations

import secrets
from typing import NewType

SerialNumber = NewType("SerialNumber", int)
SERIAL_OCTETS = 16  # RFC 5280 4.1.2.2 allows 20; 15 of ours are random, BR 7.1 asks for 8
_POSITIVE = (1 << (8 * SERIAL_OCTETS - 1)) - 1
_SMALLEST = 1 << (8 * (SERIAL_OCTETS - 1))
_HEXADECIMAL = frozenset("0123456789abcdef")  # int() takes signs, underscores and other scripts' digits too


def new_serial() -> SerialNumber:
    """A first octet of 0x01 to 0x7f keeps number positive and length fixed; 120 random bits follow."""
    while True:
        number = int.from_bytes(secrets.token_bytes(SERIAL_OCTETS), "big") & _POSITIVE
        if number >= _SMALLEST:
            return SerialNumber(number)


def serial_text(serial: int) -> str:
    """32 lower-case hexadecimal digits (more only for a stranger's longer number)."""
    return f"{serial:032x}"


def parse_serial(text: str) -> SerialNumber:
    """The inverse, also of upper case, `0x` and colons; raises ValueError."""
    digits = text.strip().lower().removeprefix("0x").replace(":", "")
    if not digits or len(digits) > 2 * 20 or not _HEXADECIMAL.issuperset(digits):
        raise ValueError("a serial number is 1 to 40 hexadecimal digits")
    return SerialNumber(int(digits, 16))
