"""Dropping superseded clock samples changes no verdict."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ca.clocksample import ClockSample, Offset, contradiction, is_superseded
from tests.support.clock import NOON

OFFSET = Offset("test", 0, 1)
# In quarters of a second, and near the limits, where a verdict would change if one did.
WILD = st.one_of(st.integers(-8, 8), st.integers(-1_600, 1_600))  # how far a wall may be off
RIGHT = st.integers(-4, 4)
STEPS = st.one_of(st.integers(0, 12), st.integers(460, 500), st.integers(0, 1_200))


def looks(errors: st.SearchStrategy[int]) -> st.SearchStrategy[list[tuple[int, int, int]]]:
    """Which instance looks, how long after the look before, and how far its wall is off."""
    return st.lists(st.tuples(st.integers(0, 3), STEPS, errors), min_size=2, max_size=12)


def verdicts(boots: tuple[str, ...], story: list[tuple[int, int, int]]) -> int:
    """How many looks were accepted, the same by all last samples and by those not superseded."""
    everything: dict[str, ClockSample] = {}
    kept: dict[str, ClockSample] = {}
    passed, accepted = 0.0, 0
    for number, step, error in story:
        passed += step / 4
        wall = NOON + timedelta(seconds=passed + error / 4)
        sample = ClockSample(f"instance-{number}", boots[number], wall, passed, OFFSET)
        refused = contradiction(sample, everything.values()) is not None
        assert (contradiction(sample, kept.values()) is not None) == refused
        if refused:
            continue
        accepted += 1
        everything[sample.instance] = sample
        kept = {name: one for name, one in kept.items() if not is_superseded(one, sample)}
        kept[sample.instance] = sample
    return accepted


@pytest.mark.parametrize("boot", ["boot", ""])
@settings(max_examples=1_000, deadline=None)
@given(story=looks(WILD))
def test_of_one_boot_whatever_the_clock_does(boot: str, story: list[tuple[int, int, int]]) -> None:
    assert verdicts((boot,) * 4, story) >= 1


@settings(max_examples=1_000, deadline=None)
@given(story=looks(RIGHT))
def test_of_several_boots_whose_clocks_are_within_the_limit(story: list[tuple[int, int, int]]) -> None:
    assert verdicts(("one", "one", "two", ""), story) >= 1
