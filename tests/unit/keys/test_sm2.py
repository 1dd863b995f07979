"""Both implementations of SM2 against each other, and each against the standard's identity."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pytest

from evidence.digest import sm3
from keys import ecsignature
from keys.ecsignature import SM2_ORDER
from keys.errors import KeyEncodingInvalid, SignatureInvalid
from keys.sm2 import _A, _B, _P, DEFAULT_ID, Backend, NativeBackend, PureBackend, check_point, check_scalar

BACKENDS: list[Backend] = [NativeBackend(), PureBackend()]
each = pytest.mark.parametrize("backend", BACKENDS, ids=lambda backend: backend.name)
G = bytes.fromhex(
    "0432c4ae2c1f1981195f9904466a39c9948fe30bbff2660be1715a4589334c74c7"
    "bc3736a2f4f6779c59bdcee36b692153d0a9877cc62a474002df32e52139f0a0"
)


@each
def test_a_generated_key_signs_and_verifies(backend: Backend) -> None:
    pair = backend.generate()
    assert check_point(pair.point) == pair.point
    check_scalar(pair.scalar())
    public = backend.open_public(pair.point)
    signature = pair.operation.sign(b"message")
    public.verify(signature, b"message")
    with pytest.raises(SignatureInvalid):
        public.verify(signature, b"massage")
    with pytest.raises(SignatureInvalid):
        backend.open_public(backend.generate().point).verify(signature, b"message")


@each
def test_a_stored_key_is_the_same_key(backend: Backend) -> None:
    pair = backend.generate()
    again = backend.open_private(pair.scalar())
    assert again.point == pair.point
    backend.open_public(pair.point).verify(again.operation.sign(b"m"), b"m")


@each
def test_the_smallest_key_is_the_generator(backend: Backend) -> None:
    assert backend.open_private(1).point == G


@pytest.mark.parametrize(("scalar", "start"), [(11, "04"), (327, "00"), (5249, "044")])
@pytest.mark.parametrize(("signer", "judge"), [BACKENDS, BACKENDS[::-1]], ids=["native-pure", "pure-native"])
def test_a_key_whose_point_begins_like_a_prefix(
    signer: Backend, judge: Backend, scalar: int, start: str
) -> None:
    """The constructor of gmssl takes leading 0 and 4 off such a key: one in 256."""
    pair = signer.open_private(scalar)
    assert pair.point[1:].hex().startswith(start)
    assert judge.open_private(scalar).point == pair.point
    judge.open_public(pair.point).verify(pair.operation.sign(b"message"), b"message")


@pytest.mark.parametrize(("signer", "judge"), [BACKENDS, BACKENDS[::-1]], ids=["native-pure", "pure-native"])
def test_each_verifies_the_other(signer: Backend, judge: Backend) -> None:
    pair = signer.generate()
    public = judge.open_public(pair.point)
    for size in range(40):
        message = secrets.token_bytes(size)
        signature = pair.operation.sign(message)
        public.verify(signature, message)
        with pytest.raises(SignatureInvalid):
            public.verify(signature, message + b"\x00")


@dataclass(frozen=True, slots=True)
class ByHand:
    """GB/T 32918.2 6.1 with the nonce given; the two points are computed once."""

    scalar: int
    nonce: int

    def points(self) -> tuple[bytes, int]:
        pure = PureBackend()
        return pure.open_private(self.scalar).point, int.from_bytes(
            pure.open_private(self.nonce).point[1:33], "big"
        )

    def sign(
        self, messages: Sequence[bytes], identity: bytes = DEFAULT_ID
    ) -> Iterator[tuple[bytes, int, int]]:
        public, x = self.points()
        curve = _A.to_bytes(32, "big") + _B.to_bytes(32, "big") + G[1:]
        z = sm3((8 * len(identity)).to_bytes(2, "big") + identity + curve + public[1:])
        inverse = pow(1 + self.scalar, -1, SM2_ORDER)
        for message in messages:
            r = (int.from_bytes(sm3(z + message), "big") + x) % SM2_ORDER
            yield message, r, inverse * (self.nonce - r * self.scalar) % SM2_ORDER


SIGNED = list(ByHand(0x1234567, 0x7654321).sign([place.to_bytes(4, "big") for place in range(1500)]))
SHORT = 2**247  # numbers below it, one in 512, take fewer octets than the others


@each
@pytest.mark.parametrize("number", [1, 2], ids=["r", "s"])
def test_a_number_with_leading_zeros_keeps_its_meaning(backend: Backend, number: int) -> None:
    public = backend.open_public(backend.open_private(0x1234567).point)
    short = [signed for signed in SIGNED if int(signed[number]) < SHORT][:2]
    assert short
    for message, r, s in short:
        public.verify(ecsignature.encode(r, s), message)
        with pytest.raises(SignatureInvalid):
            public.verify(ecsignature.encode(r, s), message + b".")


@each
def test_the_identity_is_the_default_one(backend: Backend) -> None:
    hand = ByHand(secrets.randbelow(SM2_ORDER - 2) + 1, secrets.randbelow(SM2_ORDER - 1) + 1)
    public = backend.open_public(backend.open_private(hand.scalar).point)
    ((_, r, s),) = hand.sign([b"message"])
    public.verify(ecsignature.encode(r, s), b"message")
    for identity in (b"", b"ALICE123@YAHOO.COM"):
        ((_, r, s),) = hand.sign([b"message"], identity)
        with pytest.raises(SignatureInvalid):
            public.verify(ecsignature.encode(r, s), b"message")


@each
def test_malformed_signatures_are_invalid_and_nothing_worse(backend: Backend) -> None:
    pair = backend.generate()
    public = backend.open_public(pair.point)
    good = pair.operation.sign(b"m")
    r, s = ecsignature.decode(good, SM2_ORDER)
    n = SM2_ORDER
    pairs = [(0, s), (r, 0), (n, s), (r, n), (r + n, s), (r, s + n), (-r, s), (r, -s)]
    pairs += [(n - r, s), (r, n - s), (s, r), (r, n - r), (1, 1)]
    for wrong in pairs:
        with pytest.raises(SignatureInvalid):
            public.verify(ecsignature.encode(*wrong), b"m")
    bare = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    ber = b"\x30\x80" + good[2:] + b"\x00\x00"
    empty = b"\x30\x00"
    for malformed in (
        b"",
        empty,
        good + b"\x00",
        good[:-1],
        ber,
        b"\x31" + good[1:],
        bytes(72),
        bytes(10_000),
        bare,
    ):
        with pytest.raises(SignatureInvalid):
            public.verify(malformed, b"m")


@pytest.mark.parametrize(
    "point",
    [
        b"",
        b"\x00",
        G[:-1],
        G + b"\x00",
        b"\x02" + G[1:33],
        b"\x06" + G[1:],
        b"\x04" + bytes(64),
        G[:-1] + b"\xa1",
        b"\x04" + _P.to_bytes(32, "big") + G[33:],
        b"\x04" + b"\xff" * 64,
    ],
)
def test_a_point_off_the_curve_is_refused(point: bytes) -> None:
    with pytest.raises(KeyEncodingInvalid):
        check_point(point)


@pytest.mark.parametrize("scalar", [-1, 0, SM2_ORDER - 1, SM2_ORDER, 2**256])
def test_a_scalar_out_of_range_is_refused(scalar: int) -> None:
    with pytest.raises(KeyEncodingInvalid):
        check_scalar(scalar)
