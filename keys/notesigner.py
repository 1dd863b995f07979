"""Signers and verifiers of signed notes over our keys: ECDSA and SM2 from custody, Ed25519 in memory.

Ed25519 is no algorithm of the suites: it serves notes alone, where C2SP asks for it (public logs and
cosignatures of witnesses). Keys travel as verifier keys (`name+id+base64`, signed-note, Verifier keys).
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import ClassVar

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from evidence.errors import NoteInvalid
from evidence.note import (
    COSIGNATURE_ED25519,
    COSIGNATURE_SM2,
    ECDSA,
    ED25519,
    SM2,
    check_name,
    decode_base64,
    key_id_of,
)
from keys.errors import AlgorithmNotAllowed, KeyEncodingInvalid, SignatureInvalid
from keys.ports import Signer
from keys.public import PublicKey
from keys.suites import Algorithm

ED25519_SIZE = 32  # octets of a public key, and of a seed (RFC 8032 5.1.5)
MAX_VERIFIER_KEY = 2_048  # characters: the longest name, and an SPKI in base64
_USE = "signed notes"
_PARTS = 3  # of a verifier key: name, key id, key


@dataclass(frozen=True, slots=True)
class KeyNoteVerifier:
    """`NoteVerifier` over a P-256 or SM2 key."""

    name: str
    public: PublicKey
    kind: bytes
    """Signature type, as `evidence.note` names them."""

    TYPES: ClassVar[dict[Algorithm, tuple[bytes, ...]]] = {
        Algorithm.P256: (ECDSA,),
        Algorithm.SM2: (SM2, COSIGNATURE_SM2),
    }

    @classmethod
    def of(cls, name: str, public: PublicKey, *, cosigner: bool = False) -> KeyNoteVerifier:
        """Raises `AlgorithmNotAllowed` for a key that signs no such notes, `NoteInvalid` for the name."""
        kinds = cls.TYPES.get(public.algorithm, ())
        if len(kinds) <= cosigner:
            raise AlgorithmNotAllowed(public.algorithm.value, _USE, "no rule allows it")
        return cls(check_name(name), public, kinds[cosigner])

    @property
    def key_id(self) -> bytes:
        """Four octets."""
        return key_id_of(self.name, self.kind, self.public.spki)

    def verify(self, message: bytes, signature: bytes) -> None:
        """DER, in its one encoding."""
        try:
            self.public.verify(signature, message)
        except SignatureInvalid as error:
            raise _unverified(self.name) from error

    def verifier_key(self) -> str:
        """To hand to others; ECDSA has no such form in the specification, and gets the same."""
        return _verifier_key(self.name, self.key_id, self.kind + self.public.spki)


@dataclass(frozen=True, slots=True)
class KeyNoteSigner:
    """`NoteSigner` over a P-256 or SM2 key in custody."""

    verifier: KeyNoteVerifier
    signer: Signer

    @classmethod
    def of(cls, name: str, signer: Signer, *, cosigner: bool = False) -> KeyNoteSigner:
        """As `KeyNoteVerifier.of`."""
        return cls(KeyNoteVerifier.of(name, signer.public, cosigner=cosigner), signer)

    @property
    def name(self) -> str:
        """The name in signature lines."""
        return self.verifier.name

    @property
    def key_id(self) -> bytes:
        """Four octets."""
        return self.verifier.key_id

    def sign(self, message: bytes) -> bytes:
        """Raises what the custody raises."""
        return self.signer.sign(message)


@dataclass(frozen=True, slots=True)
class Ed25519NoteVerifier:
    """`NoteVerifier` over an Ed25519 key (RFC 8032), of a log or of a witness."""

    name: str
    public: bytes
    """32 octets."""
    kind: bytes

    @classmethod
    def of(cls, name: str, public: bytes, *, cosigner: bool = False) -> Ed25519NoteVerifier:
        """Raises `KeyEncodingInvalid` for another length, `NoteInvalid` for the name."""
        if len(public) != ED25519_SIZE:
            raise KeyEncodingInvalid("public key", "is not of Ed25519")
        return cls(check_name(name), public, COSIGNATURE_ED25519 if cosigner else ED25519)

    @property
    def key_id(self) -> bytes:
        """Four octets."""
        return key_id_of(self.name, self.kind, self.public)

    def verify(self, message: bytes, signature: bytes) -> None:
        """64 octets (RFC 8032 5.1.7)."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except (InvalidSignature, ValueError) as error:
            raise _unverified(self.name) from error

    def verifier_key(self) -> str:
        """To hand to others."""
        return _verifier_key(self.name, self.key_id, self.kind + self.public)


@dataclass(frozen=True, slots=True)
class Ed25519NoteSigner:
    """`NoteSigner` over an Ed25519 key in memory."""

    verifier: Ed25519NoteVerifier
    private: Ed25519PrivateKey

    @classmethod
    def of(cls, name: str, seed: bytes, *, cosigner: bool = False) -> Ed25519NoteSigner:
        """From the 32 octets of the private key; raises `KeyEncodingInvalid`, `NoteInvalid`."""
        if len(seed) != ED25519_SIZE:
            raise KeyEncodingInvalid("private key", "is not of Ed25519")
        private = Ed25519PrivateKey.from_private_bytes(seed)
        public = private.public_key().public_bytes_raw()
        return cls(Ed25519NoteVerifier.of(name, public, cosigner=cosigner), private)

    @property
    def name(self) -> str:
        """The name in signature lines."""
        return self.verifier.name

    @property
    def key_id(self) -> bytes:
        """Four octets."""
        return self.verifier.key_id

    def sign(self, message: bytes) -> bytes:
        """64 octets, the same for the same message."""
        return self.private.sign(message)


def parse_verifier_key(text: str) -> KeyNoteVerifier | Ed25519NoteVerifier:
    """The inverse of `verifier_key`; raises `NoteInvalid` and `KeyEncodingInvalid`."""
    parts = text.split("+", _PARTS - 1) if len(text) <= MAX_VERIFIER_KEY else []
    if len(parts) != _PARTS:
        raise KeyEncodingInvalid("verifier key", "is not a name, an id and a key with + between them")
    name, key_id, encoded = check_name(parts[0]), parts[1], decode_base64(parts[2])
    found = _verifier(name, encoded)
    if found.key_id.hex() != key_id:
        raise KeyEncodingInvalid("verifier key", "has the id of another key")
    return found


def _verifier(name: str, encoded: bytes) -> KeyNoteVerifier | Ed25519NoteVerifier:
    for kind in (ED25519, COSIGNATURE_ED25519):
        if encoded[:1] == kind:
            return Ed25519NoteVerifier.of(name, encoded[1:], cosigner=kind == COSIGNATURE_ED25519)
    for algorithm, kinds in KeyNoteVerifier.TYPES.items():
        for kind in sorted(kinds, key=len, reverse=True):  # one type begins as another does
            if encoded.startswith(kind):
                public = PublicKey.from_spki(encoded.removeprefix(kind))
                if public.algorithm is algorithm:
                    return KeyNoteVerifier(name, public, kind)
    raise KeyEncodingInvalid("verifier key", "is of a signature type that is not known")


def _verifier_key(name: str, key_id: bytes, encoded: bytes) -> str:
    return f"{name}+{key_id.hex()}+{base64.b64encode(encoded).decode('ascii')}"


def _unverified(name: str) -> NoteInvalid:
    return NoteInvalid(f"has a signature by {name} that does not verify")
