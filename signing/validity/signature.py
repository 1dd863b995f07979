"""One signature judged: the steps of EN 319 102-1 5.3, 5.5 and 5.6, in this order.

1 byte range and place in the file            6 what proves the time: own timestamps, document timestamps
2 the CMS message and its one signer          7 path to an anchor of the verifier's, purpose, revocation,
3 digest of the byte range                       as of that time
4 signature under the signer's key            8 level reached
5 ESSCertIDv2 names that certificate          9 later changes are those that it allows
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from itertools import pairwise

from ca.certificate import Certificate
from ca.indication import Indication, Outcome, Step, SubIndication
from ca.path import PathReport, validate
from ca.purpose import DOCUMENT_SIGNING
from ca.revocationcheck import check_revocation
from ca.token import read_certificate
from ca.trust import RevocationData, TrustStore
from ca.verifystamp import TimestampReport, judge_timestamp
from keys.cms import OID_SIGNING_TIME, OID_TIMESTAMP_TOKEN, read_signing_time
from keys.cms_verify import VerifiedSigner
from keys.errors import CmsInvalid
from signing.validity.attack import AttackFound
from signing.validity.change import Change, Permission, Rules
from signing.validity.fields import name_of
from signing.validity.locate import SignatureObject
from signing.validity.message import Message, MessageRefused, read_message, verify_message
from signing.validity.report import Kind, Level, Proof, SignatureReport, worst
from signing.validity.store import Store
from signing.validity.timeproof import (
    MAX_TOKENS,
    Digests,
    Proven,
    claimed_time,
    earliest,
    judge_document_timestamp,
)

_CADES = b"ETSI.CAdES.detached"
_READ = frozenset({_CADES, b"adbe.pkcs7.detached"})


@dataclass(frozen=True, slots=True)
class Context:
    """What all signatures of a file are judged by."""

    trust: TrustStore
    """The verifier's anchors, with the document store's help."""
    store: Store
    now: datetime
    digests: Digests
    documents: list[tuple[SignatureObject, TimestampReport]]
    """Document timestamps that could be judged."""


@dataclass(slots=True)
class Notes:
    """Steps as they are made, what speaks against the signature, and attacks by name."""

    name: str
    steps: list[Step] = field(default_factory=list)
    subs: list[SubIndication] = field(default_factory=list)
    attacks: list[AttackFound] = field(default_factory=list)

    def passed(self, step: str, detail: str) -> None:
        """A step that holds."""
        self.steps.append(Step(step, Outcome.PASSED, detail))

    def failed(self, step: str, detail: str, sub: SubIndication) -> None:
        """A step that does not."""
        self.steps.append(Step(step, Outcome.FAILED, detail))
        self.subs.append(sub)

    def refused(self, error: MessageRefused, revision: int) -> None:
        """A message that does not hold."""
        self.failed(error.step, error.detail, error.sub)
        if error.attack is not None:
            self.attacks.append(AttackFound(error.attack, error.detail, revision, self.name))


def read(signature: SignatureObject) -> Message | MessageRefused:
    """The message, or why there is none to judge."""
    try:
        if signature.sub_filter not in _READ:
            named = name_of(signature.sub_filter) or "none"
            detail = f"signatures encoded as {named} are not read"
            return MessageRefused("format", SubIndication.SIG_CONSTRAINTS_FAILURE, detail)
        return read_message(signature.contents)
    except MessageRefused as error:
        return error


def judge_signature(
    signature: SignatureObject, message: Message | MessageRefused, context: Context, rules: Rules
) -> tuple[SignatureReport, list[AttackFound]]:
    """Steps 1 to 8; later changes are added by `with_changes`."""
    notes = Notes(signature.field.name)
    _place(signature, notes)  # 1
    made = _report(signature, notes, rules)
    if isinstance(message, MessageRefused):
        notes.refused(message, signature.revision)
        return _closed(made, notes), notes.attacks
    if signature.range is None:
        return _closed(made, notes), notes.attacks
    notes.passed("format", "one detached CMS message of one signer")  # 2
    digest = context.digests[message.digest, signature.range]
    try:
        signer = verify_message(message, digest, context.trust.intermediates)
    except MessageRefused as error:
        notes.refused(error, signature.revision)
        return _closed(made, notes), notes.attacks
    notes.passed("digest", f"the {message.digest.value} digest of the byte range is the signed one")  # 3
    notes.passed("signature", f"verifies under the signer's key ({signer.algorithm.value})")  # 4
    _named(signature, signer, notes)  # 5
    certificate = signer.certificate
    if not isinstance(certificate, Certificate):
        raise TypeError("certificates of signatures are read as ca.certificate.Certificate")
    stamps = _stamps(message, signer, context, notes)  # 6
    proven = earliest(stamps, context.documents, signature.revision - 1)
    _tell_time(proven, context.now, notes)
    carried = _certificates(message.signed.certificates)
    path = validate(  # 7
        certificate,
        anchors=context.trust.anchors,
        at=context.now if proven is None else proven.at,
        intermediates=(*context.trust.intermediates, *carried),
        now=context.now,
        revocation=context.trust.revocation,
        purpose=DOCUMENT_SIGNING,
    )
    notes.steps += path.steps
    if path.sub_indication is not None:
        notes.subs.append(path.sub_indication)
    level = _level(signature, signer, (proven, path, stamps), context)  # 8
    notes.passed("level", f"reaches level {level.value}")
    claimed = made.claimed_time or _signing_time(signer)
    made = replace(
        made,
        signer=certificate,
        suite=signer.algorithm.suite,
        algorithm=signer.algorithm.value,
        level=level,
        claimed_time=claimed,
        proved_time=None if proven is None else proven.at,
        proved_by=Proof.CLAIM if proven is None else proven.by,
    )
    return _closed(made, notes), notes.attacks


def judge_stamp(
    stamp: SignatureObject, context: Context
) -> tuple[SignatureReport, list[AttackFound], TimestampReport | None]:
    """A document timestamp (ISO 32000-2 12.8.5), by the same steps."""
    notes = Notes(stamp.field.name)
    _place(stamp, notes)
    made = _report(stamp, notes, Rules(None, ()))
    if stamp.range is None:
        return _closed(made, notes), notes.attacks, None
    try:
        report = judge_document_timestamp(stamp, context.digests, context.trust, context.now)
    except MessageRefused as error:
        notes.refused(error, stamp.revision)
        return _closed(made, notes), notes.attacks, None
    notes.steps += report.steps
    if report.sub_indication is not None:
        notes.subs.append(report.sub_indication)
    if report.token is not None:
        made = replace(
            made,
            signer=report.token.certificate,
            suite=report.token.algorithm.suite,
            algorithm=report.token.algorithm.value,
            proved_time=report.token.info.gen_time,
            proved_by=Proof.DOCUMENT_TIMESTAMP,
        )
    return _closed(made, notes), notes.attacks, report


def with_changes(
    report: SignatureReport, rules: Rules, certified: Permission | None, changes: Sequence[Change]
) -> SignatureReport:
    """Step 9: changes by revisions after the signed one."""
    judged = tuple((one, one.attack is None and not rules.forbids(one, certified)) for one in changes)
    broken = [one for one, allowed in judged if not allowed]
    if not broken:
        detail = f"later revisions made {len(judged)} changes, all of which the signature allows"
        step = Step("changes", Outcome.PASSED, detail)
        return replace(report, modifications=judged, steps=(*report.steps, step))
    step = Step("changes", Outcome.FAILED, f"revision {broken[0].revision}: {broken[0].detail}")
    sub = worst(
        [*([] if report.sub_indication is None else [report.sub_indication]), SubIndication.FORMAT_FAILURE]
    )
    assert sub is not None  # noqa: S101  (one at least was given)
    return replace(
        report,
        indication=sub.indication,
        sub_indication=sub,
        steps=(*report.steps, step),
        modifications=judged,
    )


def _place(signature: SignatureObject, notes: Notes) -> None:
    for one in signature.found:
        notes.failed("byte-range", one.detail, SubIndication.FORMAT_FAILURE)
    notes.attacks += signature.found
    if not signature.found:
        notes.passed("byte-range", f"covers revision {signature.revision} but for the signature itself")


def _named(signature: SignatureObject, signer: VerifiedSigner, notes: Notes) -> None:
    if signer.signing_certificate_named:
        notes.passed("signing-certificate", "is named by the signed attributes")
    elif signature.sub_filter == _CADES:
        detail = "is not named by the signed attributes, as PAdES demands"
        notes.failed("signing-certificate", detail, SubIndication.SIG_CONSTRAINTS_FAILURE)
    else:
        notes.steps.append(
            Step("signing-certificate", Outcome.SKIPPED, "is not named by the signed attributes")
        )


def _stamps(
    message: Message, signer: VerifiedSigner, context: Context, notes: Notes
) -> list[TimestampReport]:
    found = []
    tokens = [one for one in signer.unsigned_attributes if one.oid == OID_TIMESTAMP_TOKEN]
    (info,) = message.signed.signers
    for token in [value for one in tokens for value in one.values][:MAX_TOKENS]:
        report = judge_timestamp(info.signature, token, context.trust, now=context.now)
        found.append(report)
        if report.sub_indication is not None:
            why = [one.detail for one in report.steps if one.outcome is Outcome.FAILED]
            notes.failed("timestamp", why[-1] if why else "does not hold", report.sub_indication)
        elif report.token is not None:
            unit = report.token.certificate.subject.rfc4514_string()
            notes.passed("timestamp", f"signature timestamp of {report.token.info.gen_time:%FT%TZ} by {unit}")
    return found


def _tell_time(proven: Proven | None, now: datetime, notes: Notes) -> None:
    if proven is None:
        detail = f"nothing proves when it was made, so it is judged as of {now:%FT%TZ}"
        notes.steps.append(Step("time", Outcome.SKIPPED, detail))
    else:
        notes.passed("time", f"existed at {proven.at:%FT%TZ}, by {proven.by.value}")


def _level(
    signature: SignatureObject,
    signer: VerifiedSigner,
    judged: tuple[Proven | None, PathReport, list[TimestampReport]],
    context: Context,
) -> Level:
    proven, path, stamps = judged
    if signature.sub_filter != _CADES or not signer.signing_certificate_named:
        return Level.CMS
    if proven is None:
        return Level.B
    paths = [path.path, *(one.path for one in stamps)]
    complete = all(_evidenced(one, context.store.revocation, proven.at, context.now) for one in paths)
    if path.sub_indication is not None or context.store.since is None or not complete:
        return Level.T
    since = max(context.store.since, signature.revision)
    archived = any(
        report.sub_indication is None
        and stamp.whole
        and stamp.revision >= since
        and stamp.number != signature.number
        for stamp, report in context.documents
    )
    return Level.LTA if archived else Level.LT


def _evidenced(
    path: tuple[Certificate, ...], revocation: RevocationData, at: datetime, now: datetime
) -> bool:
    """The document's own store says of every certificate of a path that it was not revoked."""
    return bool(path) and all(
        check_revocation(one, issuer, revocation, at, now).status is not None
        for one, issuer in pairwise(path)
    )


def _signing_time(signer: VerifiedSigner) -> datetime | None:
    found = signer.attribute(OID_SIGNING_TIME)
    try:
        return None if found is None else read_signing_time(found)
    except CmsInvalid:
        return None


def _certificates(encoded: Sequence[bytes]) -> list[Certificate]:
    found = []
    for data in encoded:
        with suppress(CmsInvalid):
            found.append(read_certificate(data))
    return found


def _report(signature: SignatureObject, notes: Notes, rules: Rules) -> SignatureReport:
    return SignatureReport(
        field=notes.name,
        kind=Kind.DOCUMENT_TIMESTAMP if signature.is_timestamp else Kind.SIGNATURE,
        indication=SubIndication.FORMAT_FAILURE.indication,
        sub_indication=SubIndication.FORMAT_FAILURE,
        steps=(),
        signer=None,
        suite=None,
        algorithm=None,
        level=None,
        claimed_time=claimed_time(signature.entries.get(b"M")),
        proved_time=None,
        proved_by=Proof.CLAIM,
        revision=signature.revision,
        covers_whole_revision=signature.whole,
        certifies=rules.permission,
        modifications=(),
    )


def _closed(made: SignatureReport, notes: Notes) -> SignatureReport:

    sub = worst(notes.subs)
    indication = Indication.TOTAL_PASSED if sub is None else sub.indication
    return replace(made, indication=indication, sub_indication=sub, steps=tuple(notes.steps))
