"""DER glue over `cryptography.hazmat.asn1`: values of any type, tagging, and decoding with a size limit."""

from __future__ import annotations

from typing import TypeVar

from cryptography.hazmat import asn1
from cryptography.x509 import ObjectIdentifier

T = TypeVar("T")

SEQUENCE = 0x30
SET = 0x31
INTEGER = 0x02
OCTET_STRING = 0x04
BIT_STRING = 0x03
NULL = b"\x05\x00"
_SHORT = 0x80
_ONE = 0x100
_TWO = 0x10000


@asn1.sequence
class _Holder:
    value: asn1.TLV


def length(size: int) -> bytes:
    """DER length octets (X.690 10.1), minimal."""
    if size < _SHORT:
        return bytes((size,))
    if size < _ONE:
        return bytes((0x81, size))
    if size < _TWO:
        return b"\x82" + size.to_bytes(2, "big")
    octets = (size.bit_length() + 7) // 8
    return bytes((0x80 | octets,)) + size.to_bytes(octets, "big")


def wrap(tag: int, content: bytes) -> bytes:
    """One element with a single-octet tag."""
    size = len(content)
    if size < _SHORT:  # most elements: spelled out, since builders call this more than anything else
        return bytes((tag, size)) + content
    return bytes((tag,)) + length(size) + content


def sequence(*parts: bytes) -> bytes:
    """SEQUENCE of already encoded parts."""
    return wrap(SEQUENCE, b"".join(parts))


def set_of(*parts: bytes) -> bytes:
    """SET OF already encoded parts, in DER order (X.690 11.6)."""
    return wrap(SET, b"".join(sorted(parts)))


def explicit(number: int, encoded: bytes) -> bytes:
    """Context-specific constructed tag around an encoded value."""
    return wrap(0xA0 | number, encoded)


def octets(content: bytes) -> bytes:
    """OCTET STRING."""
    return wrap(OCTET_STRING, content)


def bits(content: bytes) -> bytes:
    """BIT STRING of whole octets."""
    return wrap(BIT_STRING, b"\x00" + content)


def encode(value: object) -> bytes:
    """DER of a declared structure or a primitive."""
    return asn1.encode_der(value)


def oid(dotted: str) -> bytes:
    """OBJECT IDENTIFIER."""
    return asn1.encode_der(ObjectIdentifier(dotted))


def integer(value: int) -> bytes:
    """INTEGER in the fewest octets (X.690 8.3.2)."""
    size = (value if value >= 0 else ~value).bit_length() // 8 + 1
    return wrap(INTEGER, value.to_bytes(size, "big", signed=True))


def tlv(encoded: bytes) -> asn1.TLV:
    """An already encoded value where a structure declares ANY."""
    return asn1.decode_der(_Holder, sequence(encoded)).value


def raw(value: asn1.TLV) -> bytes:
    """The bytes a TLV stood for, tag and length included (DER leaves one encoding)."""
    data = bytes(value.data)
    return bytes(value.tag_bytes) + length(len(data)) + data


class DerInvalid(ValueError):
    """Bytes that are not the DER of the expected structure; callers turn it into their own error."""


def decode(kind: type[T], data: bytes, *, limit: int) -> T:
    """Strict DER, size checked first; raises `DerInvalid`."""
    if len(data) > limit:
        raise DerInvalid(f"is {len(data)} bytes, more than the {limit} allowed")
    try:
        return asn1.decode_der(kind, data)
    except (ValueError, OverflowError) as error:
        raise DerInvalid("is not the DER of the expected structure") from error
