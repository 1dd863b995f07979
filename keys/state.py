"""Move a key through its life: activate, suspend, resume, deactivate."""

from __future__ import annotations

from datetime import datetime

from evidence.event import Actor, EventType
from keys.errors import KeyStateInvalid
from keys.key import KeyId, KeyRecord, KeyState
from keys.ports import KeyUnit
from keys.record import draft


def change_state(
    unit: KeyUnit, key_id: KeyId, to: KeyState, actor: Actor, at: datetime, *, reason: str = ""
) -> KeyRecord:
    """The record in its new state; raises `KeyNotFound`, `KeyStateInvalid` for an illegal transition.

    Destroying has a use case of its own, since it has to happen in the custody too.
    """
    before = unit.keys.get(key_id)
    if to is KeyState.DESTROYED:
        raise KeyStateInvalid(key_id, before.state.value, "be destroyed by a mere change of state")
    before.require_transition(to)
    after = unit.keys.transition(key_id, to)
    event = draft(EventType.KEY_STATE_CHANGED, after, actor, at, reason=reason, previous=before.state.value)
    unit.log.append([event])
    return after
