"""The two suites, their algorithms and the identifiers these have on the wire."""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from evidence.digest import sha256, sm3
from keys import der


class Suite(enum.StrEnum):
    """International, and Chinese commercial cryptography (商用密码)."""

    INTL = "intl"
    GUOMI = "guomi"


class Digest(enum.StrEnum):
    """Digest algorithms accepted anywhere; weaker ones have no name here."""

    SHA256 = "sha256"
    SHA384 = "sha384"
    SHA512 = "sha512"
    SM3 = "sm3"

    @property
    def oid(self) -> str:
        """Dotted OID: FIPS 180-4 arcs, GM/T 0006 for SM3."""
        return _DIGEST_OIDS[self]

    @property
    def size(self) -> int:
        """Octets."""
        return _DIGEST_SIZES[self]

    def of(self, data: bytes) -> bytes:
        """The digest of `data`."""
        return _DIGEST_FUNCTIONS[self](data)


_DIGEST_OIDS = {
    Digest.SHA256: "2.16.840.1.101.3.4.2.1",
    Digest.SHA384: "2.16.840.1.101.3.4.2.2",
    Digest.SHA512: "2.16.840.1.101.3.4.2.3",
    Digest.SM3: "1.2.156.10197.1.401",
}
_DIGEST_SIZES = {Digest.SHA256: 32, Digest.SHA384: 48, Digest.SHA512: 64, Digest.SM3: 32}
_DIGEST_FUNCTIONS: dict[Digest, Callable[[bytes], bytes]] = {
    Digest.SHA256: sha256,
    Digest.SHA384: lambda data: hashlib.sha384(data).digest(),
    Digest.SHA512: lambda data: hashlib.sha512(data).digest(),
    Digest.SM3: sm3,
}
DIGEST_BY_OID = {oid: digest for digest, oid in _DIGEST_OIDS.items()}


class Algorithm(enum.StrEnum):
    """A key type together with the one signature scheme we use it in."""

    P256 = "p256-sha256"
    RSA3072 = "rsa3072-sha256"
    SM2 = "sm2-sm3"

    @property
    def info(self) -> AlgorithmInfo:
        """Identifiers and sizes."""
        return _INFO[self]

    @property
    def suite(self) -> Suite:
        """The suite it belongs to."""
        return _INFO[self].suite

    @property
    def digest(self) -> Digest:
        """The digest inside its signature scheme, used beside it everywhere."""
        return _INFO[self].digest


@dataclass(frozen=True, slots=True)
class AlgorithmInfo:
    """What an algorithm is called: names, OIDs and DER AlgorithmIdentifiers."""

    suite: Suite
    digest: Digest
    signature_oid: str
    signature_identifier: bytes
    """AlgorithmIdentifier of the signature (RFC 5758 3.2, RFC 4055 5, GM/T 0015), DER."""
    key_identifier: bytes
    """AlgorithmIdentifier of the SubjectPublicKeyInfo, DER."""
    curve_oid: str | None


OID_EC_PUBLIC_KEY = "1.2.840.10045.2.1"
OID_P256 = "1.2.840.10045.3.1.7"
OID_SM2_CURVE = "1.2.156.10197.1.301"  # GB/T 33560: sm2p256v1
OID_RSA = "1.2.840.113549.1.1.1"
OID_ECDSA_SHA256 = "1.2.840.10045.4.3.2"
OID_RSA_SHA256 = "1.2.840.113549.1.1.11"
OID_SM2_SM3 = "1.2.156.10197.1.501"  # GB/T 33560: SM2 signing with SM3

_INFO = {
    Algorithm.P256: AlgorithmInfo(
        Suite.INTL,
        Digest.SHA256,
        OID_ECDSA_SHA256,
        der.sequence(der.oid(OID_ECDSA_SHA256)),
        der.sequence(der.oid(OID_EC_PUBLIC_KEY), der.oid(OID_P256)),
        OID_P256,
    ),
    Algorithm.RSA3072: AlgorithmInfo(
        Suite.INTL,
        Digest.SHA256,
        OID_RSA_SHA256,
        der.sequence(der.oid(OID_RSA_SHA256), der.NULL),
        der.sequence(der.oid(OID_RSA), der.NULL),
        None,
    ),
    Algorithm.SM2: AlgorithmInfo(
        Suite.GUOMI,
        Digest.SM3,
        OID_SM2_SM3,
        der.sequence(der.oid(OID_SM2_SM3)),
        der.sequence(der.oid(OID_EC_PUBLIC_KEY), der.oid(OID_SM2_CURVE)),
        OID_SM2_CURVE,
    ),
}
ALGORITHM_BY_SIGNATURE_OID = {info.signature_oid: algorithm for algorithm, info in _INFO.items()}
DEFAULT_ALGORITHM = {Suite.INTL: Algorithm.P256, Suite.GUOMI: Algorithm.SM2}


def digest_identifier(digest: Digest) -> bytes:
    """AlgorithmIdentifier of a digest with absent parameters (RFC 5754 2), DER."""
    return der.sequence(der.oid(digest.oid))
