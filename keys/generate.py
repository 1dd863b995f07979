"""Generate a key in a custody, and let it enter service."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from evidence.event import Actor, EventType
from keys.key import KeyPurpose, KeyRecord, KeyState, new_key_id
from keys.policy import Use, check_algorithm
from keys.ports import Custody, KeyUnit
from keys.record import draft
from keys.state import change_state
from keys.suites import Algorithm


@dataclass(frozen=True, slots=True)
class KeyPlan:
    """The key wanted. The label is for administrators and stays out of the log."""

    algorithm: Algorithm
    purpose: KeyPurpose
    label: str
    use_limit: int | None = None

    def __post_init__(self) -> None:
        if self.use_limit is not None and self.use_limit < 1:
            raise ValueError("a key with no use left serves nobody")


def generate_key(
    unit: KeyUnit, custody: Custody, plan: KeyPlan, actor: Actor, at: datetime, *, activate: bool = True
) -> KeyRecord:
    """Make a key and record it, pre-active or (by default) active.

    Raises `AlgorithmNotAllowed`, `CustodyUnavailable`. When the caller's transaction fails
    afterwards, a token is left with a key that no record names and nobody can ask for.
    """
    check_algorithm(plan.algorithm, Use.SIGN, at)
    key_id = new_key_id()
    made = custody.generate(key_id, plan.algorithm, plan.purpose)
    record = KeyRecord(
        key_id=key_id,
        algorithm=plan.algorithm,
        purpose=plan.purpose,
        label=plan.label,
        custody=custody.name,
        public=made.public,
        handle=made.handle,
        state=KeyState.PRE_ACTIVE,
        created_at=at,
        use_count=0,
        use_limit=plan.use_limit,
        successor=None,
    )
    unit.keys.add(record)
    unit.log.append([draft(EventType.KEY_GENERATED, record, actor, at, use_limit=plan.use_limit)])
    return change_state(unit, key_id, KeyState.ACTIVE, actor, at) if activate else record
