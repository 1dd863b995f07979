"""Keys that sign notes, for tests."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from evidence.note import NoteSigner
from keys.key import KeyId, new_key_id
from keys.notesigner import Ed25519NoteSigner, Ed25519NoteVerifier, KeyNoteSigner, KeyNoteVerifier
from keys.private import PrivateKey
from keys.public import PublicKey
from keys.suites import Algorithm


@dataclass(frozen=True)
class HeldKey:
    """`Signer` over a key in memory."""

    private: PrivateKey
    key_id: KeyId = field(default_factory=new_key_id)

    @property
    def public(self) -> PublicKey:
        return self.private.public

    def sign(self, data: bytes) -> bytes:
        return self.private.sign(data)


def note_signer(name: str, algorithm: Algorithm | str, *, cosigner: bool = False) -> NoteSigner:
    """With a new key; `ed25519` is no algorithm of the suites."""
    if algorithm == "ed25519":
        return Ed25519NoteSigner.of(name, secrets.token_bytes(32), cosigner=cosigner)
    return KeyNoteSigner.of(name, HeldKey(PrivateKey.generate(Algorithm(algorithm))), cosigner=cosigner)


def verifier_of(signer: NoteSigner) -> KeyNoteVerifier | Ed25519NoteVerifier:
    """Of a signer made here."""
    assert isinstance(signer, KeyNoteSigner | Ed25519NoteSigner)
    return signer.verifier
