"""Which records need which renewal, and when: a pure question over records and a policy."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from ca.certificate import Certificate
from ca.token import verify_token
from forensics.preservation.policy import SHIPPED, AlgorithmPolicy
from forensics.preservation.record import ArchiveTimeStamp, parse_record

LEAD = timedelta(days=365)
"""How long before an end a renewal is due: a year, so that a yearly job cannot miss it."""


class RenewalKind(enum.StrEnum):
    """RFC 4998 5.2."""

    TIMESTAMP = "timestamp"
    HASH_TREE = "hash-tree"


@dataclass(frozen=True, slots=True)
class Renewal:
    """What one record needs."""

    name: str
    kind: RenewalKind
    due: datetime
    """When to renew; in the past when it is late."""
    ends: datetime
    """When the record's proof ends without it."""
    because: str
    """What ends then: `certificate`, or the name of the algorithm."""

    def is_due(self, now: datetime) -> bool:
        """Whether it is time."""
        return self.due <= now


def plan_renewals(
    records: Mapping[str, bytes],
    policy: AlgorithmPolicy = SHIPPED,
    *,
    now: datetime,
    horizon: timedelta = timedelta(0),
    certificates: Iterable[bytes] = (),
) -> tuple[Renewal, ...]:
    """The renewals due by `now + horizon`, most urgent first; a record stands under its name.

    A record has one at most: a hash-tree renewal when the hash function ends first or is due too, since
    it brings a new token as well. `certificates` are those of units whose tokens carry none. Raises
    `RecordInvalid`, and what `ca.token.verify_token` raises for a token that does not verify.
    """
    known = tuple(certificates)
    needs = (next_renewal(name, record, policy, known) for name, record in records.items())
    due = [one for one in needs if one.is_due(now + horizon)]
    return tuple(sorted(due, key=lambda one: (one.due, one.name)))


def next_renewal(
    name: str, record: bytes, policy: AlgorithmPolicy = SHIPPED, certificates: Iterable[bytes] = ()
) -> Renewal:
    """The next renewal that the record needs, however far away: certificates always end.

    Raises as `plan_renewals`.
    """
    last = parse_record(record).last
    verified = verify_token(last.token, imprints=[last.info.imprint], certificates=certificates)
    held = {verified.certificate, *map(Certificate, verified.certificates)}
    ends = [(min(one.not_after for one in held), RenewalKind.TIMESTAMP, "certificate")]
    ends += [
        (until, RenewalKind.TIMESTAMP, algorithm.value)
        for algorithm in (verified.algorithm, verified.algorithm.digest)
        if (until := policy.until(algorithm)) is not None
    ]
    first = min(ends)
    rehash = _rehash(last, policy)
    # A late hash-tree renewal is worth nothing, and one in time saves the other.
    if rehash is not None and rehash[0] <= first[0] + LEAD:
        first = (min(first[0], rehash[0]), RenewalKind.HASH_TREE, rehash[2])
    end, kind, because = first
    return Renewal(name, kind, end - LEAD, end, because)


def _rehash(last: ArchiveTimeStamp, policy: AlgorithmPolicy) -> tuple[datetime, RenewalKind, str] | None:
    until = policy.until(last.digest)
    return None if until is None else (until, RenewalKind.HASH_TREE, last.digest.value)
