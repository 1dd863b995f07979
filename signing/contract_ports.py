"""What the use cases of contracts need from outside: stores inside the caller's transaction, and a pause."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ca.certificate import Certificate
from ca.ports import AuthorityStore, CertificateStore
from evidence.ports import EventStore
from keys.key import KeyId
from keys.ports import KeyStore, Signer
from keys.suites import Suite
from signing.challenge import Challenge, ChallengeId, Sent
from signing.contract import Contract, ContractId
from signing.document import DocumentId, Revision
from signing.intent import Intent, IntentId
from signing.party import Party, PartyId, PartyState
from signing.ports import TimestampSource
from signing.proof import IdentityProof
from signing.seal_ports import SealUnit
from signing.session import Session
from signing.transition import ContractState


@dataclass(frozen=True, slots=True)
class ContractFilter:
    """What `ContractStore.find` selects; None for all. Newest first; `before` is the page's last id."""

    number: str | None = None
    id_number: str | None = None
    """Contracts with this party, or with an agent of this number."""
    state: ContractState | None = None
    code: str | None = None
    """The verification code that signatures show."""
    before: ContractId | None = None
    limit: int = 50


class ContractStore(Protocol):
    """Contracts and parties of one tenant inside the caller's transaction; personal data sealed at rest."""

    def add(self, contract: Contract) -> None:
        """Raises `StateInvalid` when the tenant has a contract of this number already."""
        ...

    def get(self, contract_id: ContractId) -> Contract:
        """Raises `NotFound`."""
        ...

    def hold(self, contract_id: ContractId) -> Contract:
        """As `get`, and no other transaction changes it until this one ends. Raises `NotFound`."""
        ...

    def find(self, which: ContractFilter) -> Sequence[Contract]:
        """One page."""
        ...

    def due(self, at: datetime, limit: int) -> Sequence[ContractId]:
        """Those whose time is over though they could still be signed."""
        ...

    def waiting(self, state: ContractState, limit: int) -> Sequence[ContractId]:
        """Those in a state, the longest there first."""
        ...

    def move(self, contract_id: ContractId, state: ContractState, to: ContractState, at: datetime) -> None:
        """Compare-and-set; raises `StateInvalid` when the state is no longer `state`."""
        ...

    def move_party(self, party: Party, to: PartyState, at: datetime) -> None:
        """Compare-and-set on the party's state; raises `StateInvalid`."""
        ...

    def add_party(self, contract_id: ContractId, party: Party) -> None:
        """A party in place of another."""
        ...

    def pseudonym(self, id_number: str) -> str:
        """The tenant's own stable name for a person or firm: 32 hexadecimal digits of a keyed hash."""
        ...

    def note_sent(self, party_id: PartyId, kind: str, at: datetime) -> None:
        """A message to the party, for the limits on them."""
        ...

    def sent_since(self, party_id: PartyId, kind: str, since: datetime) -> Sequence[datetime]:
        """In order."""
        ...


@dataclass(frozen=True, slots=True)
class Attempt:
    """One act of signing under way: whoever finds it without an end knows that its process died."""

    attempt_id: str
    contract_id: ContractId
    document_id: DocumentId
    party_id: PartyId
    key_id: KeyId
    one_time: bool
    """Whether the key lived in that process alone."""
    algorithm: str
    public_key: str
    """Fingerprint."""
    started_at: datetime


class DocumentStore(Protocol):
    """Revisions, the turn to append one, and attempts, inside the caller's transaction."""

    def add(self, revision: Revision) -> None:
        """Raises `RevisionConflict` when the document has a revision of this number already."""
        ...

    def revisions(self, document_id: DocumentId) -> list[Revision]:
        """In order; raises `NotFound` for a document without any."""
        ...

    def take_turn(self, document_id: DocumentId, holder: str, until: datetime, at: datetime) -> bool:
        """The lease of the document until then; False while another's runs."""
        ...

    def has_turn(self, document_id: DocumentId, holder: str) -> bool:
        """Whether the lease is the holder's still; no other takes it until this transaction ends."""
        ...

    def leave_turn(self, document_id: DocumentId, holder: str) -> None:
        """Idempotent; nothing when the lease is another's by now."""
        ...

    def begin(self, attempt: Attempt) -> None:
        """Before the key is used."""
        ...

    def end(self, attempt_id: str) -> None:
        """Together with what became of it."""
        ...

    def stale(self, before: datetime, limit: int) -> Sequence[ContractId]:
        """Contracts with attempts that began before then and have no end."""
        ...

    def unfinished(self, document_id: DocumentId) -> Sequence[Attempt]:
        """Those that began and have no end: to be asked by the holder of the turn alone."""
        ...


class SessionStore(Protocol):
    """Sessions, proofs, intents and challenges inside the caller's transaction."""

    def add(self, session: Session) -> None:
        """A new one."""
        ...

    def by_token(self, digest: bytes) -> Session:
        """Raises `NotFound`."""
        ...

    def save(self, session: Session) -> None:
        """The whole value; the caller holds the contract."""
        ...

    def open_of(self, party_id: PartyId) -> Sequence[Session]:
        """Those of a party that did not end."""
        ...

    def opened_since(self, party_id: PartyId, since: datetime) -> int:
        """How many of a party were opened."""
        ...

    def add_proof(self, party_id: PartyId, proof: IdentityProof, record_id: str) -> None:
        """A proof of identity, with the event that concluded it."""
        ...

    def proofs(self, party_id: PartyId) -> Sequence[IdentityProof]:
        """In order."""
        ...

    def record_of(self, party_id: PartyId) -> str:
        """The newest conclusion's event id, empty when there is none."""
        ...

    def count_enquiry(self, party_id: PartyId, at: datetime, since: datetime) -> int:
        """Note that the bureau is asked; how many times since then, this one included."""
        ...

    def add_intent(self, intent: Intent) -> None:
        """Its statement is sealed."""
        ...

    def intent(self, intent_id: IntentId) -> Intent:
        """Raises `NotFound`."""
        ...

    def newest_intent(self, party_id: PartyId) -> Intent | None:
        """The last that was confirmed."""
        ...

    def confirm_intent(self, intent_id: IntentId, at: datetime, factors: tuple[str, ...]) -> None:
        """The party agreed."""
        ...

    def add_challenge(self, challenge: Challenge, mobile: str) -> None:
        """Earlier ones of the party are superseded; the number is kept as a keyed hash."""
        ...

    def challenge(self, challenge_id: ChallengeId) -> Challenge:
        """Raises `NotFound`."""
        ...

    def save_challenge(self, challenge: Challenge) -> None:
        """State and attempts; the caller holds the contract."""
        ...

    def codes_of_party(self, party_id: PartyId, since: datetime) -> Sequence[Sent]:
        """In order."""
        ...

    def codes_to_mobile(self, mobile: str, since: datetime) -> Sequence[Sent]:
        """In order, whatever party asked."""
        ...


class SigningUnit(SealUnit, Protocol):
    """The stores of one transaction."""

    @property
    def contracts(self) -> ContractStore:
        """Contracts and parties."""
        ...

    @property
    def documents(self) -> DocumentStore:
        """Revisions, turns and attempts."""
        ...

    @property
    def sign_sessions(self) -> SessionStore:
        """Sessions, proofs, intents and challenges."""
        ...

    @property
    def authorities(self) -> AuthorityStore:
        """Issuers of certificates, whose chains stand in signatures."""
        ...

    @property
    def keys(self) -> KeyStore:
        """Keys of organisations' seals."""
        ...

    @property
    def certificates(self) -> CertificateStore:
        """And their certificates."""
        ...

    @property
    def events(self) -> EventStore:
        """Events as stored."""
        ...


@dataclass(frozen=True, slots=True)
class SealIdentity:
    """An organisation's key in custody, with its certificate and those above it."""

    signer: Signer
    certificates: tuple[Certificate, ...]


class SealKeys(Protocol):
    """Keys of organisations' seals."""

    def of(self, suite: Suite, credit_code: str) -> SealIdentity:
        """The organisation's active key, whose certificate is valid now.

        Raises `NotFound`, `keys.errors.KeysError`.
        """
        ...


class SigningUnits(Protocol):
    """Opens transactions: committed, durably, when the block ends well; rolled back when it raises."""

    def __call__(self) -> AbstractContextManager[SigningUnit]:
        """A new transaction."""
        ...

    def reading(self) -> AbstractContextManager[SigningUnit]:
        """One consistent view that waits for no writer; nothing done in it is kept."""
        ...


class TimestampSources(Protocol):
    """Which authority stamps in a suite."""

    def __call__(self, suite: Suite, /) -> TimestampSource:
        """Raises `TimestampUnavailable` where there is none."""
        ...


class Pause(Protocol):
    """Waits, so that whoever holds a turn may end it."""

    def __call__(self, seconds: float, /) -> None:
        """Return after that many seconds."""
        ...
