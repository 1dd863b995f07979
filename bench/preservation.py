"""Evidence records of a daily batch, against the digests of its tree by the library beneath."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from functools import partial

from cryptography.hazmat.primitives.hashes import SM3, Hash

from bench.figure import Figure, in_turns, rate
from ca.indication import Indication
from forensics.preservation.judge import judge_record
from forensics.preservation.preserve import preserve
from forensics.preservation.renew import renew_timestamps
from keys.suites import Algorithm
from tests.support import chains
from tests.support.preservation import FIRST, SECOND, Timestamps, Validation, batch, trust

BATCH = 10_000  # groups of one, two and three documents in turn
ROUNDS = 5
JUDGED = 20
TARGET = "2%"
"""A record is some 3,000 octets around two digests: encoding it is most of the work."""


def raw(algorithm: Algorithm, groups: Sequence[Sequence[bytes]]) -> None:
    """As many digests as the tree of the groups has nodes, over contents of the same sizes."""
    contents = [b"".join(group) for group in groups if len(group) > 1]
    contents += [groups[0][0] * 2] * (len(groups) - 1)
    if algorithm is Algorithm.P256:
        for content in contents:
            hashlib.sha256(content).digest()
        return
    for content in contents:
        state = Hash(SM3())
        state.update(content)
        state.finalize()


def batched(act: Callable[[], object]) -> Callable[[], float]:
    return lambda: BATCH * rate(act, 1)


def judged(record: bytes, algorithm: Algorithm) -> None:
    report = judge_record(record, [b"1-0", b"1-1"], trust(algorithm, FIRST), now=FIRST)
    assert report.indication is Indication.TOTAL_PASSED


def figures() -> Sequence[Figure]:
    found = []
    for algorithm in chains.DEFAULTS:
        suite, digest = algorithm.suite.value, algorithm.digest
        groups = batch(digest, BATCH)
        source = Timestamps(algorithm, FIRST)
        records = preserve(groups, digest, source)
        assert len(records) == BATCH
        hashing = batched(partial(raw, algorithm, groups))
        ours, peer, ratio = in_turns(batched(partial(preserve, groups, digest, source)), hashing, ROUNDS)
        name = f"evidence records, {suite}, one batch of {BATCH:,}"
        found.append(Figure(name, ours, "digests of the tree alone", peer, ratio, TARGET))

        validation = Validation(algorithm, SECOND)
        renew = batched(partial(renew_timestamps, records, Timestamps(algorithm, SECOND), validation))
        ours, peer, ratio = in_turns(renew, hashing, 1)
        name = f"timestamp renewals, {suite}, one batch of {BATCH:,}"
        found.append(Figure(name, ours, "digests of the tree alone", peer, ratio))

        judge = partial(judged, records[1], algorithm)
        found.append(Figure(f"evidence records judged, {suite}", rate(judge, JUDGED)))
    return found
