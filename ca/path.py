"""Build and validate certification paths at a given time (RFC 5280 6.1), in either suite.

1 the certificate by itself        5 names within every constraint above
2 a path up to an anchor           6 what the certificate may be used for
3 every validity holds the time    7 policies
4 authorities may issue            8 revocation, from the anchor downwards
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509

from ca.certificate import Certificate
from ca.crl import Crl
from ca.errors import EncodingInvalid, PathInvalid
from ca.indication import Indication, Outcome, Step, SubIndication
from ca.nameconstraints import NameConstraint, constraint_of
from ca.ocspresponse import BasicResponse
from ca.pathsearch import Search
from ca.precheck import defect_of, extension_of, is_authority
from ca.purpose import ANY_PURPOSE, Purpose, nested_reason, purpose_reason
from ca.revocationcheck import check_revocation, distribution_points
from ca.trust import RevocationData

MAX_PATHS = 8  # complete paths judged in one validation
ANY_POLICY = "2.5.29.32.0"


@dataclass(frozen=True, slots=True)
class RevocationUsed:
    """The evidence on which a certificate of the path was judged."""

    certificate: Certificate
    evidence: Crl | BasicResponse


@dataclass(frozen=True, slots=True)
class PathReport:
    """What validation found. `path` is leaf first, anchor last; empty when none was found."""

    indication: Indication
    sub_indication: SubIndication | None
    steps: tuple[Step, ...]
    path: tuple[Certificate, ...]
    revocation: tuple[RevocationUsed, ...]
    at: datetime
    revoked_at: datetime | None = None

    def require_passed(self) -> tuple[Certificate, ...]:
        """The path; raises `PathInvalid` with the first failing step unless all passed."""
        if self.sub_indication is None:
            return self.path
        failed = [step.detail for step in self.steps if step.outcome is Outcome.FAILED]
        subject = self.path[0].subject.rfc4514_string() if self.path else "certificate"
        raise PathInvalid(subject, self.sub_indication.value, failed[0] if failed else "")


class _Failed(Exception):
    def __init__(self, sub_indication: SubIndication, revoked_at: datetime | None = None) -> None:
        super().__init__(sub_indication.value)
        self.sub_indication = sub_indication
        self.revoked_at = revoked_at


def validate(
    certificate: Certificate | bytes,
    *,
    anchors: Sequence[Certificate],
    at: datetime,
    intermediates: Sequence[Certificate] = (),
    now: datetime | None = None,
    revocation: RevocationData | None = None,
    purpose: Purpose = ANY_PURPOSE,
    policies: frozenset[str] = frozenset(),
) -> PathReport:
    """Judge a certificate at `at`.

    `revocation` None leaves revocation unchecked (and says so); otherwise every certificate below the
    anchor needs evidence that stands at `at` and was given up to `now` (by default `at`). `policies`:
    at least one must hold along the path, none for any. Never raises for what a stranger's certificate
    holds; `PathReport.require_passed` is the raising form.
    """
    if isinstance(certificate, bytes):
        try:
            certificate = Certificate(certificate)
        except EncodingInvalid as error:
            return _early((), "structure", error.reason, SubIndication.FORMAT_FAILURE, at)
    if (defect := defect_of(certificate)) is not None:  # 1
        reason = f"{_name(certificate)}: {defect.reason}"
        return _early((certificate,), defect.check, reason, SubIndication(defect.sub_indication), at)
    search = Search(tuple(anchors), tuple(intermediates))
    best: PathReport | None = None
    for count, path in enumerate(search.paths(certificate)):  # 2
        report = _Judgement(path, at, max(at, now or at), purpose, policies).report(revocation)
        if report.sub_indication is None:
            return report
        if best is None or len(report.steps) > len(best.steps):
            best = report
        if count + 1 >= MAX_PATHS:
            break
    return best or _no_path(certificate, search, at)


def _early(
    path: tuple[Certificate, ...], step_id: str, reason: str, sub_indication: SubIndication, at: datetime
) -> PathReport:
    steps = (Step(step_id, Outcome.FAILED, reason),)
    return PathReport(sub_indication.indication, sub_indication, steps, path, (), at)


def _no_path(certificate: Certificate, search: Search, at: datetime) -> PathReport:
    path = (certificate,)
    if search.defect is not None:
        issuer, defect = search.defect
        reason = f"{_name(issuer)}: {defect.reason}"
        return _early(path, defect.check, reason, SubIndication(defect.sub_indication), at)
    if search.broken is not None:
        reason = f"{_name(search.broken)}: the signature is not by the key of the issuer it names"
        return _early(path, "signature", reason, SubIndication.SIG_CRYPTO_FAILURE, at)
    besides = ", and too many candidates were offered" if search.exhausted else ""
    reason = f"{_name(certificate)}: no path leads to an anchor{besides}"
    return _early(path, "path", reason, SubIndication.NO_CERTIFICATE_CHAIN_FOUND, at)


MAX_POINTS, MAX_URI = 2, 256
"""Of a certificate's CRL addresses, what a report repeats of a stranger's text."""


def _where(certificate: Certificate) -> tuple[str, ...]:
    """Where evidence may be found, as the certificate says."""
    points = sorted(distribution_points(certificate))
    shown = [one for one in points if len(one) <= MAX_URI and one.isascii() and one.isprintable()]
    return (f"its CRLs are found at {' '.join(shown[:MAX_POINTS])}",) if shown else ()


def _name(certificate: Certificate) -> str:
    return f"{certificate.subject.rfc4514_string()} ({certificate.serial:x})"


class _Judgement:
    """One path judged, step by step; the first failure ends it."""

    def __init__(
        self,
        path: tuple[Certificate, ...],
        at: datetime,
        now: datetime,
        purpose: Purpose,
        policies: frozenset[str],
    ) -> None:
        self._path = path
        self._down = path[::-1]
        self._at = at
        self._now = now
        self._purpose = purpose
        self._policies = policies
        self._steps = [Step("path", Outcome.PASSED, " < ".join(map(_name, path)))]
        self._used: list[RevocationUsed] = []

    def report(self, revocation: RevocationData | None) -> PathReport:
        try:
            self._cryptography()
            self._validity()
            self._authorities()
            self._names()
            self._use()
            self._check_policies()
            self._revocation(revocation)
        except _Failed as failed:
            sub = failed.sub_indication
            return self._report(sub.indication, sub, failed.revoked_at)
        return self._report(Indication.TOTAL_PASSED, None, None)

    def _report(
        self, indication: Indication, sub: SubIndication | None, revoked_at: datetime | None
    ) -> PathReport:
        steps, used = tuple(self._steps), tuple(self._used)
        return PathReport(indication, sub, steps, self._path, used, self._at, revoked_at)

    def _pass(self, step_id: str, detail: str) -> None:
        self._steps.append(Step(step_id, Outcome.PASSED, detail))

    def _fail(
        self, step_id: str, detail: str, sub: SubIndication, revoked_at: datetime | None = None
    ) -> _Failed:
        self._steps.append(Step(step_id, Outcome.FAILED, detail))
        return _Failed(sub, revoked_at)

    def _cryptography(self) -> None:
        suites = {one.suite for one in self._path}
        if len(suites) > 1:
            detail = "the path mixes cipher suites: " + ", ".join(sorted(suites))
            raise self._fail("cryptography", detail, SubIndication.CRYPTO_CONSTRAINTS_FAILURE)
        self._pass("cryptography", f"every signature verifies, all of the suite {suites.pop()}")

    def _validity(self) -> None:  # 3
        for one in self._down:
            if not one.valid_at(self._at):
                detail = (
                    f"{_name(one)}: valid {one.not_before:%FT%TZ} to {one.not_after:%FT%TZ}, "
                    f"judged at {self._at:%FT%TZ}"
                )
                raise self._fail("validity", detail, SubIndication.OUT_OF_BOUNDS_NO_POE)
        self._pass("validity", f"every certificate is valid at {self._at:%FT%TZ}")

    def _authorities(self) -> None:  # 4
        left: int | None = None
        for one in self._down[:-1]:
            reason = None
            constraints = extension_of(one, x509.BasicConstraints)
            usage = extension_of(one, x509.KeyUsage)
            if constraints is None or not constraints.value.ca:
                reason = "is not an authority's certificate"
            elif usage is None or not usage.value.key_cert_sign:
                reason = "may not sign certificates"
            elif not one.is_self_issued and left is not None:
                left -= 1
                reason = "is below the path length that an authority above it allows" if left < 0 else None
            if reason is not None:
                raise self._fail(
                    "authority", f"{_name(one)}: {reason}", SubIndication.CHAIN_CONSTRAINTS_FAILURE
                )
            allowed = None if constraints is None else constraints.value.path_length
            if allowed is not None:
                left = allowed if left is None else min(left, allowed)
        self._pass("authority", "every issuer is an authority within the path lengths above it")

    def _names(self) -> None:  # 5
        constraints: list[NameConstraint] = []
        for place, one in enumerate(self._down):
            last = place == len(self._down) - 1
            for constraint in constraints if last or not one.is_self_issued else []:
                if (reason := constraint.violation(one)) is not None:
                    detail = f"{_name(one)}: {reason}"
                    raise self._fail("name-constraints", detail, SubIndication.CHAIN_CONSTRAINTS_FAILURE)
            found = constraint_of(one)
            if found is not None:
                constraints.append(found)
        self._pass("name-constraints", f"{len(constraints)} constraints hold")

    def _use(self) -> None:  # 6
        leaf = self._path[0]
        reason = purpose_reason(leaf, self._purpose)
        for issuer in self._path[1:]:
            reason = reason or nested_reason(issuer, self._purpose)
        if reason is not None:
            detail = f"{_name(leaf)}: {reason}"
            raise self._fail("purpose", detail, SubIndication.CHAIN_CONSTRAINTS_FAILURE)
        self._pass("purpose", f"may be used for {self._purpose.name}")

    def _check_policies(self) -> None:  # 7
        if not self._policies:
            self._steps.append(Step("policies", Outcome.SKIPPED, "any policy is accepted"))
            return
        valid: frozenset[str] | None = None  # None: every policy, as anyPolicy says
        for one in self._down if len(self._down) == 1 else self._down[1:]:
            found = extension_of(one, x509.CertificatePolicies)
            named = {policy.policy_identifier.dotted_string for policy in found.value} if found else set()
            if ANY_POLICY not in named:
                valid = frozenset(named) if valid is None else valid & named
        if valid is not None and not valid & self._policies:
            detail = f"{_name(self._path[0])}: none of the policies asked for holds along the path"
            raise self._fail("policies", detail, SubIndication.CHAIN_CONSTRAINTS_FAILURE)
        self._pass("policies", "a policy asked for holds along the path")

    def _revocation(self, revocation: RevocationData | None) -> None:  # 8
        if revocation is None:
            self._steps.append(Step("revocation", Outcome.SKIPPED, "was not to be checked"))
            return
        for issuer, one in zip(self._down, self._down[1:], strict=False):
            found = check_revocation(one, issuer, revocation, self._at, self._now)
            if found.status is None or found.evidence is None:
                parts = (f"{_name(one)}: no evidence says that it was not revoked", *found.complaints)
                detail = "; ".join((*parts, *_where(one)))
                raise self._fail("revocation", detail, SubIndication.TRY_LATER)
            self._used.append(RevocationUsed(one, found.evidence))
            if (since := found.revoked_at(self._at)) is not None:
                detail = f"{_name(one)}: revoked since {since:%FT%TZ} ({found.status.reason.text})"
                authority = is_authority(one)
                sub = SubIndication.REVOKED_CA_NO_POE if authority else SubIndication.REVOKED_NO_POE
                raise self._fail("revocation", detail, sub, since)
            self._pass("revocation", f"{_name(one)}: not revoked at {self._at:%FT%TZ}")
