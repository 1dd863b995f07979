"""Append events in the caller's transaction: dense index, case chain, leaf hashes under both functions."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime

from evidence import leaf, payload
from evidence.canonical import JSON
from evidence.case import AFTER_CLOSING
from evidence.casekey import CaseKeys
from evidence.clock import Clock, to_micros
from evidence.digest import NO_DIGEST, DigestPair
from evidence.envelope import EnvelopeWriter
from evidence.errors import CaseClosed
from evidence.event import (
    CaseHead,
    Draft,
    EventId,
    EventType,
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
NO_EVENTS = CaseHead(0, NO_DIGEST)


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
        self._source = source
        self._tenant = tenant
        self.heads: dict[LogId, LogHead] = {}
        """Heads this unit of work brought about; the edge gives them to the watermark after commit."""

    def append(self, drafts: Sequence[Draft]) -> list[Recorded]:
        """Record `drafts` in order.

        Raises `EventInvalid` for a draft that cannot be written, `RecordRefused` when the store
        cannot, `PayloadUnavailable` when a personal payload is offered for a shredded case,
        `CaseClosed` for what a closed case does not take. In every case the caller's transaction must
        not commit.
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
        writer = EnvelopeWriter(self._source, self._tenant, self._clock.state(), now)
        recorded = []
        for place, draft in enumerate(drafts):
            head = heads.get(draft.case_id, NO_EVENTS)
            if head.closed_seq is not None and draft.type not in AFTER_CLOSING:
                raise CaseClosed(draft.case_id, draft.type.name)
            identity = new_event_id(micros)
            event = self._record(draft, writer, head, (log, index + place), identity, (now, micros))
            heads[draft.case_id] = _after(head, draft, event)
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

    def _record(
        self,
        draft: Draft,
        writer: EnvelopeWriter,
        head: CaseHead,
        place: tuple[LogId, int],
        identity: tuple[bytes, EventId],
        now: tuple[datetime, int],
    ) -> Recorded:
        raw_id, event_id = identity
        commitments, sealed = self._seal(draft, event_id) if draft.personal else (None, None)
        text = writer.write(draft, event_id, head.next_seq, head.last, commitments)
        producer = leaf.NO_PRODUCER
        if draft.attestation is not None:
            producer = leaf.producer_mark(draft.attestation.key_id)
        case = leaf.case_pseudonym(self._tenant, draft.case_id)
        digests = DigestPair.of(text)
        packed = leaf.pack(raw_id, draft.type.value, now[1], case, head.next_seq, digests, producer)
        return Recorded(
            log=place[0],
            index=place[1],
            event_id=event_id,
            type=draft.type,
            tenant=self._tenant,
            case_id=draft.case_id,
            case_seq=head.next_seq,
            recorded_at=now[0],
            envelope=text,
            leaf=packed,
            leaf_hash=leaf_hash(packed),
            sealed=sealed,
        )

    def _seal(self, draft: Draft, event_id: EventId) -> tuple[dict[str, JSON], Sealed]:
        salt = secrets.token_bytes(payload.SALT_SIZE)
        key = self._case_keys.obtain(self._tenant, draft.case_id)
        commitments: dict[str, JSON] = {**payload.commit(salt, draft.personal)}
        return commitments, payload.seal(key, event_id, salt, draft.personal)


def _after(head: CaseHead, draft: Draft, event: Recorded) -> CaseHead:
    """Where the case stands with one more event."""
    closed = event.case_seq if draft.type is EventType.CASE_CLOSED else head.closed_seq
    return CaseHead(
        next_seq=head.next_seq + 1,
        last=leaf.envelope_digests(event.leaf),
        contract_id=head.contract_id or draft.contract_id,
        opened_at=head.opened_at or event.recorded_at,
        closed_seq=closed,
    )
