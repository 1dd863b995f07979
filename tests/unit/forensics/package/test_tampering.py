"""Every change is caught, at the step that should, with words that say what."""

from __future__ import annotations

import pytest

from ca.indication import Indication, Outcome
from forensics.package.judge import judge_package
from keys.suites import Algorithm
from tests.support.packaging import NOW, SEALS, package, trust
from tests.support.tampering import TAMPERINGS, Tampering


@pytest.mark.parametrize("algorithm", SEALS)
@pytest.mark.parametrize("tampering", TAMPERINGS, ids=lambda one: one.name)
def test_a_change_is_caught_where_it_should(tampering: Tampering, algorithm: Algorithm) -> None:
    changed = tampering.make(algorithm)
    assert changed != package(algorithm), "the change is none"
    report = judge_package(changed, trust(), now=NOW)
    assert report.indication is not Indication.TOTAL_PASSED
    failing = [one for one in report.steps if one.indication not in {None, Indication.TOTAL_PASSED}]
    assert failing[0].step_id == tampering.step
    said = " ".join(one.detail for one in failing[0].findings if one.outcome is Outcome.FAILED)
    assert said
    assert tampering.words in said


def test_there_are_enough_of_them() -> None:
    assert len({one.name for one in TAMPERINGS}) == len(TAMPERINGS) >= 60
