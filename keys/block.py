"""Block a public key everywhere: it was reported compromised."""

from __future__ import annotations

from datetime import datetime

from evidence.event import Actor, Draft, EventType, Result
from keys.errors import KeyBlocked
from keys.key import KeyState
from keys.ports import KeyStore, KeyUnit
from keys.public import PublicKey
from keys.record import draft, key_case
from keys.state import change_state

_IN_SERVICE = (KeyState.ACTIVE, KeyState.SUSPENDED)


def block_key(unit: KeyUnit, fingerprint: str, reason: str, actor: Actor, at: datetime) -> None:
    """Refuse the key from now on; one of ours is deactivated too. Again, the first reason stands."""
    if unit.keys.blocked([fingerprint]):
        return
    unit.keys.block(fingerprint, reason, at)
    ours = unit.keys.by_fingerprint(fingerprint)
    if ours is None:
        event = Draft(
            type=EventType.KEY_BLOCKED,
            case_id=key_case(fingerprint),
            actor=actor,
            occurred_at=at,
            facts={"public_key": fingerprint},
            result=Result(reason=reason),
        )
    else:
        event = draft(EventType.KEY_BLOCKED, ours, actor, at, reason=reason)
    unit.log.append([event])
    if ours is not None and ours.state in _IN_SERVICE:
        change_state(unit, ours.key_id, KeyState.DEACTIVATED, actor, at, reason=reason)


def check_not_blocked(store: KeyStore, *publics: PublicKey) -> None:
    """Raises `KeyBlocked` for the first of `publics` that is on the block list."""
    fingerprints = [public.fingerprint for public in publics]
    for fingerprint, reason in store.blocked(fingerprints).items():
        raise KeyBlocked(fingerprint, reason)
