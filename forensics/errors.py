"""Errors of forensics.

ForensicsError
├── PackageInvalid   bytes that are no evidence package, or one that does not hold: names the part and why
├── ContentsInvalid  what was to be packaged cannot be: names the file and why
├── ReportInvalid    a report cannot be made of what was given: names the field and why
├── RecordInvalid    an evidence record that cannot be read: names the field
└── RenewalRefused   a record that cannot be made or renewed as asked
"""


class ForensicsError(Exception):
    """Root of this package's errors; `code` is stable and safe to show."""

    code = "forensics-error"


class PackageInvalid(ForensicsError):
    """A stranger's package, or a part of it, that does not hold; `part` is a path or a field."""

    code = "package-invalid"

    def __init__(self, part: str, reason: str) -> None:
        super().__init__(f"{part}: {reason}")
        self.part = part
        self.reason = reason


class ContentsInvalid(ForensicsError):
    """What was to be packaged cannot be; `part` is the path or the field it would have had."""

    code = "contents-invalid"

    def __init__(self, part: str, reason: str) -> None:
        super().__init__(f"{part}: {reason}")
        self.part = part
        self.reason = reason


class ReportInvalid(ForensicsError):
    """What was given is of another case, or no text of the report says it."""

    code = "report-invalid"

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


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
