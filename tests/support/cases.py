"""Cases in memory: what the log records, without a database."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from evidence.access import Access, Purpose
from evidence.canonical import JSON
from evidence.casekey import CaseKeys
from evidence.caseroot import tree_hash
from evidence.errors import PayloadUnavailable
from evidence.event import (
    Actor,
    ActorKind,
    CaseHead,
    CaseId,
    Draft,
    EventId,
    EventType,
    LogHead,
    LogId,
    Recorded,
    Source,
    TenantId,
)
from evidence.log import EvidenceLog
from evidence.ports import Wrapped
from keys.wrapping import MasterKey, MasterKeyRing
from tests.support.clock import FixedClock
from tests.support.units import MASTER, TENANT

LEGAL = Actor(ActorKind.OPERATOR, "legal-1", "legal")
ADMINISTRATOR = Actor(ActorKind.OPERATOR, "op-1", "administrator")
SYSTEM = Actor(ActorKind.SYSTEM, "system", "system")
PERSONS = ("first", "second")
ACCESS = Access(LEGAL, Purpose.LITIGATION, "(2026)浙0192民初1号", "民事诉讼法第六十七条")
SIGNED = (
    EventType.CONTRACT_GENERATED,
    EventType.DOC_SENT_TO_SIGNER,
    EventType.CONSENT_GIVEN,
    EventType.SIGN_REQUESTED,
    EventType.SIGNATURE_CREATED,
    EventType.CONTRACT_COMPLETED,
)
"""What becomes of a contract that all sign."""


class MemoryStore:
    """`EventStore` of one thread."""

    def __init__(self) -> None:
        self.recorded: list[Recorded] = []
        self._heads: dict[tuple[TenantId, CaseId], CaseHead] = {}
        self._next: dict[LogId, int] = defaultdict(int)

    def reserve(self, log: LogId, count: int) -> int:
        self._next[log] += count
        return self._next[log] - count

    def case_heads(self, tenant: TenantId, cases: Iterable[CaseId]) -> dict[CaseId, CaseHead]:
        return {one: self._heads[tenant, one] for one in cases if (tenant, one) in self._heads}

    def insert(self, events: Sequence[Recorded], heads: Mapping[CaseId, CaseHead]) -> None:
        self.recorded += events
        self._heads.update({(events[0].tenant, case): head for case, head in heads.items()})

    def get(self, event_id: EventId) -> Recorded | None:
        return next((one for one in self.recorded if one.event_id == event_id), None)

    def case(self, tenant: TenantId, case_id: CaseId) -> Sequence[Recorded]:
        return [one for one in self.recorded if (one.tenant, one.case_id) == (tenant, case_id)]

    def read(self, log: LogId, start: int, stop: int) -> Sequence[Recorded]:
        return [one for one in self.recorded if one.log == log and start <= one.index < stop]

    def heads(self) -> dict[LogId, LogHead]:
        return {one.log: LogHead(one.index + 1, one.leaf_hash.sha256) for one in self.recorded}


class MemoryKeys:
    """`CaseKeyStore` of one thread."""

    def __init__(self) -> None:
        self._keys: dict[tuple[TenantId, CaseId], bytes | None] = {}

    def get(self, tenant: TenantId, case_id: CaseId) -> bytes | None:
        if (tenant, case_id) not in self._keys:
            return None
        if (key := self._keys[tenant, case_id]) is None:
            raise PayloadUnavailable(case_id)
        return key

    def add(self, tenant: TenantId, case_id: CaseId, wrapped: bytes) -> bool:
        return self._keys.setdefault((tenant, case_id), wrapped) is wrapped

    def shred(self, tenant: TenantId, case_id: CaseId) -> None:
        self._keys[tenant, case_id] = None

    def wrapped_page(self, after: tuple[str, ...] | None, limit: int) -> Sequence[Wrapped]:
        raise NotImplementedError

    def rewrap(self, place: tuple[str, ...], old: bytes, new: bytes) -> bool:
        raise NotImplementedError


def memory_log(store: MemoryStore, clock: FixedClock, tenant: TenantId = TENANT) -> EvidenceLog:
    """A log into memory."""
    keys = CaseKeys(MemoryKeys(), MasterKeyRing(MasterKey(MASTER)))
    return EvidenceLog(store, keys, clock, Source("xinqian", "test", "0"), tenant)


def happening(kind: EventType, at: datetime, case: str = "contract/c-1", **changes: object) -> Draft:
    """An event of a contract's case, with a personal value."""
    made = Draft(
        type=kind,
        case_id=CaseId(case),
        actor=SYSTEM,
        occurred_at=at,
        facts={"kind": kind.name},
        personal={"name": "王小明"},
        contract_id=case.removeprefix("contract/"),
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # by name


def closing(events: Sequence[Recorded], at: datetime, /, **changes: JSON) -> Draft:
    """CASE_CLOSED over these, its facts changed as told."""
    root = tree_hash([one.leaf_hash for one in events]).as_json()
    facts: dict[str, JSON] = {"ending": "completed", "events": len(events), "root": root, **changes}
    case_id = events[0].case_id
    return Draft(EventType.CASE_CLOSED, case_id, ADMINISTRATOR, at, facts, contract_id="c-1")


def closed_case(
    kinds: Iterable[EventType] = SIGNED,
    case: str = "contract/c-1",
    tenant: TenantId = TENANT,
    after: Sequence[EventType] = (),
) -> list[Recorded]:
    """A case in memory, closed, with what came after."""
    clock, store = FixedClock(), MemoryStore()
    log = memory_log(store, clock, tenant)
    for kind in kinds:
        clock.advance(seconds=1)
        log.append([happening(kind, clock.moment, case)])
    log.append([closing(store.recorded, clock.moment)])
    for kind in after:
        clock.moment += timedelta(seconds=1)
        log.append([happening(kind, clock.moment, case)])
    return store.recorded
