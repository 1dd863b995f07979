"""The verified identity record a person's or firm's certificate takes its subject from, and nothing else."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime


class SubjectKind(enum.StrEnum):
    """Whom a certificate names."""

    PERSON = "person"
    ORGANISATION = "organisation"


@dataclass(frozen=True, slots=True)
class IdentityRecord:
    """The conclusion of an identity verification; names are as the authoritative source has them."""

    record_id: str
    """Id of the record the conclusion rests on; goes into the evidence, never into the certificate."""
    kind: SubjectKind
    name: str
    """Full name of the person, or registered name of the organisation."""
    pseudonym: str
    """Stable opaque identifier of the subject; becomes the subject's serialNumber attribute."""
    organisation_id: str | None
    """Unified social credit code (GB 32100-2015), for an organisation."""
    assurance: str
    """`substantial` or `high`, as the profile demands."""
    methods: tuple[str, ...]
    provider: str
    transaction: str
    """The provider's own number for the verification."""
    verified_at: datetime
    valid_until: datetime
    simulated: bool
    """True when the provider is a simulator; the certificate then carries the test policy."""
