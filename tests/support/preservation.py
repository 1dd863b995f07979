"""Evidence records in memory: sources of tokens and of validation material at times that a test sets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from ca.crl import load_crl
from ca.registry import AuthorityRole
from ca.trust import RevocationData, TrustStore
from forensics.preservation.preserve import preserve
from forensics.preservation.renew import Rehashed, renew_hash_trees, renew_timestamps
from keys.suites import Algorithm, Digest
from signing.ports import ValidationMaterial
from tests.support import chains
from tests.support.clock import NOON
from tests.support.signing import UnitTimestamps, crl, response
from tests.support.timestamping import anchor

FIRST = NOON + timedelta(minutes=1)
SECOND = NOON + timedelta(days=365)
THIRD = NOON + timedelta(days=730)
NOW = NOON + timedelta(days=731)
DOCUMENTS = ("借款合同".encode(), b"manifest")
STRONGER = {Algorithm.P256: Digest.SHA512, Algorithm.SM2: Digest.SHA384}
"""Of another structure or size than the suite's own."""


class Timestamps(UnitTimestamps):
    """A source at the time of one renewal, with the unit of `chains`."""


@dataclass(slots=True)
class Validation:
    """`ValidationSource` of one suite: the unit's path, and CRLs of both authorities above it."""

    algorithm: Algorithm
    at: datetime
    ocsp: bool = False
    asked: int = 0

    def material(self, certificates: Sequence[bytes]) -> ValidationMaterial:
        self.asked += 1
        return material(self.algorithm, self.at, ocsp=self.ocsp)


def material(algorithm: Algorithm, at: datetime, *, ocsp: bool = False) -> ValidationMaterial:
    unit = chains.leaf(algorithm, "timestamp-unit").certificate
    above, root = chains.intermediate(algorithm, AuthorityRole.TIMESTAMP), chains.root(algorithm)
    path = (unit.data, above.party.certificate.data, root.party.certificate.data)
    if ocsp:
        answer = response(unit, AuthorityRole.TIMESTAMP, at)
        return ValidationMaterial(path, (crl(root, at),), (answer,))
    return ValidationMaterial(path, (crl(root, at), crl(above, at)), ())


@cache
def trust(algorithm: Algorithm, at: datetime = NOW) -> TrustStore:
    """The root alone, with what the authorities said last."""
    crls = tuple(map(load_crl, material(algorithm, at).crls))
    return TrustStore((anchor(algorithm),), revocation=RevocationData(crls))


def digests(digest: Digest, documents: Sequence[bytes] = DOCUMENTS) -> tuple[bytes, ...]:
    return tuple(map(digest.of, documents))


def batch(digest: Digest, size: int) -> list[tuple[bytes, ...]]:
    """Groups of one, two and three documents in turn, the first of which is of `DOCUMENTS`."""
    groups = [digests(digest)]
    groups += [
        digests(digest, [f"{number}-{place}".encode() for place in range(number % 3 + 1)])
        for number in range(1, size)
    ]
    return groups


@dataclass(frozen=True, slots=True)
class Life:
    """One record over `DOCUMENTS` through its life."""

    initial: bytes
    renewed: bytes
    rehashed: bytes


@cache
def life(algorithm: Algorithm, size: int = 5) -> Life:
    """Of a batch of `size` groups: made, its token renewed a year later, its hash tree two years later."""
    digest, stronger = algorithm.digest, STRONGER[algorithm]
    initial = preserve(batch(digest, size), digest, Timestamps(algorithm, FIRST))
    renewed = renew_timestamps(initial, Timestamps(algorithm, SECOND), Validation(algorithm, SECOND))
    fresh = batch(stronger, size)
    asked = [Rehashed(one, group) for one, group in zip(renewed, fresh, strict=True)]
    rehashed = renew_hash_trees(asked, stronger, Timestamps(algorithm, THIRD), Validation(algorithm, THIRD))
    return Life(initial[0], renewed[0], rehashed[0])
