"""Personal data beside the log: salted commitments in the event, the values sealed under a case key.

Each field has its own salt, derived from one random salt an event, so that one value can be
disclosed to a court and proved against the log while its neighbours stay closed.
"""

from __future__ import annotations

import hmac
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from evidence.canonical import JSON, canonical
from evidence.digest import DigestPair
from evidence.errors import EventInvalid, PayloadCorrupt
from evidence.event import EventId, Sealed

SALT_SIZE = 32  # bytes; identity and phone numbers have about 35 bits, the salt hides them
NONCE_SIZE = 12  # bytes, NIST SP 800-38D 8.2


@dataclass(frozen=True, slots=True)
class Opened:
    """A payload in the clear, with the event's salt."""

    salt: bytes
    fields: Mapping[str, JSON]

    def field_salt(self, name: str) -> bytes:
        """The salt that discloses `name` and nothing else."""
        return field_salt(self.salt, name)


def field_salt(salt: bytes, name: str) -> bytes:
    """HMAC-SHA-256 of the field's name under the event's salt, 32 bytes."""
    return hmac.digest(salt, name.encode(), "sha256")


def commitment(salt: bytes, name: str, value: JSON) -> DigestPair:
    """Digests of `salt ‖ canonical(value)`; `salt` is the field's, `name` is for errors alone."""
    return DigestPair.of(salt + canonical(value, field=f"event.personal.{name}"))


def commit(salt: bytes, fields: Mapping[str, JSON]) -> dict[str, dict[str, str]]:
    """One commitment a field, as the envelope carries them."""
    return {name: commitment(field_salt(salt, name), name, value).as_json() for name, value in fields.items()}


def seal(key: bytes, event_id: EventId, salt: bytes, fields: Mapping[str, JSON]) -> Sealed:
    """Encrypt the fields and their salt under the case key, bound to the event."""
    nonce = secrets.token_bytes(NONCE_SIZE)
    plain = canonical({"fields": dict(fields), "salt": salt.hex()})
    return Sealed(nonce, AESGCM(key).encrypt(nonce, plain, event_id.encode()))


def unseal(key: bytes, event_id: EventId, sealed: Sealed) -> Opened:
    """Raises `PayloadCorrupt` when the ciphertext, the key or the event is another."""
    try:
        plain = AESGCM(key).decrypt(sealed.nonce, sealed.ciphertext, event_id.encode())
    except InvalidTag as error:
        raise PayloadCorrupt(event_id) from error
    document = json.loads(plain)
    return Opened(bytes.fromhex(document["salt"]), cast("dict[str, JSON]", document["fields"]))


def check_disclosed(name: str, value: JSON, salt: bytes, committed: Mapping[str, str]) -> None:
    """A disclosed field against the commitment of its event; raises `EventInvalid` when they differ."""
    if commitment(salt, name, value).as_json() != dict(committed):
        raise EventInvalid(name, "does not match its commitment in the log")
