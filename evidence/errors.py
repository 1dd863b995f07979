"""Errors of the evidence log.

EvidenceError
├── EventInvalid          a draft cannot be an event: names the field and why
├── RecordRefused         the store cannot record, so the act it would record must not happen
├── PayloadUnavailable    the personal payload was shredded or never existed
├── PayloadCorrupt        a sealed payload does not open under its case key
├── LogBehind             the store holds less, or other, than was once recorded
├── WatermarkInvalid      the record outside the database cannot be read
└── WatermarkUnavailable  the record outside the database cannot be opened or written
"""


class EvidenceError(Exception):
    """Root of this package's errors; `code` is stable and safe to show."""

    code = "evidence-error"


class EventInvalid(EvidenceError):
    """A draft that cannot become an event (wrong type, unsafe integer, non-canonical text)."""

    code = "event-invalid"

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class RecordRefused(EvidenceError):
    """The store did not take the record; the caller must let its own act fail too."""

    code = "record-refused"

    def __init__(self, reason: str) -> None:
        super().__init__(f"the evidence store refused the record: {reason}")
        self.reason = reason


class PayloadUnavailable(EvidenceError):
    """The personal payload of an event cannot be had: shredded, or there never was one."""

    code = "payload-unavailable"

    def __init__(self, subject: str) -> None:
        super().__init__(f"no personal payload can be opened for {subject}")
        self.subject = subject


class PayloadCorrupt(EvidenceError):
    """A sealed payload failed authentication under its case key."""

    code = "payload-corrupt"

    def __init__(self, event_id: str) -> None:
        super().__init__(f"the sealed payload of event {event_id} does not authenticate")
        self.event_id = event_id


class LogBehind(EvidenceError):
    """The store is older than, or differs from, what the watermark says was recorded."""

    code = "log-behind"

    def __init__(self, log: str, *, stored: int, recorded: int, differs: bool) -> None:
        what = "holds another event at that position" if differs else f"holds only {stored}"
        super().__init__(f"log {log}: {recorded} events were recorded, the database {what}")
        self.log = log
        self.stored = stored
        self.recorded = recorded
        self.differs = differs


class WatermarkInvalid(EvidenceError):
    """The watermark is damaged, so that nothing proves the database to be the newest."""

    code = "watermark-invalid"

    def __init__(self, path: str) -> None:
        super().__init__(f"the watermark {path} is damaged")
        self.path = path


class WatermarkUnavailable(EvidenceError):
    """The file system refuses the watermark: what was committed before stands, and is not answered for."""

    code = "watermark-unavailable"

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"the watermark {path} cannot be used: {reason}")
        self.path = path
        self.reason = reason
