from __future__ import annotations

import gc
import weakref
from concurrent.futures import ThreadPoolExecutor

import pytest

from keys.errors import KeyStateInvalid, KeyUseExhausted
from keys.onetime import OneTimeKey
from keys.private import PrivateKey
from keys.suites import Algorithm
from tests.support.clock import NOON, FixedClock

every_algorithm = pytest.mark.parametrize("algorithm", [Algorithm.P256, Algorithm.SM2])


@every_algorithm
def test_it_signs_and_leaves_a_record(algorithm: Algorithm) -> None:
    clock = FixedClock()
    with OneTimeKey(algorithm, clock, uses=2) as key:
        for message in (b"request", b"contract"):
            key.public.verify(key.sign(message), message)
        assert key.destruction is None
        clock.advance(seconds=3)
    assert key.destruction is not None
    assert key.destruction.facts() == {
        "algorithm": algorithm.value,
        "created_at": "2026-11-23T12:00:00.000Z",
        "custody": "memory",
        "destroyed_at": "2026-11-23T12:00:03.000Z",
        "key_id": key.key_id,
        "public_key": key.public.fingerprint,
        "uses": 2,
    }
    assert key.created_at == NOON


def test_it_signs_no_more_often_than_allowed() -> None:
    with OneTimeKey(Algorithm.P256, FixedClock()) as key:
        key.sign(b"once")
        with pytest.raises(KeyUseExhausted):
            key.sign(b"twice")
        assert key.destroy().uses == 1


def test_threads_together_sign_no_more_often_than_allowed() -> None:
    def use(_: int) -> bool:
        try:
            key.sign(b"x")
        except KeyUseExhausted:
            return False
        return True

    with OneTimeKey(Algorithm.P256, FixedClock(), uses=10) as key, ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(use, range(200))) == 10


def test_it_is_destroyed_when_the_block_fails() -> None:
    key = OneTimeKey(Algorithm.P256, FixedClock(), uses=5)
    with pytest.raises(ZeroDivisionError), key:
        _ = 1 // 0
    assert key.destruction is not None
    assert key.destruction.uses == 0
    with pytest.raises(KeyStateInvalid):
        key.sign(b"after the end")


def test_the_first_record_of_destruction_stands() -> None:
    clock = FixedClock()
    key = OneTimeKey(Algorithm.P256, clock)
    first = key.destroy()
    clock.advance(minutes=1)
    assert key.destroy() is first


def test_nothing_keeps_the_private_key_alive() -> None:
    key = OneTimeKey(Algorithm.P256, FixedClock())
    private = key._private
    assert isinstance(private, PrivateKey)
    operation = weakref.ref(private._operation)
    del private
    key.destroy()
    gc.collect()
    assert operation() is None


def test_a_key_of_no_use_is_refused() -> None:
    with pytest.raises(ValueError, match="once"):
        OneTimeKey(Algorithm.P256, FixedClock(), uses=0)
