"""What the authority knows of each authority, certificate and revocation: values, not rows."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import NewType

from ca.serial import SerialNumber
from keys.key import KeyId
from keys.suites import Algorithm, Suite

AuthorityId = NewType("AuthorityId", str)
"""`<suite>-<role>`, with `-<n>` from the second generation on: `intl-person`, `guomi-timestamp-2`."""


class AuthorityRole(enum.StrEnum):
    """One intermediate a purpose, below one root, in each suite."""

    ROOT = "root"
    PERSON = "person"
    """Persons' one-time event certificates."""
    SEAL = "seal"
    """Organisations' seals."""
    TIMESTAMP = "timestamp"
    OCSP = "ocsp"
    """Operators' and auditors' status services that answer for no issuer of their own; each issuer's
    own OCSP delegate is signed by that issuer (RFC 6960 4.2.2.2)."""
    SERVICE = "service"


@dataclass(frozen=True, slots=True)
class Authority:
    """An issuing authority: its name, key and certificate."""

    authority_id: AuthorityId
    suite: Suite
    role: AuthorityRole
    generation: int
    key_id: KeyId
    algorithm: Algorithm
    certificate: bytes
    """DER."""
    parent: AuthorityId | None
    active: bool
    """False once a later generation issues in its place; it still signs CRLs and OCSP answers."""


class CertificateStatus(enum.StrEnum):
    """A serial's life. It exists, and can be revoked, from the moment it is reserved."""

    RESERVED = "reserved"
    ISSUED = "issued"
    FAILED = "failed"
    """Signing did not happen or its result was lost: the serial is never used again."""


class RevocationReason(enum.Enum):
    """RFC 5280 5.3.1 CRLReason, those an authority may give."""

    UNSPECIFIED = 0
    KEY_COMPROMISE = 1
    CA_COMPROMISE = 2
    AFFILIATION_CHANGED = 3
    SUPERSEDED = 4
    CESSATION_OF_OPERATION = 5
    CERTIFICATE_HOLD = 6
    REMOVE_FROM_CRL = 8
    """Ends a hold; in delta CRLs only."""
    PRIVILEGE_WITHDRAWN = 9

    @property
    def text(self) -> str:
        """The name as RFC 5280 writes it: `keyCompromise`."""
        if self is RevocationReason.CA_COMPROMISE:
            return "cACompromise"
        first, *rest = self.name.lower().split("_")
        return first + "".join("CRL" if word == "crl" else word.capitalize() for word in rest)


@dataclass(frozen=True, slots=True)
class Reservation:
    """A serial taken before signing, with all that will be signed but the signature."""

    serial: SerialNumber
    authority_id: AuthorityId
    profile: str
    profile_hash: str
    """SHA-256 of the profile's canonical data, hexadecimal."""
    spki_fingerprint: str
    subject: str
    """RFC 4514 text; encrypted at rest by the store."""
    identity_record: str | None
    not_before: datetime
    not_after: datetime
    crl_shard: int
    tbs_sha256: bytes
    """Of the TBSCertificate that was linted."""
    requested_at: datetime
    requester: str
    """Pseudonym of the caller."""
    renews: SerialNumber | None = None
    """The certificate of the same key that this one follows."""


@dataclass(frozen=True, slots=True)
class CertificateRecord:
    """A serial and what became of it."""

    reservation: Reservation
    status: CertificateStatus
    certificate: bytes | None
    """DER, once issued."""
    revocation: Revocation | None


@dataclass(frozen=True, slots=True)
class Revocation:
    """One entry of the append-only revocation journal; `sequence` is dense from 1, over all issuers."""

    sequence: int
    authority_id: AuthorityId
    serial: SerialNumber
    reason: RevocationReason
    revoked_at: datetime
    invalidity_date: datetime | None
    """RFC 5280 5.3.2: when the key is thought to have been compromised."""
    not_after: datetime
    """Of the certificate."""
    crl_shard: int
    requester: str


@dataclass(frozen=True, slots=True)
class PublishedCrl:
    """A CRL as published."""

    authority_id: AuthorityId
    shard: int
    number: int
    """CRLNumber, strictly increasing an authority (RFC 5280 5.2.3)."""
    base_number: int | None
    """Of a delta CRL: the complete CRL it adds to."""
    this_update: datetime
    next_update: datetime
    upto_sequence: int
    """Journal entries up to this sequence are in it."""
    data: bytes


@dataclass(frozen=True, slots=True)
class Proposal:
    """A plan under dual control, as proposed: what administrators read before they sign."""

    plan_hash: str
    data: bytes
    """The plan's canonical JSON."""
    proposed_at: datetime
    carried_out: bool


@dataclass(frozen=True, slots=True)
class Approval:
    """An administrator's signature over the hash of a plan."""

    plan_hash: str
    act: str
    administrator: str
    signature: bytes
    approved_at: datetime


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A timestamp token as recorded before it leaves."""

    serial: SerialNumber
    suite: Suite
    gen_time: datetime
    imprint: bytes
    policy: str
    token: bytes
    """Without the certificates it may have carried, which its signature does not cover."""
    requester: str


def authority_id(suite: Suite, role: AuthorityRole, generation: int = 1) -> AuthorityId:
    """The id of an authority's generation."""
    return AuthorityId(f"{suite.value}-{role.value}" + (f"-{generation}" if generation > 1 else ""))
