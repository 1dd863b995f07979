"""NTP over UDP, against simulators of servers on the loopback."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import sqlalchemy as sa

from ca.adapters.database_clock import DatabaseClock
from ca.adapters.ntp import NtpQuorum
from ca.clocksample import MAX_OFFSET_MS
from ca.errors import TimeNotAvailable
from ca.timestamp import Imprint, TimestampRequest
from ca.timestamp_response import parse_response
from evidence.adapters.system_clock import SystemClock
from keys.suites import Digest
from tests.support.clock import FixedClock
from tests.support.ntp_server import NtpServer
from tests.support.timestamping import make_authority
from tests.support.units import open_units

QUERY = TimestampRequest(Imprint.of(Digest.SHA256, b"data"), None, None, cert_req=True).encoded()


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    with ExitStack() as opened:
        yield opened


def servers(stack: ExitStack, *skews: float, clock: FixedClock, stratum: int = 2, leap: int = 0) -> list[str]:
    made = [NtpServer(clock, skew_s=skew, stratum=stratum, leap=leap) for skew in skews]
    return [stack.enter_context(one).address for one in made]


def quorum(addresses: list[str], clock: FixedClock) -> NtpQuorum:
    return NtpQuorum(addresses, clock, max_offset_ms=MAX_OFFSET_MS)


def test_three_that_agree_vouch_for_the_clock(stack: ExitStack) -> None:
    clock = FixedClock()
    offset = quorum(servers(stack, 0.01, 0.0, -0.01, clock=clock), clock).offset()
    assert abs(offset.ms) < 200
    assert offset.bound_ms <= MAX_OFFSET_MS
    assert offset.source == "ntp (3 of 3)"


def test_the_offset_is_clock_minus_reference(stack: ExitStack) -> None:
    clock = FixedClock()
    offset = quorum(servers(stack, -0.6, -0.6, -0.6, clock=clock), clock).offset()
    assert 500 < offset.ms < 700


def test_two_of_three_skewed_is_no_quorum(stack: ExitStack) -> None:
    clock = FixedClock()
    with pytest.raises(TimeNotAvailable, match="1 of 3"):
        quorum(servers(stack, 0, 5, -5, clock=clock), clock).offset()


def test_three_of_five_are_enough_and_three_of_seven_are_not(stack: ExitStack) -> None:
    clock = FixedClock()
    assert quorum(servers(stack, 0, 0, 0, 9, 9, clock=clock), clock).offset().source == "ntp (3 of 5)"
    with pytest.raises(TimeNotAvailable, match="3 of 7"):
        quorum(servers(stack, 0, 0, 0, 9, 9, 9, 9, clock=clock), clock).offset()


def test_servers_that_do_not_answer_do_not_count(stack: ExitStack) -> None:
    clock = FixedClock()
    silent = stack.enter_context(NtpServer(clock, silent=True)).address
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as unused:
        unused.bind(("127.0.0.1", 0))
        nobody = f"127.0.0.1:{unused.getsockname()[1]}"
    with pytest.raises(TimeNotAvailable, match="1 NTP servers answered"):
        quorum([*servers(stack, 0, clock=clock), silent, nobody], clock).offset()


@pytest.mark.parametrize("state", [{"leap": 3}, {"stratum": 0}, {"stratum": 16}])
def test_servers_that_are_not_synchronised_do_not_count(stack: ExitStack, state: dict[str, int]) -> None:
    clock = FixedClock()
    right = servers(stack, 0, 0, clock=clock)
    with pytest.raises(TimeNotAvailable, match="2 NTP servers answered"):
        quorum([*right, *servers(stack, 0, clock=clock, **state)], clock).offset()


def test_fewer_than_three_servers_cannot_be_configured() -> None:
    for few in (["a"], ["a", "b"], ["a", "b", "a"]):
        with pytest.raises(ValueError, match="3 different"):
            NtpQuorum(few, FixedClock(), max_offset_ms=MAX_OFFSET_MS)


def test_a_signer_whose_clock_the_servers_contradict_stamps_nothing(
    stack: ExitStack, engine: sa.Engine, tmp_path: Path
) -> None:
    true = FixedClock()
    addresses = servers(stack, 0, 0, 0, clock=true)
    units = open_units(engine, true, tmp_path)
    first = make_authority(units, true, sources=[quorum(addresses, true)])
    (response,) = first.authority.stamp([QUERY], "caller")
    assert parse_response(response).token is not None
    skewed = FixedClock()
    skewed.skew(seconds=3)
    second = make_authority(
        units, skewed, sources=[quorum(addresses, skewed)], instance="two", boot="other", share=first
    )
    (response,) = second.authority.stamp([QUERY], "caller")
    assert parse_response(response).failure == "timeNotAvailable"


def test_the_database_servers_clock_is_a_source(engine: sa.Engine) -> None:
    if engine.dialect.name != "postgresql":
        with pytest.raises(ValueError, match="PostgreSQL"):
            DatabaseClock(engine, SystemClock())
        return
    offset = DatabaseClock(engine, SystemClock()).offset()
    assert offset.bound_ms < MAX_OFFSET_MS
    skewed = FixedClock(SystemClock().now())
    skewed.skew(hours=1)
    assert abs(DatabaseClock(engine, skewed).offset().ms - 3_600_000) < 60_000
