"""Events: what happened, in the envelope every record of the product shares (schema 1)."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NewType

from evidence.canonical import JSON
from evidence.digest import DigestPair

LogId = NewType("LogId", str)
"""Tenant and half-year, as `xinqian/2026h2`: one log each."""
CaseId = NewType("CaseId", str)
TenantId = NewType("TenantId", str)
EventId = NewType("EventId", str)
"""UUIDv7, 36 characters."""

SCHEMA = 1


class EventType(enum.Enum):
    """The catalogue; the number is the leaf's type code and never changes its meaning.

    Hundreds follow the groups of the catalogue: 1 session, 2 notice and consent, 3 identity, 4 credit
    authorisation, 5 document, 6 intent, 7 certificate and key, 8 signature, 9 time, 10 delivery,
    12 change, 13 evidence operations, 14 system, 15 log.
    """

    SESSION_STARTED = 101
    SESSION_REFUSED = 102
    NOTICE_RENDERED = 201
    CONSENT_GIVEN = 202
    CONSENT_WITHDRAWN = 203
    IDV_REQUEST = 301
    IDV_RESPONSE = 302
    IDV_CONCLUDED = 303
    AUTHORITY_CHECKED = 304
    CREDIT_AUTH_SIGNED = 401
    TEMPLATE_REGISTERED = 501
    CONTRACT_GENERATED = 502
    DOCUMENT_PREPARED = 503
    DOC_SENT_TO_SIGNER = 504
    DOC_VIEW_STARTED = 505
    DOC_VIEW_ENDED = 506
    OTP_ISSUED = 601
    OTP_SENT = 602
    OTP_VERIFIED = 603
    OTP_FAILED = 604
    OTP_EXPIRED = 605
    OTP_LOCKED = 606
    INTENT_CONFIRMED = 607
    KEY_GENERATED = 701
    KEY_STATE_CHANGED = 702
    KEY_ROTATED = 703
    KEY_DESTROYED = 704
    KEY_BLOCKED = 705
    CERT_REQUESTED = 711
    CERT_REFUSED = 712
    CERT_SIGNING = 713
    CERT_ISSUED = 714
    CERT_REVOKED = 715
    CRL_PUBLISHED = 721
    SIGN_REQUESTED = 801
    SIGNATURE_CREATED = 802
    SEAL_APPLIED = 803
    SIGN_VALIDATED = 804
    SIGN_REJECTED = 805
    SIGN_FAILED = 806
    CONTRACT_EXPIRED = 807
    CONTRACT_CANCELLED = 808
    CONTRACT_COMPLETED = 809
    SEAL_REGISTERED = 811
    SEAL_STATE_CHANGED = 812
    SEAL_AUTHORISED = 813
    SEAL_AUTHORISATION_ENDED = 814
    TST_ISSUED = 901
    TST_REFUSED = 902
    TST_OBTAINED = 903
    DSS_ADDED = 904
    LTA_EXTENDED = 905
    COPY_DELIVERED = 1001
    NOTICE_SENT = 1002
    DOC_DOWNLOADED = 1003
    PARTY_REPLACED = 1201
    EXPORTED = 1301
    CASE_CLOSED = 1302
    EVIDENCE_ACCESSED = 1303
    EVIDENCE_EXPORTED = 1304
    EVIDENCE_DISCLOSED = 1305
    REPORT_REQUESTED = 1306
    REPORT_ISSUED = 1307
    REPORT_VERIFIED = 1308
    LEGAL_HOLD_SET = 1309
    LEGAL_HOLD_RELEASED = 1310
    PAYLOAD_SHREDDED = 1311
    FORMAT_MIGRATED = 1312
    SYS_STARTED = 1401
    CLOCK_SAMPLED = 1402
    SELF_CHECK = 1403
    ADMIN_ACTION = 1404
    CONFIG_CHANGED = 1405
    KEY_CEREMONY = 1406
    APPROVAL_GIVEN = 1407
    RESTORE = 1408
    ANCHOR = 1501
    ANCHOR_TST = 1502
    WITNESS_QUORUM = 1503
    SHARD_OPENED = 1504
    SHARD_CLOSED = 1505
    RENEWAL_TST = 1506
    RENEWAL_HASH = 1507
    ALGO_DEPRECATED = 1508


class ActorKind(enum.StrEnum):
    """Who acts."""

    PERSON = "person"
    OPERATOR = "operator"
    APPLICATION = "application"
    SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """The acting party under a pseudonym; names belong into the personal payload."""

    kind: ActorKind
    pseudonym: str
    role: str


@dataclass(frozen=True, slots=True)
class Result:
    """Outcome of the act: `code` is `ok` or a stable error code."""

    code: str = "ok"
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """The system that records: name, instance, build."""

    system: str
    instance: str
    build: str


@dataclass(frozen=True, slots=True)
class Attestation:
    """A producer's signature over the canonical draft: key id, algorithm name, signature bytes."""

    key_id: str
    algorithm: str
    signature: bytes


@dataclass(frozen=True, slots=True)
class Draft:
    """An event before it has a place in a log.

    `facts` are recorded in the clear and must hold nothing personal; every entry of `personal` is
    recorded as a salted commitment, its value sealed beside the log under the case's key.
    """

    type: EventType
    case_id: CaseId
    actor: Actor
    occurred_at: datetime
    facts: Mapping[str, JSON] = field(default_factory=dict)
    personal: Mapping[str, JSON] = field(default_factory=dict)
    result: Result = Result()
    contract_id: str | None = None
    trace_id: str | None = None
    legal_basis: str | None = None
    consent_ref: tuple[str, ...] = ()
    channel: Mapping[str, JSON] | None = None
    attestation: Attestation | None = None


@dataclass(frozen=True, slots=True)
class Sealed:
    """A personal payload at rest: AES-256-GCM under the case key, the event id as associated data."""

    nonce: bytes
    ciphertext: bytes


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event with its place: dense `index` in `log`, dense `case_seq` in its case."""

    log: LogId
    index: int
    event_id: EventId
    type: EventType
    tenant: TenantId
    case_id: CaseId
    case_seq: int
    recorded_at: datetime
    envelope: bytes
    """Canonical JSON (RFC 8785)."""
    leaf: bytes
    """The bytes the trees are built over; see `evidence.leaf`."""
    leaf_hash: DigestPair
    sealed: Sealed | None


@dataclass(frozen=True, slots=True)
class CaseHead:
    """Where a case stands: the next sequence number and the digest of its last envelope."""

    next_seq: int
    last: DigestPair
    contract_id: str | None = None
    """The contract that the case is about, as its first event that names one has it."""
    opened_at: datetime | None = None
    """When its first event was recorded."""
    closed_seq: int | None = None
    """Where its CASE_CLOSED stands."""


@dataclass(frozen=True, slots=True)
class LogHead:
    """Where a log stands: events held, and the SHA-256 leaf hash of the last."""

    size: int
    last_leaf: bytes
