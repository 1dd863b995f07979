"""One-time codes: bound to a statement by a keyed digest, counted, locked, never stored or logged."""

from __future__ import annotations

import enum
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import NewType

from evidence.digest import DigestPair
from signing.contract import ContractId
from signing.errors import ChallengeExpired, ChallengeFailed, ChallengeLocked, TooManyRequests
from signing.intent import IntentId
from signing.party import PartyId

ChallengeId = NewType("ChallengeId", str)
"""UUIDv7, 36 characters."""

CODE_DIGITS = 6  # one in 200,000 for five tries
KEY_SIZE = 32  # bytes of the key that a code's digest is made with; random for each challenge
CODE_LIFE = timedelta(minutes=5)
MAX_ATTEMPTS = 5
LOCKED_FOR = timedelta(minutes=30)  # after MAX_ATTEMPTS wrong codes
RESEND_AFTER = timedelta(seconds=60)  # between two codes to one party, as carriers' gateways ask
MAX_CODES_PER_HOUR = 5  # of one party
MAX_CODES_PER_DAY = 10  # to one mobile number, whoever asks
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


class ChallengeState(enum.StrEnum):
    """What became of a code."""

    ISSUED = "issued"
    VERIFIED = "verified"
    LOCKED = "locked"
    SUPERSEDED = "superseded"
    """A newer code was asked for."""


@dataclass(frozen=True, slots=True)
class Challenge:
    """A code that is waited for; of the code itself only the keyed digest."""

    challenge_id: ChallengeId
    contract_id: ContractId
    party_id: PartyId
    intent_id: IntentId
    key: bytes = field(repr=False)
    """Sealed at rest."""
    mac: bytes = field(repr=False)
    issued_at: datetime
    expires_at: datetime
    attempts: int = 0
    """Wrong codes so far."""
    state: ChallengeState = ChallengeState.ISSUED
    locked_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """What came of a try: the challenge as it is to be stored, and the error that the party is told."""

    challenge: Challenge
    error: ChallengeFailed | None


def new_challenge(
    challenge_id: ChallengeId,
    contract_id: ContractId,
    party_id: PartyId,
    intent_id: IntentId,
    statement: DigestPair,
    at: datetime,
) -> tuple[Challenge, str]:
    """A challenge bound to a statement, and its code, which exists here and in the message alone."""
    code = "".join(str(secrets.randbelow(10)) for _ in range(CODE_DIGITS))
    key = secrets.token_bytes(KEY_SIZE)
    challenge = Challenge(
        challenge_id=challenge_id,
        contract_id=contract_id,
        party_id=party_id,
        intent_id=intent_id,
        key=key,
        mac=code_mac(key, challenge_id, statement, code),
        issued_at=at,
        expires_at=at + CODE_LIFE,
    )
    return challenge, code


def code_mac(key: bytes, challenge_id: ChallengeId, statement: DigestPair, code: str) -> bytes:
    """HMAC-SHA-256 over the challenge, both digests of the statement, and the code."""
    bound = b"\0".join((b"xinqian/one-time-code", challenge_id.encode(), code.encode()))
    return hmac.digest(key, statement.sha256 + statement.sm3 + bound, "sha256")


def judge(challenge: Challenge, statement: DigestPair, code: str, at: datetime) -> Judged:
    """Count the try and say what it was; the outcome has to be stored before it is told."""
    if challenge.state is ChallengeState.LOCKED and challenge.locked_until is not None:
        return Judged(challenge, ChallengeLocked(challenge.locked_until))
    if challenge.state is not ChallengeState.ISSUED or at >= challenge.expires_at:
        return Judged(challenge, ChallengeExpired())
    right = code_mac(challenge.key, challenge.challenge_id, statement, code)
    if hmac.compare_digest(right, challenge.mac):
        return Judged(replace(challenge, state=ChallengeState.VERIFIED), None)
    attempts = challenge.attempts + 1
    if attempts < MAX_ATTEMPTS:
        return Judged(replace(challenge, attempts=attempts), ChallengeFailed(MAX_ATTEMPTS - attempts))
    until = at + LOCKED_FOR
    locked = replace(challenge, attempts=attempts, state=ChallengeState.LOCKED, locked_until=until)
    return Judged(locked, ChallengeLocked(until))


@dataclass(frozen=True, slots=True)
class Sent:
    """A code that was sent before: when, and until when the party is locked for having missed it."""

    at: datetime
    locked_until: datetime | None


def require_may_send(party: Sequence[Sent], mobile: Sequence[Sent], at: datetime) -> None:
    """Whether another code may go out.

    `party` and `mobile` hold what was sent to each in the last day, in order. Raises `ChallengeLocked`
    after too many wrong codes, `TooManyRequests` with the seconds to wait.
    """
    locked = max((one.locked_until for one in party if one.locked_until is not None), default=None)
    if locked is not None and at < locked:
        raise ChallengeLocked(locked)
    _require(party, 1, RESEND_AFTER, at)
    _require(party, MAX_CODES_PER_HOUR, HOUR, at)
    _require(mobile, MAX_CODES_PER_DAY, DAY, at)


def _require(sent: Sequence[Sent], most: int, within: timedelta, at: datetime) -> None:
    recent = [one.at for one in sent if one.at > at - within]
    if len(recent) >= most:
        again = sorted(recent)[-most] + within
        raise TooManyRequests("one-time code", max(1, -int((at - again).total_seconds() // 1)))
