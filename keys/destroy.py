"""Destroy a key for good, in its custody and in the store."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from evidence.event import Actor, EventType
from keys.key import KeyId, KeyRecord, KeyState
from keys.open import OpenSigners
from keys.ports import KeyUnit
from keys.record import draft


def destroy_key(
    unit: KeyUnit,
    signers: OpenSigners,
    key_id: KeyId,
    actor: Actor,
    at: datetime,
    *,
    reason: str = "",
    approved_by: Sequence[str] = (),
) -> KeyRecord:
    """The record, destroyed and without a handle; the public key stays.

    `approved_by` names the administrators who signed for it.

    The custody destroys before the caller's transaction commits: should the commit fail, the act is
    repeated, and no record ever claims a destruction that did not happen. Raises `KeyStateInvalid`
    unless the key is pre-active or deactivated, `CustodyUnavailable`.
    """
    before = unit.keys.get(key_id)
    before.require_transition(KeyState.DESTROYED)
    after = unit.keys.transition(key_id, KeyState.DESTROYED)
    signers.forget(key_id)
    signers.custody(before).destroy(before)
    unit.keys.replace_handle(key_id, after.handle, b"")
    event = draft(
        EventType.KEY_DESTROYED,
        after,
        actor,
        at,
        reason=reason,
        approved_by=tuple(approved_by) or None,
        previous=before.state.value,
        uses=after.use_count,
    )
    unit.log.append([event])
    return unit.keys.get(key_id)
