"""Cases: when one is over, who may close it, and what it takes afterwards. Rules over event types alone."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from evidence.digest import DigestPair
from evidence.errors import CaseRefused
from evidence.event import Actor, ActorKind, CaseId, EventType


class Ending(enum.StrEnum):
    """How what a case is about came to its end."""

    COMPLETED = "completed"
    DECLINED = "declined"
    EXPIRED = "expired"
    VOIDED = "voided"


ENDINGS: Mapping[EventType, Ending] = {
    EventType.CONTRACT_COMPLETED: Ending.COMPLETED,
    EventType.SIGN_REJECTED: Ending.DECLINED,
    EventType.CONTRACT_EXPIRED: Ending.EXPIRED,
    EventType.CONTRACT_CANCELLED: Ending.VOIDED,
}
"""Each is recorded in the transaction that ends the contract, and only there."""

AFTER_CLOSING = frozenset(
    {
        # access: what is read or handed over changes nothing of what happened
        EventType.EVIDENCE_ACCESSED,
        EventType.EVIDENCE_DISCLOSED,
        EventType.DOC_DOWNLOADED,
        EventType.COPY_DELIVERED,
        EventType.NOTICE_SENT,
        # export and report
        EventType.EVIDENCE_EXPORTED,
        EventType.REPORT_REQUESTED,
        EventType.REPORT_ISSUED,
        EventType.REPORT_VERIFIED,
        # hold and shredding
        EventType.LEGAL_HOLD_SET,
        EventType.LEGAL_HOLD_RELEASED,
        EventType.PAYLOAD_SHREDDED,
        # renewal
        EventType.LTA_EXTENDED,
        EventType.FORMAT_MIGRATED,
        EventType.RENEWAL_TST,
        EventType.RENEWAL_HASH,
        # what is found out late of a process that died: its attempts failed, its keys are gone
        EventType.SIGN_FAILED,
        EventType.KEY_DESTROYED,
    }
)
"""What a closed case still takes. Everything else would be a history written after its end."""

CLOSES_ITSELF_AFTER = timedelta(days=1)
"""How long after its end the system closes a case by itself: a turn's lease is half a minute, a notice's
last attempt comes a good deal later. An operator who looked at the case need not wait."""


class CaseState(enum.StrEnum):
    """Where a case stands; the first that fits, from the last to the first."""

    OPEN = "open"
    ENDED = "ended"
    """Over, and not closed yet."""
    CLOSED = "closed"
    HELD = "held"
    """Under a legal hold, closed or not."""
    SHREDDED = "shredded"


@dataclass(frozen=True, slots=True)
class Ended:
    """How and when a case came to its end."""

    ending: Ending
    at: datetime


@dataclass(frozen=True, slots=True)
class Closing:
    """What CASE_CLOSED commits to: `events` of the case before it, and the root over their leaves."""

    events: int
    root: DigestPair
    ending: Ending


def ended(history: Iterable[tuple[EventType, datetime]]) -> Ended | None:
    """The end that a case's events, in order and with their times, tell of; None while there is none.

    The last one counts: a contract has one end, and only a damaged history tells of two.
    """
    found = None
    for kind, at in history:
        if kind in ENDINGS:
            found = Ended(ENDINGS[kind], at)
    return found


def require_closable(
    case_id: CaseId, history: Iterable[tuple[EventType, datetime]], actor: Actor, now: datetime
) -> Ended:
    """The end after which `actor` may close the case at `now`.

    Raises `CaseRefused` for a case that is closed already or not over, for an actor that is neither an
    operator nor the system, and for the system before `CLOSES_ITSELF_AFTER`.
    """
    known = list(history)
    if any(kind is EventType.CASE_CLOSED for kind, _ in known):
        raise CaseRefused(case_id, "it is closed already")
    end = ended(known)
    if end is None:
        raise CaseRefused(case_id, "what it is about is not over")
    if actor.kind is ActorKind.SYSTEM:
        if now < end.at + CLOSES_ITSELF_AFTER:
            raise CaseRefused(case_id, "it ended too recently for the system to close it")
    elif actor.kind is not ActorKind.OPERATOR:
        raise CaseRefused(case_id, "only an operator or the system may close it")
    return end
