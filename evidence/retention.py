"""How long personal data of a case must stay, from dated and sourced rules, and when it may be destroyed.

keep = max over the rules in force of (their event + their years); what a rule counts from and is not known
keeps the case. A hold keeps it whatever the rules say. Only payloads end: hashes, proofs, tokens and
checkpoints stay for good.
"""

from __future__ import annotations

import calendar
import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone

from evidence.case import Ending, ended
from evidence.event import EventType
from evidence.hold import Hold, standing

CIVIL_TIME = timezone(timedelta(hours=8))
"""In which Chinese law counts days; there is no other."""


class Since(enum.Enum):
    """What a rule counts from."""

    ENDED = "ended"
    """The contract came to its end unsigned, or was completed."""
    SETTLED = "settled"
    """What the contract is about is paid back: known to the bank, not to the log."""
    CERTIFICATES_EXPIRED = "certificates-expired"
    """The last certificate that a signature of the case rests on."""


@dataclass(frozen=True, slots=True)
class RetentionRule:
    """A rule with its source, and the time in which it is in force."""

    rule_id: str
    basis: str
    """As people cite it."""
    since: Since
    years: int
    effective_from: date
    effective_to: date | None = None
    """The first day on which it no longer holds; None while it does."""
    confirmed: bool = False
    """Whether the source's text was read for it; else it is a parameter to be confirmed."""

    def in_force(self, on: date) -> bool:
        """Whether it is law on that day."""
        return self.effective_from <= on and (self.effective_to is None or on < self.effective_to)


RULES: Sequence[RetentionRule] = (
    RetentionRule(
        "aml-2006", "反洗钱法（2006）第十九条", Since.SETTLED, 5, date(2007, 1, 1), date(2025, 1, 1)
    ),
    RetentionRule(
        "aml-2024", "反洗钱法（2024修订）第三十四条", Since.SETTLED, 10, date(2025, 1, 1), confirmed=True
    ),
    RetentionRule(
        "esign-2004",
        "电子签名法第二十四条",
        Since.CERTIFICATES_EXPIRED,
        5,
        date(2005, 4, 1),
        confirmed=True,
    ),
    RetentionRule(
        "limitation-2021",
        "民法典第一百八十八条第二款最长权利保护期间",
        Since.SETTLED,
        20,
        date(2021, 1, 1),
    ),
)
"""Settled + 10 years, certificate expiry + 5 years, and the limitation's longest term, counted from when the
last payment was due at the latest. Dated parameters: an installation's lawyers may give others."""


@dataclass(frozen=True, slots=True)
class Known:
    """What the rules count from and the events of a case do not tell."""

    settled: datetime | None = None
    certificates_expire: datetime | None = None


@dataclass(frozen=True, slots=True)
class Term:
    """Until when one rule keeps a case; None while what it counts from is not known."""

    rule: RetentionRule
    until: datetime | None


@dataclass(frozen=True, slots=True)
class Decision:
    """What follows for a case at a moment."""

    at: datetime
    terms: tuple[Term, ...]
    holds: tuple[Hold, ...]
    """Those that stand."""

    @property
    def governing(self) -> Term | None:
        """The term that ends last; one whose end is not known comes after all others. None without rules."""
        return max(self.terms, key=_last, default=None)

    @property
    def until(self) -> datetime | None:
        """Until when the case is kept; None when that is not known."""
        return None if self.governing is None else self.governing.until

    @property
    def may_shred(self) -> bool:
        """Whether nothing keeps the personal data any more. Without any rule nothing says that it may go."""
        return not self.holds and self.until is not None and self.until <= self.at


def decide(
    rules: Iterable[RetentionRule],
    events: Iterable[tuple[EventType, datetime]],
    holds: Iterable[Hold],
    now: datetime,
    known: Known = Known(),
) -> Decision:
    """What `rules` in force at `now` make of a case with these events and holds.

    A contract that ended unsigned was never paid out, and is settled by its end.
    """
    end = ended(events)
    settled = known.settled
    if end is not None and end.ending is not Ending.COMPLETED and settled is None:
        settled = end.at
    moments: Mapping[Since, datetime | None] = {
        Since.ENDED: None if end is None else end.at,
        Since.SETTLED: settled,
        Since.CERTIFICATES_EXPIRED: known.certificates_expire,
    }
    today = now.astimezone(CIVIL_TIME).date()
    terms = tuple(_term(rule, moments[rule.since]) for rule in rules if rule.in_force(today))
    return Decision(now, terms, standing(holds))


def _term(rule: RetentionRule, moment: datetime | None) -> Term:
    return Term(rule, None if moment is None else end_of(moment, rule.years))


def end_of(moment: datetime, years: int) -> datetime:
    """The end of a period of years from `moment`, as 民法典 201-203 count it.

    The day of the event does not count; the last day is the corresponding one, or the month's last where
    there is none, and ends at 24:00 in China.
    """
    begun = moment.astimezone(CIVIL_TIME).date()
    year = begun.year + years
    day = min(begun.day, calendar.monthrange(year, begun.month)[1])
    last = datetime(year, begun.month, day, tzinfo=CIVIL_TIME)
    return (last + timedelta(days=1)).astimezone(UTC)


_NEVER = datetime(1, 1, 1, tzinfo=UTC)


def _last(term: Term) -> tuple[bool, datetime]:
    return term.until is None, term.until or _NEVER
