"""What the log says of a key's life: one case a key, its public facts, nothing personal."""

from __future__ import annotations

from datetime import datetime

from evidence.canonical import JSON
from evidence.event import Actor, CaseId, Draft, EventType, Result
from keys.key import KeyRecord


def key_case(name: str) -> CaseId:
    """The case of a key id, or of the fingerprint of a key that is not ours."""
    return CaseId(f"keys:{name}")


def draft(
    kind: EventType, record: KeyRecord, actor: Actor, at: datetime, *, reason: str = "", **facts: JSON
) -> Draft:
    """An event about `record`; facts that are None are left out."""
    known: dict[str, JSON] = {
        "algorithm": record.algorithm.value,
        "custody": record.custody,
        "key_id": record.key_id,
        "public_key": record.public.fingerprint,
        "purpose": record.purpose.value,
        "state": record.state.value,
    }
    known.update({name: value for name, value in facts.items() if value is not None})
    return Draft(
        type=kind,
        case_id=key_case(record.key_id),
        actor=actor,
        occurred_at=at,
        facts=known,
        result=Result(reason=reason),
    )
