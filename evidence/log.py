"""Append events in the caller's transaction: dense index, case chain, leaf hashes under both functions."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from evidence import leaf, payload
from evidence.canonical import canonical
from evidence.casekey import CaseKeys
from evidence.clock import Clock, rfc3339, to_micros
from evidence.digest import NO_DIGEST, DigestPair
from evidence.event import (
    SCHEMA,
    CaseHead,
    CaseId,
    Draft,
    EventId,
    LogHead,
    LogId,
    Recorded,
    Sealed,
    Source,
    TenantId,
)
from evidence.merkle import leaf_hash
from evidence.ports import EventStore

MAX_BATCH = 5_000  # events in one append; bounds the time a log is held
FIRST_OF_SECOND_HALF = 7  # July


def log_of(tenant: TenantId, moment: datetime) -> LogId:
    """The log of a tenant's half-year that `moment` falls in."""
    return LogId(f"{tenant}/{moment.year}h{1 if moment.month < FIRST_OF_SECOND_HALF else 2}")


def new_event_id(micros: int) -> tuple[bytes, EventId]:
    """UUIDv7 (RFC 9562 5.7) as bytes and text: 48 bits of milliseconds, 74 random bits."""
    tail = bytearray(secrets.token_bytes(10))
    tail[0] = 0x70 | tail[0] & 0x0F
    tail[2] = 0x80 | tail[2] & 0x3F
    raw = (micros // 1000).to_bytes(6, "big") + bytes(tail)
    text = raw.hex()
    return raw, EventId(f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}")


class EvidenceLog:
    """Appends and reads events of one tenant within one unit of work."""

    def __init__(
        self, store: EventStore, case_keys: CaseKeys, clock: Clock, source: Source, tenant: TenantId
    ) -> None:
        self._store = store
        self._case_keys = case_keys
        self._clock = clock
        self._source = {"build": source.build, "instance": source.instance, "system": source.system}
        self._tenant = tenant
        self.heads: dict[LogId, LogHead] = {}
        """Heads this unit of work brought about; the edge gives them to the watermark after commit."""

    def append(self, drafts: Sequence[Draft]) -> list[Recorded]:
        """Record `drafts` in order.

        Raises `EventInvalid` for a draft that cannot be written, `RecordRefused` when the store
        cannot, `PayloadUnavailable` when a personal payload is offered for a shredded case. In
        every case the caller's transaction must not commit.
        """
        if not drafts:
            return []
        if len(drafts) > MAX_BATCH:
            raise ValueError(f"at most {MAX_BATCH} events in one append")
        now = self._clock.now()
        micros = to_micros(now)
        log = log_of(self._tenant, now)
        index = self._store.reserve(log, len(drafts))
        heads = self._store.case_heads(self._tenant, {draft.case_id for draft in drafts})
        shared = self._shared(now)
        recorded = []
        for place, draft in enumerate(drafts):
            event = self._record(draft, shared, heads, (log, index + place), micros, now)
            recorded.append(event)
        self._store.insert(recorded, heads)
        last = recorded[-1]
        self.heads[log] = LogHead(last.index + 1, last.leaf_hash.sha256)
        return recorded

    def open_payload(self, event: Recorded) -> payload.Opened | None:
        """The personal fields of an event, None when it has none."""
        if event.sealed is None:
            return None
        key = self._case_keys.open(event.tenant, event.case_id)
        return payload.unseal(key, event.event_id, event.sealed)

    def _shared(self, now: datetime) -> dict[str, Any]:
        state = self._clock.state()
        return {
            "clock": {
                "offset_ms": state.offset_ms,
                "source": state.source,
                "uncertainty_ms": state.uncertainty_ms,
            },
            "recorded_at": rfc3339(now),
            "schema": SCHEMA,
            "source": self._source,
            "tenant": self._tenant,
        }

    def _record(
        self,
        draft: Draft,
        shared: dict[str, Any],
        heads: dict[CaseId, CaseHead],
        place: tuple[LogId, int],
        micros: int,
        now: datetime,
    ) -> Recorded:
        raw_id, event_id = new_event_id(micros)
        head = heads.get(draft.case_id) or CaseHead(0, NO_DIGEST)
        envelope: dict[str, Any] = {
            **shared,
            **described(draft),
            "case_seq": head.next_seq,
            "event_id": event_id,
            "prev_case_event_hash": head.last.as_json(),
        }
        sealed = self._seal(draft, event_id, envelope)
        text = canonical(envelope, field="event")
        digests = DigestPair.of(text)
        producer = leaf.NO_PRODUCER
        if draft.attestation is not None:
            producer = leaf.producer_mark(draft.attestation.key_id)
        case = leaf.case_pseudonym(self._tenant, draft.case_id)
        packed = leaf.pack(raw_id, draft.type.value, micros, case, head.next_seq, digests, producer)
        heads[draft.case_id] = CaseHead(head.next_seq + 1, digests)
        return Recorded(
            log=place[0],
            index=place[1],
            event_id=event_id,
            type=draft.type,
            tenant=self._tenant,
            case_id=draft.case_id,
            case_seq=head.next_seq,
            recorded_at=now,
            envelope=text,
            leaf=packed,
            leaf_hash=leaf_hash(packed),
            sealed=sealed,
        )

    def _seal(self, draft: Draft, event_id: EventId, envelope: dict[str, Any]) -> Sealed | None:
        if not draft.personal:
            return None
        salt = secrets.token_bytes(payload.SALT_SIZE)
        commitments = payload.commit(salt, draft.personal)
        envelope["commitments"] = commitments
        envelope["payload_commit"] = DigestPair.of(canonical(commitments)).as_json()
        key = self._case_keys.obtain(self._tenant, draft.case_id)
        return payload.seal(key, event_id, salt, draft.personal)


def described(draft: Draft) -> dict[str, Any]:
    """The part of the envelope that the draft itself decides, and that a producer signs."""
    actor = draft.actor
    part: dict[str, Any] = {
        "actor": {"kind": actor.kind.value, "pseudonym": actor.pseudonym, "role": actor.role},
        "case_id": draft.case_id,
        "facts": draft.facts if type(draft.facts) is dict else dict(draft.facts),
        "occurred_at": rfc3339(draft.occurred_at),
        "result": {"code": draft.result.code, "reason": draft.result.reason},
        "type": draft.type.name,
    }
    optional = {
        "channel": draft.channel,
        "consent_ref": list(draft.consent_ref) or None,
        "contract_id": draft.contract_id,
        "legal_basis": draft.legal_basis,
        "trace_id": draft.trace_id,
    }
    part.update({name: value for name, value in optional.items() if value is not None})
    if draft.attestation is not None:
        part["producer"] = {
            "algorithm": draft.attestation.algorithm,
            "key_id": draft.attestation.key_id,
            "signature": draft.attestation.signature.hex(),
        }
    return part
