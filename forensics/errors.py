"""Errors of forensics.

ForensicsError
├── RecordInvalid            an evidence record that cannot be read: names the field
└── RenewalRefused           a record that cannot be made or renewed as asked
"""

from __future__ import annotations


class ForensicsError(Exception):
    """Root of this package's errors; `code` is stable and safe to show."""

    code = "forensics-error"


class RecordInvalid(ForensicsError):
    """Bytes that are no evidence record (RFC 4998) of the accepted kind."""

    code = "record-invalid"

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class RenewalRefused(ForensicsError):
    """An evidence record that cannot be made or renewed as asked."""

    code = "renewal-refused"

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
