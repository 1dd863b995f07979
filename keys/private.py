"""Private keys in memory: made, used, written as PKCS #8 for sealing, and read back."""

from __future__ import annotations

from typing import Protocol

from cryptography.hazmat import asn1
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
)

from keys import der, sm2
from keys.errors import KeyEncodingInvalid
from keys.public import ECDSA_SHA256, PKCS1V15, RSA_EXPONENT, PublicKey
from keys.suites import Algorithm

MAX_PKCS8_SIZE = 4_096  # octets; RSA-4096 takes 2,400
RSA_BITS = 3072
P256_POINT = 65  # octets of an uncompressed point, the end of its SubjectPublicKeyInfo

_Secret = sm2.KeyPair | ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


class _Operation(Protocol):
    def sign(self, data: bytes) -> bytes: ...


@asn1.sequence
class _EcPrivateKey:  # RFC 5915 3, without the optional parts
    version: int
    private_key: bytes


@asn1.sequence
class _PrivateKeyInfo:  # RFC 5208 5
    version: int
    algorithm: asn1.TLV
    private_key: bytes


class PrivateKey:
    """A private key in this process's memory, which Python cannot wipe."""

    __slots__ = ("_operation", "_secret", "algorithm", "public")

    def __init__(
        self, algorithm: Algorithm, public: PublicKey, operation: _Operation, secret: _Secret
    ) -> None:
        self.algorithm = algorithm
        self.public = public
        self._operation = operation
        self._secret = secret

    @classmethod
    def generate(cls, algorithm: Algorithm) -> PrivateKey:
        """A new key from the system's randomness."""
        if algorithm is Algorithm.SM2:
            return cls._of_sm2(sm2.BACKEND.generate())
        if algorithm is Algorithm.P256:
            return cls._of_library(algorithm, ec.generate_private_key(ec.SECP256R1()))
        return cls._of_library(algorithm, rsa.generate_private_key(RSA_EXPONENT, RSA_BITS))

    @classmethod
    def from_pkcs8(cls, algorithm: Algorithm, data: bytes) -> PrivateKey:
        """Read what `pkcs8` wrote; raises `KeyEncodingInvalid`."""
        if algorithm is Algorithm.SM2:
            return cls._of_sm2(_read_sm2(data))
        try:
            key = load_der_private_key(data, None)
        except ValueError as error:
            raise KeyEncodingInvalid("private key", "is not PKCS #8") from error
        expected = ec.EllipticCurvePrivateKey if algorithm is Algorithm.P256 else rsa.RSAPrivateKey
        if not isinstance(key, expected):
            raise KeyEncodingInvalid("private key", f"is not of {algorithm.value}")
        return cls._of_library(algorithm, key)

    @classmethod
    def _of_sm2(cls, pair: sm2.KeyPair) -> PrivateKey:
        spki = der.sequence(Algorithm.SM2.info.key_identifier, der.bits(pair.point))
        public = PublicKey(Algorithm.SM2, spki, pair.point)
        return cls(Algorithm.SM2, public, pair.operation, pair)

    @classmethod
    def _of_library(
        cls, algorithm: Algorithm, key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
    ) -> PrivateKey:
        spki = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        if isinstance(key, ec.EllipticCurvePrivateKey):
            return cls(algorithm, PublicKey(algorithm, spki, spki[-P256_POINT:]), _Ecdsa(key), key)
        return cls(algorithm, PublicKey.from_spki(spki), _Rsa(key), key)

    def sign(self, data: bytes) -> bytes:
        """A signature in the algorithm's DER (or PKCS #1) encoding over `data`, hashed inside."""
        return self._operation.sign(data)

    def pkcs8(self) -> bytes:
        """PrivateKeyInfo, DER, unencrypted: only ever handed to a sealer."""
        if isinstance(self._secret, sm2.KeyPair):
            inner = _EcPrivateKey(
                version=1, private_key=self._secret.scalar().to_bytes(sm2.COORDINATE, "big")
            )
            point = der.explicit(1, der.bits(self._secret.point))
            body = asn1.encode_der(inner)
            key = der.sequence(body[2:], point)
            return der.sequence(asn1.encode_der(0), self.algorithm.info.key_identifier, der.octets(key))
        return self._secret.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


@asn1.sequence
class _EcPrivateKeyWithPoint:
    version: int
    private_key: bytes
    rest: asn1.TLV


def _read_sm2(data: bytes) -> sm2.KeyPair:
    try:
        outer = der.decode(_PrivateKeyInfo, data, limit=MAX_PKCS8_SIZE)
        inner = der.decode(_EcPrivateKeyWithPoint, outer.private_key, limit=MAX_PKCS8_SIZE)
    except der.DerInvalid as error:
        raise KeyEncodingInvalid("private key", f"as PKCS #8 with a public point, {error}") from error
    if der.raw(outer.algorithm) != Algorithm.SM2.info.key_identifier:
        raise KeyEncodingInvalid("private key", "is not of SM2")
    pair = sm2.BACKEND.open_private(sm2.check_scalar(int.from_bytes(inner.private_key, "big")))
    if der.bits(pair.point) != bytes(inner.rest.data):
        raise KeyEncodingInvalid("private key", "does not belong to the public point beside it")
    return pair


class _Ecdsa:
    def __init__(self, key: ec.EllipticCurvePrivateKey) -> None:
        self._key = key

    def sign(self, data: bytes) -> bytes:
        return self._key.sign(data, ECDSA_SHA256)


class _Rsa:
    def __init__(self, key: rsa.RSAPrivateKey) -> None:
        self._key = key

    def sign(self, data: bytes) -> bytes:
        return self._key.sign(data, PKCS1V15, SHA256())
