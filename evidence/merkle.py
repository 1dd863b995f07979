"""RFC 9162 section 2.1 hashing of leaves, over SHA-256 and SM3."""

from __future__ import annotations

from evidence.digest import DigestPair

LEAF_PREFIX = b"\x00"  # RFC 9162 2.1.1: domain separation of leaves from inner nodes


def leaf_hash(leaf: bytes) -> DigestPair:
    """MTH({leaf}) under both functions."""
    return DigestPair.of(LEAF_PREFIX + leaf)
