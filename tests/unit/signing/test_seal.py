"""A seal's states, its time, and the ledger of its uses."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from signing.errors import DocumentUnavailable, StateInvalid, ValuesInvalid
from signing.place import Box, Rect
from signing.seal import MAX_VALIDITY, SEAL_MOVES, SealState, masked
from signing.seal_use import NO_ENTRY, LedgerHead, SealUse, check_ledger
from tests.support.clock import NOON
from tests.support.seals import YEAR, an_order
from tests.unit.signing.test_authorisation import SEAL

TICK = timedelta(microseconds=1)


def test_what_ended_stays_ended() -> None:
    assert {state for state in SealState if state.ended} == {SealState.REVOKED, SealState.EXPIRED}
    assert all(SealState.PROPOSED not in after for after in SEAL_MOVES.values())


@pytest.mark.parametrize("state", [SealState.PROPOSED, SealState.ACTIVE, SealState.SUSPENDED])
def test_a_seal_expires_to_the_microsecond(state: SealState) -> None:
    seal = replace(SEAL, state=state)
    assert seal.state_at(NOON + YEAR - TICK) is state
    assert seal.state_at(NOON + YEAR) is SealState.EXPIRED
    for to in (SealState.ACTIVE, SealState.SUSPENDED, SealState.REVOKED):
        with pytest.raises(StateInvalid, match="expired"):
            seal.require_move(to, NOON + YEAR)


def test_a_revoked_seal_does_not_become_expired() -> None:
    assert replace(SEAL, state=SealState.REVOKED).state_at(NOON + 2 * YEAR) is SealState.REVOKED


def test_a_seal_is_used_while_it_is_active_and_its_time_has_come() -> None:
    SEAL.require_usable(NOON)
    SEAL.require_usable(NOON + YEAR - TICK)
    for at in (NOON - TICK, NOON + YEAR):
        with pytest.raises(StateInvalid):
            SEAL.require_usable(at)
    for state in set(SealState) - {SealState.ACTIVE}:
        with pytest.raises(StateInvalid, match=state.value):
            replace(SEAL, state=state).require_usable(NOON)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"owner": ""}, "owner"),
        ({"owner": "x" * 65}, "owner"),
        ({"label": " 信签"}, "label"),
        ({"label": "信\u200b签"}, "label"),
        ({"maker": "a\nb"}, "maker"),
        ({"valid_until": NOON}, "valid_until"),
        ({"valid_until": NOON + MAX_VALIDITY + TICK}, "valid_until"),
    ],
)
def test_what_is_no_order_is_named(changes: dict[str, object], field: str) -> None:
    with pytest.raises(ValuesInvalid) as caught:
        an_order(**changes)
    assert caught.value.field == field


@pytest.mark.parametrize(("name", "shown"), [("王小明", "王**"), ("王", "王*"), ("𬭼一", "𬭼*"), ("", "*")])
def test_a_masked_name_shows_its_first_character(name: str, shown: str) -> None:
    assert masked(name) == shown


def ledger(count: int) -> list[SealUse]:
    found: list[SealUse] = []
    previous = NO_ENTRY
    for number in range(1, count + 1):
        use = SealUse(
            seal_id=SEAL.seal_id,
            number=number,
            used_at=NOON,
            actor="system",
            approver="second",
            authorisation_id=None,
            contract_id=f"contract-{number}",
            field="lender-1",
            document_sha256=bytes(32),
            seal_sha256=SEAL.digests.sha256,
            positions=(Box(1, Rect(1.0005, 2, 3, 4)), Box(2, Rect(0, 0, 1, 1))),
            amount=None,
            previous=previous,
        ).closed()
        previous = use.entry
        found.append(use)
    return found


def test_a_ledger_holds_from_its_first_entry() -> None:
    uses = ledger(5)
    assert check_ledger(uses) == LedgerHead(5, uses[-1].entry)
    assert check_ledger([]) == LedgerHead(0, NO_ENTRY)


def test_positions_are_whole_thousandths_of_a_point() -> None:
    assert ledger(1)[0].places == [[1, 1000, 2000, 3000, 4000], [2, 0, 0, 1000, 1000]]


@pytest.mark.parametrize("place", range(5))
def test_no_entry_of_a_ledger_can_be_changed_left_out_or_moved(place: int) -> None:
    uses = ledger(5)
    changed = [
        [*uses[:place], replace(uses[place], contract_id="another"), *uses[place + 1 :]],
        [*uses[:place], replace(uses[place], contract_id="another").closed(), *uses[place + 1 :], uses[0]],
        uses[:place] + uses[place + 1 :] + uses[:1],
        [*uses[:place], uses[place], uses[place], *uses[place + 1 :]],
    ]
    for one in changed:
        with pytest.raises(DocumentUnavailable, match="does not hold"):
            check_ledger(one)
