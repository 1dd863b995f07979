"""Steps 3 and 5: the signatures and timestamps of a container, and the other timestamps that it holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from ca.certificate import Certificate
from ca.errors import CaError
from ca.indication import Outcome, Step, SubIndication
from ca.path import validate
from ca.purpose import DOCUMENT_SIGNING
from ca.token import read_certificate
from ca.trust import TrustStore
from ca.verifystamp import TimestampReport, judge_timestamp
from evidence.digest import DigestPair
from forensics.errors import PackageInvalid
from forensics.package.asic import ALL_META, SIGNATURES, SIGNED_META, TIMESTAMPS, Slot
from forensics.package.asicmanifest import check_references, parse
from forensics.package.container import MIMETYPE
from forensics.package.entryname import uri_of
from forensics.package.manifest import META, Manifest
from forensics.package.report import StepReport, closed
from forensics.package.role import Role
from keys import cms, cms_verify
from keys.cms_verify import VerifiedSigner
from keys.errors import CmsInvalid, KeysError, SignatureInvalid
from keys.suites import Suite

_DIGEST_FIELD = "signedAttrs.messageDigest"
RECORDS = "META-INF/ASiCEvidenceRecordManifest", "META-INF/evidencerecord"
"""How the names of files begin that are added when everything else is signed (EN 319 162-1 A.4)."""


class _Failed(Exception):
    def __init__(self, sub: SubIndication, detail: str) -> None:
        super().__init__(detail)
        self.sub = sub
        self.detail = detail


@dataclass(frozen=True, slots=True)
class _Found:
    steps: list[Step]
    subs: list[SubIndication]

    def add(self, step_id: str, failed: _Failed) -> None:
        self.steps.append(Step(step_id, Outcome.FAILED, failed.detail))
        self.subs.append(failed.sub)


@dataclass(frozen=True, slots=True)
class Held:
    """The files of a package with their digests, which are taken once for all manifests."""

    files: Mapping[str, bytes]
    digests: Mapping[str, DigestPair]

    @classmethod
    def of(cls, files: Mapping[str, bytes]) -> Held:
        """All of them."""
        return cls(files, {path: DigestPair.of(data) for path, data in files.items()})


def check_signatures(held: Held, trust: TrustStore, now: datetime) -> StepReport:
    """Step 3: every file is signed in both suites, each by a path to an anchor of `trust`."""
    files = held.files
    found = _Found([], [])
    stray = [path for path in files if path.startswith(META) and path not in ALL_META]
    for path in (one for one in stray if not one.startswith(RECORDS)):
        found.add("container", _Failed(SubIndication.FORMAT_FAILURE, f"{path}: is signed by nothing"))
    covered = [path for path in files if not path.startswith(META) and path != MIMETYPE]
    for slot in SIGNATURES:
        try:
            content, proof = _covered(slot, held, covered)
            found.steps.append(Step(slot.name, Outcome.PASSED, _signature(slot, content, proof, trust, now)))
        except _Failed as failed:
            found.add(slot.name, failed)
    return closed("signatures", found.steps, found.subs)


def check_timestamps(
    held: Held, manifest: Manifest, trust: TrustStore, now: datetime
) -> tuple[StepReport, dict[str, TimestampReport]]:
    """Step 5: the container's timestamps in both suites, then every token below tst/ over what it names."""
    files = held.files
    found = _Found([], [])
    reports: dict[str, TimestampReport] = {}
    outside = (path for path in files if not path.startswith(META) and path != MIMETYPE)
    covered = [*outside, *(path for path in SIGNED_META if path in files)]
    for slot in TIMESTAMPS:
        try:
            content, proof = _covered(slot, held, covered)
            reports[slot.proof] = _token(slot.name, content, proof, trust, now, found)
            _check_suite(reports[slot.proof], slot.suite)
        except _Failed as failed:
            found.add(slot.name, failed)
    for record in manifest.by_role(Role.TIMESTAMP):
        data, token = files.get(record.over or ""), files.get(record.path)
        if data is None or token is None:
            sub = SubIndication.SIGNED_DATA_NOT_FOUND
            found.add(record.path, _Failed(sub, "the file that it is over is not in the package"))
            continue
        reports[record.path] = _token(record.path, data, token, trust, now, found)
    return closed("timestamps", found.steps, found.subs), reports


def _covered(slot: Slot, held: Held, covered: list[str]) -> tuple[bytes, bytes]:
    """The slot's manifest and proof, once the manifest covers exactly these files."""
    try:
        content, proof = held.files[slot.manifest], held.files[slot.proof]
    except KeyError as error:
        detail = str(PackageInvalid(error.args[0], "is missing"))
        raise _Failed(SubIndication.FORMAT_FAILURE, detail) from error  # packages have both, always
    try:
        manifest = parse(content, slot.manifest)
    except PackageInvalid as error:
        raise _Failed(SubIndication.FORMAT_FAILURE, str(error)) from error
    if manifest.signature != uri_of(slot.proof):
        detail = f"{slot.manifest}: belongs to another file than {slot.proof}"
        raise _Failed(SubIndication.FORMAT_FAILURE, detail)
    if slot.suite is Suite.GUOMI and any(one.sm3 is None for one in manifest.references):
        raise _Failed(SubIndication.FORMAT_FAILURE, f"{slot.manifest}: lacks an SM3 digest")
    try:
        check_references(manifest, slot.manifest, held.digests, covered)
    except PackageInvalid as error:
        raise _Failed(SubIndication.HASH_FAILURE, str(error)) from error
    return content, proof


def _signature(slot: Slot, content: bytes, proof: bytes, trust: TrustStore, now: datetime) -> str:
    """Who signed, and when that is proved."""
    #   1. one detached CMS signature of the slot's suite over the manifest, its certificate named
    #   2. a signature timestamp over its value
    #   3. path to an anchor at the time of that timestamp
    try:  # 1
        signed = cms.parse(proof)
        if len(signed.signers) != 1 or signed.content is not None:
            raise CmsInvalid("signedData", "is not one signature over data outside of it")
        known = [one.data for one in trust.intermediates]
        (signer,) = cms_verify.verify(signed, read_certificate, content=content, certificates=known)
        if not signer.signing_certificate_named or signer.signing_time is None:
            raise CmsInvalid("signedAttrs", "lack the signer's certificate or the signing time")
    except SignatureInvalid as error:
        raise _Failed(SubIndication.SIG_CRYPTO_FAILURE, str(error)) from error
    except (CaError, KeysError) as error:
        hashed = isinstance(error, CmsInvalid) and error.field == _DIGEST_FIELD
        sub = SubIndication.HASH_FAILURE if hashed else SubIndication.FORMAT_FAILURE
        raise _Failed(sub, str(error)) from error
    if signer.algorithm.suite is not slot.suite:
        detail = f"is a signature of the suite {signer.algorithm.suite.value}, not {slot.suite.value}"
        raise _Failed(SubIndication.SIG_CONSTRAINTS_FAILURE, detail)
    proved = _proved(signer, signed.signers[0].signature, trust, now)  # 2
    certificate = signer.certificate
    if not isinstance(certificate, Certificate):
        raise TypeError("certificates of signers are read as ca.certificate.Certificate")
    path = validate(  # 3
        certificate,
        anchors=trust.anchors,
        at=proved,
        intermediates=(*trust.intermediates, *_carried(signed.certificates)),
        now=now,
        revocation=trust.revocation,
        purpose=DOCUMENT_SIGNING,
    )
    if path.sub_indication is not None:
        details = [one.detail for one in path.steps if one.outcome is Outcome.FAILED]
        raise _Failed(path.sub_indication, details[0])
    name = certificate.subject.rfc4514_string()
    return f"signed by {name}, before {proved:%FT%TZ} as its timestamp proves"


def _proved(signer: VerifiedSigner, signature: bytes, trust: TrustStore, now: datetime) -> datetime:
    held = [one for one in signer.unsigned_attributes if one.oid == cms.OID_TIMESTAMP_TOKEN]
    if len(held) != 1 or len(held[0].values) != 1:
        detail = "the signature does not bear one timestamp, so nothing proves when it was made"
        raise _Failed(SubIndication.SIG_CONSTRAINTS_FAILURE, detail)
    report = judge_timestamp(signature, held[0].values[0], trust, now=now)
    if report.sub_indication is not None or report.token is None:
        sub = report.sub_indication or SubIndication.FORMAT_FAILURE
        raise _Failed(sub, f"the signature's timestamp: {_first_failure(report)}")
    return report.token.info.gen_time


def _token(
    step_id: str, data: bytes, token: bytes, trust: TrustStore, now: datetime, found: _Found
) -> TimestampReport:
    report = judge_timestamp(data, token, trust, now=now)
    if report.sub_indication is not None:
        found.add(step_id, _Failed(report.sub_indication, _first_failure(report)))
    elif report.token is not None:
        detail = f"existed before {report.token.info.gen_time:%FT%TZ}"
        found.steps.append(Step(step_id, Outcome.PASSED, detail))
    return report


def _check_suite(report: TimestampReport, suite: Suite) -> None:
    if report.token is not None and report.token.algorithm.suite is not suite:
        detail = f"is a timestamp of another suite than {suite.value}"
        raise _Failed(SubIndication.SIG_CONSTRAINTS_FAILURE, detail)


def _first_failure(report: TimestampReport) -> str:
    return next((one.detail for one in report.steps if one.outcome is Outcome.FAILED), "does not hold")


def _carried(certificates: tuple[bytes, ...]) -> list[Certificate]:
    found = []
    for data in certificates:
        try:
            found.append(read_certificate(data))
        except CmsInvalid:
            continue  # nobody vouches for what a message carries; it only helps where it can be read
    return found
