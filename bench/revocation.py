"""How revoking and publishing cost grow with what is revoked already: revoking must stay flat."""

from __future__ import annotations

import secrets
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import sqlalchemy as sa

from api.engine import open_engine
from bench.figure import Figure, rate
from ca.adapters.tables import certificates, revocation_head, revocations
from ca.certificate import Certificate
from ca.registry import RevocationReason
from evidence.clock import to_micros
from keys.private import PrivateKey
from keys.suites import Algorithm
from tests.support.revocable import Hierarchy, open_hierarchy

SIZES = (1_000, 10_000, 100_000)
REVOCATIONS = 200
PAGE = 10_000


def grow(engine: sa.Engine, made: Hierarchy, first: int, last: int) -> None:
    """Revoked certificates as rows, sequence `first` to `last`: issuing so many would take minutes."""
    now, end = to_micros(made.clock.now()), to_micros(made.person.not_after)
    for start in range(first, last + 1, PAGE):
        sequences = range(start, min(start + PAGE, last + 1))
        serials = {one: b"\x01" + secrets.token_bytes(15) for one in sequences}
        with engine.begin() as connection:
            connection.execute(
                sa.insert(certificates),
                [
                    {
                        "serial": serial,
                        "authority_id": made.person_id,
                        "profile": "person-event",
                        "profile_hash": b"",
                        "spki_sha256": serial,
                        "key_slot": b"",
                        "subject": b"",
                        "identity_record": None,
                        "not_before": now,
                        "not_after": end,
                        "crl_shard": 0,
                        "tbs_sha256": b"",
                        "requested_at": now,
                        "requester": "bench",
                        "status": "issued",
                        "revocation": sequence,
                    }
                    for sequence, serial in serials.items()
                ],
            )
            connection.execute(
                sa.insert(revocations),
                [
                    {
                        "sequence": sequence,
                        "authority_id": made.person_id,
                        "serial": serial,
                        "reason": RevocationReason.KEY_COMPROMISE.value,
                        "revoked_at": now,
                        "invalidity_date": None,
                        "not_after": end,
                        "crl_shard": 0,
                        "requester": "bench",
                    }
                    for sequence, serial in serials.items()
                ],
            )
            connection.execute(sa.delete(revocation_head))
            connection.execute(sa.insert(revocation_head), {"one": 1, "last": max(sequences)})


def seconds(made: Hierarchy, *, rebuild: bool = False, delta: bool = False) -> tuple[float, int]:
    started = time.perf_counter()
    published = made.publisher.publish(made.person_id, delta=delta, rebuild=rebuild)
    return time.perf_counter() - started, len(published.data)


def revoke_rate(made: Hierarchy, waiting: list[Certificate]) -> float:
    """Each in a transaction of its own, durable when it returns."""
    turn = iter(waiting)
    return rate(lambda: made.revoke(next(turn)), len(waiting))


def raw_rate(private: PrivateKey, size: int) -> float:
    """Signatures a second over as many bytes, by the same kind of key and nothing else."""
    data = bytes(size)
    return rate(lambda: private.sign(data), 5)


def figures() -> Sequence[Figure]:
    found = []
    for algorithm in (Algorithm.P256, Algorithm.SM2):
        with tempfile.TemporaryDirectory() as folder:
            engine = open_engine(f"sqlite:///{folder}/bench.sqlite")
            made = open_hierarchy(engine, Path(folder), algorithm)
            private = PrivateKey.generate(algorithm)
            flat: float | None = None
            held = 0
            for size in SIZES:
                grow(engine, made, held + 1, size)
                whole, length = seconds(made, rebuild=True)
                waiting = made.issue_many(REVOCATIONS)
                revoked = revoke_rate(made, waiting)
                flat = flat or revoked
                on, _ = seconds(made)
                held = size + REVOCATIONS
                note = f"{length:,} bytes, {whole:.3f} s anew, {on:.3f} s carried on"
                raw = raw_rate(private, length)
                suite = algorithm.suite.value
                name = f"revocations, each durable, {suite}, {size:,} before"
                found.append(Figure(name, revoked, "at 1,000", flat, revoked / flat, "flat"))
                name = f"CRL with {REVOCATIONS} new, {suite}, {size:,} before"
                peer = "signature over as much"
                found.append(Figure(name, 1 / on, peer, raw, 1 / on / raw, note=note))
            engine.dispose()
    return found
