"""No attack on a signed contract passes, and each is called by its name."""

from __future__ import annotations

import pytest

from ca.indication import Indication
from keys.suites import Algorithm
from signing.validity.attack import Attack
from tests.support import chains
from tests.support.attacks import forge, misread, reveal
from tests.support.attacks.contract import contract, setting
from tests.support.attacks.variant import VARIANTS

SOURCES = (forge, misread, reveal)
"""Whose variants are registered by importing them."""


@pytest.mark.parametrize("algorithm", chains.DEFAULTS)
@pytest.mark.parametrize("name", VARIANTS)
def test_an_attack_does_not_pass_and_has_its_name(name: str, algorithm: Algorithm) -> None:
    one = VARIANTS[name]
    who = setting(algorithm)
    data = one.of(who)
    report = who.judge(data)
    assert report.indication is not Indication.TOTAL_PASSED
    assert one.attack in {found.attack for found in report.attacks}
    assert report.sub_indication is not None


def test_there_are_forty_variants_over_every_class() -> None:
    assert len(VARIANTS) >= 40
    assert {one.attack for one in VARIANTS.values()} == set(Attack)


@pytest.mark.parametrize("algorithm", chains.DEFAULTS)
@pytest.mark.parametrize("bait", [False, True])
@pytest.mark.parametrize("name", VARIANTS)
def test_a_variant_differs_from_the_contract(name: str, algorithm: Algorithm, *, bait: bool) -> None:
    """Else the generator would test nothing."""
    one = VARIANTS[name]
    if one.bait is bait and name != "shadow-hide-and-replace/nothing_but_prepared":
        assert one.of(setting(algorithm)) != contract(algorithm, bait=bait)
