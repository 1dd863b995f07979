"""Callers, nonces and kept answers, on every database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from api.answers import KEPT, LEASE, Answer, Claim
from api.callers import CallerId, Scope
from api.db import Database
from api.errors import CallerExists, CallerNotFound, IdempotencyInProgress, IdempotencyKeyReused
from api.tables import answers, callers, nonces
from tests.support.clock import FixedClock
from tests.support.units import open_units

CALLER = CallerId("caller-0123456789abcdef01234567")
ANSWER = Answer(201, (("content-type", "application/json"),), b'{"name": "planted"}')


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def units(engine: sa.Engine, clock: FixedClock, tmp_path: Path) -> Database:
    return open_units(engine, clock, tmp_path)


def claim(units: Database, clock: FixedClock, request: bytes = b"request") -> Claim | Answer:
    with units() as unit:
        return unit.answers.claim(CALLER, "key-00000001", request, clock.now())


def test_a_caller_is_found_with_its_secret(units: Database, clock: FixedClock) -> None:
    with units() as unit:
        made = unit.callers.add("lender", [Scope.ISSUE, Scope.READ], ["person-event"], clock.now())
    with units() as unit:
        found = unit.callers.find(made.caller.caller_id)
        assert found is not None
        assert found.caller == made.caller
        assert found.secret == made.secret
        assert unit.callers.list() == [made.caller]
    assert made.caller.may(Scope.ISSUE)
    assert not made.caller.may(Scope.REVOKE)


def test_an_administrator_may_everything(units: Database, clock: FixedClock) -> None:
    with units() as unit:
        made = unit.callers.add("root", [Scope.ADMIN], None, clock.now())
    assert all(made.caller.may(scope) for scope in Scope)


def test_the_table_does_not_hold_the_secret(units: Database, clock: FixedClock) -> None:
    with units() as unit:
        made = unit.callers.add("lender", [Scope.ISSUE], None, clock.now())
    with units.engine.connect() as connection:
        stored = connection.execute(sa.select(callers.c.secret)).scalar_one()
    assert made.secret not in bytes(stored)
    assert made.secret.hex() not in repr(made)


def test_a_name_is_taken_once_and_the_transaction_goes_on(units: Database, clock: FixedClock) -> None:
    with units() as unit:
        unit.callers.add("lender", [Scope.ISSUE], None, clock.now())
    with units() as unit:
        with pytest.raises(CallerExists):
            unit.callers.add("lender", [Scope.READ], None, clock.now())
        assert len(unit.callers.list()) == 1


def test_a_disabled_caller_is_not_found(units: Database, clock: FixedClock) -> None:
    with units() as unit:
        made = unit.callers.add("lender", [Scope.ISSUE], None, clock.now())
        unit.callers.disable("lender", clock.now())
    with units() as unit:
        assert unit.callers.find(made.caller.caller_id) is None
        assert unit.callers.list()[0].disabled_at == clock.now()


def test_disabling_again_keeps_the_first_time(units: Database, clock: FixedClock) -> None:
    began = clock.now()
    with units() as unit:
        unit.callers.add("lender", [Scope.ISSUE], None, clock.now())
        unit.callers.disable("lender", began)
        clock.advance(days=1)
        assert unit.callers.disable("lender", clock.now()).disabled_at == began


def test_nobody_cannot_be_disabled(units: Database, clock: FixedClock) -> None:
    with units() as unit, pytest.raises(CallerNotFound):
        unit.callers.disable("nobody", clock.now())


def test_a_nonce_serves_once_until_it_expires(units: Database, clock: FixedClock) -> None:
    def use(nonce: str) -> bool:
        now = clock.now()
        with units() as unit:
            return unit.callers.use_nonce(CALLER, nonce, now=now, until=now + timedelta(minutes=10))

    assert use("nonce-1")
    assert not use("nonce-1")
    assert use("nonce-2")
    clock.advance(minutes=11)
    assert use("nonce-3")
    with units.engine.connect() as connection:
        assert list(connection.execute(sa.select(nonces.c.nonce)).scalars()) == ["nonce-3"]


def test_a_retry_gets_the_first_answer(units: Database, clock: FixedClock) -> None:
    first = claim(units, clock)
    assert isinstance(first, Claim)
    with units() as unit:
        unit.answers.keep(first, ANSWER)
    clock.advance(hours=23)
    assert claim(units, clock) == ANSWER


def test_an_answer_is_sealed_at_rest(units: Database, clock: FixedClock) -> None:
    first = claim(units, clock)
    assert isinstance(first, Claim)
    with units() as unit:
        unit.answers.keep(first, ANSWER)
    with units.engine.connect() as connection:
        assert b"planted" not in bytes(connection.execute(sa.select(answers.c.body)).scalar_one())


def test_another_request_under_the_key_is_refused(units: Database, clock: FixedClock) -> None:
    claim(units, clock)
    with pytest.raises(IdempotencyKeyReused):
        claim(units, clock, b"another request")


def test_two_at_once_are_not_answered_twice(units: Database, clock: FixedClock) -> None:
    claim(units, clock)
    with pytest.raises(IdempotencyInProgress):
        claim(units, clock)


def test_after_a_day_the_key_is_free(units: Database, clock: FixedClock) -> None:
    first = claim(units, clock)
    assert isinstance(first, Claim)
    with units() as unit:
        unit.answers.keep(first, ANSWER)
    clock.advance(seconds=KEPT.total_seconds() + 1)
    assert isinstance(claim(units, clock, b"another request"), Claim)


def test_a_released_key_may_be_tried_again(units: Database, clock: FixedClock) -> None:
    first = claim(units, clock)
    assert isinstance(first, Claim)
    with units() as unit:
        unit.answers.release(first)
    assert isinstance(claim(units, clock, b"another request"), Claim)


def test_a_dead_processs_claim_is_taken_over_and_its_late_answer_dropped(
    units: Database, clock: FixedClock
) -> None:
    dead = claim(units, clock)
    clock.advance(seconds=LEASE.total_seconds())
    successor = claim(units, clock)
    assert isinstance(dead, Claim)
    assert isinstance(successor, Claim)
    with units() as unit:
        unit.answers.keep(dead, Answer(500, (), b"late"))
        unit.answers.release(dead)
        unit.answers.keep(successor, ANSWER)
    assert claim(units, clock) == ANSWER


@pytest.mark.parametrize(
    "store", [lambda unit: unit.callers, lambda unit: unit.answers], ids=["callers", "answers"]
)
def test_sealed_values_are_found_and_replaced(
    units: Database, clock: FixedClock, store: Callable[..., object]
) -> None:
    with units() as unit:
        for number in range(3):
            unit.callers.add(f"lender-{number}", [Scope.ISSUE], None, clock.now())
            made = unit.answers.claim(CALLER, f"key-{number}", b"request", clock.now())
            assert isinstance(made, Claim)
            unit.answers.keep(made, ANSWER)
    with units() as unit:
        values = store(unit)
        first = values.wrapped_page(None, 2)  # type: ignore[attr-defined]  # WrappedValues
        rest = values.wrapped_page(first[-1].place, 2)  # type: ignore[attr-defined]
        assert len({one.place for one in (*first, *rest)}) == 3
        assert values.rewrap(first[0].place, first[0].value, b"anew")  # type: ignore[attr-defined]
        assert not values.rewrap(first[0].place, first[0].value, b"late")  # type: ignore[attr-defined]
