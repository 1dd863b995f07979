"""Until when a case is kept: dated rules, what they count from, holds, days as the Civil Code counts them."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from evidence.event import CaseId, EventType
from evidence.hold import Hold, HoldGround
from evidence.retention import RULES, Known, RetentionRule, Since, decide, end_of
from tests.support.clock import NOON

SIGNED = [(EventType.CONTRACT_COMPLETED, NOON)]
DECLINED = [(EventType.SIGN_REJECTED, NOON)]
HOLD = Hold("h", CaseId("c"), HoldGround.LITIGATION, "court", "1", "op", ("a", "b"), NOON)
SETTLED = datetime(2030, 1, 15, 3, tzinfo=UTC)
KNOWN = Known(SETTLED, NOON + timedelta(minutes=10))
LATE = datetime(2090, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "years", "end"),
    [
        # the day itself does not count, the last day ends at 24:00 in China, which is 16:00 UTC
        ("2030-01-15T03:00:00+00:00", 10, "2040-01-15T16:00:00+00:00"),
        ("2030-01-15T15:59:59+00:00", 1, "2031-01-15T16:00:00+00:00"),
        ("2030-01-15T16:00:00+00:00", 1, "2031-01-16T16:00:00+00:00"),
        ("2028-02-29T00:00:00+00:00", 1, "2029-02-28T16:00:00+00:00"),
        ("2028-02-29T00:00:00+00:00", 4, "2032-02-29T16:00:00+00:00"),
        ("2029-12-31T16:00:00+00:00", 5, "2035-01-01T16:00:00+00:00"),
    ],
)
def test_days_are_counted_as_the_civil_code_does(moment: str, years: int, end: str) -> None:
    assert end_of(datetime.fromisoformat(moment), years) == datetime.fromisoformat(end)


def test_the_longest_term_governs() -> None:
    decision = decide(RULES, SIGNED, (), LATE, KNOWN)
    assert {term.rule.rule_id for term in decision.terms} == {"aml-2024", "esign-2004", "limitation-2021"}
    assert decision.governing is not None
    assert decision.governing.rule.rule_id == "limitation-2021"
    assert decision.until == end_of(SETTLED, 20)


def test_a_certificate_that_lives_longer_than_the_loan_governs() -> None:
    expire = SETTLED + timedelta(days=365 * 30)
    assert decide(RULES, SIGNED, (), LATE, Known(SETTLED, expire)).until == end_of(expire, 5)


def test_the_data_may_go_at_the_end_of_the_term_and_not_before() -> None:
    until = end_of(SETTLED, 20)
    assert not decide(RULES, SIGNED, (), until - timedelta(microseconds=1), KNOWN).may_shred
    assert decide(RULES, SIGNED, (), until, KNOWN).may_shred


@pytest.mark.parametrize("known", [Known(), Known(SETTLED), Known(certificates_expire=NOON)])
def test_what_is_not_known_keeps_the_case(known: Known) -> None:
    decision = decide(RULES, SIGNED, (), LATE, known)
    assert (decision.until, decision.may_shred) == (None, False)


def test_a_contract_that_was_never_signed_is_settled_by_its_end() -> None:
    decision = decide(RULES, DECLINED, (), LATE, Known(certificates_expire=NOON))
    assert (decision.until, decision.may_shred) == (end_of(NOON, 20), True)


def test_a_case_that_is_not_over_is_kept() -> None:
    assert not decide(RULES, [(EventType.CONTRACT_GENERATED, NOON)], (), LATE).may_shred
    assert not decide(RULES, [], (), LATE).may_shred


def test_a_hold_keeps_it_whatever_the_rules_say() -> None:
    decision = decide(RULES, SIGNED, (HOLD,), LATE, KNOWN)
    assert (decision.holds, decision.may_shred) == ((HOLD,), False)
    released = replace(HOLD, released_at=NOON)
    assert decide(RULES, SIGNED, (released,), LATE, KNOWN).may_shred
    assert not decide(RULES, SIGNED, (released, replace(HOLD, hold_id="i")), LATE, KNOWN).may_shred


def test_no_rule_no_permission() -> None:
    decision = decide((), SIGNED, (), LATE, KNOWN)
    assert (decision.governing, decision.until, decision.may_shred) == (None, None, False)


def test_a_rule_holds_from_its_day_in_china_to_the_day_before_the_next() -> None:
    rule = RetentionRule("r", "x", Since.ENDED, 1, date(2025, 1, 1), date(2026, 1, 1))

    def applies(moment: datetime) -> bool:
        return bool(decide((rule,), SIGNED, (), moment).terms)

    assert not applies(datetime(2024, 12, 31, 15, 59, tzinfo=UTC))
    assert applies(datetime(2024, 12, 31, 16, tzinfo=UTC))
    assert applies(datetime(2025, 12, 31, 15, 59, tzinfo=UTC))
    assert not applies(datetime(2025, 12, 31, 16, tzinfo=UTC))


def test_every_rule_has_an_id_of_its_own_and_a_source() -> None:
    assert len({rule.rule_id for rule in RULES}) == len(RULES)
    assert all(rule.basis and rule.years > 0 for rule in RULES)
