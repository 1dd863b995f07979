"""PKCS#11 custody: keys made on a token, sensitive and non-extractable, and used there."""

from __future__ import annotations

import hashlib
from typing import Any

import pkcs11
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from pkcs11 import Attribute, KeyType, Mechanism, MechanismFlag, ObjectClass

from keys import der, ecsignature
from keys.adapters.token import Token
from keys.errors import AlgorithmNotAllowed, CustodyUnavailable, KeyUnsealFailed
from keys.key import KeyId, KeyPurpose, KeyRecord
from keys.ports import Generated
from keys.private import P256_POINT, RSA_BITS
from keys.public import PublicKey
from keys.suites import OID_P256, Algorithm

NAME = "pkcs11"
COORDINATE = 32  # octets of r and of s on P-256

_PRIVATE: dict[Attribute, object] = {
    Attribute.PRIVATE: True,
    Attribute.SENSITIVE: True,
    Attribute.EXTRACTABLE: False,
    Attribute.SIGN: True,
    Attribute.DERIVE: False,
}
_SIGNING = MechanismFlag.SIGN | MechanismFlag.VERIFY


class Pkcs11Custody:
    """`Custody` on one token; a handle is the object's CKA_ID, its label names key id and purpose."""

    name = NAME

    def __init__(self, token: Token) -> None:
        self._token = token

    @classmethod
    def on(cls, library: str, token_label: str, pin: str) -> Pkcs11Custody:
        """The custody of a library's token. Nothing is loaded before the first use."""
        return cls(Token(library, token_label, pin))

    def generate(self, key_id: KeyId, algorithm: Algorithm, purpose: KeyPurpose) -> Generated:
        if algorithm is Algorithm.SM2:
            raise AlgorithmNotAllowed(
                algorithm.value, "a key on a PKCS#11 token", "the standard has no mechanism for it"
            )
        handle = key_id.encode()
        label = f"{key_id} {purpose.value}"

        def make(session: Any) -> PublicKey:  # noqa: ANN401  (the binding's session is made at run time)
            _destroy(session, handle)  # what a try before a lost session may have left
            return _make(session, algorithm, handle, label)

        return Generated(self._token.run(make), handle)

    def open(self, record: KeyRecord) -> Pkcs11Signer:
        signer = Pkcs11Signer(self._token, record)
        signer.prepare()
        return signer

    def destroy(self, record: KeyRecord) -> None:
        if record.handle:
            self._token.run(lambda session: _destroy(session, record.handle))

    def close(self) -> None:
        """Log out of the token."""
        self._token.close()


class Pkcs11Signer:
    """`Signer` whose private key stays on the token; finds its object again in every new session."""

    def __init__(self, token: Token, record: KeyRecord) -> None:
        self.key_id: KeyId = record.key_id
        self.public: PublicKey = record.public
        self._token = token
        self._id = record.handle
        self._key: Any = None
        self._generation = 0

    def prepare(self) -> None:
        """Find the key; raises `KeyUnsealFailed` when it is not there, or its public half is another."""
        self._token.run(self._find)

    def sign(self, data: bytes) -> bytes:
        """Raises `CustodyUnavailable`, and `KeyUnsealFailed` when the key is gone from the token."""
        if self.public.algorithm is Algorithm.P256:
            digest = hashlib.sha256(data).digest()
            pair = self._token.run(
                lambda session: self._find(session).sign(digest, mechanism=Mechanism.ECDSA)
            )
            return ecsignature.encode(
                int.from_bytes(pair[:COORDINATE], "big"), int.from_bytes(pair[COORDINATE:], "big")
            )
        signature: bytes = self._token.run(
            lambda session: self._find(session).sign(data, mechanism=Mechanism.SHA256_RSA_PKCS)
        )
        return signature

    def _find(self, session: Any) -> Any:  # noqa: ANN401  (the binding's objects are made at run time)
        if self._key is None or self._generation != self._token.generation:
            try:
                public = session.get_key(object_class=ObjectClass.PUBLIC_KEY, id=self._id)
                key = session.get_key(object_class=ObjectClass.PRIVATE_KEY, id=self._id)
            except (pkcs11.NoSuchKey, pkcs11.MultipleObjectsReturned) as error:
                raise KeyUnsealFailed(self.key_id, f"it is not on {self._token.name}") from error
            if _read(self.public.algorithm, public) != self.public:
                raise KeyUnsealFailed(self.key_id, f"{self._token.name} holds another key under its id")
            self._key, self._generation = key, self._token.generation
        return self._key


def _destroy(session: Any, handle: bytes) -> None:  # noqa: ANN401
    for found in list(session.get_objects({Attribute.ID: handle})):
        found.destroy()


def _make(session: Any, algorithm: Algorithm, handle: bytes, label: str) -> PublicKey:  # noqa: ANN401
    options = {
        "id": handle,
        "label": label,
        "store": True,
        "capabilities": _SIGNING,
        "private_template": _PRIVATE,
    }
    if algorithm is Algorithm.P256:
        curve = {Attribute.EC_PARAMS: der.oid(OID_P256)}
        parameters = session.create_domain_parameters(KeyType.EC, curve, local=True)
        public, private = parameters.generate_keypair(**options)
    else:
        public, private = session.generate_keypair(KeyType.RSA, RSA_BITS, **options)
    if not private[Attribute.SENSITIVE] or private[Attribute.EXTRACTABLE]:
        private.destroy()
        public.destroy()
        raise CustodyUnavailable(label, "the token made a key that could leave it; the key was destroyed")
    return _read(algorithm, public)


def _read(algorithm: Algorithm, public: Any) -> PublicKey:  # noqa: ANN401
    if algorithm is Algorithm.P256:
        # PKCS#11 v2.40 mechanisms 2.3.3: CKA_EC_POINT is the point inside a DER OCTET STRING; some
        # libraries give the point alone. Either way the point ends it.
        return PublicKey.of_point(algorithm, bytes(public[Attribute.EC_POINT])[-P256_POINT:])
    modulus = int.from_bytes(public[Attribute.MODULUS], "big")
    exponent = int.from_bytes(public[Attribute.PUBLIC_EXPONENT], "big")
    numbers = rsa.RSAPublicNumbers(exponent, modulus)
    spki = numbers.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return PublicKey.from_spki(spki)
