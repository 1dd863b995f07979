"""A part of a case, or another one, shown as the whole: each way is caught by the fault that says which."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from evidence.canonical import JSON, canonical
from evidence.case import Ending
from evidence.casecheck import CaseOutcome, Fault, check_case, check_stored
from evidence.caseroot import tree_hash
from evidence.clock import from_micros
from evidence.digest import NO_DIGEST, DigestPair
from evidence.event import CaseHead, CaseId, EventType, Recorded, TenantId
from evidence.leaf import Leaf, case_pseudonym, envelope_digests, pack
from evidence.merkle import leaf_hash
from tests.support.cases import SIGNED, closed_case, closing, happening, memory_log
from tests.support.cases import MemoryStore as Store
from tests.support.clock import FixedClock
from tests.support.units import TENANT

NAMED = TENANT, CaseId("contract/c-1")
CASE = closed_case(after=(EventType.DOC_DOWNLOADED, EventType.REPORT_ISSUED))
OTHER = closed_case(case="contract/c-2")
LEN = len(SIGNED)


@dataclass(frozen=True)
class Bare:
    """What a package has of an event."""

    envelope: bytes
    leaf: bytes


def rewritten(event: Recorded, **changes: object) -> Recorded:
    """The event with other content, and a leaf that fits it: what one who holds the database can make."""
    envelope = {**json.loads(event.envelope), **changes}
    data = canonical(envelope)
    old = Leaf.parse(event.leaf)
    made = pack(
        old.event_id,
        EventType[envelope["type"]].value,
        old.recorded_micros,
        case_pseudonym(envelope["tenant"], envelope["case_id"]),
        envelope["case_seq"],
        DigestPair.of(data),
        old.producer,
    )
    return replace(event, envelope=data, leaf=made, leaf_hash=leaf_hash(made))


def relinked(events: Sequence[Recorded]) -> list[Recorded]:
    """Numbered and chained anew, as a forger would."""
    made: list[Recorded] = []
    last = NO_DIGEST
    for seq, event in enumerate(events):
        one = rewritten(event, case_seq=seq, prev_case_event_hash=last.as_json())
        made.append(replace(one, case_seq=seq))
        last = DigestPair.of(one.envelope)
    return made


def faults(events: Sequence[Recorded], head: CaseHead | None = None) -> set[Fault]:
    return {one.fault for one in check_case(events, of=NAMED, head=head).faults}


def test_a_whole_case_is_complete() -> None:
    report = check_stored(CASE, NAMED, CaseHead(len(CASE), DigestPair.of(CASE[-1].envelope)))
    assert (report.outcome, report.faults, report.events) == (CaseOutcome.COMPLETE, (), len(CASE))
    assert (report.tenant, report.case_id) == NAMED
    assert report.closing is not None
    assert (report.closing.events, report.closing.ending) == (LEN, Ending.COMPLETED)
    assert report.committed == LEN
    assert report.root == tree_hash([one.leaf_hash for one in CASE])


def test_a_package_has_no_rows_and_names_its_case_itself() -> None:
    report = check_case([Bare(one.envelope, one.leaf) for one in CASE])
    assert (report.outcome, report.tenant, report.case_id) == (CaseOutcome.COMPLETE, *NAMED)


def test_an_open_case_is_neither_whole_nor_broken() -> None:
    for size in range(1, LEN + 1):
        report = check_case(CASE[:size], of=NAMED)
        assert (report.outcome, report.closing, report.committed) == (CaseOutcome.OPEN, None, 0)


def test_a_head_that_is_known_shows_a_tail_left_out() -> None:
    head = CaseHead(len(CASE), DigestPair.of(CASE[-1].envelope))
    for size in range(1, len(CASE)):
        assert faults(CASE[:size], head) == {Fault.HEAD}
    assert faults(CASE, head) == set()


@pytest.mark.parametrize("place", range(len(CASE) - 1))
def test_any_event_left_out_before_the_last_is_missed(place: int) -> None:
    shown = CASE[:place] + CASE[place + 1 :]
    found = faults(shown)
    assert Fault.GAP in found
    assert Fault.CHAIN in found
    if place < LEN:
        assert Fault.COUNT in found


@pytest.mark.parametrize("place", range(LEN))
def test_left_out_and_chained_anew_it_misses_the_closing(place: int) -> None:
    """The forger has the database, not the closing: its count and root are in the log and outside."""
    shown = relinked(CASE[:place] + CASE[place + 1 : LEN])
    ending = replace(CASE[LEN], case_seq=len(shown))
    assert faults([*shown, ending]) >= {Fault.GAP, Fault.CHAIN, Fault.COUNT}


@pytest.mark.parametrize("place", range(LEN))
def test_replaced_and_chained_anew_it_misses_the_root(place: int) -> None:
    forged = relinked(
        [
            *CASE[:place],
            rewritten(CASE[place], facts={"kind": "nothing"}),
            *CASE[place + 1 : LEN],
        ]
    )
    assert faults([*forged, CASE[LEN]]) >= {Fault.CHAIN, Fault.ROOT}
    last = rewritten(CASE[LEN], prev_case_event_hash=DigestPair.of(forged[-1].envelope).as_json())
    assert faults([*forged, last]) == {Fault.ROOT}


@pytest.mark.parametrize("place", range(len(CASE) - 1))
def test_neighbours_that_changed_places_are_seen(place: int) -> None:
    shown = list(CASE)
    shown[place : place + 2] = reversed(shown[place : place + 2])
    assert faults(shown) >= {Fault.GAP, Fault.CHAIN}


@pytest.mark.parametrize("place", range(len(CASE)))
def test_an_event_shown_twice_is_seen(place: int) -> None:
    assert Fault.REPEATED in faults([*CASE[: place + 1], *CASE[place:]])


@pytest.mark.parametrize("place", range(len(CASE) + 1))
def test_an_event_of_another_case_is_seen(place: int) -> None:
    assert Fault.OTHER_CASE in faults([*CASE[:place], OTHER[1], *CASE[place:]])


def test_another_case_is_not_this_one() -> None:
    assert Fault.OTHER_CASE in faults(OTHER)
    assert Fault.OTHER_CASE in faults(closed_case(tenant=TenantId("other")))


def test_an_event_of_another_case_made_to_fit_misses_the_root() -> None:
    foreign = replace(rewritten(OTHER[1], case_id=NAMED[1]), case_id=NAMED[1])
    shown = relinked([*CASE[:1], foreign, *CASE[2:LEN]])
    last = rewritten(CASE[LEN], prev_case_event_hash=DigestPair.of(shown[-1].envelope).as_json())
    assert faults([*shown, last]) == {Fault.ROOT}


Change = Callable[[Recorded], Recorded]


def envelope_of(**changes: JSON) -> Change:
    """The envelope alone, its leaf as it was."""

    def change(event: Recorded) -> Recorded:
        return replace(event, envelope=canonical({**json.loads(event.envelope), **changes}))

    return change


def leaf_of(**changes: object) -> Change:
    """The leaf alone."""

    def change(event: Recorded) -> Recorded:
        old = replace(Leaf.parse(event.leaf), **changes)  # type: ignore[arg-type]  # by name
        made = pack(
            old.event_id,
            old.type.value,
            old.recorded_micros,
            old.case_pseudonym,
            old.case_seq,
            old.envelope,
            old.producer,
        )
        return replace(event, leaf=made)

    return change


ZERO = bytes(32)
TAMPERED: dict[str, tuple[Change, Fault]] = {
    "a fact": (envelope_of(facts={"kind": "other"}), Fault.LEAF),
    "the actor": (envelope_of(actor={"kind": "person", "pseudonym": "x", "role": "y"}), Fault.LEAF),
    "the result": (envelope_of(result={"code": "failed", "reason": ""}), Fault.LEAF),
    "when it happened": (envelope_of(occurred_at="2020-01-01T00:00:00.000Z"), Fault.LEAF),
    "when it was recorded": (envelope_of(recorded_at="2020-01-01T00:00:00.000Z"), Fault.LEAF),
    "the type": (envelope_of(type="SIGN_FAILED"), Fault.LEAF),
    "a type that does not exist": (envelope_of(type="NOTHING"), Fault.LEAF),
    "the type's kind": (envelope_of(type=[1]), Fault.LEAF),
    "the event id": (envelope_of(event_id="01890a5d-ac96-774b-bcce-b302099a8057"), Fault.LEAF),
    "the event id's kind": (envelope_of(event_id=7), Fault.LEAF),
    "the case": (envelope_of(case_id="contract/c-9"), Fault.OTHER_CASE),
    "the tenant": (envelope_of(tenant="other"), Fault.OTHER_CASE),
    "the tenant's kind": (envelope_of(tenant=None), Fault.OTHER_CASE),
    "the sequence": (envelope_of(case_seq=77), Fault.GAP),
    "the sequence backwards": (envelope_of(case_seq=-1), Fault.ORDER),
    "the sequence's kind": (envelope_of(case_seq="2"), Fault.ORDER),
    "the sequence as a truth": (envelope_of(case_seq=True), Fault.ORDER),
    "the event before": (envelope_of(prev_case_event_hash=NO_DIGEST.as_json()), Fault.CHAIN),
    "the event before, no digest": (envelope_of(prev_case_event_hash=None), Fault.CHAIN),
    "a commitment": (envelope_of(commitments={"name": {"sha256": "00", "sm3": "00"}}), Fault.COMMITMENTS),
    "a sum of commitments": (envelope_of(payload_commit=NO_DIGEST.as_json()), Fault.COMMITMENTS),
    "a producer": (envelope_of(producer={"key_id": "k", "algorithm": "a", "signature": ""}), Fault.LEAF),
    "a producer's kind": (envelope_of(producer="k"), Fault.LEAF),
    "no commitments": (
        lambda event: replace(
            event,
            envelope=canonical(
                {key: one for key, one in json.loads(event.envelope).items() if key != "commitments"}
            ),
        ),
        Fault.COMMITMENTS,
    ),
    "not canonical": (lambda event: replace(event, envelope=event.envelope + b" "), Fault.ENVELOPE),
    "a member twice": (
        lambda event: replace(event, envelope=b'{"a":1,' + event.envelope[1:]),
        Fault.LEAF,
    ),
    "a list": (lambda event: replace(event, envelope=b"[]"), Fault.ENVELOPE),
    "nothing": (lambda event: replace(event, envelope=b""), Fault.ENVELOPE),
    "nested without end": (lambda event: replace(event, envelope=b"[" * 100_000), Fault.ENVELOPE),
    "a number without end": (lambda event: replace(event, envelope=b"9" * 100_000), Fault.ENVELOPE),
    "larger than any": (
        lambda event: replace(event, envelope=b'"' + b"x" * 1_048_576 + b'"'),
        Fault.ENVELOPE,
    ),
    "leaf: event id": (leaf_of(event_id=bytes(16)), Fault.LEAF),
    "leaf: type": (leaf_of(type=EventType.SIGN_FAILED), Fault.LEAF),
    "leaf: time": (leaf_of(recorded_micros=0), Fault.LEAF),
    "leaf: a time beyond time": (leaf_of(recorded_micros=2**64 - 1), Fault.LEAF),
    "leaf: case": (leaf_of(case_pseudonym=bytes(16)), Fault.LEAF),
    "leaf: sequence": (leaf_of(case_seq=9), Fault.LEAF),
    "leaf: SHA-256": (lambda event: leaf_of(envelope=half(event, ZERO, None))(event), Fault.LEAF),
    "leaf: SM3": (lambda event: leaf_of(envelope=half(event, None, ZERO))(event), Fault.LEAF),
    "leaf: producer": (leaf_of(producer=bytes(7) + b"\x01"), Fault.LEAF),
    "leaf: cut": (lambda event: replace(event, leaf=event.leaf[:-1]), Fault.LEAF),
    "leaf: another version": (lambda event: replace(event, leaf=b"\x02" + event.leaf[1:]), Fault.LEAF),
    "leaf: another event's": (lambda event: replace(event, leaf=CASE[0].leaf), Fault.LEAF),
}


def half(event: Recorded, first: bytes | None, second: bytes | None) -> DigestPair:
    """The envelope's digests, one of them changed: either function alone must see it."""
    true = envelope_digests(event.leaf)
    return DigestPair(first or true.sha256, second or true.sm3)


@pytest.mark.parametrize("what", TAMPERED)
def test_an_altered_event_is_seen(what: str) -> None:
    change, fault = TAMPERED[what]
    shown = list(CASE)
    shown[3] = change(shown[3])
    report = check_case(shown, of=NAMED)
    assert report.outcome is CaseOutcome.BROKEN
    assert fault in {one.fault for one in report.faults if one.place == 3}


@pytest.mark.parametrize(
    ("facts", "fault"),
    [
        ({"events": LEN - 1}, Fault.COUNT),
        ({"events": LEN + 1}, Fault.COUNT),
        ({"events": "6"}, Fault.COUNT),
        ({"events": None}, Fault.COUNT),
        ({"events": True}, Fault.COUNT),
        ({"root": NO_DIGEST.as_json()}, Fault.ROOT),
        ({"root": {"sha256": "", "sm3": ""}}, Fault.ROOT),
        ({"root": None}, Fault.ROOT),
        ({"ending": "sold"}, Fault.ENVELOPE),
        ({"ending": None}, Fault.ENVELOPE),
    ],
)
def test_a_closing_that_commits_to_something_else_is_seen(facts: dict[str, object], fault: Fault) -> None:
    clock, store = FixedClock(), Store()
    log = memory_log(store, clock)
    log.append([happening(kind, clock.moment) for kind in SIGNED])
    log.append([closing(store.recorded, clock.moment, **facts)])  # type: ignore[arg-type]  # JSON
    assert faults(store.recorded) == {fault}


@pytest.mark.parametrize("name", ["sha256", "sm3"])
def test_either_digest_of_the_root_alone_is_looked_at(name: str) -> None:
    clock, store = FixedClock(), Store()
    log = memory_log(store, clock)
    log.append([happening(kind, clock.moment) for kind in SIGNED])
    root = {**tree_hash([one.leaf_hash for one in store.recorded]).as_json(), name: "00" * 32}
    log.append([closing(store.recorded, clock.moment, root=root)])
    assert faults(store.recorded) == {Fault.ROOT}


def test_a_second_closing_and_a_history_after_it_are_seen() -> None:
    clock, store = FixedClock(), Store()
    log = memory_log(store, clock)
    log.append([happening(kind, clock.moment) for kind in SIGNED])
    log.append([closing(store.recorded, clock.moment)])
    head = store.case_heads(*NAMED[:1], [NAMED[1]])[NAMED[1]]
    store._heads[NAMED] = replace(head, closed_seq=None)  # the check in the log is switched off
    log.append([happening(EventType.SIGNATURE_CREATED, clock.moment)])
    assert faults(store.recorded) == {Fault.AFTER_CLOSING}
    store._heads[NAMED] = replace(store._heads[NAMED], closed_seq=None)
    log.append([closing(store.recorded, clock.moment)])
    assert faults(store.recorded) == {Fault.AFTER_CLOSING, Fault.CLOSED_TWICE}


@pytest.mark.parametrize("kind", [EventType.EVIDENCE_ACCESSED, EventType.EVIDENCE_EXPORTED])
@pytest.mark.parametrize("shown", range(LEN + 1))
def test_what_was_let_out_is_committed_to(kind: EventType, shown: int) -> None:
    clock, store = FixedClock(), Store()
    log = memory_log(store, clock)
    log.append([happening(one, clock.moment) for one in SIGNED])
    root = tree_hash([one.leaf_hash for one in store.recorded[:shown]]).as_json()
    log.append([happening(kind, clock.moment, facts={"events": shown, "root": root})])
    report = check_case(store.recorded, of=NAMED)
    assert (report.outcome, report.committed) == (CaseOutcome.OPEN, shown)
    log.append([happening(kind, clock.moment, facts={"events": shown + 1, "root": root})])
    log.append([happening(kind, clock.moment, facts={"events": 99, "root": root})])
    log.append([happening(kind, clock.moment, facts={"events": -1, "root": root})])
    found = [one.fault for one in check_case(store.recorded, of=NAMED).faults]
    assert found == [Fault.ROOT, Fault.COUNT, Fault.COUNT]


def test_nothing_shown_is_no_case() -> None:
    assert faults([]) == {Fault.EMPTY}
    assert check_case([]).outcome is CaseOutcome.BROKEN


def test_a_case_that_does_not_name_itself_is_broken() -> None:
    report = check_case([replace(CASE[0], envelope=canonical({"case_id": 1, "tenant": 2}))])
    assert (report.outcome, report.case_id) == (CaseOutcome.BROKEN, "")


ROWS: dict[str, Change] = {
    "case_seq": lambda event: replace(event, case_seq=9),
    "event_id": lambda event: replace(event, event_id=CASE[0].event_id),
    "type": lambda event: replace(event, type=EventType.SIGN_FAILED),
    "recorded_at": lambda event: replace(event, recorded_at=event.recorded_at + timedelta(microseconds=1)),
    "epoch": lambda event: replace(event, recorded_at=from_micros(0)),
    "leaf_sha256": lambda event: replace(event, leaf_hash=DigestPair(ZERO, event.leaf_hash.sm3)),
    "leaf_sm3": lambda event: replace(event, leaf_hash=DigestPair(event.leaf_hash.sha256, ZERO)),
    "leaf": lambda event: replace(event, leaf=b""),
    "case_id": lambda event: replace(event, case_id=CaseId("contract/c-2")),
    "tenant": lambda event: replace(event, tenant=TenantId("other")),
}


@pytest.mark.parametrize("column", ROWS)
def test_a_row_that_says_something_else_than_its_event_is_seen(column: str) -> None:
    shown = list(CASE)
    shown[3] = ROWS[column](shown[3])
    report = check_stored(shown, NAMED)
    assert (Fault.ROW, 3) in {(one.fault, one.place) for one in report.faults}
