"""Judge one ArchiveTimeStamp: its tree, its token, and that it stood until the next one (RFC 4998 5.3)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, replace
from datetime import datetime

from ca.certificate import Certificate
from ca.errors import EncodingInvalid
from ca.indication import Outcome, Step, SubIndication
from ca.revocationcheck import check_revocation
from ca.timestamp import Imprint
from ca.token import VerifiedToken, known_certificate
from ca.trust import RevocationData, TrustStore
from ca.verifystamp import HARMLESS, TimestampReport, judge_timestamp
from forensics.errors import RecordInvalid
from forensics.preservation.material import Kept, kept_in
from forensics.preservation.policy import AlgorithmPolicy
from forensics.preservation.record import ArchiveTimeStamp
from forensics.preservation.tree import root_of
from keys import der
from keys.cms import Attribute
from keys.errors import KeysError


class StampFailed(Exception):
    """The step that failed, after those that passed."""

    def __init__(self, step: Step, sub_indication: SubIndication) -> None:
        super().__init__(step.detail)
        self.step = step
        self.sub_indication = sub_indication


@dataclass(frozen=True, slots=True)
class Judged:
    """An ArchiveTimeStamp that held until `until`."""

    report: TimestampReport
    until: datetime
    """The time of the next ArchiveTimeStamp, or the time of judging for the last."""
    expires: datetime
    """When the first certificate of the path does."""


def check_stamp(
    stamp: ArchiveTimeStamp,
    trust: TrustStore,
    *,
    until: datetime,
    now: datetime,
    policy: AlgorithmPolicy,
    infos: Sequence[Attribute] = (),
    steps: list[Step],
    prefix: str,
) -> Judged:
    """Judge one ArchiveTimeStamp; adds its steps, named after `prefix`. Raises `StampFailed`.

    `until` is the time from which on the next ArchiveTimeStamp vouches for this one.
    """
    #   1. the token's imprint is the root of its tree, under the chain's digest
    #   2. the token verifies, and its path at genTime, by evidence from before its renewal if there is any
    #   3. what the token carries besides is at least what it claims to be
    #   4. the certificates of the path had not expired when it was renewed
    #   5. nor was one revoked then as compromised, by all that is known now
    #   6. its algorithms were accepted then
    check = _Check(prefix, steps)
    info = stamp.info
    if info.imprint.digest is not stamp.digest:  # 1
        raise check.failed(
            "tree", "the token is over another digest than the tree's", SubIndication.HASH_FAILURE
        )
    root = root_of(stamp.digest, stamp.lists) if stamp.lists else info.imprint.value
    if root != info.imprint.value:
        raise check.failed("tree", "the token is not over the root of the tree", SubIndication.HASH_FAILURE)
    check.passed("tree", f"the token is over the root, {stamp.digest.value}")
    try:
        kept = kept_in(stamp.token, infos)
    except RecordInvalid as error:
        raise check.failed("format", str(error), SubIndication.FORMAT_FAILURE) from error
    helped = _with(trust, kept)
    imprint = Imprint(stamp.digest, root, info.imprint.identifier)
    report = judge_timestamp(None, stamp.token, helped, now=until, imprints=[imprint])  # 2
    if report.sub_indication is SubIndication.TRY_LATER and until < now:
        # Nothing was kept. What the authorities say now of that time is as good while they still say it.
        later = judge_timestamp(None, stamp.token, helped, now=now, imprints=[imprint])
        report = report if later.sub_indication else later
    steps += [replace(one, step_id=f"{prefix}.{one.step_id}") for one in report.steps]
    if report.sub_indication is not None or report.token is None:
        raise StampFailed(steps.pop(), report.sub_indication or SubIndication.FORMAT_FAILURE)
    _check_carried(report.token, {*report.path, *helped.intermediates}, check)  # 3
    expires = min(one.not_after for one in report.path)
    if expires < until:  # 4
        detail = f"a certificate of the path expired at {expires:%FT%TZ}, before {until:%FT%TZ}"
        raise check.failed("in-time", detail, SubIndication.OUT_OF_BOUNDS_NO_POE)
    check.passed("in-time", f"its certificates hold at {until:%FT%TZ}")
    _check_later(report, helped.revocation, (until, now), check)  # 5
    for algorithm in (stamp.digest, report.token.algorithm, report.token.algorithm.digest):  # 6
        objection = policy.objection(algorithm, until)
        if objection is not None:
            raise check.failed("policy", objection, SubIndication.CRYPTO_CONSTRAINTS_FAILURE)
    check.passed("policy", f"its algorithms are accepted at {until:%FT%TZ}")
    return Judged(report, until, expires)


class _Check:
    def __init__(self, prefix: str, steps: list[Step]) -> None:
        self._prefix = prefix
        self._steps = steps

    def passed(self, name: str, detail: str) -> None:
        self._steps.append(Step(f"{self._prefix}.{name}", Outcome.PASSED, detail))

    def failed(self, name: str, detail: str, sub_indication: SubIndication) -> StampFailed:
        return StampFailed(Step(f"{self._prefix}.{name}", Outcome.FAILED, detail), sub_indication)


def _with(trust: TrustStore, kept: Kept) -> TrustStore:
    """The verifier's trust, helped by what the record carries: never an anchor more."""
    return replace(
        trust,
        intermediates=(*trust.intermediates, *kept.certificates),
        revocation=trust.revocation + RevocationData(kept.crls, kept.responses),
    )


def _check_carried(token: VerifiedToken, known: AbstractSet[Certificate], check: _Check) -> None:
    """No signature of the token covers the certificates in it: each must be known, or be signed."""
    try:
        carried = set(map(known_certificate, token.certificates))
    except EncodingInvalid as error:
        raise check.failed("carried", str(error), SubIndication.FORMAT_FAILURE) from error
    for certificate in carried:
        if not certificate.data.endswith(der.bits(certificate.signature)):
            # A count of unused bits can be changed with the signature still the same octets.
            detail = "the token carries a certificate whose signature does not fill whole octets"
            raise check.failed("carried", detail, SubIndication.FORMAT_FAILURE)
    for certificate in carried - known:
        if not _signed_by_any(certificate, carried | known):
            detail = "the token carries a certificate that nobody known has signed"
            raise check.failed("carried", detail, SubIndication.FORMAT_FAILURE)


def _signed_by_any(certificate: Certificate, known: Iterable[Certificate]) -> bool:
    for issuer in known:
        if issuer.subject_der != certificate.issuer_der:
            continue
        try:
            certificate.check_signed_by(issuer.public)
        except (EncodingInvalid, KeysError):
            continue
        return True
    return False


def _check_later(
    report: TimestampReport, data: RevocationData, times: tuple[datetime, datetime], check: _Check
) -> None:
    """What became known after the renewal, of a time before it (RFC 3161 4.1)."""
    until, now = times
    for certificate, issuer in zip(report.path, report.path[1:], strict=False):
        found = check_revocation(certificate, issuer, data, until, now)
        since = found.revoked_at(until)
        if since is None or found.status is None or found.status.reason in HARMLESS:
            continue
        name = certificate.subject.rfc4514_string()
        detail = f"{name}: revoked since {since:%FT%TZ} ({found.status.reason.text})"
        raise check.failed("compromise", detail, SubIndication.REVOKED_NO_POE)
