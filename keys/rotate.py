"""Rotate a key: a successor of the same kind takes over, the old one signs no more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from evidence.event import Actor, EventType
from keys.generate import KeyPlan, generate_key
from keys.key import KeyId, KeyRecord, KeyState
from keys.ports import Custody, KeyUnit
from keys.record import draft


@dataclass(frozen=True, slots=True)
class Rotation:
    """Both keys after the change."""

    retired: KeyRecord
    successor: KeyRecord


def rotate_key(
    unit: KeyUnit, custody: Custody, key_id: KeyId, actor: Actor, at: datetime, *, reason: str = ""
) -> Rotation:
    """Generate the successor in `custody`, active at once, and deactivate the old key, in one transaction.

    Whoever signs meanwhile holds the old signer or gets the new one; there is no moment without.
    Raises `KeyStateInvalid` unless the old key is active or suspended.
    """
    old = unit.keys.get(key_id)
    old.require_transition(KeyState.DEACTIVATED)
    plan = KeyPlan(old.algorithm, old.purpose, old.label, old.use_limit)
    new = generate_key(unit, custody, plan, actor, at)
    retired = unit.keys.transition(key_id, KeyState.DEACTIVATED, successor=new.key_id)
    event = draft(
        EventType.KEY_ROTATED,
        retired,
        actor,
        at,
        reason=reason,
        previous=old.state.value,
        successor=new.key_id,
        successor_public_key=new.public.fingerprint,
    )
    unit.log.append([event])
    return Rotation(retired, new)
