"""Timestamps in process: recorded, self-verified tokens, against the same key's raw operations."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_private_key

from api.engine import open_engine
from bench.figure import Figure, in_turns, rate
from ca.timestamp import Imprint, TimestampRequest
from evidence.adapters.system_clock import SystemClock
from keys.private import PrivateKey
from keys.suites import Algorithm
from tests.support.clock import NOON
from tests.support.timestamping import make_authority
from tests.support.units import open_units

BATCH = 512
DATA = bytes(190)  # octets: the size of a token's signed attributes
# Short turns, many of them: what else the machine does then slows both alike.
ROUNDS = {Algorithm.P256: 41, Algorithm.SM2: 11}
TARGETS = {Algorithm.P256: "55%", Algorithm.SM2: "70%"}


class BenchClock(SystemClock):
    """Real time, moved into the life of the test certificates."""

    def __init__(self) -> None:
        self._shift = NOON - super().now()

    def now(self) -> datetime:
        return super().now() + self._shift


def raw(private: PrivateKey) -> Callable[[], object]:
    """One signature and one verification by the library beneath, without anything of ours."""
    if private.algorithm is Algorithm.P256:
        key = load_der_private_key(private.pkcs8(), None)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        public, scheme = key.public_key(), ec.ECDSA(SHA256())
        return lambda: public.verify(key.sign(DATA, scheme), DATA, scheme)
    from tongsuopy.crypto import hashes  # noqa: PLC0415  (its native wheels are not for every platform)
    from tongsuopy.crypto.asymciphers import ec as tongsuo  # noqa: PLC0415

    der_end = private.pkcs8().rindex(private.public.key_bits) - 6  # the point's own headers
    scalar = int.from_bytes(private.pkcs8()[der_end - 32 : der_end], "big")
    native = tongsuo.derive_private_key(scalar, tongsuo.SM2())
    native_public, native_scheme = native.public_key(), tongsuo.ECDSA(hashes.SM3())
    return lambda: native_public.verify(native.sign(DATA, native_scheme), DATA, native_scheme)


def figures() -> Sequence[Figure]:
    found = []
    for algorithm, target in TARGETS.items():
        with tempfile.TemporaryDirectory() as folder:
            engine = open_engine(f"sqlite:///{folder}/bench.sqlite")
            clock = BenchClock()
            stamping = make_authority(open_units(engine, clock, Path(folder)), clock, algorithm)
            requests = [
                TimestampRequest(
                    Imprint.of(algorithm.digest, secrets.token_bytes(32)),
                    None,
                    secrets.randbits(64),
                    cert_req=True,
                ).encoded()
                for _ in range(BATCH)
            ]
            both = raw(stamping.private)
            ours, peer, ratio = in_turns(
                lambda: BATCH * rate(lambda: stamping.authority.stamp(requests, "bench"), 1),  # noqa: B023
                lambda: rate(both, BATCH),  # noqa: B023
                ROUNDS[algorithm],
            )
            engine.dispose()
        name = f"timestamps in process, {algorithm.value}, batches of {BATCH}"
        found.append(Figure(name, ours, "one raw signature + verification", peer, ratio, target))
    return found
