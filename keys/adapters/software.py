"""Software custody: private keys as PKCS #8, sealed under the master key, opened into this process."""

from __future__ import annotations

from keys.errors import KeyEncodingInvalid, KeyUnsealFailed
from keys.key import KeyId, KeyPurpose, KeyRecord
from keys.ports import Generated
from keys.private import PrivateKey
from keys.public import PublicKey
from keys.suites import Algorithm
from keys.wrapping import MasterKeyRing

NAME = "software"


class SoftwareCustody:
    """`Custody` under a ring of master keys; a handle is bound to key id, purpose and algorithm."""

    name = NAME

    def __init__(self, ring: MasterKeyRing) -> None:
        self._ring = ring

    def generate(self, key_id: KeyId, algorithm: Algorithm, purpose: KeyPurpose) -> Generated:
        private = PrivateKey.generate(algorithm)
        bound = _binding(key_id, purpose, algorithm)
        return Generated(private.public, self._ring.seal(private.pkcs8(), bound, algorithm.suite))

    def open(self, record: KeyRecord) -> SoftwareSigner:
        bound = _binding(record.key_id, record.purpose, record.algorithm)
        pkcs8 = self._ring.open(record.handle, bound, subject=record.key_id)
        try:
            private = PrivateKey.from_pkcs8(record.algorithm, pkcs8)
        except KeyEncodingInvalid as error:
            raise KeyUnsealFailed(record.key_id) from error
        if private.public != record.public:
            raise KeyUnsealFailed(record.key_id, "the public key beside it is another")
        return SoftwareSigner(record.key_id, private)

    def destroy(self, record: KeyRecord) -> None:
        """The sealed handle is the key: emptying the record, which the caller does, destroys it."""

    def reseal(self, record: KeyRecord) -> bytes | None:
        """The handle under the master key in force; None when it is already, or is no more."""
        if not record.handle or self._ring.is_current(record.handle):
            return None
        bound = _binding(record.key_id, record.purpose, record.algorithm)
        return self._ring.reseal(record.handle, bound, subject=record.key_id)


class SoftwareSigner:
    """`Signer` over a key in this process's memory."""

    __slots__ = ("_private", "key_id", "public", "sign")

    def __init__(self, key_id: KeyId, private: PrivateKey) -> None:
        self.key_id: KeyId = key_id
        self.public: PublicKey = private.public
        self._private = private
        self.sign = private.sign  # one call less on the path of every signature


def _binding(key_id: KeyId, purpose: KeyPurpose, algorithm: Algorithm) -> bytes:
    return f"xinqian/private-key\x00{key_id}\x00{purpose.value}\x00{algorithm.value}".encode()
