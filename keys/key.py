"""A key's record: what it is for, where it lies, and the states it may pass through."""

from __future__ import annotations

import enum
import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import NewType

from keys.errors import KeyStateInvalid
from keys.public import PublicKey
from keys.suites import Algorithm

KeyId = NewType("KeyId", str)
"""`key-` and 32 hexadecimal digits."""


def new_key_id() -> KeyId:
    """128 random bits: an id says nothing of the key and collides with none."""
    return KeyId(f"key-{secrets.token_hex(16)}")


class KeyPurpose(enum.StrEnum):
    """What a key may sign; a key serves one purpose for life."""

    ROOT_CA = "root-ca"
    ISSUING_CA = "issuing-ca"
    TIMESTAMP = "timestamp"
    OCSP = "ocsp"
    SEAL = "seal"
    SERVICE = "service"
    PERSON_EVENT = "person-event"
    ADMINISTRATOR = "administrator"


class KeyState(enum.StrEnum):
    """NIST SP 800-57 part 1 section 7 states, `suspended` included."""

    PRE_ACTIVE = "pre-active"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    DEACTIVATED = "deactivated"
    DESTROYED = "destroyed"


LEGAL_TRANSITIONS: dict[KeyState, frozenset[KeyState]] = {
    KeyState.PRE_ACTIVE: frozenset({KeyState.ACTIVE, KeyState.DESTROYED}),
    KeyState.ACTIVE: frozenset({KeyState.SUSPENDED, KeyState.DEACTIVATED}),
    KeyState.SUSPENDED: frozenset({KeyState.ACTIVE, KeyState.DEACTIVATED}),
    KeyState.DEACTIVATED: frozenset({KeyState.DESTROYED}),
    KeyState.DESTROYED: frozenset(),
}


@dataclass(frozen=True, slots=True)
class KeyRecord:
    """One key as the store knows it.

    `handle` is what its custody needs to open it: a sealed PKCS #8, or a PKCS#11 object id; never
    the key in the clear.
    """

    key_id: KeyId
    algorithm: Algorithm
    purpose: KeyPurpose
    label: str
    custody: str
    """`software` or `pkcs11`."""
    public: PublicKey
    handle: bytes
    state: KeyState
    created_at: datetime
    use_count: int
    use_limit: int | None
    """Signatures the key may make in its life; None for no limit."""
    successor: KeyId | None
    """The key that replaced it on rotation."""

    def require_transition(self, to: KeyState) -> None:
        """Raises `KeyStateInvalid` for a transition that is not legal."""
        if to not in LEGAL_TRANSITIONS[self.state]:
            raise KeyStateInvalid(self.key_id, self.state.value, f"become {to.value}")
