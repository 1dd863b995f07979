"""Random histories of cases: what the log records is whole, and any part or mixture of it is not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.case import AFTER_CLOSING, ENDINGS
from evidence.casecheck import CaseOutcome, Fault, check_case, check_stored
from evidence.caseroot import tree_hash
from evidence.event import CaseHead, CaseId, EventType, Recorded
from tests.support.cases import MemoryStore, closing, happening, memory_log
from tests.support.clock import FixedClock
from tests.support.units import TENANT

FREE = sorted(
    set(EventType)
    - set(ENDINGS)
    - {EventType.CASE_CLOSED, EventType.EVIDENCE_ACCESSED, EventType.EVIDENCE_EXPORTED},
    key=lambda kind: kind.value,
)
LATER = sorted(set(FREE) & AFTER_CLOSING, key=lambda kind: kind.value)
NAMES = ("contract/a", "contract/b")


@dataclass(frozen=True)
class History:
    """Two cases recorded in turns, the first of them closed."""

    first: list[Recorded]
    other: list[Recorded]
    head: CaseHead
    closed_at: int


@st.composite
def histories(draw: st.DrawFn) -> History:
    clock, store = FixedClock(), MemoryStore()
    log = memory_log(store, clock)

    def record(kinds: Sequence[EventType], turns: Sequence[bool]) -> None:
        for kind, turn in zip(kinds, turns, strict=True):
            clock.advance(milliseconds=draw(st.integers(0, 10_000)))
            case = NAMES[turn]
            personal = {"name": "x"} if draw(st.booleans()) else {}
            look = of(NAMES[0])
            if not turn and look and draw(st.booleans()):  # somebody looked at a part of it
                seen = draw(st.integers(0, len(look)))
                root = tree_hash([one.leaf_hash for one in look[:seen]]).as_json()
                kind, facts = EventType.EVIDENCE_ACCESSED, {"events": seen, "root": root}  # noqa: PLW2901
                log.append([happening(kind, clock.moment, case, facts=facts, personal={})])
                continue
            log.append([happening(kind, clock.moment, case, personal=personal)])

    def of(case: str) -> list[Recorded]:
        return list(store.case(TENANT, CaseId(case)))

    before = draw(st.lists(st.sampled_from(FREE), min_size=2, max_size=9))
    record([before[0], before[0], *before[1:]], [False, True, *(draw(st.booleans()) for _ in before[1:])])
    end = draw(st.sampled_from(sorted(ENDINGS, key=lambda kind: kind.value)))
    log.append([happening(end, clock.moment, NAMES[0])])
    closed_at = len(of(NAMES[0]))
    log.append([closing(of(NAMES[0]), clock.moment, ending=ENDINGS[end].value)])
    after = draw(st.lists(st.sampled_from(LATER), max_size=4))
    record(after, [False] * len(after))
    head = store.case_heads(TENANT, [CaseId(NAMES[0])])[CaseId(NAMES[0])]
    return History(of(NAMES[0]), of(NAMES[1]), head, closed_at)


OF = TENANT, CaseId(NAMES[0])


def broken(shown: Sequence[Recorded], head: CaseHead | None = None) -> bool:
    return check_case(shown, of=OF, head=head).outcome is CaseOutcome.BROKEN


@given(histories())
@settings(max_examples=60, deadline=None)
def test_what_was_recorded_is_complete(history: History) -> None:
    report = check_stored(history.first, OF, history.head)
    assert report.outcome is CaseOutcome.COMPLETE, report.faults
    assert report.closing is not None
    assert report.closing.events == history.closed_at == history.head.closed_seq
    assert check_case(history.other).outcome is CaseOutcome.OPEN


@given(histories(), st.data())
@settings(max_examples=120, deadline=None)
def test_no_part_of_it_passes_for_the_whole(history: History, data: st.DataObject) -> None:
    places = data.draw(st.sets(st.integers(0, len(history.first) - 1), max_size=len(history.first) - 1))
    part = [one for place, one in enumerate(history.first) if place in places]
    tail = part == history.first[: len(part)]
    report = check_case(part, of=OF)
    if not tail or not part:
        assert report.outcome is CaseOutcome.BROKEN
    elif len(part) <= history.closed_at:
        assert report.outcome is CaseOutcome.OPEN, "never complete without its closing"
    else:
        assert report.committed >= history.closed_at
    assert broken(part, history.head), "whoever can ask the log sees every part for what it is"


@given(histories(), st.data())
@settings(max_examples=60, deadline=None)
def test_no_other_order_passes(history: History, data: st.DataObject) -> None:
    shown = data.draw(st.permutations(history.first))
    assert broken(shown) == (shown != history.first)


@given(histories(), st.data())
@settings(max_examples=60, deadline=None)
def test_nothing_repeated_or_inserted_passes(history: History, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(history.first)))
    extra = data.draw(st.sampled_from([*history.first, *history.other]))
    assert broken([*history.first[:place], extra, *history.first[place:]])


@given(histories(), st.data())
@settings(max_examples=120, deadline=None)
def test_no_octet_can_be_changed(history: History, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(history.first) - 1))
    event = history.first[place]
    name = data.draw(st.sampled_from(["envelope", "leaf"]))
    octets = bytearray(event.envelope if name == "envelope" else event.leaf)
    octets[data.draw(st.integers(0, len(octets) - 1))] ^= data.draw(st.integers(1, 255))
    shown = list(history.first)
    parts = {"envelope": event.envelope, "leaf": event.leaf, name: bytes(octets)}
    report = check_case([*shown[:place], Bare(**parts), *shown[place + 1 :]], of=OF)
    assert report.outcome is CaseOutcome.BROKEN


@dataclass(frozen=True)
class Bare:
    envelope: bytes
    leaf: bytes


@given(st.lists(st.tuples(st.binary(max_size=200), st.binary(max_size=130)), max_size=5))
def test_strangers_octets_are_judged_and_never_raise(shown: list[tuple[bytes, bytes]]) -> None:
    report = check_case([Bare(*one) for one in shown])
    assert report.outcome is CaseOutcome.BROKEN
    assert {one.fault for one in report.faults} <= set(Fault)
