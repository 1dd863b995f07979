"""One-time codes: bound, counted, locked, limited, and nowhere to be found."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from evidence.digest import DigestPair
from signing.challenge import (
    CODE_DIGITS,
    CODE_LIFE,
    LOCKED_FOR,
    MAX_ATTEMPTS,
    MAX_CODES_PER_DAY,
    MAX_CODES_PER_HOUR,
    RESEND_AFTER,
    Challenge,
    ChallengeId,
    ChallengeState,
    Sent,
    judge,
    new_challenge,
    require_may_send,
)
from signing.contract import ContractId
from signing.errors import ChallengeExpired, ChallengeFailed, ChallengeLocked, TooManyRequests
from signing.intent import IntentId
from signing.party import PartyId
from tests.support.clock import NOON

STATEMENT = DigestPair.of(b"statement")
OTHER = DigestPair.of(b"another")


def issued() -> tuple[Challenge, str]:
    return new_challenge(ChallengeId("c"), ContractId("k"), PartyId("p"), IntentId("i"), STATEMENT, NOON)


def wrong(code: str) -> str:
    return f"{(int(code) + 1) % 10**CODE_DIGITS:0{CODE_DIGITS}}"


def test_the_right_code_serves_once() -> None:
    challenge, code = issued()
    assert len(code) == CODE_DIGITS
    assert code.isdigit()
    judged = judge(challenge, STATEMENT, code, NOON)
    assert judged.error is None
    assert judged.challenge.state is ChallengeState.VERIFIED
    again = judge(judged.challenge, STATEMENT, code, NOON)
    assert isinstance(again.error, ChallengeExpired)


def test_the_code_is_of_one_statement_and_one_challenge() -> None:
    challenge, code = issued()
    assert isinstance(judge(challenge, OTHER, code, NOON).error, ChallengeFailed)
    moved = replace(challenge, challenge_id=ChallengeId("d"))
    assert isinstance(judge(moved, STATEMENT, code, NOON).error, ChallengeFailed)


def test_nothing_of_the_code_is_kept() -> None:
    challenge, code = issued()
    assert code.encode() not in challenge.mac + challenge.key
    assert code not in repr(challenge)
    assert challenge.mac.hex() not in repr(challenge)


def test_wrong_codes_are_counted_until_it_locks() -> None:
    challenge, code = issued()
    for left in range(MAX_ATTEMPTS - 1, 0, -1):
        judged = judge(challenge, STATEMENT, wrong(code), NOON)
        assert type(judged.error) is ChallengeFailed
        assert judged.error.attempts_left == left
        challenge = judged.challenge
    locked = judge(challenge, STATEMENT, wrong(code), NOON)
    assert isinstance(locked.error, ChallengeLocked)
    assert locked.error.until == NOON + LOCKED_FOR
    right = judge(locked.challenge, STATEMENT, code, NOON)
    assert isinstance(right.error, ChallengeLocked), "the right code comes too late"


def test_a_code_lives_minutes() -> None:
    challenge, code = issued()
    just = judge(challenge, STATEMENT, code, NOON + CODE_LIFE - timedelta(seconds=1))
    assert just.error is None
    assert isinstance(judge(challenge, STATEMENT, code, NOON + CODE_LIFE).error, ChallengeExpired)


def test_an_empty_code_and_one_of_other_text_are_wrong() -> None:
    challenge, code = issued()
    for given in ("", code + "0", code[:-1], "\uff11\uff12\uff13\uff14\uff15\uff16", "\0"):
        assert isinstance(judge(challenge, STATEMENT, given, NOON).error, ChallengeFailed)


def sent(*seconds_ago: float) -> list[Sent]:
    return [Sent(NOON - timedelta(seconds=one), None) for one in sorted(seconds_ago, reverse=True)]


def test_codes_may_be_sent_within_limits() -> None:
    require_may_send([], [], NOON)
    require_may_send(sent(61), sent(61), NOON)


@pytest.mark.parametrize(
    ("party", "mobile", "wait"),
    [
        (sent(10), [], RESEND_AFTER.total_seconds() - 10),
        (sent(*range(100, 100 * (MAX_CODES_PER_HOUR + 1), 100)), [], 3_600 - 500),
        ([], sent(*range(3_600, 3_600 * (MAX_CODES_PER_DAY + 1), 3_600)), 86_400 - 36_000),
    ],
)
def test_more_has_to_wait(party: list[Sent], mobile: list[Sent], wait: float) -> None:
    with pytest.raises(TooManyRequests) as refused:
        require_may_send(party, mobile, NOON)
    assert refused.value.retry_after == wait


def test_a_locked_party_gets_no_new_code() -> None:
    until = NOON + timedelta(minutes=3)
    with pytest.raises(ChallengeLocked) as locked:
        require_may_send([Sent(NOON - timedelta(minutes=20), until)], [], NOON)
    assert locked.value.until == until
    require_may_send([Sent(NOON - timedelta(minutes=20), until)], [], until)
