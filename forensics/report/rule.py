"""Rules that answer the six questions: each has an id, a citation and one check over the case.

A rule that does not decide only reserves: its finding is told beside the answer and in the mapping to law.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from ca.indication import Indication
from evidence.event import EventType
from forensics.report.casefile import CaseFile, Commission, Institution, Occurrence, occurrence
from forensics.report.finding import (
    Answer,
    Conclusion,
    Item,
    Question,
    Ruling,
    absent,
    code,
    said,
    text,
    worst,
)
from signing.party import Party, PartyState
from signing.validity.report import Kind, SignatureReport


class Case:
    """A case file as the rules look at it."""

    def __init__(self, file: CaseFile, institution: Institution, commission: Commission) -> None:
        self.file = file
        self.institution = institution
        self.commission = commission
        self.contract = file.contract
        self.occurrences = tuple(occurrence(one, file.personal.get(one.event_id)) for one in file.events)
        self.system = tuple(occurrence(one) for one in file.system)

    def of(self, *kinds: EventType, party: Party | None = None, ok: bool | None = None) -> list[Occurrence]:
        """Occurrences of these kinds, in order."""
        return [
            one
            for one in self.occurrences
            if one.type in kinds
            and (party is None or one.party == party.party_id)
            and (ok is None or one.ok is ok)
        ]

    @cached_property
    def parties(self) -> tuple[Party, ...]:
        """Those that were not replaced."""
        return tuple(one for one in self.contract.parties if one.state is not PartyState.REPLACED)

    @cached_property
    def signed(self) -> tuple[Party, ...]:
        """Those that have signed."""
        return tuple(one for one in self.parties if one.state is PartyState.SIGNED)

    @cached_property
    def present(self) -> tuple[Party, ...]:
        """Those that signed by an act of their own."""
        return tuple(one for one in self.signed if not one.silent)

    @property
    def signatures(self) -> tuple[SignatureReport, ...]:
        """Signatures of the file, without document timestamps."""
        judged = self.file.judged
        return () if judged is None else tuple(s for s in judged.signatures if s.kind is Kind.SIGNATURE)

    def party_of(self, field: str) -> Party | None:
        """Whose signature field it is."""
        return next((one for one in self.contract.parties if field in one.fields), None)

    def number_of(self, party: Party) -> int:
        """From 1, in the contract's order; replaced parties keep theirs."""
        return self.contract.parties.index(party) + 1

    def label(self, party: Party) -> Item:
        """`当事人1（借款人）`: without a name."""
        return said("party", number=text(self.number_of(party)), role=code("role", party.role.value))

    def signed_at(self, party: Party) -> datetime | None:
        """When its first signature was asked for, by the log."""
        found = self.of(EventType.SIGN_REQUESTED, EventType.SEAL_APPLIED, party=party)
        return found[0].occurred_at if found else None


@dataclass(frozen=True, slots=True)
class Finding:
    """What a check found."""

    answer: Answer
    reason: Item


Check = Callable[[Case], Finding]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; see the module."""

    rule_id: str
    question: Question | None
    citation: str
    check: Check
    decides: bool = True

    def apply(self, case: Case) -> Ruling:
        """What it finds of a case."""
        found = self.check(case)
        return Ruling(self.rule_id, self.question, self.citation, self.decides, found.answer, found.reason)


def yes(key: str, **values: Item) -> Finding:
    """The rule holds."""
    return Finding(Answer.YES, said(key, **values))


def no(key: str, **values: Item) -> Finding:
    """The rule is broken."""
    return Finding(Answer.NO, said(key, **values))


def unknown(key: str, **values: Item) -> Finding:
    """Nothing recorded says so or otherwise."""
    return Finding(Answer.UNKNOWN, said(key, **values))


NOBODY = Finding(Answer.UNKNOWN, absent("nobody-signed"))


def each(
    case: Case, parties: Sequence[Party], check: Callable[[Case, Party], Finding | None]
) -> Finding | None:
    """The gravest that `check` finds of any party; None when it finds nothing."""
    found = [one for party in parties if (one := check(case, party)) is not None]
    if not found:
        return None
    gravest = worst([one.answer for one in found])
    return next(one for one in found if one.answer is gravest)


def conclude(rulings: Sequence[Ruling]) -> Iterator[Conclusion]:
    """Each question by the gravest of its rules that decide."""
    for question in Question:
        mine = tuple(one for one in rulings if one.question is question)
        answer = worst([one.answer for one in mine if one.decides])
        yield Conclusion(question, answer, mine)


def passed(report: SignatureReport) -> bool:
    """Whether a signature holds in every step."""
    return report.indication is Indication.TOTAL_PASSED
