"""What a report is drawn from: a contract, what was recorded of it, its file, and who asks."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ca.certificate import Certificate
from evidence.canonical import JSON
from evidence.digest import DigestPair
from evidence.event import EventId, EventType, Recorded
from evidence.payload import Opened
from forensics.errors import ReportInvalid
from signing.contract import Contract
from signing.document import Revision
from signing.validity.report import PdfReport


@dataclass(frozen=True, slots=True)
class Licence:
    """A licence or assessment of the institution: its name, its number, and until when."""

    name: str
    number: str
    valid_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Member:
    """Who made the report."""

    name: str
    role: str
    qualification: str = ""


@dataclass(frozen=True, slots=True)
class Institution:
    """Who issues the report, and how it stands to the parties."""

    name: str
    credit_code: str
    contact: str
    licences: tuple[Licence, ...] = ()
    staff: tuple[Member, ...] = ()
    party_codes: frozenset[str] = frozenset()
    """Credit codes of parties that own or run it: of the interest relation."""
    own_authority: bool = True
    """Whether certificates and timestamps are issued by its own, unlicensed authority."""


@dataclass(frozen=True, slots=True)
class Commission:
    """Who asked for the report, by what right and for what."""

    report_number: str
    code: str
    """The verification code on every page."""
    applicant: str
    authority: str
    purpose: str
    requested_at: datetime
    issued_at: datetime
    case_number: str | None = None
    approvals: tuple[str, ...] = ()
    hold: str | None = None


@dataclass(frozen=True, slots=True)
class LogStanding:
    """What the published log says of the case, where it was published."""

    origin: str
    size: int
    roots: DigestPair
    checkpoint: str
    """The signed note."""
    witnesses: tuple[str, ...]
    """Names of those whose cosignatures hold."""
    quorum: int
    included: int
    """Events of the case whose inclusion was proved."""
    consistent: bool
    """With the newest checkpoint."""
    record: str | None = None
    """Digest of the evidence record (RFC 4998)."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with the report."""

    name: str
    role: str
    """A code of the texts."""
    size: int
    digests: DigestPair


@dataclass(frozen=True, slots=True)
class CaseFile:
    """Everything that findings are drawn from, in any state of the contract."""

    contract: Contract
    revisions: tuple[Revision, ...]
    events: tuple[Recorded, ...]
    """Of the contract's case, in order."""
    personal: Mapping[EventId, Opened] = field(repr=False)
    """Payloads that could be opened; what is missing was shredded or withheld."""
    measured: tuple[DigestPair, ...]
    """Digests of the file at hand up to the end of each revision, recomputed."""
    judged: PdfReport | None
    """None for a document that nobody signed."""
    certificates: tuple[Certificate, ...] = ()
    """Those above the signers', up to the roots."""
    system: tuple[Recorded, ...] = ()
    """Events of the installation around the case: starts, clock samples, self-checks."""
    log: LogStanding | None = None
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True)
class Occurrence:
    """An event taken apart."""

    recorded: Recorded
    seq: int
    type: EventType
    occurred_at: datetime
    recorded_at: datetime
    actor: Mapping[str, str]
    facts: Mapping[str, JSON]
    code: str
    reason: str
    clock: Mapping[str, JSON]
    source: Mapping[str, str]
    channel: Mapping[str, JSON]
    personal: Mapping[str, JSON]
    closed: bool
    """It has a personal payload that was not opened."""

    @property
    def ok(self) -> bool:
        """Whether the act came about."""
        return self.code == "ok"

    @property
    def party(self) -> str:
        """The id of the party that it concerns."""
        named = self.facts.get("party")
        return named if isinstance(named, str) else self.actor["pseudonym"]

    def fact(self, name: str) -> str:
        """A fact as text; empty when it is not there."""
        value = self.facts.get(name)
        return "" if value is None else str(value)

    def inner(self, name: str) -> Mapping[str, JSON]:
        """A fact that is a map; empty when it is not there."""
        value = self.facts.get(name)
        return value if isinstance(value, dict) else {}


def occurrence(event: Recorded, opened: Opened | None = None) -> Occurrence:
    """Raises `ReportInvalid` for an envelope that is none."""
    try:
        envelope = json.loads(event.envelope)
        return Occurrence(
            recorded=event,
            seq=envelope["case_seq"],
            type=EventType[envelope["type"]],
            occurred_at=datetime.fromisoformat(envelope["occurred_at"]),
            recorded_at=datetime.fromisoformat(envelope["recorded_at"]),
            actor=envelope["actor"],
            facts=envelope["facts"],
            code=envelope["result"]["code"],
            reason=envelope["result"]["reason"],
            clock=envelope["clock"],
            source=envelope["source"],
            channel=envelope.get("channel", {}),
            personal={} if opened is None else opened.fields,
            closed="commitments" in envelope and opened is None,
        )
    except (ValueError, KeyError, TypeError) as error:
        raise ReportInvalid("event", "is not in the form of an envelope") from error
