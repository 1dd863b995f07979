"""Digests under both suites at once, so that either function may fall and the other still stands."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from cryptography.hazmat.primitives.hashes import SM3, Hash

DIGEST_SIZE = 32  # bytes, of SHA-256 (FIPS 180-4) and of SM3 (GB/T 32905-2016) alike


def sha256(data: bytes) -> bytes:
    """SHA-256 of `data`, 32 bytes."""
    return hashlib.sha256(data).digest()


def sm3(data: bytes) -> bytes:
    """SM3 (GB/T 32905-2016) of `data`, 32 bytes."""
    state = Hash(SM3())
    state.update(data)
    return state.finalize()


@dataclass(frozen=True, slots=True)
class DigestPair:
    """SHA-256 and SM3 of the same bytes, 32 bytes each."""

    sha256: bytes
    sm3: bytes

    @classmethod
    def of(cls, data: bytes) -> DigestPair:
        """Both digests of `data`."""
        return cls(sha256(data), sm3(data))

    def as_json(self) -> dict[str, str]:
        """Lower-case hexadecimal, as events carry digests."""
        return {"sha256": self.sha256.hex(), "sm3": self.sm3.hex()}


NO_DIGEST = DigestPair(bytes(DIGEST_SIZE), bytes(DIGEST_SIZE))
"""Stands before the first event of a case."""
