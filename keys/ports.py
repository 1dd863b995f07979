"""What the key use cases need from outside, and what they give to those above."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from evidence.log import EvidenceLog
from keys.key import KeyId, KeyPurpose, KeyRecord, KeyState
from keys.public import PublicKey
from keys.suites import Algorithm


class Signer(Protocol):
    """A private key that can be used and not seen."""

    @property
    def key_id(self) -> KeyId:
        """Which key."""
        ...

    @property
    def public(self) -> PublicKey:
        """Its public half."""
        ...

    def sign(self, data: bytes) -> bytes:
        """A signature over `data` in the algorithm's encoding; raises `CustodyUnavailable`."""
        ...


@dataclass(frozen=True, slots=True)
class Generated:
    """A key just made in a custody: its public half, and the handle that opens it there."""

    public: PublicKey
    handle: bytes


class Custody(Protocol):
    """A place where private keys live.

    Raises `CustodyUnavailable` when it cannot be reached, `KeyUnsealFailed` when a handle does not
    open.
    """

    @property
    def name(self) -> str:
        """As `KeyRecord.custody`."""
        ...

    def generate(self, key_id: KeyId, algorithm: Algorithm, purpose: KeyPurpose) -> Generated:
        """Make a key bound to id and purpose; raises `AlgorithmNotAllowed` for one it cannot hold."""
        ...

    def open(self, record: KeyRecord) -> Signer:
        """Prepare to sign; the state was checked by the caller."""
        ...

    def destroy(self, record: KeyRecord) -> None:
        """Make the private key unusable for good; idempotent."""
        ...


class KeyStore(Protocol):
    """Key records inside the caller's transaction; nothing here commits."""

    def add(self, record: KeyRecord) -> None:
        """Raises `KeyStateInvalid` when the id or the public key is already there."""
        ...

    def get(self, key_id: KeyId) -> KeyRecord:
        """Raises `KeyNotFound`."""
        ...

    def list(
        self, *, purpose: KeyPurpose | None = None, state: KeyState | None = None
    ) -> Sequence[KeyRecord]:
        """In order of creation."""
        ...

    def transition(self, key_id: KeyId, to: KeyState, *, successor: KeyId | None = None) -> KeyRecord:
        """Compare-and-set on the current state; raises `KeyStateInvalid` for an illegal transition."""
        ...

    def count_use(self, key_id: KeyId, uses: int) -> int:
        """Add to the durable counter before signing; returns the new count.

        Raises `KeyUseExhausted` when the limit would be passed, `KeyStateInvalid` unless active.
        """
        ...

    def replace_handle(self, key_id: KeyId, old: bytes, new: bytes) -> bool:
        """Compare-and-set; False when the handle is no longer `old`, which then stands.

        For the rotation of the master key (the same private key, sealed anew), and for destruction
        (empty): the first can never bring back what the second took away.
        """
        ...

    def page(self, after: KeyId | None, limit: int) -> Sequence[KeyRecord]:
        """The next records in order of key id."""
        ...

    def by_fingerprint(self, fingerprint: str) -> KeyRecord | None:
        """The record of a public key, None when it is none of ours."""
        ...

    def block(self, fingerprint: str, reason: str, at: datetime) -> None:
        """Refuse this public key everywhere from now on; idempotent."""
        ...

    def blocked(self, fingerprints: Sequence[str]) -> dict[str, str]:
        """Those of `fingerprints` that are blocked, with the reason."""
        ...


class KeyUnit(Protocol):
    """The stores of one transaction."""

    @property
    def keys(self) -> KeyStore:
        """Key records."""
        ...

    @property
    def log(self) -> EvidenceLog:
        """The evidence log."""
        ...
