"""The report on a package: an outcome for each of the fifteen steps, and what was not checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from ca.indication import Indication, Outcome, Step, SubIndication
from ca.trust import TrustStore
from ca.verifystamp import TimestampReport
from forensics.package.eventcheck import HeldEvent, HeldLeaf
from forensics.package.manifest import Manifest
from signing.validity.report import PdfReport

STEPS = (
    "container",
    "manifest",
    "signatures",
    "documents",
    "timestamps",
    "events",
    "commitments",
    "inclusion",
    "checkpoints",
    "consistency",
    "anchors",
    "evidence-record",
    "cross-checks",
    "algorithms",
    "report",
)
"""By number, from 1."""

_ORDER = (Indication.TOTAL_PASSED, Indication.INDETERMINATE, Indication.TOTAL_FAILED)


@dataclass(frozen=True, slots=True)
class StepReport:
    """What one step found."""

    step_id: str
    """One of `STEPS`."""
    indication: Indication | None
    """None when nothing was checked: `findings` say why."""
    sub_indication: SubIndication | None
    findings: tuple[Step, ...]

    @property
    def number(self) -> int:
        """From 1."""
        return STEPS.index(self.step_id) + 1


@dataclass(frozen=True, slots=True)
class OpenedPackage:
    """A package taken apart, as later checks are given it; what failed before is empty here."""

    files: Mapping[str, bytes]
    """By path, `META-INF/` and `mimetype` among them."""
    manifest: Manifest
    events: tuple[HeldEvent, ...]
    leaves: tuple[HeldLeaf, ...]
    """One an event, in the same order."""


class Check(Protocol):
    """A step of the verifier, or a part of one, that others provide: proofs, evidence records, the report.

    `check` never raises for what a stranger's package holds, reaches nothing outside its arguments, and
    takes no certificate of the package for an anchor. It is called once a package, in the order of the
    steps, also when steps before it failed.
    """

    @property
    def step_id(self) -> str:
        """One of `STEPS`; several checks of one step are joined, and with what is checked of it anyway."""
        ...

    def check(self, package: OpenedPackage, trust: TrustStore, now: datetime) -> StepReport:
        """What it found."""
        ...


@dataclass(frozen=True, slots=True)
class PackageReport:
    """What was found of a package: TOTAL-PASSED only when all that it holds was checked, and stands."""

    indication: Indication
    sub_indication: SubIndication | None
    steps: tuple[StepReport, ...]
    """All fifteen, in order."""
    head: Mapping[str, object]
    """What the package says of itself: `package_id`, `variant`, `created_at`; empty if unreadable."""
    documents: Mapping[str, PdfReport]
    """Of the contracts, by path."""
    timestamps: Mapping[str, TimestampReport]
    """By path."""
    at: datetime
    """As of which time it was judged."""

    @property
    def not_checked(self) -> tuple[Step, ...]:
        """Everything that was left open, by the id of its step, with the reason."""
        return tuple(
            Step(step.step_id, Outcome.SKIPPED, one.detail)
            for step in self.steps
            for one in step.findings
            if one.outcome is Outcome.SKIPPED
        )

    def step(self, step_id: str) -> StepReport:
        """The report on one step."""
        return self.steps[STEPS.index(step_id)]


def passed(step_id: str, *findings: Step) -> StepReport:
    """Everything that was looked at holds."""
    return StepReport(step_id, Indication.TOTAL_PASSED, None, findings)


def joined(reports: list[StepReport]) -> StepReport:
    """What several checks of one step found: the gravest outcome, and that of those that looked at all."""
    sub = gravest([one.sub_indication for one in reports if one.sub_indication is not None])
    looked = [one.indication for one in reports if one.indication is not None]
    indication = max(looked, key=_ORDER.index, default=None)
    findings = tuple(finding for one in reports for finding in one.findings)
    return StepReport(reports[0].step_id, indication, sub, findings)


def skipped(step_id: str, reason: str) -> StepReport:
    """Nothing was looked at."""
    return StepReport(step_id, None, None, (Step(step_id, Outcome.SKIPPED, reason),))


def failed(step_id: str, sub: SubIndication, *findings: Step) -> StepReport:
    """Something does not hold, or stays open: `sub` says which."""
    return StepReport(step_id, sub.indication, sub, findings)


def gravest(subs: list[SubIndication]) -> SubIndication | None:
    """The first of those with the gravest indication, None for none."""
    return max(subs, key=lambda one: _ORDER.index(one.indication), default=None)


def closed(step_id: str, findings: list[Step], subs: list[SubIndication]) -> StepReport:
    """A step with several findings: passed when no sub-indication was found."""
    sub = gravest(subs)
    return passed(step_id, *findings) if sub is None else failed(step_id, sub, *findings)
