"""Judge an evidence package offline, by the caller's roots: the fifteen steps of the verifier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType

from ca.errors import CaError
from ca.indication import Indication, Outcome, Step, SubIndication
from ca.trust import RevocationData, TrustStore, load_trust
from ca.verifystamp import TimestampReport
from forensics.errors import PackageInvalid
from forensics.package import eventcheck
from forensics.package.asiccheck import RECORDS, Held, check_signatures, check_timestamps
from forensics.package.container import read_container
from forensics.package.eventcheck import EVENTS, LEAVES, PLACES, SALTS, HeldEvent, HeldLeaf
from forensics.package.manifest import MANIFEST, Manifest, check_files, read_manifest
from forensics.package.report import (
    STEPS,
    Check,
    OpenedPackage,
    PackageReport,
    StepReport,
    closed,
    failed,
    gravest,
    joined,
    passed,
    skipped,
)
from forensics.package.role import Role
from signing.validity.judge import judge_pdf
from signing.validity.report import PdfReport

MATERIAL = MappingProxyType(
    {
        "inclusion": (Role.PROOF,),
        "checkpoints": (Role.CHECKPOINT, Role.LOG_POLICY),
        "consistency": (Role.CONSISTENCY,),
        "anchors": (),
        "evidence-record": (Role.EVIDENCE_RECORD,),
        "cross-checks": (),
        "algorithms": (),
        "report": (Role.REPORT,),
    }
)
"""Steps that other parts of the product provide, each with the files that only it looks into."""

_EMPTY = Manifest({}, (), ())


def judge_package(
    data: bytes, trust: TrustStore, *, now: datetime, checks: Sequence[Check] = ()
) -> PackageReport:
    """Judge a package as of `now`; never raises for what a stranger's package holds.

    Anchors are `trust`'s alone: certificates, CRLs and OCSP answers of the package only help to build and
    check paths. `checks` answer for later steps, which are said to be unchecked without them.
    Files that no step looked into keep the package from TOTAL-PASSED; what was not checked is in the report.
    """
    return _Judgement(trust, now, checks).report(data)


def open_package(data: bytes) -> tuple[dict[str, bytes], Manifest]:
    """The files and the manifest, which agree; signatures are not looked at. Raises `PackageInvalid`."""
    files = read_container(data)
    if MANIFEST not in files:
        raise PackageInvalid(MANIFEST, "is missing")
    manifest = read_manifest(files[MANIFEST])
    check_files(manifest, files, Held.of(files).digests)
    return files, manifest


class _Judgement:
    def __init__(self, trust: TrustStore, now: datetime, checks: Sequence[Check]) -> None:
        self._trust = trust
        self._now = now
        self._checks = checks
        self._files: Mapping[str, bytes] = {}
        self._hashed = Held({}, {})
        self._manifest = _EMPTY
        self._events: tuple[HeldEvent, ...] = ()
        self._leaves: tuple[HeldLeaf, ...] = ()
        self._documents: dict[str, PdfReport] = {}
        self._timestamps: dict[str, TimestampReport] = {}
        self._open = False

    def report(self, data: bytes) -> PackageReport:
        steps = [self._container(data)]  # 1
        if self._files:
            steps.append(self._contents())  # 2
            self._trust = _helped(self._trust, self._files, self._manifest)
            steps.append(check_signatures(self._hashed, self._trust, self._now))  # 3
        if self._open:
            steps.append(self._contracts())  # 4
            stamps, self._timestamps = check_timestamps(self._hashed, self._manifest, self._trust, self._now)
            steps += stamps, self._case(), self._disclosed()  # 5, 6, 7
            steps = [joined([one, *self._plugged(one.step_id)]) for one in steps]
            steps += [self._later(step_id) for step_id in STEPS[len(steps) :]]  # 8 to 15
        reason = "the package could not be opened so far"
        steps += [skipped(step_id, reason) for step_id in STEPS[len(steps) :]]
        return self._closed(steps)

    def _container(self, data: bytes) -> StepReport:
        try:
            self._files = read_container(data)
        except PackageInvalid as error:
            return _refused("container", error, SubIndication.FORMAT_FAILURE)
        self._hashed = Held.of(self._files)
        return passed("container", _ok("container", f"a zip of {len(self._files)} files, without a gap"))

    def _contents(self) -> StepReport:
        try:
            self._manifest = read_manifest(self._held(MANIFEST))
        except PackageInvalid as error:
            return _refused("manifest", error, SubIndication.FORMAT_FAILURE)
        self._open = True
        try:
            check_files(self._manifest, self._files, self._hashed.digests)
        except PackageInvalid as error:
            return _refused("manifest", error, SubIndication.HASH_FAILURE)
        count = len(self._manifest.files)
        findings = [_ok("manifest", f"{count} files have the SHA-256 and SM3 that the manifest says")]
        findings += [
            Step("manifest", Outcome.SKIPPED, f"{one.path}: is withheld from this variant")
            for one in self._manifest.withheld
        ]
        return passed("manifest", *findings)

    def _contracts(self) -> StepReport:
        findings: list[Step] = []
        subs: list[SubIndication] = []
        for record in self._manifest.by_role(Role.CONTRACT):
            report = judge_pdf(self._files.get(record.path, b""), self._trust, now=self._now)
            self._documents[record.path] = report
            if report.sub_indication is None:
                detail = f"all of its {len(report.signatures)} signatures hold"
                findings.append(_ok(record.path, detail))
                continue
            subs.append(report.sub_indication)
            steps = [*report.steps, *(step for one in report.signatures for step in one.steps)]
            broken = [one.detail for one in steps if one.outcome is Outcome.FAILED]
            findings.append(Step(record.path, Outcome.FAILED, broken[0] if broken else "does not hold"))
        if not findings:
            return skipped("documents", "the package holds no contract")
        return closed("documents", findings, subs)

    def _case(self) -> StepReport:
        try:
            self._events = eventcheck.read_events(self._held(EVENTS))
            if not self._events:
                return skipped("events", "the package holds no event")
            counts = eventcheck.check_chains(self._events)
            self._leaves = eventcheck.read_leaves(self._held(LEAVES), self._held(PLACES), self._events)
        except PackageInvalid as error:
            return _refused("events", error, SubIndication.HASH_FAILURE)
        findings = [
            _ok(
                "events", f"case {case} has events 0 to {count - 1} without a gap, each naming the one before"
            )
            for (_, case), count in counts.items()
        ]
        signed = sum("producer" in one.content for one in self._events)
        if signed:
            detail = f"signatures by the producers of {signed} events: their keys are not in the package"
            findings.append(Step("events", Outcome.SKIPPED, detail))
        return passed("events", *findings)

    def _disclosed(self) -> StepReport:
        if not self._events:
            return skipped("commitments", "no event could be read")
        try:
            committed = eventcheck.check_commitments(self._events)
            shown = eventcheck.check_salts(self._held(SALTS), self._events)
        except PackageInvalid as error:
            return _refused("commitments", error, SubIndication.HASH_FAILURE)
        findings = [_ok("commitments", f"{shown} disclosed values are those that their events commit to")]
        if committed > shown:
            detail = f"{committed - shown} personal fields are committed to and not disclosed"
            findings.append(Step("commitments", Outcome.SKIPPED, detail))
        return passed("commitments", *findings)

    def _later(self, step_id: str) -> StepReport:
        found = self._plugged(step_id)
        return joined(found) if found else skipped(step_id, "this verifier has no check for it")

    def _plugged(self, step_id: str) -> list[StepReport]:
        package = OpenedPackage(self._files, self._manifest, self._events, self._leaves)
        checks = [one for one in self._checks if one.step_id == step_id]
        return [one.check(package, self._trust, self._now) for one in checks]

    def _held(self, path: str) -> bytes:
        try:
            return self._files[path]
        except KeyError as error:
            raise PackageInvalid(path, "is missing") from error

    def _closed(self, steps: list[StepReport]) -> PackageReport:
        sub = gravest([one.sub_indication for one in steps if one.sub_indication is not None])
        open_steps = [one.step_id for one in steps if one.indication is None]
        unseen = any(self._manifest.by_role(*MATERIAL.get(one, ())) for one in open_steps)
        unseen |= "evidence-record" in open_steps and any(one.startswith(RECORDS) for one in self._files)
        indication = Indication.TOTAL_PASSED if sub is None else sub.indication
        if sub is None and unseen:
            indication = Indication.INDETERMINATE
        return PackageReport(
            indication=indication,
            sub_indication=sub,
            steps=tuple(steps),
            head=self._manifest.head,
            documents=self._documents,
            timestamps=self._timestamps,
            at=self._now,
        )


def _helped(trust: TrustStore, files: Mapping[str, bytes], manifest: Manifest) -> TrustStore:
    """The caller's trust with what the package holds to build paths with: none of it an anchor."""
    records = manifest.by_role(Role.CERTIFICATE, Role.CRL, Role.OCSP)
    try:
        held = load_trust({one.path: files[one.path] for one in records if one.path in files})
    except CaError:
        return trust
    return TrustStore(
        trust.anchors,
        (*trust.intermediates, *held.intermediates),
        RevocationData() + trust.revocation + held.revocation,
        trust.unread,
    )


def _ok(step_id: str, detail: str) -> Step:
    return Step(step_id, Outcome.PASSED, detail)


def _refused(step_id: str, error: PackageInvalid, sub: SubIndication) -> StepReport:
    return failed(step_id, sub, Step(step_id, Outcome.FAILED, str(error)))
