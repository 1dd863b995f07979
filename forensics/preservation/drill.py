"""Rehearse a renewal on a sample: renew in memory, judge the result, keep nothing.

A renewal that first fails in the year in which it is needed comes too late.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ca.indication import Indication
from ca.trust import TrustStore
from evidence.clock import Clock
from forensics.preservation.judge import RecordReport, judge_record
from forensics.preservation.plan import RenewalKind
from forensics.preservation.policy import SHIPPED, AlgorithmPolicy
from forensics.preservation.renew import Rehashed, renew_hash_trees, renew_timestamps
from keys.suites import Digest
from signing.ports import TimestampSource, ValidationSource


@dataclass(frozen=True, slots=True)
class Sample:
    """A record under its name, with its documents."""

    name: str
    record: bytes
    documents: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """One record after one kind of renewal."""

    name: str
    kind: RenewalKind
    before: RecordReport
    after: RecordReport

    @property
    def works(self) -> bool:
        """The record held before and holds after, by one timestamp more, and proves the same time."""
        both = (self.before.indication, self.after.indication)
        return (
            both == (Indication.TOTAL_PASSED, Indication.TOTAL_PASSED)
            and len(self.after.timestamps) == len(self.before.timestamps) + 1
            and self.after.existed_at == self.before.existed_at
        )


class Drill:
    """Renews samples by the sources that real renewals use."""

    def __init__(
        self,
        source: TimestampSource,
        validation: ValidationSource,
        clock: Clock,
        trust: TrustStore,
        policy: AlgorithmPolicy = SHIPPED,
    ) -> None:
        """`trust` is the verifier's: its evidence must not be younger than the clock."""
        self._source = source
        self._validation = validation
        self._clock = clock
        self._trust = trust
        self._policy = policy

    def rehearse(self, samples: Sequence[Sample], digest: Digest) -> tuple[Rehearsal, ...]:
        """Both kinds of renewal of each sample, the hash trees under `digest`.

        Costs two tokens. Raises `RecordInvalid`, `RenewalRefused`, and what the sources raise; a
        renewed record that does not verify is reported, not raised.
        """
        before = [self._judge(one.record, one) for one in samples]
        records = [one.record for one in samples]
        renewed = {
            RenewalKind.TIMESTAMP: renew_timestamps(records, self._source, self._validation),
            RenewalKind.HASH_TREE: renew_hash_trees(
                [Rehashed(one.record, tuple(map(digest.of, one.documents))) for one in samples],
                digest,
                self._source,
                self._validation,
            ),
        }
        return tuple(
            Rehearsal(sample.name, kind, old, self._judge(record, sample))
            for kind, made in renewed.items()
            for sample, old, record in zip(samples, before, made, strict=True)
        )

    def _judge(self, record: bytes, sample: Sample) -> RecordReport:
        return judge_record(record, sample.documents, self._trust, now=self._clock.now(), policy=self._policy)
