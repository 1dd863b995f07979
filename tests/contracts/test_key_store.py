"""What every `KeyStore` keeps to."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from itertools import product
from pathlib import Path

import pytest
import sqlalchemy as sa

from api.db import Database
from keys.errors import KeyNotFound, KeyStateInvalid, KeyUseExhausted
from keys.key import LEGAL_TRANSITIONS, KeyId, KeyPurpose, KeyRecord, KeyState, new_key_id
from keys.private import PrivateKey
from keys.suites import Algorithm
from tests.support.clock import NOON, FixedClock
from tests.support.keys import key_record
from tests.support.units import open_units


@pytest.fixture
def units(engine: sa.Engine, tmp_path: Path) -> Database:
    return open_units(engine, FixedClock(), tmp_path)


def added(units: Database, **changes: object) -> KeyRecord:
    record = key_record(**changes)
    with units() as unit:
        unit.keys.add(record)
    return record


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_a_record_comes_back_as_it_was(units: Database, algorithm: Algorithm) -> None:
    record = added(
        units,
        algorithm=algorithm,
        public=PrivateKey.generate(algorithm).public,
        label="时间戳 é",
        handle=bytes(range(256)),
        use_count=3,
        use_limit=7,
        successor=new_key_id(),
    )
    with units() as unit:
        assert unit.keys.get(record.key_id) == record
        assert unit.keys.by_fingerprint(record.public.fingerprint) == record


def test_what_is_not_there_is_not_found(units: Database) -> None:
    missing = KeyId("key-0")
    with units() as unit:
        for act in (
            lambda: unit.keys.get(missing),
            lambda: unit.keys.transition(missing, KeyState.ACTIVE),
            lambda: unit.keys.count_use(missing, 1),
        ):
            with pytest.raises(KeyNotFound):
                act()
        assert unit.keys.by_fingerprint("00" * 32) is None


@pytest.mark.parametrize("same", ["key_id", "public"])
def test_an_id_and_a_public_key_are_taken_once(units: Database, same: str) -> None:
    record = added(units)
    with units() as unit:
        with pytest.raises(KeyStateInvalid):
            unit.keys.add(key_record(**{same: getattr(record, same)}))
        assert list(unit.keys.list()) == [record]  # the transaction lives on


def test_lists_are_in_order_of_creation_and_selected(units: Database) -> None:
    later = added(units, created_at=NOON.replace(hour=13), purpose=KeyPurpose.SEAL)
    first = added(units, created_at=NOON.replace(hour=11))
    second = added(units, state=KeyState.SUSPENDED)
    with units() as unit:
        assert list(unit.keys.list()) == [first, second, later]
        assert list(unit.keys.list(purpose=KeyPurpose.SEAL)) == [later]
        assert list(unit.keys.list(state=KeyState.SUSPENDED)) == [second]
        assert list(unit.keys.list(purpose=KeyPurpose.SEAL, state=KeyState.SUSPENDED)) == []


def test_pages_hold_every_record_once(units: Database) -> None:
    records = sorted((added(units) for _ in range(5)), key=lambda record: record.key_id)
    with units() as unit:
        first = unit.keys.page(None, 2)
        rest = unit.keys.page(first[-1].key_id, 10)
    assert [*first, *rest] == records


@pytest.mark.parametrize(("before", "after"), list(product(KeyState, KeyState)))
def test_only_legal_transitions_happen(units: Database, before: KeyState, after: KeyState) -> None:
    record = added(units, state=before)
    with units() as unit:
        if after in LEGAL_TRANSITIONS[before]:
            assert unit.keys.transition(record.key_id, after) == replace(record, state=after)
        else:
            with pytest.raises(KeyStateInvalid) as caught:
                unit.keys.transition(record.key_id, after)
            assert (caught.value.key_id, caught.value.state) == (record.key_id, before.value)
            assert unit.keys.get(record.key_id) == record


def test_a_transition_may_name_the_successor(units: Database) -> None:
    record, successor = added(units), new_key_id()
    with units() as unit:
        unit.keys.transition(record.key_id, KeyState.DEACTIVATED, successor=successor)
        assert unit.keys.transition(record.key_id, KeyState.DESTROYED).successor == successor


def test_uses_are_counted_up_to_the_limit(units: Database) -> None:
    record = added(units, use_limit=5)
    with units() as unit:
        assert unit.keys.count_use(record.key_id, 2) == 2
        assert unit.keys.count_use(record.key_id, 3) == 5
        with pytest.raises(KeyUseExhausted) as caught:
            unit.keys.count_use(record.key_id, 1)
        assert caught.value.limit == 5
        assert unit.keys.get(record.key_id).use_count == 5


def test_a_batch_past_the_limit_takes_nothing(units: Database) -> None:
    record = added(units, use_limit=5)
    with units() as unit:
        with pytest.raises(KeyUseExhausted):
            unit.keys.count_use(record.key_id, 6)
        assert unit.keys.get(record.key_id).use_count == 0


def test_a_key_without_limit_is_counted_too(units: Database) -> None:
    record = added(units)
    with units() as unit:
        assert unit.keys.count_use(record.key_id, 10**6) == 10**6
        for uses in (0, -1):
            with pytest.raises(ValueError, match="at least once"):
                unit.keys.count_use(record.key_id, uses)


@pytest.mark.parametrize("state", [state for state in KeyState if state is not KeyState.ACTIVE])
@pytest.mark.parametrize("limit", [None, 5])
def test_only_an_active_key_is_used(units: Database, state: KeyState, limit: int | None) -> None:
    record = added(units, state=state, use_limit=limit)
    with units() as unit, pytest.raises(KeyStateInvalid):
        unit.keys.count_use(record.key_id, 1)


def test_writers_at_once_never_pass_the_limit(units: Database) -> None:
    record = added(units, use_limit=10)

    def use(_: int) -> bool:
        try:
            with units() as unit:
                unit.keys.count_use(record.key_id, 1)
        except KeyUseExhausted:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        granted = sum(pool.map(use, range(20)))
    assert granted == 10
    with units() as unit:
        assert unit.keys.get(record.key_id).use_count == 10


def test_a_handle_changes_only_from_what_it_was(units: Database) -> None:
    record = added(units, handle=b"old")
    with units() as unit:
        assert unit.keys.replace_handle(record.key_id, b"old", b"")
        assert not unit.keys.replace_handle(record.key_id, b"old", b"sealed anew")
        assert unit.keys.get(record.key_id).handle == b""


def test_a_blocked_key_stays_blocked_for_its_first_reason(units: Database) -> None:
    with units() as unit:
        unit.keys.block("aa", "published by its thief", NOON)
        unit.keys.block("aa", "another", NOON)
        assert unit.keys.blocked(["aa", "bb"]) == {"aa": "published by its thief"}
        assert unit.keys.blocked([]) == {}


def test_nothing_stays_of_a_unit_that_fails(units: Database) -> None:
    def fail() -> None:
        with units() as unit:
            unit.keys.add(key_record())
            unit.keys.block("aa", "reason", NOON)
            unit.keys.get(KeyId("key-0"))

    with pytest.raises(KeyNotFound):
        fail()
    with units() as unit:
        assert list(unit.keys.list()) == []
        assert unit.keys.blocked(["aa"]) == {}
