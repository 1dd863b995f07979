"""The timestamp authority: recorded before it answers, or no answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from api.db import Database, Unit
from ca.adapters.timestamps import tokens
from ca.errors import NotFound, TimeNotAvailable
from ca.serial import SerialNumber
from ca.stamp import MAX_BATCH, Asked, case_of
from ca.timestamp import Imprint, TimestampRequest
from ca.timestamp_response import parse_response
from ca.token import VerifiedToken, verify_token
from ca.tsu import Token
from keys.errors import KeyStateInvalid, KeyUseExhausted
from keys.key import KeyState
from keys.suites import Algorithm, Digest
from tests.support import chains
from tests.support.clock import FixedClock
from tests.support.timestamping import OTHER_POLICY, POLICY, Stamping, make_authority
from tests.support.units import TENANT, open_units

DATA = b"data"


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock()


@pytest.fixture
def units(engine: sa.Engine, clock: FixedClock, tmp_path: Path) -> Database:
    return open_units(engine, clock, tmp_path)


@pytest.fixture(params=list(chains.DEFAULTS))
def stamping(request: pytest.FixtureRequest, units: Database, clock: FixedClock) -> Stamping:
    return make_authority(units, clock, request.param)


def query(data: bytes = DATA, **changes: object) -> bytes:
    values: dict[str, Any] = {"policy": None, "nonce": 5, "cert_req": True}
    return TimestampRequest(Imprint.of(Digest.SHA256, data), **(values | changes)).encoded()


def granted(response: bytes, data: bytes = DATA) -> VerifiedToken:
    token = parse_response(response).token
    assert token is not None
    return verify_token(token, data=data)


def failure(response: bytes) -> str | None:
    parsed = parse_response(response)
    assert parsed.token is None
    return parsed.failure


def events(stamping: Stamping) -> list[dict[str, Any]]:
    with stamping.units() as unit:
        found = unit.events.case(TENANT, case_of(stamping.unit.suite))
    return [json.loads(event.envelope) for event in found]


def rows(units: Database) -> int:
    with units.engine.connect() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(tokens)).scalar_one()


def test_a_token_is_recorded_with_its_event(stamping: Stamping, clock: FixedClock) -> None:
    (response,) = stamping.authority.stamp([query()], "caller-1")
    info = granted(response).info
    assert (info.gen_time, info.nonce, info.policy) == (clock.now(), 5, POLICY)
    with stamping.units() as unit:
        kept = unit.timestamps.get(SerialNumber(info.serial))
        assert unit.keys.get(stamping.unit.signer.key_id).use_count == 2  # the clock sample, the token
    assert (kept.requester, kept.imprint, kept.suite) == ("caller-1", info.imprint.value, stamping.unit.suite)
    own = [stamping.unit.certificate.data]
    assert verify_token(kept.token, data=DATA, certificates=own).info == info
    (event,) = events(stamping)
    assert event["type"] == "TST_ISSUED"
    assert event["facts"]["count"] == 1
    assert event["facts"]["tokens"][0].split()[0] == f"{info.serial:032x}"
    assert event["facts"]["clock"]["source"].startswith("host")


def test_a_batch_is_answered_in_order_in_one_transaction(stamping: Stamping) -> None:
    queries = [query(str(place).encode()) for place in range(20)]
    responses = stamping.authority.stamp(queries, "caller")
    found = [granted(response, str(place).encode()) for place, response in enumerate(responses)]
    assert len({one.info.serial for one in found}) == 20
    (event,) = events(stamping)
    assert event["facts"]["count"] == 20
    assert stamping.authority.stamp([], "caller") == []
    with pytest.raises(ValueError, match="at most"):
        stamping.authority.stamp([b""] * (MAX_BATCH + 1), "caller")


def test_wrong_requests_do_not_hold_up_right_ones(stamping: Stamping) -> None:
    responses = stamping.authority.stamp(
        [query(), b"garbage", query(policy="1.2.3.4"), query(policy=OTHER_POLICY), query()[:-1]], "caller"
    )
    assert granted(responses[0]).info.policy == POLICY
    assert failure(responses[1]) == "badDataFormat"
    assert failure(responses[2]) == "unacceptedPolicy"
    assert granted(responses[3]).info.policy == OTHER_POLICY
    assert failure(responses[4]) == "badDataFormat"
    issued, refused = events(stamping)
    assert issued["facts"]["count"] == 2
    assert refused["type"] == "TST_REFUSED"
    assert refused["facts"] == {"count": 1, "failure": "unacceptedPolicy", "suite": stamping.unit.suite.value}


def test_a_flood_of_refusals_costs_one_event_a_second(stamping: Stamping, clock: FixedClock) -> None:
    for _ in range(10):
        stamping.authority.stamp([query(policy="1.2.3.4")] * 3, "caller")
    assert [event["facts"]["count"] for event in events(stamping)] == [3]
    clock.advance(seconds=1)
    stamping.authority.stamp([query(policy="1.2.3.4")], "caller")
    assert [event["facts"]["count"] for event in events(stamping)] == [3, 28]
    stamping.authority.stamp([b"garbage"] * 50, "caller")
    assert len(events(stamping)) == 2


def test_no_lease_no_token(stamping: Stamping, clock: FixedClock) -> None:
    stamping.guard.check()
    clock.skew(hours=1)
    (response,) = stamping.authority.stamp([query()], "caller")
    assert failure(response) == "timeNotAvailable"
    assert rows(stamping.units) == 0
    assert [event["type"] for event in events(stamping)] == ["TST_REFUSED"]
    with pytest.raises(TimeNotAvailable):
        stamping.authority.token(Imprint.of(Digest.SHA256, DATA), "in process")


def test_a_lease_that_ends_while_stamping_undoes_it(stamping: Stamping, clock: FixedClock) -> None:
    make = stamping.unit.batch

    def stepping(moment: datetime) -> Callable[[TimestampRequest, SerialNumber], Token]:
        clock.skew(seconds=2)
        return make(moment)

    stamping.unit.batch = stepping  # type: ignore[method-assign]
    (response,) = stamping.authority.stamp([query()], "caller")
    assert failure(response) == "timeNotAvailable"
    assert rows(stamping.units) == 0


def test_a_second_signer_with_a_skewed_clock_stamps_nothing(units: Database, clock: FixedClock) -> None:
    first = make_authority(units, clock)
    first.authority.stamp([query()], "caller")
    for hours in (-1, 1):
        skewed = FixedClock(clock.moment)
        skewed.skew(hours=hours)
        second = make_authority(units, skewed, instance="two", share=first)
        (response,) = second.authority.stamp([query()], "caller")
        assert failure(response) == "timeNotAvailable"
    assert rows(units) == 1


def test_after_the_certificates_life_nothing_is_stamped(stamping: Stamping, clock: FixedClock) -> None:
    clock.advance(days=36_500)
    (response,) = stamping.authority.stamp([query()], "caller")
    assert failure(response) == "systemFailure"
    assert rows(stamping.units) == 0


def test_a_key_out_of_service_stamps_nothing(stamping: Stamping) -> None:
    stamping.authority.stamp([query()], "caller")
    with stamping.units() as unit:
        unit.keys.transition(stamping.unit.signer.key_id, KeyState.SUSPENDED)
    with pytest.raises(KeyStateInvalid):
        stamping.authority.stamp([query()], "caller")
    assert rows(stamping.units) == 1


def test_uses_are_counted_once_a_batch_and_end_at_the_limit(units: Database, clock: FixedClock) -> None:
    stamping = make_authority(units, clock, use_limit=10)
    stamping.authority.stamp([query()] * 9, "caller")
    with pytest.raises(KeyUseExhausted):
        stamping.authority.stamp([query()], "caller")
    assert rows(units) == 9


class Broken(Exception):
    """What a store raises."""


class BreakingUnits:
    """Units whose commit fails, after the work or although it was done."""

    def __init__(self, units: Database) -> None:
        self._units = units
        self.broken = True

    @contextmanager
    def __call__(self) -> Iterator[Unit]:
        with self._units() as unit:
            yield unit
            if self.broken and unit.log.heads:
                raise Broken

    def reading(self) -> AbstractContextManager[Unit]:
        return self._units.reading()


def test_a_commit_that_fails_lets_no_token_out(stamping: Stamping) -> None:
    stamping.guard.check()
    breaking = BreakingUnits(stamping.units)
    stamping.authority._units = breaking
    with pytest.raises(Broken):
        stamping.authority.stamp([query()], "caller")
    assert rows(stamping.units) == 0
    assert events(stamping) == []
    breaking.broken = False
    granted(stamping.authority.stamp([query()], "caller")[0])


def test_threads_share_an_authority(stamping: Stamping) -> None:
    stamping.guard.check()
    with ThreadPoolExecutor(4) as pool:
        batches = list(
            pool.map(lambda place: stamping.authority.stamp([query(bytes([place]))] * 3, "c"), range(8))
        )
    serials = {
        granted(response, bytes([place])).info.serial
        for place, batch in enumerate(batches)
        for response in batch
    }
    assert len(serials) == 24
    assert rows(stamping.units) == 24


def test_each_requester_is_recorded(stamping: Stamping) -> None:
    asked = [Asked(query(name.encode()), name) for name in ("a", "b")]
    for name, response in zip("ab", stamping.authority.stamp_each(asked), strict=True):
        serial = SerialNumber(granted(response, name.encode()).info.serial)
        with stamping.units() as unit:
            assert unit.timestamps.get(serial).requester == name


def test_tokens_in_process_carry_certificates(units: Database, clock: FixedClock) -> None:
    stamping = make_authority(units, clock, Algorithm.SM2)
    token = stamping.authority.token(Imprint.of(Digest.SM3, DATA), "signing")
    verified = verify_token(token, data=DATA)
    assert verified.certificate == stamping.unit.certificate
    with stamping.units() as unit, pytest.raises(NotFound):
        unit.timestamps.get(SerialNumber(1))
