"""Errors of forensics.

ForensicsError
└── ReportInvalid  a report cannot be made of what was given: names the field and why
"""


class ForensicsError(Exception):
    """Root of this package's errors; `code` is stable and safe to show."""

    code = "forensics-error"


class ReportInvalid(ForensicsError):
    """What was given is of another case, or no text of the report says it."""

    code = "report-invalid"

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason
