"""Judge an evidence record over its documents, offline, by what the verifier trusts (RFC 4998 5.3)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from ca.indication import Indication, Outcome, Step, SubIndication
from ca.trust import TrustStore
from ca.verifystamp import TimestampReport
from forensics.errors import RecordInvalid
from forensics.preservation.policy import SHIPPED, AlgorithmPolicy
from forensics.preservation.record import ArchiveTimeStamp, EvidenceRecord, digest_named, parse_record
from forensics.preservation.renew import rehashed
from forensics.preservation.stampcheck import StampFailed, check_stamp


@dataclass(frozen=True, slots=True)
class RecordReport:
    """What was found."""

    indication: Indication
    sub_indication: SubIndication | None
    steps: tuple[Step, ...]
    """`1.2.token` is the step `token` of the second timestamp of the first chain."""
    timestamps: tuple[TimestampReport, ...]
    """Of the ArchiveTimeStamps that hold, in order of time."""
    existed_at: datetime | None
    """The time that is proved for the documents; None unless the record passed."""
    expires: datetime | None
    """When the first certificate under the newest token does; None unless the record passed."""


def judge_record(
    record: bytes,
    data: Sequence[bytes],
    trust: TrustStore,
    *,
    now: datetime,
    policy: AlgorithmPolicy = SHIPPED,
) -> RecordReport:
    """Judge an EvidenceRecord (DER) over the documents `data`.

    Several documents must be all of their group. One document alone may be of a larger group, which is
    then said (step `group`, skipped). Never raises for what a stranger's record holds.
    """
    #   1. a record can be read, and names the digests that it uses
    #   2. the first timestamp covers the documents, and no other
    #   3. each later chain covers the documents again, with all chains before it
    #   4. within a chain: one digest, each timestamp covers the one before, in order of time
    #   5. each timestamp by itself, at the time of the next one; the last one now
    steps: list[Step] = []
    try:
        parsed = parse_record(record)  # 1
    except RecordInvalid as error:
        return _report(SubIndication.FORMAT_FAILURE, [Step("format", Outcome.FAILED, str(error))])
    judgement = _Judgement(parsed, data, steps)
    stamps: list[TimestampReport] = []
    try:
        judgement.links()
        flat = [one for chain in parsed.chains for one in chain]
        expires = now
        for number, (prefix, stamp) in enumerate(zip(judgement.places(), flat, strict=True)):  # 5
            until = flat[number + 1].info.gen_time if number + 1 < len(flat) else now
            judged = check_stamp(
                stamp,
                trust,
                until=until,
                now=now,
                policy=policy,
                infos=parsed.crypto_infos,
                steps=steps,
                prefix=prefix,
            )
            stamps.append(judged.report)
            expires = judged.expires
    except StampFailed as failure:
        return _report(failure.sub_indication, [*steps, failure.step], stamps)
    existed = parsed.chains[0][0].info.latest()
    return RecordReport(Indication.TOTAL_PASSED, None, tuple(steps), tuple(stamps), existed, expires)


class _Judgement:
    """Steps 1 to 4: everything that needs no certificate."""

    def __init__(self, record: EvidenceRecord, data: Sequence[bytes], steps: list[Step]) -> None:
        self._record = record
        self._data = data
        self._steps = steps

    def places(self) -> list[str]:
        """`chain.timestamp` of each ArchiveTimeStamp, from 1."""
        chains = enumerate(self._record.chains, 1)
        return [f"{chain}.{place}" for chain, held in chains for place in range(1, len(held) + 1)]

    def links(self) -> None:
        """Raises `StampFailed`."""
        self._algorithms()
        if not self._data:
            raise self._failed("data", "no document was given", SubIndication.SIGNED_DATA_NOT_FOUND)
        for number, chain in enumerate(self._record.chains):
            first = chain[0]
            documents = [first.digest.of(one) for one in self._data]
            if number == 0:  # 2
                self._covers("1.1", first, documents)
                continue
            before = self._record.chains[:number]
            prefix = f"{number + 1}.1"
            if first.digest is before[-1][-1].digest:
                detail = "the new chain is under the digest of the chain before"
                raise self._failed(f"{prefix}.digest", detail, SubIndication.FORMAT_FAILURE)
            self._covers(prefix, first, rehashed(first.digest, documents, before))  # 3
        for number, chain in enumerate(self._record.chains, 1):  # 4
            for place, (old, new) in enumerate(pairwise(chain), 2):
                self._renews(f"{number}.{place}", old, new)
        self._order()

    def _algorithms(self) -> None:
        used = {one.digest for chain in self._record.chains for one in chain}
        if sorted(map(digest_named, self._record.digest_algorithms)) != sorted(used):
            detail = "the digests that the record names are not those that it uses"
            raise self._failed("algorithms", detail, SubIndication.FORMAT_FAILURE)
        names = ", ".join(sorted(one.value for one in used))
        self._passed("algorithms", f"the record uses {names}")

    def _covers(self, prefix: str, stamp: ArchiveTimeStamp, digests: Sequence[bytes]) -> None:
        first = stamp.lists[0] if stamp.lists else (stamp.info.imprint.value,)
        if not set(digests) <= set(first):
            detail = "a document is not among those that the timestamp covers"
            raise self._failed(f"{prefix}.data", detail, SubIndication.HASH_FAILURE)
        self._passed(f"{prefix}.data", f"covers {len(set(digests))} documents")
        others = len(set(first) - set(digests))
        if others == 0:
            self._passed(f"{prefix}.group", "the group has no other document")
        elif len(set(digests)) == 1:
            # A lone document's neighbour in the tree cannot be told from a document of its group.
            detail = f"the document stands beside {others} others, which may be of its group"
            self._steps.append(Step(f"{prefix}.group", Outcome.SKIPPED, detail))
        else:
            detail = f"the group has {others} more documents, which were not given"
            raise self._failed(f"{prefix}.group", detail, SubIndication.SIGNED_DATA_NOT_FOUND)

    def _renews(self, prefix: str, old: ArchiveTimeStamp, new: ArchiveTimeStamp) -> None:
        if new.digest is not old.digest:
            detail = "the chain changes its digest"
            raise self._failed(f"{prefix}.digest", detail, SubIndication.FORMAT_FAILURE)
        first = new.lists[0] if new.lists else (new.info.imprint.value,)
        if new.digest.of(old.token) not in first:
            detail = "does not cover the timestamp before it"
            raise self._failed(f"{prefix}.renewal", detail, SubIndication.HASH_FAILURE)
        self._passed(f"{prefix}.renewal", "covers the timestamp before it")

    def _order(self) -> None:
        flat = [one for chain in self._record.chains for one in chain]
        for prefix, old, new in zip(self.places()[1:], flat, flat[1:], strict=False):
            if new.info.gen_time < old.info.gen_time:
                detail = "is older than the timestamp before it"
                raise self._failed(f"{prefix}.order", detail, SubIndication.FORMAT_FAILURE)
        self._passed("order", f"{len(flat)} timestamps stand in order of time")

    def _passed(self, step_id: str, detail: str) -> None:
        self._steps.append(Step(step_id, Outcome.PASSED, detail))

    def _failed(self, step_id: str, detail: str, sub_indication: SubIndication) -> StampFailed:
        return StampFailed(Step(step_id, Outcome.FAILED, detail), sub_indication)


def _report(
    sub: SubIndication, steps: Sequence[Step], timestamps: Sequence[TimestampReport] = ()
) -> RecordReport:
    return RecordReport(sub.indication, sub, tuple(steps), tuple(timestamps), None, None)
