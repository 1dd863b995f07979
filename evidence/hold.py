"""Legal holds: what must not be destroyed while a court, an authority or a claim needs it.

A hold is what its events say: LEGAL_HOLD_SET and LEGAL_HOLD_RELEASED in the held case. Two persons answer
for each; the free text of the reason may name people, and is recorded sealed.
"""

from __future__ import annotations

import enum
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from evidence.canonical import JSON
from evidence.errors import EventInvalid, HoldNotFound, PersonsMissing
from evidence.event import CaseId, EventType, Recorded

PERSONS = 2
"""Who answer for a hold, its release, a shredding, a full export."""
MAX_AUTHORITY = 200  # characters of a court's or an authority's name
MAX_REFERENCE = 100  # characters of a document's or a case's number
MAX_REASON = 500  # characters


class HoldGround(enum.StrEnum):
    """Why a case is held."""

    LITIGATION = "litigation"
    """A court's or an arbitration's file, pending or to be expected."""
    INVESTIGATION = "investigation"
    """Police, prosecution, supervision."""
    COMPLAINT = "complaint"
    AUDIT = "audit"


@dataclass(frozen=True, slots=True)
class HoldOrder:
    """What is asked for."""

    ground: HoldGround
    authority: str
    """Who demands it: a court, an authority, or the own legal department."""
    reference: str
    """The number of its file or letter."""
    reason: str
    """In words; may name people."""

    def check(self) -> None:
        """Raises `EventInvalid` naming the field that is empty or too long."""
        for name, most in _MOST.items():
            check_text(f"hold.{name}", str(getattr(self, name)), most)


_MOST = {"authority": MAX_AUTHORITY, "reference": MAX_REFERENCE, "reason": MAX_REASON}


@dataclass(frozen=True, slots=True)
class Hold:
    """A hold as recorded."""

    hold_id: str
    case_id: CaseId
    ground: HoldGround
    authority: str
    reference: str
    requester: str
    approved_by: tuple[str, ...]
    set_at: datetime
    released_at: datetime | None = None

    @property
    def stands(self) -> bool:
        """Whether it was not released."""
        return self.released_at is None


def holds_of(events: Iterable[Recorded]) -> tuple[Hold, ...]:
    """The holds that a case's events tell of, oldest first."""
    found: dict[str, Hold] = {}
    for event in events:
        if event.type is EventType.LEGAL_HOLD_SET:
            facts = json.loads(event.envelope)["facts"]
            found[facts["hold"]] = Hold(
                hold_id=facts["hold"],
                case_id=event.case_id,
                ground=HoldGround(facts["ground"]),
                authority=facts["authority"],
                reference=facts["reference"],
                requester=facts["requester"],
                approved_by=tuple(facts["approved_by"]),
                set_at=event.recorded_at,
            )
        elif event.type is EventType.LEGAL_HOLD_RELEASED:
            hold_id = json.loads(event.envelope)["facts"]["hold"]
            if hold_id in found:
                found[hold_id] = replace(found[hold_id], released_at=event.recorded_at)
    return tuple(found.values())


def standing(holds: Iterable[Hold]) -> tuple[Hold, ...]:
    """Those that were not released."""
    return tuple(one for one in holds if one.stands)


def require_standing(holds: Iterable[Hold], hold_id: str) -> Hold:
    """The hold of this id; raises `HoldNotFound` unless it stands."""
    for one in standing(holds):
        if one.hold_id == hold_id:
            return one
    raise HoldNotFound(hold_id)


def require_persons(act: str, approved_by: Iterable[str]) -> tuple[str, ...]:
    """Who answer for an act, each once; raises `PersonsMissing` for fewer than `PERSONS`.

    Whether they are who they say was proven before, by their signatures over the plan.
    """
    persons = tuple(dict.fromkeys(approved_by))
    if len(persons) < PERSONS or not all(one.strip() for one in persons):
        raise PersonsMissing(act, sum(bool(one.strip()) for one in persons), PERSONS)
    return persons


def check_text(field: str, value: str, most: int) -> None:
    """Raises `EventInvalid` for a text that is blank or longer than `most` characters."""
    if not value.strip() or len(value) > most:
        raise EventInvalid(field, f"is empty, or longer than {most} characters")


def hold_facts(
    hold_id: str, order: HoldOrder, requester: str, approved_by: tuple[str, ...]
) -> dict[str, JSON]:
    """What LEGAL_HOLD_SET records in the clear."""
    return {
        "approved_by": approved_by,
        "authority": order.authority,
        "ground": order.ground.value,
        "hold": hold_id,
        "reference": order.reference,
        "requester": requester,
    }
