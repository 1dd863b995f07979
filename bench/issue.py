"""Event certificates: key made, issued, durably recorded on SQLite; against the same keys' raw rate."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from api.engine import open_engine
from bench.figure import Figure, in_turns, rate
from ca.issue import event_order
from ca.order import Issued
from keys.onetime import OneTimeKey
from keys.private import PrivateKey
from keys.suites import Algorithm, Suite
from tests.support.authority import BANK, PERSON_AUTHORITY, AuthorityFixture, found_authority, person

BATCH = 250
BATCHES = {Algorithm.P256: 2, Algorithm.SM2: 1}
DATA = bytes(620)  # octets: the size of an event certificate's TBSCertificate
TARGETS = {Algorithm.P256: "2,500/s", Algorithm.SM2: "900/s"}


def issuing(authority: AuthorityFixture, algorithm: Algorithm) -> Callable[[], object]:
    """One batch: keys generated, certificates issued and committed, keys dropped."""
    identity = person(authority.clock.now())
    people = [replace(identity, pseudonym=secrets.token_hex(8)) for _ in range(BATCH)]
    issuer = PERSON_AUTHORITY[algorithm.suite]

    def batch() -> None:
        orders = []
        for one in people:
            key = OneTimeKey(algorithm, authority.clock)
            orders.append(event_order(one, bytes(32), key, issuer, BANK))
        assert all(isinstance(one, Issued) for one in authority.issuance.issue_many(orders))

    return batch


def raw(algorithm: Algorithm) -> Callable[[], object]:
    """What cannot be done without: a key generated, one signature by the issuer's key."""
    issuer = PrivateKey.generate(algorithm)

    def batch() -> None:
        for _ in range(BATCH):
            PrivateKey.generate(algorithm)
            issuer.sign(DATA)

    return batch


def batches(act: Callable[[], object], algorithm: Algorithm) -> Callable[[], float]:
    """Certificates a second over several batches."""
    return lambda: rate(act, BATCHES[algorithm]) * BATCH


def figures() -> Sequence[Figure]:
    found = []
    with tempfile.TemporaryDirectory() as folder:
        engine = open_engine(f"sqlite:///{folder}/xinqian.sqlite")
        authority = found_authority(engine, Path(folder))
        for suite in Suite:
            algorithm = Algorithm.P256 if suite is Suite.INTL else Algorithm.SM2
            mine, theirs = issuing(authority, algorithm), raw(algorithm)
            ours, peer, ratio = in_turns(batches(mine, algorithm), batches(theirs, algorithm))
            found.append(
                Figure(
                    name=f"event certificates, {algorithm.value}, batches of {BATCH}",
                    rate=ours,
                    peer="key generation and signature alone",
                    peer_rate=peer,
                    ratio=ratio,
                    target=TARGETS[algorithm],
                )
            )
        engine.dispose()
    return found
