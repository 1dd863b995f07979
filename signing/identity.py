"""Proof of who somebody is: what is asked of an identity bureau, and what it answers."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol


class Method(enum.StrEnum):
    """What is compared with the authoritative source."""

    TWO_ELEMENTS = "two-elements"
    """Name and identity number."""
    THREE_ELEMENTS = "three-elements"
    """And the mobile number, with the carrier."""
    FOUR_ELEMENTS = "four-elements"
    """And the bank card, with the bank."""
    FACE = "face"
    """Liveness, and the face against the authoritative picture."""
    ENTERPRISE = "enterprise"
    """Registered name, unified social credit code and legal representative."""


class Verdict(enum.StrEnum):
    """The bureau's conclusion."""

    MATCH = "match"
    MISMATCH = "mismatch"
    NOT_FOUND = "not-found"
    """The source knows no such person or firm."""
    DOCUMENT_LOST = "document-lost"
    """The identity document was reported lost or is out of date."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Who is asked about; values are personal data and stand in no log."""

    name: str = field(repr=False)
    id_number: str = field(repr=False)
    """Resident identity number (GB 11643), or unified social credit code (GB 32100) of a firm."""
    mobile: str | None = field(default=None, repr=False)
    card: str | None = field(default=None, repr=False)
    representative: str | None = field(default=None, repr=False)
    """Of a firm: its legal representative's name."""
    face_token: str | None = field(default=None, repr=False)
    """The reference that the face capture on the phone returned."""


@dataclass(frozen=True, slots=True)
class Enquiry:
    """One question to a bureau; `transaction` is ours and unique."""

    method: Method
    subject: Subject
    transaction: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the bureau said, with the very octets sent and received, whose digests become evidence."""

    verdict: Verdict
    reference: str
    """The bureau's own number for the enquiry."""
    request: bytes = field(repr=False)
    response: bytes = field(repr=False)
    answered_at: datetime
    score: int | None = None
    """Of a face comparison, in parts per million."""


class IdentityProvider(Protocol):
    """An identity bureau."""

    @property
    def name(self) -> str:
        """As it stands in the evidence."""
        ...

    @property
    def simulated(self) -> bool:
        """True for a simulator: everything that rests on it is marked as a test."""
        ...

    def check(self, enquiry: Enquiry) -> Answer:
        """Ask once. Raises `ProviderUnavailable` for no answer, or one that makes no sense."""
        ...
