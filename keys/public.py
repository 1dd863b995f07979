"""Public keys of both suites behind one value: parse strictly, verify, identify."""

from __future__ import annotations

import hashlib
from typing import Protocol

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key

from keys import der, ecsignature, sm2
from keys.errors import KeyEncodingInvalid, SignatureInvalid
from keys.suites import Algorithm

MAX_SPKI_SIZE = 1_024  # octets; RSA-4096 takes 550
RSA_MIN_BITS = 3072  # NIST SP 800-57 part 1 r5 table 2: 128-bit strength
RSA_MAX_BITS = 4096  # larger keys are a denial-of-service vector for verifiers
RSA_EXPONENT = 65_537

ECDSA_SHA256 = ec.ECDSA(SHA256())
PKCS1V15 = padding.PKCS1v15()


@asn1.sequence
class _Spki:
    algorithm: asn1.TLV
    key: asn1.BitString


class _Operation(Protocol):
    def verify(self, signature: bytes, data: bytes) -> None: ...


class PublicKey:
    """A public key: `algorithm`, its exact SubjectPublicKeyInfo, and signature verification."""

    __slots__ = ("_operation", "algorithm", "key_bits", "spki")

    def __init__(
        self, algorithm: Algorithm, spki: bytes, key_bits: bytes, operation: _Operation | None = None
    ) -> None:
        """Use `from_spki` for bytes from elsewhere; this trusts that the parts belong together."""
        self.algorithm = algorithm
        self.spki = spki
        """SubjectPublicKeyInfo (RFC 5280 4.1.2.7), DER."""
        self.key_bits = key_bits
        """Content of its BIT STRING: an uncompressed point or an RSAPublicKey."""
        self._operation = operation

    @classmethod
    def from_spki(cls, spki: bytes) -> PublicKey:
        """Parse a SubjectPublicKeyInfo of P-256, RSA 3072 to 4096 or SM2.

        Raises `KeyEncodingInvalid` for anything else: other algorithms, compressed or off-curve
        points, RSA with another exponent, even or small moduli, BER, trailing bytes.
        """
        try:
            parsed = der.decode(_Spki, spki, limit=MAX_SPKI_SIZE)
        except der.DerInvalid as error:
            raise KeyEncodingInvalid("public key", str(error)) from error
        if parsed.key.padding_bits() != 0:
            raise KeyEncodingInvalid("public key", "does not fill whole octets")
        identifier = der.raw(parsed.algorithm)
        key_bits = parsed.key.as_bytes()
        for algorithm in Algorithm:
            if identifier == algorithm.info.key_identifier:
                return cls(algorithm, spki, key_bits, _open(algorithm, spki, key_bits))
        raise KeyEncodingInvalid("public key", "is not of P-256, RSA-3072 or SM2")

    @classmethod
    def of_point(cls, algorithm: Algorithm, point: bytes) -> PublicKey:
        """An elliptic-curve key from its uncompressed point (65 octets)."""
        spki = der.sequence(algorithm.info.key_identifier, der.bits(point))
        return cls(algorithm, spki, point, _open(algorithm, spki, point))

    def verify(self, signature: bytes, data: bytes) -> None:
        """Raises `SignatureInvalid` unless `signature` is this key's over `data`, in its one encoding."""
        if self._operation is None:
            self._operation = _open(self.algorithm, self.spki, self.key_bits)
        self._operation.verify(signature, data)

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the SubjectPublicKeyInfo, hexadecimal: what block lists and records name it by."""
        return hashlib.sha256(self.spki).hexdigest()

    @property
    def key_identifier(self) -> bytes:
        """RFC 5280 4.2.1.2 method 1: SHA-1 of the BIT STRING's content, 20 octets."""
        return hashlib.sha1(self.key_bits, usedforsecurity=False).digest()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, PublicKey) and other.spki == self.spki

    def __hash__(self) -> int:
        return hash(self.spki)

    def __repr__(self) -> str:
        return f"PublicKey({self.algorithm.value}, {self.fingerprint[:16]}…)"


def _open(algorithm: Algorithm, spki: bytes, key_bits: bytes) -> _Operation:
    if algorithm is Algorithm.SM2:
        return sm2.BACKEND.open_public(sm2.check_point(key_bits))
    try:
        key = load_der_public_key(spki)
    except (ValueError, UnsupportedAlgorithm) as error:
        raise KeyEncodingInvalid("public key", "is not a valid key of its algorithm") from error
    if isinstance(key, ec.EllipticCurvePublicKey):
        if key_bits[:1] != b"\x04":
            raise KeyEncodingInvalid("public key", "is not an uncompressed point")
        return _Ecdsa(key)
    if isinstance(key, rsa.RSAPublicKey):
        numbers = key.public_numbers()
        if not RSA_MIN_BITS <= key.key_size <= RSA_MAX_BITS:
            raise KeyEncodingInvalid(
                "public key", f"is RSA of {key.key_size} bits; 3072 to 4096 are accepted"
            )
        if numbers.e != RSA_EXPONENT:
            raise KeyEncodingInvalid("public key", "has an RSA exponent other than 65537")
        return _Rsa(key)
    raise KeyEncodingInvalid("public key", "is of an unexpected type")


class _Ecdsa:
    def __init__(self, key: ec.EllipticCurvePublicKey) -> None:
        self._key = key

    def verify(self, signature: bytes, data: bytes) -> None:
        ecsignature.decode(signature, ecsignature.P256_ORDER)
        try:
            self._key.verify(signature, data, ECDSA_SHA256)
        except InvalidSignature as error:
            raise SignatureInvalid("it was not made by this key over this data") from error


class _Rsa:
    def __init__(self, key: rsa.RSAPublicKey) -> None:
        self._key = key

    def verify(self, signature: bytes, data: bytes) -> None:
        try:
            self._key.verify(signature, data, PKCS1V15, SHA256())
        except InvalidSignature as error:
            raise SignatureInvalid("it was not made by this key over this data") from error
