"""Events for tests."""

from __future__ import annotations

from dataclasses import replace

from evidence.event import Actor, ActorKind, CaseId, Draft, EventType
from tests.support.clock import NOON

SYSTEM = Actor(ActorKind.SYSTEM, "tsa-1", "timestamp-unit")


def draft(case: str = "case-1", **changes: object) -> Draft:
    """An event with a fact."""
    made = Draft(EventType.TST_ISSUED, CaseId(case), SYSTEM, NOON, {"serial": "01", "count": 1})
    return replace(made, **changes)  # type: ignore[arg-type]
