"""What the authority's use cases need from outside."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ca.clocksample import ClockSampleStore
from ca.registry import (
    Approval,
    Authority,
    AuthorityId,
    CertificateRecord,
    CertificateStatus,
    IssuedToken,
    Proposal,
    PublishedCrl,
    Reservation,
    Revocation,
    RevocationReason,
)
from ca.serial import SerialNumber
from evidence.log import EvidenceLog
from evidence.ports import EventStore
from keys.key import KeyRecord
from keys.ports import KeyStore, Signer


class AuthorityStore(Protocol):
    """Authorities inside the caller's transaction."""

    def add(self, authority: Authority) -> None:
        """Raises `Refused` when the id is taken."""
        ...

    def get(self, authority_id: AuthorityId) -> Authority:
        """Raises `NotFound`."""
        ...

    def list(self) -> Sequence[Authority]:
        """Roots first, then by id."""
        ...

    def retire(self, authority_id: AuthorityId) -> None:
        """A later generation issues from now on."""
        ...


@dataclass(frozen=True, slots=True)
class CertificateFilter:
    """What `CertificateStore.find` selects; None for all. `after` is the last serial of the page before."""

    authority_id: AuthorityId | None = None
    profile: str | None = None
    status: CertificateStatus | None = None
    revoked: bool | None = None
    expires_before: datetime | None = None
    after: SerialNumber | None = None
    limit: int = 100


class CertificateStore(Protocol):
    """Serials, certificates and the revocation journal's rows inside the caller's transaction."""

    def reserve(self, reservations: Sequence[Reservation]) -> None:
        """Take serials, for good.

        Raises `DuplicateKey` when a public key was certified before; a serial taken twice is an
        integrity error of the store.
        """
        ...

    def complete(self, issued: Sequence[tuple[SerialNumber, bytes]]) -> None:
        """Reserved → issued, compare-and-set; raises `IssuanceMismatch` for another status."""
        ...

    def fail(self, serials: Sequence[SerialNumber]) -> None:
        """Reserved → failed."""
        ...

    def get(self, serial: SerialNumber) -> CertificateRecord:
        """Raises `NotFound`."""
        ...

    def by_key(self, fingerprint: str) -> Sequence[CertificateRecord]:
        """Every certificate of a public key."""
        ...

    def find(self, which: CertificateFilter) -> Sequence[CertificateRecord]:
        """One page, by serial."""
        ...

    def scan(self, which: CertificateFilter) -> Iterator[CertificateRecord]:
        """All that match, in bounded memory."""
        ...

    def revoke(
        self,
        serial: SerialNumber,
        reason: RevocationReason,
        at: datetime,
        requester: str,
        invalidity_date: datetime | None,
    ) -> Revocation:
        """Append to the journal; cost does not depend on how many are revoked.

        Raises `NotFound`, `AlreadyRevoked` (a hold may become a revocation or be removed), `Refused`
        for the removal of a hold that is not there. Once removed, `revocation` of the record is None.
        """
        ...

    def append_revocation(self, revocation: Revocation) -> None:
        """Replay of the journal file into a restored database.

        A certificate that the database lost gets a failed record, so that it stays revoked. Raises
        `RegistryBehind` for an entry that does not follow the last one.
        """
        ...

    def revocations(self, authority_id: AuthorityId, shard: int, after: int = 0) -> Sequence[Revocation]:
        """Entries of one shard with sequence > `after`, in order."""
        ...

    def journal(self, after: int) -> Sequence[Revocation]:
        """Entries with sequence > `after`, in order, a bounded number: ask again after the last."""
        ...

    def last_sequence(self) -> int:
        """Of the journal's newest entry; 0 when nothing was ever revoked."""
        ...


class CrlStore(Protocol):
    """Published CRLs and their numbers inside the caller's transaction."""

    def next_number(self, authority_id: AuthorityId) -> int:
        """Take the next CRLNumber; held until the transaction ends."""
        ...

    def add(self, crl: PublishedCrl) -> None:
        """Keep a published CRL for good: it is evidence."""
        ...

    def latest(self, authority_id: AuthorityId, shard: int, *, delta: bool = False) -> PublishedCrl | None:
        """The newest of its kind."""
        ...


class ProfileStore(Protocol):
    """Activated profiles: name and hash of the data in force, with its canonical data."""

    def activate(self, name: str, profile_hash: str, data: bytes, at: datetime) -> None:
        """From now on `name` means this data."""
        ...

    def active(self) -> dict[str, tuple[str, bytes]]:
        """Hash and data by name."""
        ...


class ApprovalStore(Protocol):
    """Administrators and their approvals."""

    def add_administrator(self, name: str, spki: bytes, at: datetime) -> None:
        """Raises `Refused` when the name is taken."""
        ...

    def administrators(self) -> dict[str, bytes]:
        """SubjectPublicKeyInfo by name."""
        ...

    def propose(self, proposal: Proposal) -> None:
        """Raises `Refused` when this very plan was proposed before."""
        ...

    def proposal(self, plan_hash: str) -> Proposal:
        """Raises `NotFound`."""
        ...

    def pending(self, since: datetime) -> Sequence[Proposal]:
        """Proposed at or after `since` and not carried out, oldest first."""
        ...

    def add(self, approval: Approval) -> None:
        """One an administrator and plan; raises `Refused` for a second."""
        ...

    def of(self, plan_hash: str) -> Sequence[Approval]:
        """In order."""
        ...

    def consume(self, plan_hash: str) -> bool:
        """Mark the proposed plan carried out; False when it was already: an approval serves once."""
        ...


class TimestampStore(Protocol):
    """Tokens inside the caller's transaction: in it before they leave."""

    def add(self, tokens: Sequence[IssuedToken]) -> None:
        """A serial that was used before fails the transaction."""
        ...

    def get(self, serial: SerialNumber) -> IssuedToken:
        """Raises `NotFound`."""
        ...


class CaUnit(Protocol):
    """The stores of one transaction."""

    @property
    def keys(self) -> KeyStore:
        """Key records."""
        ...

    @property
    def authorities(self) -> AuthorityStore:
        """Authorities."""
        ...

    @property
    def certificates(self) -> CertificateStore:
        """Certificates and revocations."""
        ...

    @property
    def crls(self) -> CrlStore:
        """Published CRLs."""
        ...

    @property
    def profiles(self) -> ProfileStore:
        """Profiles in force."""
        ...

    @property
    def approvals(self) -> ApprovalStore:
        """Administrators and approvals."""
        ...

    @property
    def timestamps(self) -> TimestampStore:
        """Timestamp tokens."""
        ...

    @property
    def clock_samples(self) -> ClockSampleStore:
        """When each instance last found its clock right."""
        ...

    @property
    def events(self) -> EventStore:
        """Events as stored."""
        ...

    @property
    def log(self) -> EvidenceLog:
        """The evidence log."""
        ...


class Units(Protocol):
    """Opens transactions: committed, durably, when the block ends well; rolled back when it raises."""

    def __call__(self) -> AbstractContextManager[CaUnit]:
        """A new transaction."""
        ...

    def reading(self) -> AbstractContextManager[CaUnit]:
        """One consistent view that waits for no writer; nothing done in it is kept."""
        ...


class Signers(Protocol):
    """Opens keys for signing; keeps those it opened. Raises `keys.errors.KeysError`."""

    def signer(self, record: KeyRecord) -> Signer:
        """The key must be active."""
        ...


class RevocationJournal(Protocol):
    """The append-only journal outside the database: restoring a backup cannot un-revoke."""

    def append(self, entries: Sequence[Revocation]) -> None:
        """On stable storage when this returns. Entries must follow the last one densely."""
        ...

    def last_sequence(self) -> int:
        """0 for an empty journal; raises `EncodingInvalid` when its hash chain is broken."""
        ...

    def read(self, after: int) -> Sequence[Revocation]:
        """Entries with sequence > `after`."""
        ...
