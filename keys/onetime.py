"""One-time keys: made in memory, used a counted number of times, gone; they never touch a disk."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Self

from evidence.canonical import JSON
from evidence.clock import Clock, rfc3339
from keys.errors import KeyStateInvalid, KeyUseExhausted
from keys.key import KeyId, KeyState, new_key_id
from keys.private import PrivateKey
from keys.public import PublicKey
from keys.suites import Algorithm


@dataclass(frozen=True, slots=True)
class Destruction:
    """What is left of a one-time key; the caller records it as KEY_DESTROYED."""

    key_id: KeyId
    algorithm: Algorithm
    fingerprint: str
    created_at: datetime
    destroyed_at: datetime
    uses: int

    def facts(self) -> dict[str, JSON]:
        """As the event carries it."""
        return {
            "algorithm": self.algorithm.value,
            "created_at": rfc3339(self.created_at),
            "custody": "memory",
            "destroyed_at": rfc3339(self.destroyed_at),
            "key_id": self.key_id,
            "public_key": self.fingerprint,
            "uses": self.uses,
        }


class OneTimeKey:
    """A `Signer` inside a `with` block; leaving the block destroys the key, whatever happened in it.

    Destroying drops the last reference to the library's key object, which wipes its own memory.
    """

    __slots__ = (
        "_clock",
        "_lock",
        "_private",
        "_uses",
        "created_at",
        "destruction",
        "key_id",
        "public",
        "uses",
    )

    def __init__(self, algorithm: Algorithm, clock: Clock, *, uses: int = 1) -> None:
        if uses < 1:
            raise ValueError("a key that may not be used once is none")
        self._clock = clock
        self._lock = threading.Lock()
        self._uses = 0
        self.uses = uses
        """Signatures the key may make."""
        self.key_id: KeyId = new_key_id()
        self.created_at = clock.now()
        self._private: PrivateKey | None = PrivateKey.generate(algorithm)
        self.public: PublicKey = self._private.public
        self.destruction: Destruction | None = None
        """The record of the end, once it came."""

    def sign(self, data: bytes) -> bytes:
        """Raises `KeyUseExhausted` after the last use, `KeyStateInvalid` after the end."""
        with self._lock:
            private = self._private
            if private is None:
                raise KeyStateInvalid(self.key_id, KeyState.DESTROYED.value, "sign")
            if self._uses >= self.uses:
                raise KeyUseExhausted(self.key_id, self.uses)
            self._uses += 1
        return private.sign(data)

    def destroy(self) -> Destruction:
        """Forget the private key; again, the first record stands."""
        with self._lock:
            if self.destruction is None:
                self._private = None
                self.destruction = Destruction(
                    self.key_id,
                    self.public.algorithm,
                    self.public.fingerprint,
                    self.created_at,
                    self._clock.now(),
                    self._uses,
                )
            return self.destruction

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.destroy()
