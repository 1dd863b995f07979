"""What is asked of one signature: which field, the claimed facts, what is drawn, how much room is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from signing.form import Form


@dataclass(frozen=True, slots=True)
class SignatureOrder:
    """One signature on one prepared field (ISO 32000-2 table 255: /M, /Name, /Reason, /Location)."""

    field: str
    """Fully qualified name (ISO 32000-2 12.7.4.2)."""
    at: datetime
    """The claimed time, /M: all that is known of it without a timestamp."""
    name: str | None = None
    reason: str | None = None
    location: str | None = None
    appearance: Form | None = None
    """Takes the placeholder's place; None leaves that."""
    contents_size: int | None = None
    """Octets kept for the CMS message; None sizes it from the chain, with room for a timestamp token."""
