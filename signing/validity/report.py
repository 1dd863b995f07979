"""The report on a PDF: frozen data, with the names of ETSI EN 319 102-1."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from ca.certificate import Certificate
from ca.indication import Indication, Step, SubIndication
from keys.suites import Suite
from signing.validity.attack import AttackFound
from signing.validity.change import Change, ChangeClass, Permission, gravest


class Level(enum.StrEnum):
    """How far a signature reaches (ETSI EN 319 142-1 6); `CMS` for what is no PAdES baseline signature."""

    CMS = "CMS"
    B = "B-B"
    T = "B-T"
    LT = "B-LT"
    LTA = "B-LTA"


class Proof(enum.StrEnum):
    """What proves when a signature existed."""

    SIGNATURE_TIMESTAMP = "signature-timestamp"
    DOCUMENT_TIMESTAMP = "document-timestamp"
    CLAIM = "claim"
    """Nothing but the signer's word: the signature is judged as of now."""


class Kind(enum.StrEnum):
    """What a signature field holds."""

    SIGNATURE = "signature"
    DOCUMENT_TIMESTAMP = "document-timestamp"


@dataclass(frozen=True, slots=True)
class SignatureReport:
    """What was found of one signature or document timestamp."""

    field: str
    kind: Kind
    indication: Indication
    sub_indication: SubIndication | None
    steps: tuple[Step, ...]
    signer: Certificate | None
    """None unless its signature holds."""
    suite: Suite | None
    algorithm: str | None
    level: Level | None
    """Reached; None for a document timestamp, and for what does not hold."""
    claimed_time: datetime | None
    proved_time: datetime | None
    """Before which it existed."""
    proved_by: Proof
    revision: int
    """That which it covers, from 0."""
    covers_whole_revision: bool
    certifies: Permission | None
    modifications: tuple[tuple[Change, bool], ...]
    """Changes by later revisions, each with whether this signature allows it."""

    @property
    def modified(self) -> ChangeClass:
        """The gravest class of later changes."""
        return gravest(change for change, _ in self.modifications)

    def by_class(self) -> Mapping[ChangeClass, tuple[tuple[Change, bool], ...]]:
        """Later changes by class, those that occur."""
        found: dict[ChangeClass, list[tuple[Change, bool]]] = {}
        for change, allowed in self.modifications:
            found.setdefault(change.kind, []).append((change, allowed))
        return {kind: tuple(found[kind]) for kind in ChangeClass if kind in found}


@dataclass(frozen=True, slots=True)
class PdfReport:
    """What was found of a file: TOTAL-PASSED only when everything in it is."""

    indication: Indication
    sub_indication: SubIndication | None
    steps: tuple[Step, ...]
    """Of the file as a whole."""
    signatures: tuple[SignatureReport, ...]
    attacks: tuple[AttackFound, ...]
    revisions: int
    pages: int | None
    at: datetime
    """As of which time it was judged."""


_ORDER = (Indication.TOTAL_PASSED, Indication.INDETERMINATE, Indication.TOTAL_FAILED)


def worst(subs: list[SubIndication]) -> SubIndication | None:
    """The sub-indication that decides: the first of those with the gravest indication."""
    return max(subs, key=lambda one: _ORDER.index(one.indication), default=None)
