"""Errors of the evidence log.

EvidenceError
├── EventInvalid          a draft cannot be an event: names the field and why
├── RecordRefused         the store cannot record, so the act it would record must not happen
├── PayloadUnavailable    the personal payload was shredded or never existed
├── PayloadCorrupt        a sealed payload does not open under its case key
├── CaseNotFound          no event of such a case was recorded
├── CaseClosed            an event of a kind that a closed case does not take
├── CaseRefused           an act that the case's state does not allow: names the case and why
├── CaseHeld              personal data under a legal hold must stay
├── HoldNotFound          the case is under no such hold
├── PersonsMissing        an act that two persons must answer for
├── AccessRefused         a reader without the power, or without a purpose
├── LogBehind             the store holds less, or other, than was once recorded
├── WatermarkInvalid      the record outside the database cannot be read
├── WatermarkUnavailable  the record outside the database cannot be opened or written
├── ProofInvalid          an inclusion or consistency proof does not hold
├── NoteInvalid           a signed note, checkpoint or cosignature is malformed or does not verify
├── TileInvalid           a tile is missing, damaged or not what the tree has at its place
├── TilesUnavailable      the place where tiles are kept refuses
├── LogForked             database, tiles and the last signed head disagree: nothing may be signed
└── WitnessRefused        a witness does not cosign this checkpoint
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


class CaseNotFound(EvidenceError):
    """There is no such case."""

    code = "case-not-found"

    def __init__(self, case_id: str) -> None:
        super().__init__(f"there is no case {case_id}")
        self.case_id = case_id


class CaseClosed(EvidenceError):
    """A closed case takes only what is named in `evidence.case.AFTER_CLOSING`."""

    code = "case-closed"

    def __init__(self, case_id: str, event: str) -> None:
        super().__init__(f"case {case_id} is closed and takes no {event}")
        self.case_id = case_id
        self.event = event


class CaseRefused(EvidenceError):
    """The case's state does not allow the act."""

    code = "case-refused"

    def __init__(self, case_id: str, reason: str) -> None:
        super().__init__(f"case {case_id}: {reason}")
        self.case_id = case_id
        self.reason = reason


class CaseHeld(EvidenceError):
    """The case is under legal holds, which must be released first."""

    code = "case-held"

    def __init__(self, case_id: str, holds: str) -> None:
        super().__init__(f"case {case_id} is under legal hold: {holds}")
        self.case_id = case_id
        self.holds = holds


class HoldNotFound(EvidenceError):
    """The case is under no such hold: there never was one, or it was released."""

    code = "hold-not-found"

    def __init__(self, hold_id: str) -> None:
        super().__init__(f"no hold {hold_id} stands")
        self.hold_id = hold_id


class PersonsMissing(EvidenceError):
    """Fewer persons answer for the act than must."""

    code = "persons-missing"

    def __init__(self, act: str, given: int, needed: int) -> None:
        super().__init__(f"{act} needs {needed} persons, {given} answer for it")
        self.act = act
        self.given = given
        self.needed = needed


class AccessRefused(EvidenceError):
    """The reader may not do this, or does not say by what authority and what for."""

    code = "access-refused"

    def __init__(self, act: str, reason: str) -> None:
        super().__init__(f"{act}: {reason}")
        self.act = act
        self.reason = reason


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


class ProofInvalid(EvidenceError):
    """A proof that does not lead from what is given to the root that is given."""

    code = "proof-invalid"

    def __init__(self, kind: str, reason: str) -> None:
        super().__init__(f"the {kind} proof does not hold: {reason}")
        self.kind = kind
        self.reason = reason


class NoteInvalid(EvidenceError):
    """A signed note, or the checkpoint in it, that is malformed or not signed by a key that is known."""

    code = "note-invalid"

    def __init__(self, reason: str) -> None:
        super().__init__(f"the signed note {reason}")
        self.reason = reason


class TileInvalid(EvidenceError):
    """A tile that cannot be read, or holds something else than the tree has there."""

    code = "tile-invalid"

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path} {reason}")
        self.path = path
        self.reason = reason


class TilesUnavailable(EvidenceError):
    """Tiles cannot be written: what was recorded stands, and is published when they can."""

    code = "tiles-unavailable"

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"the tiles in {path} cannot be used: {reason}")
        self.path = path
        self.reason = reason


class LogForked(EvidenceError):
    """To sign now could contradict what was signed before: a backup was restored, or something altered."""

    code = "log-forked"

    def __init__(self, log: str, reason: str) -> None:
        super().__init__(f"log {log} is not what was signed: {reason}")
        self.log = log
        self.reason = reason


class WitnessRefused(EvidenceError):
    """A witness does not cosign; `outcome` is one of `evidence.witness.Outcome`."""

    code = "witness-refused"

    def __init__(self, outcome: str, reason: str, size: int) -> None:
        super().__init__(f"the witness does not cosign: {reason}")
        self.outcome = outcome
        self.reason = reason
        self.size = size
        """Of the newest checkpoint that it cosigned, 0 before the first."""
