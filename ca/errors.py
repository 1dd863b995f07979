"""Errors of the certificate authority and the timestamp authority.

CaError
├── RequestInvalid            a request's field is wrong: names the field and why
│   └── ProofOfPossessionInvalid   the request is not signed by the key it carries
├── ProfileInvalid            a profile's data is wrong
├── NotFound                  no such authority, certificate, profile or approval
├── Refused                   policy refuses the act
│   ├── LintFailed            the certificate to be signed breaks a rule
│   ├── ValidityBeyondIssuer  the lifetime asked for ends after the issuer's
│   └── DuplicateKey          the public key already has a certificate, or serves another purpose
├── ApprovalRequired          administrators must sign the plan's hash: says how many did and how many must
├── AlreadyRevoked            the certificate is revoked
├── IssuanceMismatch          what was signed is not what was checked: the authority stops
├── RegistryBehind            the database is older than the revocation journal
├── JournalUnavailable        the revocation journal cannot be opened or written
├── EncodingInvalid           bytes are not the structure the field says
├── PathInvalid               a certification path does not validate
├── RevocationDataInvalid     a CRL or OCSP answer proves nothing of the certificate: names the field
├── TimestampInvalid          a timestamp token or response does not verify: names the field
└── TimestampRefused          no token: carries the RFC 3161 PKIFailureInfo
    └── TimeNotAvailable      the clock is not known to be right
        └── ClockBehind       it is behind a sample that was accepted before
"""

from __future__ import annotations

from datetime import datetime


class CaError(Exception):
    """Root of this package's errors; `code` is stable and safe to show."""

    code = "ca-error"


class RequestInvalid(CaError):
    """A request's field that cannot be accepted."""

    code = "request-invalid"

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class ProofOfPossessionInvalid(RequestInvalid):
    """The certification request is not signed by the private key of its public key."""

    code = "proof-of-possession-invalid"


class ProfileInvalid(CaError):
    """A profile's data that cannot be used; `field` is a path into it."""

    code = "profile-invalid"

    def __init__(self, profile: str, field: str, reason: str) -> None:
        super().__init__(f"profile {profile}, {field}: {reason}")
        self.profile = profile
        self.field = field
        self.reason = reason


class NotFound(CaError):
    """Nothing of that kind under that name."""

    code = "not-found"

    def __init__(self, kind: str, name: str) -> None:
        super().__init__(f"there is no {kind} {name}")
        self.kind = kind
        self.name = name


class Refused(CaError):
    """Policy refuses the act."""

    code = "refused"

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class LintFailed(Refused):
    """A certificate, CRL or response that breaks rules; `findings` are (rule id, detail)."""

    code = "lint-failed"

    def __init__(self, findings: tuple[tuple[str, str], ...]) -> None:
        super().__init__("certificate", "; ".join(f"{rule}: {detail}" for rule, detail in findings))
        self.findings = findings


class ValidityBeyondIssuer(Refused):
    """Never truncated silently: the caller asks for less."""

    code = "validity-beyond-issuer"

    def __init__(self, not_after: datetime, issuer_not_after: datetime) -> None:
        super().__init__(
            "validity", f"would end {not_after:%FT%TZ}, after its issuer's {issuer_not_after:%FT%TZ}"
        )
        self.not_after = not_after
        self.issuer_not_after = issuer_not_after


class DuplicateKey(Refused):
    """One key, one certificate: the public key was certified before."""

    code = "duplicate-key"

    def __init__(self, fingerprint: str) -> None:
        super().__init__("public key", f"{fingerprint} already has a certificate")
        self.fingerprint = fingerprint


class ApprovalRequired(CaError):
    """Dual control: the act waits for administrators' signatures over `plan_hash`.

    `given` of the `needed` different administrators signed it, not too long ago.
    """

    code = "approval-required"

    def __init__(self, act: str, plan_hash: str, given: int, needed: int) -> None:
        super().__init__(
            f"{act} needs {needed} administrators' signatures over plan {plan_hash}, has {given}"
        )
        self.act = act
        self.plan_hash = plan_hash
        self.given = given
        self.needed = needed


class AlreadyRevoked(CaError):
    """Revoked before; the first reason and time stand."""

    code = "already-revoked"

    def __init__(self, serial: str, at: datetime) -> None:
        super().__init__(f"certificate {serial} was revoked at {at:%FT%TZ}")
        self.serial = serial
        self.at = at


class IssuanceMismatch(CaError):
    """The signed bytes differ from the checked ones."""

    code = "issuance-mismatch"

    def __init__(self, serial: str) -> None:
        super().__init__(f"certificate {serial}: the signed bytes are not the checked ones")
        self.serial = serial


class RegistryBehind(CaError):
    """The database lacks acts that the journal outside it holds."""

    code = "registry-behind"

    def __init__(self, stored: int, journalled: int) -> None:
        super().__init__(f"the journal holds {journalled} acts, the database {stored}")
        self.stored = stored
        self.journalled = journalled


class JournalUnavailable(CaError):
    """The file system refuses the revocation journal: what was revoked is, and is not answered for."""

    code = "journal-unavailable"

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"the revocation journal {path} cannot be used: {reason}")
        self.path = path
        self.reason = reason


class EncodingInvalid(CaError):
    """Bytes that are not the DER structure the field says they are."""

    code = "encoding-invalid"

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class PathInvalid(CaError):
    """A certification path that does not validate; `sub_indication` is ETSI EN 319 102-1's name."""

    code = "path-invalid"

    def __init__(self, subject: str, sub_indication: str, reason: str) -> None:
        super().__init__(f"{subject}: {reason} ({sub_indication})")
        self.subject = subject
        self.sub_indication = sub_indication
        self.reason = reason


class RevocationDataInvalid(CaError):
    """A CRL or OCSP answer that does not prove what it is offered for."""

    code = "revocation-data-invalid"

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class TimestampInvalid(CaError):
    """A timestamp token or response that is malformed, or not over what was asked."""

    code = "timestamp-invalid"

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


class TimestampRefused(CaError):
    """A request the authority rejects; `failure` is the RFC 3161 2.4.2 PKIFailureInfo bit's name."""

    code = "timestamp-refused"

    def __init__(self, failure: str, reason: str) -> None:
        super().__init__(f"{failure}: {reason}")
        self.failure = failure
        self.reason = reason


class TimeNotAvailable(TimestampRefused):
    """The time source is not available: no token."""

    code = "time-not-available"

    def __init__(self, reason: str) -> None:
        super().__init__("timeNotAvailable", reason)


class ClockBehind(TimeNotAvailable):
    """The clock is behind a sample that was accepted: it was put back, or was ahead then."""

    code = "clock-behind"
