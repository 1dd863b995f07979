"""A contract: its parties, its terms, its document, and when it may be acted on."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import NewType

from evidence.canonical import JSON
from evidence.clock import to_micros
from evidence.digest import sha256
from evidence.event import CaseId
from evidence.log import new_event_id
from keys.suites import Suite
from signing.document import DocumentId
from signing.errors import NotFound, StateInvalid, ValuesInvalid
from signing.party import Party, PartyId, PartyOrder
from signing.transition import CONTRACT_MOVES, ContractState

ContractId = NewType("ContractId", str)
"""UUIDv7, 36 characters."""

MAX_PARTIES = 100  # the most that one contract is tried with
CODE_LETTERS = 12  # of a verification code: 60 bits, which no two contracts of a bank share
MAX_KIND = 64  # characters
MAX_NUMBER = 64  # characters of a contract number
MAX_TITLE = 128  # characters
MAX_AMOUNT = 10**15  # 分: ten million million yuan, far above any loan and far below 2^53
MAX_RATE_BP = 100_000  # 1,000 percent a year: an input beyond it is a slip
MIN_LIFE = timedelta(minutes=5)
MAX_LIFE = timedelta(days=90)  # as the large services bound it
DEFAULT_LIFE = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Terms:
    """What the intent names beside the document; None where a document (a consent) has none."""

    amount: int | None = None
    """分."""
    rate_bp: int | None = None
    """Yearly, in basis points."""


@dataclass(frozen=True, slots=True)
class TemplateChoice:
    """A template by name, and the version that is counted on; None for the newest."""

    name: str
    version: int | None = None


@dataclass(frozen=True, slots=True)
class ContractOrder:
    """A contract as it is asked for: of a template and values, or of a file."""

    number: str
    """The bank's own number; unique in the tenant."""
    title: str
    suite: Suite
    parties: tuple[PartyOrder, ...]
    terms: Terms = Terms()
    template: TemplateChoice | None = None
    values: Mapping[str, JSON] = field(default_factory=dict, repr=False)
    file: bytes | None = field(default=None, repr=False)
    """An uploaded PDF, in place of template and values."""
    kind: str = "loan"
    """What authorisations of seals are given for, beside templates."""
    expires_at: datetime | None = None
    parallel: bool = False
    """Everybody may sign at once, whatever their order says."""


@dataclass(frozen=True, slots=True)
class Contract:
    """A contract as stored."""

    contract_id: ContractId
    number: str
    title: str
    suite: Suite
    terms: Terms
    state: ContractState
    document_id: DocumentId
    parties: tuple[Party, ...]
    """In the order in which they were named, those that were replaced among them."""
    created_at: datetime
    expires_at: datetime
    source: Mapping[str, JSON]
    """Where the document came from: digests of template, data, fonts and engine, or of the upload."""
    kind: str = "loan"
    notes: tuple[str, ...] = ()
    """What was changed about an uploaded file so that it could be taken."""
    ended_at: datetime | None = None

    @property
    def case_id(self) -> CaseId:
        """Under which its events are recorded."""
        return case_of(self.contract_id)

    @property
    def code(self) -> str:
        """The verification code that its signatures show, and under which it is looked up."""
        return verification_code(self.contract_id)

    @property
    def template(self) -> str:
        """Of the template that it was rendered from; empty for an uploaded file."""
        name = self.source.get("template", "")
        return name if isinstance(name, str) else ""

    def party(self, party_id: PartyId) -> Party:
        """Raises `NotFound`."""
        for one in self.parties:
            if one.party_id == party_id:
                return one
        raise NotFound("party", party_id)

    def with_party(self, party: Party) -> Contract:
        """The same with that party's new value in its place."""
        return replace(
            self, parties=tuple(party if one.party_id == party.party_id else one for one in self.parties)
        )

    def is_due(self, at: datetime) -> bool:
        """Whether its time is over while it could still have been signed."""
        return at >= self.expires_at and ContractState.EXPIRED in CONTRACT_MOVES[self.state]

    def require_signing(self, act: str, at: datetime) -> None:
        """Raises `StateInvalid` unless parties may act on it at this moment."""
        if self.is_due(at):
            raise StateInvalid("contract", ContractState.EXPIRED.value, act)
        if self.state is not ContractState.SIGNING:
            raise StateInvalid("contract", self.state.value, act)


def case_of(contract_id: ContractId) -> CaseId:
    """The case of a contract's events."""
    return CaseId(f"contract/{contract_id}")


def new_identifier(at: datetime) -> str:
    """A UUIDv7: in order of time, and nobody's guess."""
    return new_event_id(to_micros(at))[1]


def verification_code(contract_id: ContractId) -> str:
    """60 bits of a digest of the contract's id, as `AB3D-EF7H-JK2M` in RFC 4648's base32."""
    text = base64.b32encode(sha256(b"xinqian/verify\0" + contract_id.encode())).decode()
    return "-".join(text[at : at + 4] for at in range(0, CODE_LETTERS, 4))


def check_order(order: ContractOrder, at: datetime) -> datetime:
    """When the contract expires; raises `ValuesInvalid` naming what cannot be taken."""
    if not order.number.strip() or len(order.number) > MAX_NUMBER or not order.number.isprintable():
        raise ValuesInvalid("number", f"is empty, not printable, or longer than {MAX_NUMBER} characters")
    if not order.title.strip() or len(order.title) > MAX_TITLE or not order.title.isprintable():
        raise ValuesInvalid("title", f"is empty, not printable, or longer than {MAX_TITLE} characters")
    if not order.kind.isascii() or not order.kind.isprintable() or not 0 < len(order.kind) <= MAX_KIND:
        raise ValuesInvalid("kind", f"is not 1 to {MAX_KIND} visible ASCII characters")
    if not 1 <= len(order.parties) <= MAX_PARTIES:
        raise ValuesInvalid("parties", f"are none, or more than {MAX_PARTIES}")
    if (order.template is None) == (order.file is None):
        raise ValuesInvalid("template", "or a file is needed, and one of them")
    if order.terms.amount is not None and not 0 < order.terms.amount <= MAX_AMOUNT:
        raise ValuesInvalid("terms.amount", f"is not between 1 and {MAX_AMOUNT} fen")
    if order.terms.rate_bp is not None and not 0 <= order.terms.rate_bp <= MAX_RATE_BP:
        raise ValuesInvalid("terms.rate_bp", f"is not between 0 and {MAX_RATE_BP} basis points")
    expires_at = order.expires_at or at + DEFAULT_LIFE
    if not at + MIN_LIFE <= expires_at <= at + MAX_LIFE:
        raise ValuesInvalid("expires_at", f"is not between {MIN_LIFE} and {MAX_LIFE} from now")
    return expires_at
