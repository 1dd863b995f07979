"""Ecdsa-Sig-Value (RFC 3279 2.2.3; SM2Signature in GM/T 0009 has the same shape): one encoding, in range."""

from __future__ import annotations

from cryptography.hazmat import asn1

from keys import der
from keys.errors import SignatureInvalid

P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
SM2_ORDER = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
MAX_SIZE = 72  # octets: two 33-octet INTEGERs in a SEQUENCE


@asn1.sequence
class _Value:
    r: int
    s: int


def encode(r: int, s: int) -> bytes:
    """DER of the pair."""
    return asn1.encode_der(_Value(r=r, s=s))


def decode(signature: bytes, order: int) -> tuple[int, int]:
    """The pair, both in [1, order-1]; raises `SignatureInvalid` for any other bytes."""
    try:
        value = der.decode(_Value, signature, limit=MAX_SIZE)
    except der.DerInvalid as error:
        raise SignatureInvalid(f"the encoding {error}") from error
    if not (0 < value.r < order and 0 < value.s < order):
        raise SignatureInvalid("r or s is out of range")
    return value.r, value.s
