"""SM2 signatures (GB/T 32918.2) with SM3 and the default identity, by a native library or, without it, gmssl.

Strangers' bytes never reach either library: signatures arrive as two range-checked integers,
public keys as points checked to be on the curve.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from gmssl import sm2 as gmssl_sm2

from keys import ecsignature
from keys.ecsignature import SM2_ORDER
from keys.errors import KeyEncodingInvalid, SignatureInvalid

try:
    from tongsuopy.crypto import hashes as tongsuo_hashes
    from tongsuopy.crypto._serialization import Encoding, PublicFormat
    from tongsuopy.crypto.asymciphers import ec as tongsuo_ec
except ImportError:  # pragma: no cover  (platforms without the native wheel)
    tongsuo_ec = None

DEFAULT_ID = b"1234567812345678"  # GM/T 0009-2012 10: the identity used when none is agreed
COORDINATE = 32  # octets
_P = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF00000000FFFFFFFFFFFFFFFF
_A = _P - 3
_B = 0x28E9FA9E9D9F5E344D5A9E4BCF6509A7F39789F515AB8F92DDBCBD414D940E93


class PrivateOperation(Protocol):
    """An opened private key."""

    def sign(self, data: bytes) -> bytes:
        """Ecdsa-Sig-Value over Z ‖ data."""
        ...


@dataclass(frozen=True, slots=True)
class KeyPair:
    """A private scalar in [1, n-2], its uncompressed point (65 octets), and the key opened to sign."""

    point: bytes
    operation: PrivateOperation
    scalar: Callable[[], int] = field(compare=False, repr=False)
    """Fetched only to seal the key: a one-time key never asks."""


class PublicOperation(Protocol):
    """An opened public key."""

    def verify(self, signature: bytes, data: bytes) -> None:
        """Raises `SignatureInvalid`."""
        ...


class Backend(Protocol):
    """One implementation of SM2."""

    name: str

    def generate(self) -> KeyPair:
        """A new key pair from the system's randomness."""
        ...

    def open_private(self, scalar: int) -> KeyPair:
        """Prepare to sign with a stored key; `scalar` was checked by `check_scalar`."""
        ...

    def open_public(self, point: bytes) -> PublicOperation:
        """Prepare to verify; `point` was checked by `check_point`."""
        ...


def check_point(point: bytes) -> bytes:
    """An uncompressed point on the curve and not at infinity, or `KeyEncodingInvalid`."""
    if len(point) != 1 + 2 * COORDINATE or point[0] != 0x04:  # noqa: PLR2004  (SEC 1 2.3.3: uncompressed)
        raise KeyEncodingInvalid("public key", "is not an uncompressed SM2 point")
    x = int.from_bytes(point[1:33], "big")
    y = int.from_bytes(point[33:], "big")
    if x >= _P or y >= _P or (y * y - (x * x * x + _A * x + _B)) % _P:
        raise KeyEncodingInvalid("public key", "is not on the SM2 curve")
    return point


def check_scalar(scalar: int) -> int:
    """GB/T 32918.1 6.1: d in [1, n-2], or `KeyEncodingInvalid`."""
    if not 1 <= scalar <= SM2_ORDER - 2:
        raise KeyEncodingInvalid("private key", "is not in [1, n-2]")
    return scalar


class NativeBackend:
    """Tongsuo's OpenSSL, through tongsuopy."""

    name = "tongsuopy"

    def __init__(self) -> None:
        self.curve = tongsuo_ec.SM2()
        self.scheme = tongsuo_ec.ECDSA(tongsuo_hashes.SM3())

    def generate(self) -> KeyPair:
        """The library draws d from [1, n-1]; the one value too many has a chance of 2^-256."""
        return self._pair(tongsuo_ec.generate_private_key(self.curve))

    def open_private(self, scalar: int) -> KeyPair:
        """The library computes the point."""
        return self._pair(tongsuo_ec.derive_private_key(scalar, self.curve))

    def _pair(self, key: Any) -> KeyPair:
        point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return KeyPair(point, _NativePrivate(key, self.scheme), lambda: key.private_numbers().private_value)

    def open_public(self, point: bytes) -> PublicOperation:
        """An opened EVP key."""
        return _NativePublic(
            tongsuo_ec.EllipticCurvePublicKey.from_encoded_point(self.curve, point), self.scheme
        )


class _NativePrivate:
    def __init__(self, key: Any, scheme: Any) -> None:
        self._key = key
        self._scheme = scheme

    def sign(self, data: bytes) -> bytes:
        signature: bytes = self._key.sign(data, self._scheme)
        return signature


class _NativePublic:
    def __init__(self, key: Any, scheme: Any) -> None:
        self._key = key
        self._scheme = scheme

    def verify(self, signature: bytes, data: bytes) -> None:
        r, s = ecsignature.decode(signature, SM2_ORDER)
        try:
            self._key.verify(ecsignature.encode(r, s), data, self._scheme)
        except Exception as error:  # the library raises its own InvalidSignature and, rarely, internal errors
            raise SignatureInvalid("it was not made by this key over this data") from error


class PureBackend:
    """gmssl, in Python: the cross-check and the fallback."""

    name = "gmssl"

    def generate(self) -> KeyPair:
        """Rejection sampling over the system's randomness."""
        scalar = secrets.randbelow(SM2_ORDER - 2) + 1
        return self.open_private(scalar)

    def open_private(self, scalar: int) -> KeyPair:
        """The point is d times the generator, by gmssl's own arithmetic."""
        engine = gmssl_sm2.CryptSM2(private_key="", public_key="")
        point = b"\x04" + bytes.fromhex(engine._kg(scalar, engine.ecc_table["g"]))
        return KeyPair(point, _Pure(f"{scalar:064x}", point), lambda: scalar)

    def open_public(self, point: bytes) -> PublicOperation:
        """Hexadecimal numbers, as gmssl wants them."""
        return _Pure("", point)


class _Pure:
    def __init__(self, private: str, point: bytes) -> None:
        self._engine = gmssl_sm2.CryptSM2(private_key=private, public_key="")
        # Not through the constructor, which takes every leading 0 and 4 off a key that begins with 04:
        # one key in 256 has such an x.
        self._engine.public_key = point[1:].hex()

    def sign(self, data: bytes) -> bytes:
        digest = bytes.fromhex(self._engine._sm3_z(data))
        while True:
            # gmssl's own nonce comes from `random`; ours from the system.
            nonce = f"{secrets.randbelow(SM2_ORDER - 1) + 1:064x}"
            signature = self._engine.sign(digest, nonce)
            if signature is not None:
                return ecsignature.encode(int(signature[:64], 16), int(signature[64:], 16))

    def verify(self, signature: bytes, data: bytes) -> None:
        r, s = ecsignature.decode(signature, SM2_ORDER)
        digest = bytes.fromhex(self._engine._sm3_z(data))
        try:
            valid = self._engine.verify(f"{r:064x}{s:064x}", digest)
        except Exception as error:  # the library's arithmetic has no point at infinity and fails on one
            raise SignatureInvalid("it leads to the point at infinity") from error
        if not valid:
            raise SignatureInvalid("it was not made by this key over this data")


BACKEND: Backend = PureBackend() if tongsuo_ec is None else NativeBackend()
