"""Fuzz target of a case as a stranger shows it: judged, and never raises."""

from __future__ import annotations

from dataclasses import dataclass

from evidence.casecheck import CaseOutcome, check_case
from evidence.event import EventType
from tests.fuzz.target import Target
from tests.support.cases import closed_case

CASE = closed_case(after=(EventType.EVIDENCE_ACCESSED,))
PLACE = 2
SIZES = len(CASE[PLACE].leaf)


@dataclass(frozen=True, slots=True)
class Shown:
    """What a package has of an event."""

    envelope: bytes
    leaf: bytes


def shown_case(data: bytes) -> None:
    """A case with another event in the middle is broken, unless the event is the very one."""
    event = Shown(data[SIZES:], data[:SIZES])
    report = check_case([*CASE[:PLACE], event, *CASE[PLACE + 1 : len(CASE) - 1]])
    true = (event.envelope, event.leaf) == (CASE[PLACE].envelope, CASE[PLACE].leaf)
    assert (report.outcome is CaseOutcome.COMPLETE) == true


def targets() -> tuple[Target, ...]:
    """All of them."""
    samples = tuple(one.leaf + one.envelope for one in CASE)
    return (Target("shown_case", shown_case, (), samples, ("evidence.casecheck", "evidence.leaf")),)
