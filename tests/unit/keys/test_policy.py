from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import product

import pytest

from keys.errors import AlgorithmNotAllowed
from keys.policy import RULES, Rule, Use, check_algorithm
from keys.suites import Algorithm, Digest
from tests.support.clock import NOON

ALL = [*Algorithm, *Digest]


@pytest.mark.parametrize(("algorithm", "use"), list(product(ALL, Use)), ids=str)
def test_everything_we_offer_is_allowed_today_by_one_rule(algorithm: Algorithm | Digest, use: Use) -> None:
    (rule,) = [rule for rule in RULES if (rule.algorithm, rule.use) == (algorithm, use)]
    assert check_algorithm(algorithm, use, NOON) is rule
    assert rule.source


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: f"{rule.algorithm}-{rule.use}")
def test_a_rule_holds_from_its_first_instant_to_the_one_before_its_last(rule: Rule) -> None:
    instant = timedelta(microseconds=1)
    check_algorithm(rule.algorithm, rule.use, rule.since)
    with pytest.raises(AlgorithmNotAllowed, match="not before"):
        check_algorithm(rule.algorithm, rule.use, rule.since - instant)
    if rule.until is not None:
        check_algorithm(rule.algorithm, rule.use, rule.until - instant)
        with pytest.raises(AlgorithmNotAllowed, match="not since") as caught:
            check_algorithm(rule.algorithm, rule.use, rule.until)
        assert caught.value.algorithm == rule.algorithm.value
        assert caught.value.use == rule.use.value


def test_what_may_be_signed_with_may_be_verified() -> None:
    rules = {(rule.algorithm, rule.use): rule for rule in RULES}
    never = datetime.max.replace(tzinfo=UTC)
    for algorithm in ALL:
        signing, verifying = rules[algorithm, Use.SIGN], rules[algorithm, Use.VERIFY]
        assert verifying.since <= signing.since
        assert (verifying.until or never) >= (signing.until or never)
