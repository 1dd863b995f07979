"""Seal secrets under the master key: AES-256-GCM for intl, SM4-GCM for guomi, in one versioned blob.

A sealed blob is `version(1) ‖ suite(1) ‖ master key id(8) ‖ nonce(12) ‖ ciphertext ‖ tag(16)`; its first
ten bytes are authenticated together with the caller's associated data. The id tells a wrong master key
apart from an altered blob before anything is decrypted.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Iterable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256, SM3, HashAlgorithm
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from keys.errors import KeyUnsealFailed, MasterKeyDiffers
from keys.suites import Suite

SECRET_SIZE = 32  # bytes of a master secret
ID_SIZE = 8  # bytes of a master key's id
NONCE_SIZE = 12  # bytes, NIST SP 800-38D 8.2
TAG_SIZE = 16  # bytes, the full tag
MARK_SIZE = 2 + ID_SIZE  # version, suite, master key id
OVERHEAD = MARK_SIZE + NONCE_SIZE + TAG_SIZE
_VERSION = 1
_SUITES = {Suite.INTL: 1, Suite.GUOMI: 2}


class MasterKey:
    """An AES-256 and an SM4 key derived from one 32-byte secret, under a short public id."""

    __slots__ = ("_aes", "_marks", "_sm4", "key_id")

    def __init__(self, secret: bytes) -> None:
        if len(secret) != SECRET_SIZE:
            raise ValueError(f"a master secret has {SECRET_SIZE} bytes")
        self._aes = AESGCM(_derive(SHA256(), SECRET_SIZE, b"xinqian/master/aes-256-gcm", secret))
        self._sm4 = algorithms.SM4(_derive(SM3(), 16, b"xinqian/master/sm4-gcm", secret))
        self.key_id = _derive(SHA256(), ID_SIZE, b"xinqian/master/id", secret)
        """8 bytes that name the key and reveal nothing of it."""
        self._marks = {suite: bytes((_VERSION, code)) + self.key_id for suite, code in _SUITES.items()}

    def seal(self, plaintext: bytes, aad: bytes, suite: Suite = Suite.INTL) -> bytes:
        """The blob of `plaintext`, bound to `aad`."""
        mark = self._marks[suite]
        nonce = secrets.token_bytes(NONCE_SIZE)
        if suite is Suite.INTL:
            return mark + nonce + self._aes.encrypt(nonce, plaintext, mark + aad)
        encryptor = Cipher(self._sm4, modes.GCM(nonce)).encryptor()
        encryptor.authenticate_additional_data(mark + aad)
        return mark + nonce + encryptor.update(plaintext) + encryptor.finalize() + encryptor.tag

    def open(self, sealed: bytes, aad: bytes) -> bytes:
        """The plaintext of a blob of this key; raises `cryptography.exceptions.InvalidTag`."""
        mark, nonce = sealed[:MARK_SIZE], sealed[MARK_SIZE : MARK_SIZE + NONCE_SIZE]
        body = sealed[MARK_SIZE + NONCE_SIZE :]
        if mark == self._marks[Suite.INTL]:
            return self._aes.decrypt(nonce, body, mark + aad)
        decryptor = Cipher(self._sm4, modes.GCM(nonce, body[-TAG_SIZE:])).decryptor()
        decryptor.authenticate_additional_data(mark + aad)
        return decryptor.update(body[:-TAG_SIZE]) + decryptor.finalize()

    def __repr__(self) -> str:
        return f"MasterKey({self.key_id.hex()})"


class MasterKeyRing:
    """The master key in force and those before it; implements `evidence.ports.KeyWrapper`.

    Everything new is sealed under the key in force; what was sealed under an earlier one still opens,
    so rotation needs no stop. `reread` is asked for the keys again, the one in force first, when a blob
    names a key that the ring lacks: another process may have rotated.
    """

    def __init__(
        self,
        current: MasterKey,
        *previous: MasterKey,
        reread: Callable[[], Iterable[MasterKey]] | None = None,
    ) -> None:
        self._known = {key.key_id: key for key in (*previous, current)}
        self._current = current
        self._reread = reread
        self._changing = threading.Lock()

    @property
    def current(self) -> MasterKey:
        """The master key in force."""
        return self._current

    @property
    def key_ids(self) -> tuple[bytes, ...]:
        """Every master key the ring can open with, the one in force first."""
        current = self._current.key_id
        return (current, *(key_id for key_id in self._known if key_id != current))

    def rotate(self, key: MasterKey) -> None:
        """Seal under `key` from now on, in every thread; the key in force so far stays for opening."""
        with self._changing:
            self._known = {**self._known, key.key_id: key}
            self._current = key

    def refresh(self) -> None:
        """Read the master keys again from where they came; keeps those already known."""
        if self._reread is not None:
            current, *previous = self._reread()
            for key in (*previous, current):
                self.rotate(key)

    def seal(self, plaintext: bytes, aad: bytes, suite: Suite) -> bytes:
        """Seal under the master key in force."""
        return self._current.seal(plaintext, aad, suite)

    def open(self, sealed: bytes, aad: bytes, *, subject: str) -> bytes:
        """The plaintext; `subject` names it in errors.

        Raises `MasterKeyDiffers` when the blob was sealed under a master key the ring lacks,
        `KeyUnsealFailed` when blob or `aad` were altered.
        """
        key_id = master_key_id(sealed, subject=subject)
        if key_id not in self._known:
            self.refresh()
        key = self._known.get(key_id)
        if key is None:
            raise MasterKeyDiffers(subject, key_id.hex(), self._current.key_id.hex())
        try:
            return key.open(sealed, aad)
        except InvalidTag as error:
            raise KeyUnsealFailed(subject) from error

    def reseal(self, sealed: bytes, aad: bytes, *, subject: str) -> bytes:
        """The same plaintext in the same suite under the key in force; raises as `open`."""
        plaintext = self.open(sealed, aad, subject=subject)
        suite = Suite.INTL if sealed[1] == _SUITES[Suite.INTL] else Suite.GUOMI
        return self._current.seal(plaintext, aad, suite)

    def is_current(self, sealed: bytes) -> bool:
        """Whether the blob was sealed under the master key in force."""
        return sealed[2:MARK_SIZE] == self._current.key_id

    def wrap(self, key: bytes, context: bytes) -> bytes:
        """AES-256-GCM under the master key in force."""
        return self._current.seal(key, context)

    def unwrap(self, wrapped: bytes, context: bytes) -> bytes:
        """Raises `MasterKeyDiffers` or `KeyUnsealFailed`."""
        return self.open(wrapped, context, subject="a wrapped value")


def master_key_id(sealed: bytes, *, subject: str) -> bytes:
    """Under which master key a blob was sealed; raises `KeyUnsealFailed` for bytes that are no blob."""
    if len(sealed) < OVERHEAD or sealed[0] != _VERSION or sealed[1] not in _SUITES.values():
        raise KeyUnsealFailed(subject)
    return sealed[2:MARK_SIZE]


def _derive(algorithm: HashAlgorithm, size: int, info: bytes, secret: bytes) -> bytes:
    return HKDF(algorithm, size, None, info).derive(secret)
