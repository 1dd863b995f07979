"""When a case may be closed, by whom; what it takes afterwards; who may do what with it."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from evidence.access import Access, Purpose
from evidence.accessrole import ADMINISTRATOR as ADMINISTRATOR_ROLE
from evidence.accessrole import LEGAL as LEGAL_ROLE
from evidence.accessrole import MAY, CaseAct, require_may
from evidence.case import (
    AFTER_CLOSING,
    CLOSES_ITSELF_AFTER,
    ENDINGS,
    Ended,
    Ending,
    ended,
    require_closable,
)
from evidence.errors import AccessRefused, CaseClosed, CaseRefused
from evidence.event import Actor, ActorKind, CaseId, EventType
from tests.support.cases import (
    ACCESS,
    ADMINISTRATOR,
    LEGAL,
    SIGNED,
    SYSTEM,
    MemoryStore,
    closing,
    happening,
    memory_log,
)
from tests.support.clock import NOON, FixedClock

CASE = CaseId("contract/c-1")
OPEN = [(EventType.CONTRACT_GENERATED, NOON), (EventType.SIGNATURE_CREATED, NOON)]
ENDS = {
    EventType.CONTRACT_COMPLETED: "completed",
    EventType.SIGN_REJECTED: "declined",
    EventType.CONTRACT_EXPIRED: "expired",
    EventType.CONTRACT_CANCELLED: "voided",
}


def history(*more: EventType) -> list[tuple[EventType, datetime]]:
    return [*OPEN, *((kind, NOON) for kind in more)]


@pytest.mark.parametrize("kind", ENDS)
def test_a_case_is_over_when_its_contract_is(kind: EventType) -> None:
    end = Ended(Ending(ENDS[kind]), NOON)
    assert ended(history(kind, EventType.COPY_DELIVERED)) == end
    assert require_closable(CASE, history(kind), ADMINISTRATOR, NOON) == end


def test_nothing_else_ends_a_case() -> None:
    assert set(ENDINGS) == set(ENDS)
    for kind in set(EventType) - set(ENDINGS) - {EventType.CASE_CLOSED}:
        assert ended(history(kind)) is None
        with pytest.raises(CaseRefused, match="not over"):
            require_closable(CASE, history(kind), ADMINISTRATOR, NOON)


def test_a_case_is_closed_once() -> None:
    closed = history(EventType.CONTRACT_COMPLETED, EventType.CASE_CLOSED)
    with pytest.raises(CaseRefused, match="closed already"):
        require_closable(CASE, closed, ADMINISTRATOR, NOON)


@pytest.mark.parametrize("kind", [ActorKind.PERSON, ActorKind.APPLICATION])
def test_neither_a_party_nor_a_program_closes_a_case(kind: ActorKind) -> None:
    actor = Actor(kind, "x", "administrator")
    with pytest.raises(CaseRefused, match="only an operator"):
        require_closable(CASE, history(EventType.CONTRACT_COMPLETED), actor, NOON)


def test_the_system_waits_for_stragglers() -> None:
    over = history(EventType.CONTRACT_COMPLETED)
    with pytest.raises(CaseRefused, match="too recently"):
        require_closable(CASE, over, SYSTEM, NOON + CLOSES_ITSELF_AFTER - timedelta(microseconds=1))
    require_closable(CASE, over, SYSTEM, NOON + CLOSES_ITSELF_AFTER)


@pytest.mark.parametrize("kind", EventType, ids=lambda kind: kind.name)
def test_a_closed_case_takes_what_is_named_and_nothing_else(kind: EventType) -> None:
    clock, store = FixedClock(), MemoryStore()
    log = memory_log(store, clock)
    log.append([happening(one, NOON) for one in SIGNED])
    log.append([closing(store.recorded, NOON)])
    if kind in AFTER_CLOSING:
        log.append([happening(kind, NOON)])
        assert store.recorded[-1].case_seq == len(SIGNED) + 1
        return
    with pytest.raises(CaseClosed) as caught:
        log.append([happening(kind, NOON, case="contract/c-2"), happening(kind, NOON)])
    assert (caught.value.case_id, caught.value.event) == (CASE, kind.name)
    assert len(store.recorded) == len(SIGNED) + 1


def test_within_one_batch_too() -> None:
    clock, store = FixedClock(), MemoryStore()
    log = memory_log(store, clock)
    log.append([happening(one, NOON) for one in SIGNED])
    with pytest.raises(CaseClosed):
        log.append([closing(store.recorded, NOON), happening(EventType.SIGNATURE_CREATED, NOON)])


def test_nothing_that_makes_a_contract_comes_after_its_closing() -> None:
    groups = {kind.value // 100 for kind in AFTER_CLOSING}
    assert groups == {7, 8, 9, 10, 13, 15}
    assert EventType.SIGNATURE_CREATED not in AFTER_CLOSING
    assert EventType.CASE_CLOSED not in AFTER_CLOSING


def test_legal_staff_read_and_hold_and_do_not_destroy() -> None:
    for act in (CaseAct.SEARCH, CaseAct.READ, CaseAct.OPEN, CaseAct.HOLD, CaseAct.REPORT, CaseAct.VERIFY):
        require_may(LEGAL, act)
    for act in (CaseAct.SHRED, CaseAct.RELEASE, CaseAct.CLOSE):
        with pytest.raises(AccessRefused, match="legal may not"):
            require_may(LEGAL, act)
    assert MAY[LEGAL_ROLE] < MAY[ADMINISTRATOR_ROLE]


def test_a_role_that_nobody_named_may_nothing() -> None:
    for act in CaseAct:
        with pytest.raises(AccessRefused):
            require_may(Actor(ActorKind.PERSON, "p-1", "borrower"), act)


@pytest.mark.parametrize(
    "access",
    [
        Access(LEGAL, Purpose.AUDIT, "", "x"),
        Access(LEGAL, Purpose.AUDIT, "x", " "),
        Access(LEGAL, Purpose.AUDIT, "x" * 201, "x"),
    ],
)
def test_whoever_reads_says_on_whose_authority(access: Access) -> None:
    ACCESS.check(CaseAct.READ)
    with pytest.raises(AccessRefused):
        access.check(CaseAct.READ)
