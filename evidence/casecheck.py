"""Whether the events of a case that somebody shows are all of them, as they were recorded, in order.

Pure, over strangers' bytes: every departure is found and named, none raises. Numbered as in the code:

1. the envelope is canonical JSON (RFC 8785), and of this case;
2. the leaf follows from the envelope, every octet of it;
3. the personal commitments are those that the envelope sums up;
4. `case_seq` is dense from 0: nothing dropped, repeated, inserted or moved;
5. `prev_case_event_hash` is both digests of the envelope before;
6. what events commit to is so: CASE_CLOSED to the count and the root of all before it, EVIDENCE_ACCESSED
   and EVIDENCE_EXPORTED to those of what they let out, which others may have come after;
7. nothing follows the closing that a closed case does not take;
8. the last is the one that the caller knows to be the last.

What cannot be seen from a case alone: events after the last commitment, left out at the end. Whoever can
ask the log gives `head` (8); for anyone else the report's `committed` says up to where all is proven.
"""

from __future__ import annotations

import enum
import json
import struct
import uuid
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from typing import Any, Protocol

from evidence import leaf
from evidence.canonical import canonical
from evidence.case import AFTER_CLOSING, Closing, Ending
from evidence.caseroot import CaseTree
from evidence.clock import from_micros, rfc3339, to_micros
from evidence.digest import NO_DIGEST, DigestPair
from evidence.errors import EventInvalid
from evidence.event import CaseHead, CaseId, EventType, Recorded, TenantId
from evidence.merkle import leaf_hash

MAX_ENVELOPE = 1_048_576  # octets: MAX_STRING bounds each text of an event, and a batch facts list is a few
COMMITTING = frozenset({EventType.CASE_CLOSED, EventType.EVIDENCE_ACCESSED, EventType.EVIDENCE_EXPORTED})


class Shown(Protocol):
    """An event as somebody shows it; `evidence.event.Recorded` is one."""

    @property
    def envelope(self) -> bytes:
        """Canonical JSON."""
        ...

    @property
    def leaf(self) -> bytes:
        """The leaf's bytes."""
        ...


class Fault(enum.StrEnum):
    """What is wrong; the edge has words for each."""

    EMPTY = "empty"
    ENVELOPE = "envelope"
    OTHER_CASE = "other-case"
    LEAF = "leaf"
    COMMITMENTS = "commitments"
    REPEATED = "repeated"
    GAP = "gap"
    ORDER = "order"
    CHAIN = "chain"
    COUNT = "count"
    ROOT = "root"
    CLOSED_TWICE = "closed-twice"
    AFTER_CLOSING = "after-closing"
    HEAD = "head"
    ROW = "row"


@dataclass(frozen=True, slots=True)
class CaseFault:
    """A departure, at the place (from 0) of the event among those shown."""

    fault: Fault
    place: int


class CaseOutcome(enum.StrEnum):
    """What can be said of a case that was shown."""

    COMPLETE = "complete"
    """Closed, and all that its closing commits to is here."""
    OPEN = "open"
    """Nothing is wrong, and nothing says yet how much there is."""
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class CaseReport:
    """What was found. `root` and `last` are those of what was shown."""

    tenant: TenantId
    case_id: CaseId
    events: int
    root: DigestPair
    last: DigestPair
    committed: int
    """Events that the last commitment among them accounts for."""
    closing: Closing | None
    faults: tuple[CaseFault, ...]

    @property
    def outcome(self) -> CaseOutcome:
        """BROKEN for any fault."""
        if self.faults:
            return CaseOutcome.BROKEN
        return CaseOutcome.OPEN if self.closing is None else CaseOutcome.COMPLETE


def check_case(
    events: Sequence[Shown],
    *,
    of: tuple[TenantId, CaseId] | None = None,
    head: CaseHead | None = None,
) -> CaseReport:
    """Judge a case as shown; `of` names it, else its first event; `head` is where it is known to stand."""
    envelopes = [_read(one.envelope) for one in events]
    check = _Check(of, {_count(one) for one in envelopes if one is not None and _kind(one) in COMMITTING})
    for place, (event, envelope) in enumerate(zip(events, envelopes, strict=True)):
        check.take(place, event, envelope)
    if not events:
        check.fault(Fault.EMPTY, 0)
    if head is not None and (head.next_seq, head.last) != (check.next_seq, check.last):  # 8
        check.fault(Fault.HEAD, len(events))
    tenant, case_id = check.of or (TenantId(""), CaseId(""))
    return CaseReport(
        tenant=tenant,
        case_id=case_id,
        events=len(events),
        root=check.tree.root(),
        last=check.last,
        committed=check.committed,
        closing=check.closing,
        faults=tuple(check.faults),
    )


def check_stored(
    events: Sequence[Recorded], of: tuple[TenantId, CaseId], head: CaseHead | None = None
) -> CaseReport:
    """As `check_case`, and each row of the store says what its event says."""
    report = check_case(events, of=of, head=head)
    rows = [CaseFault(Fault.ROW, place) for place, one in enumerate(events) if not _row_follows(one)]
    return replace(report, faults=(*report.faults, *rows))


class _Check:
    """What is known after the events taken so far."""

    def __init__(self, of: tuple[TenantId, CaseId] | None, wanted: AbstractSet[int | None]) -> None:
        self.of = of
        self.faults: list[CaseFault] = []
        self.tree = CaseTree()
        self._wanted = wanted
        self._roots: dict[int, DigestPair] = {}
        self.next_seq = 0
        self.last = NO_DIGEST
        self.committed = 0
        self.closing: Closing | None = None
        self._seen: set[int] = set()
        self._ids: set[object] = set()

    def fault(self, fault: Fault, place: int) -> None:
        self.faults.append(CaseFault(fault, place))

    def take(self, place: int, event: Shown, envelope: Mapping[str, Any] | None) -> None:
        if place in self._wanted:
            self._roots[place] = self.tree.root()
        if envelope is None:  # 1
            self.fault(Fault.ENVELOPE, place)
        else:
            self._take(place, event, envelope)
        self.tree.add(leaf_hash(event.leaf))
        self.last = DigestPair.of(event.envelope)

    def _take(self, place: int, event: Shown, envelope: Mapping[str, Any]) -> None:
        named = envelope.get("tenant"), envelope.get("case_id")
        if self.of is None and all(isinstance(one, str) for one in named):
            self.of = TenantId(str(named[0])), CaseId(str(named[1]))
        if named != self.of:  # 1
            self.fault(Fault.OTHER_CASE, place)
        if not _leaf_follows(event.envelope, envelope, event.leaf):  # 2
            self.fault(Fault.LEAF, place)
        if not _commitments_follow(envelope):  # 3
            self.fault(Fault.COMMITMENTS, place)
        self._place(place, envelope)
        kind = _kind(envelope)
        if self.closing is not None and kind is not EventType.CASE_CLOSED and kind not in AFTER_CLOSING:  # 7
            self.fault(Fault.AFTER_CLOSING, place)
        if kind in COMMITTING:
            self._commitment(place, kind, envelope)

    def _place(self, place: int, envelope: Mapping[str, Any]) -> None:
        seq, event_id = envelope.get("case_seq"), envelope.get("event_id")
        if type(seq) is not int:
            self.fault(Fault.ORDER, place)
            return
        if seq in self._seen or event_id in self._ids:  # 4
            self.fault(Fault.REPEATED, place)
        elif seq > self.next_seq:
            self.fault(Fault.GAP, place)
        elif seq < self.next_seq:
            self.fault(Fault.ORDER, place)
        if envelope.get("prev_case_event_hash") != self.last.as_json():  # 5
            self.fault(Fault.CHAIN, place)
        self._seen.add(seq)
        if isinstance(event_id, str):
            self._ids.add(event_id)
        self.next_seq = seq + 1

    def _commitment(self, place: int, kind: EventType, envelope: Mapping[str, Any]) -> None:  # 6
        count, closes = _count(envelope), kind is EventType.CASE_CLOSED
        facts = envelope.get("facts")
        stated = facts if isinstance(facts, dict) else {}
        if count is None or count not in self._roots or (closes and count != place):
            self.fault(Fault.COUNT, place)
        elif stated.get("root") != self._roots[count].as_json():
            self.fault(Fault.ROOT, place)
        else:
            self.committed = max(self.committed, count)
        if not closes:
            return
        if self.closing is not None:
            self.fault(Fault.CLOSED_TWICE, place)
            return
        try:
            self.closing = Closing(place, self.tree.root(), Ending(str(stated.get("ending"))))
        except ValueError:
            self.fault(Fault.ENVELOPE, place)


def _count(envelope: Mapping[str, Any]) -> int | None:
    facts = envelope.get("facts")
    found = facts.get("events") if isinstance(facts, dict) else None
    return found if type(found) is int else None


def _read(data: bytes) -> dict[str, Any] | None:
    """The envelope, None unless it is canonical."""
    if len(data) > MAX_ENVELOPE:
        return None
    try:
        envelope = json.loads(data)
        if isinstance(envelope, dict) and canonical(envelope) == data:
            return envelope
    except (ValueError, RecursionError, EventInvalid):
        pass
    return None


def _kind(envelope: Mapping[str, Any]) -> EventType | None:
    try:
        return EventType[envelope["type"]]
    except (KeyError, TypeError):
        return None


def _leaf_follows(data: bytes, envelope: Mapping[str, Any], shown: bytes) -> bool:
    """The whole leaf, but for the microseconds that the envelope's time does not have."""
    try:
        stated = leaf.Leaf.parse(shown)
        if rfc3339(from_micros(stated.recorded_micros)) != envelope["recorded_at"]:
            return False
        if str(uuid.UUID(bytes=stated.event_id)) != envelope["event_id"]:
            return False
        producer = leaf.NO_PRODUCER
        if "producer" in envelope:
            producer = leaf.producer_mark(envelope["producer"]["key_id"])
        made = leaf.pack(
            stated.event_id,
            EventType[envelope["type"]].value,
            stated.recorded_micros,
            leaf.case_pseudonym(envelope["tenant"], envelope["case_id"]),
            envelope["case_seq"],
            DigestPair.of(data),
            producer,
        )
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, struct.error):
        return False
    return made == shown


def _row_follows(event: Recorded) -> bool:
    try:
        read = leaf.Leaf.parse(event.leaf)
    except ValueError:
        return False
    return (
        event.leaf_hash == leaf_hash(event.leaf)
        and event.event_id == str(uuid.UUID(bytes=read.event_id))
        and event.type is read.type
        and event.case_seq == read.case_seq
        and to_micros(event.recorded_at) == read.recorded_micros
        and leaf.case_pseudonym(event.tenant, event.case_id) == read.case_pseudonym
    )


def _commitments_follow(envelope: Mapping[str, Any]) -> bool:
    committed, summed = envelope.get("commitments"), envelope.get("payload_commit")
    if committed is None or summed is None:
        return committed is None and summed is None
    return bool(DigestPair.of(canonical(committed)).as_json() == summed)
