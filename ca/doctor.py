"""What is wrong, or soon will be: findings from plain facts, each with the command that cures it."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from ipaddress import ip_address

from cryptography import x509

from ca.certificate import Certificate
from ca.journal import Level
from ca.publish import Due
from ca.registry import AuthorityId
from evidence.canonical import JSON
from evidence.clock import rfc3339
from keys.check import KeyCheck
from keys.suites import Suite

# How long before its end a signer becomes a matter, by what replacing it takes.
AUTHORITY_NOTICE = timedelta(days=365)  # relying parties have to be given the next one
AUTHORITY_WARNING = timedelta(days=90)
UNIT_NOTICE = timedelta(days=90)
UNIT_WARNING = timedelta(days=30)
RESPONDER_WARNING = timedelta(days=4)  # a long weekend
APPROVAL_WARNING = timedelta(days=1)
FORGET_SAMPLES = "xinqian tsa clock --forget"  # once the clock was put right
SET_NTP_SERVERS = "XINQIAN_CLOCK=SERVER,SERVER,SERVER"
SET_BASE_URL = "XINQIAN_BASE_URL=http://HOST"
BACKUP_WARNING = timedelta(hours=26)  # daily, and two hours late
BACKUP_CRITICAL = timedelta(days=7)


class Severity(enum.IntEnum):
    """How much it matters; the gravest decides the exit code."""

    OK = 0
    INFO = 1
    WARNING = 2
    CRITICAL = 3


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing found. `code` is stable and names its text in every language; `facts` fill it in."""

    check: str
    severity: Severity
    code: str
    subject: str = ""
    command: str = ""
    """What cures it."""
    facts: dict[str, JSON] = field(default_factory=dict)


class SignerKind(enum.StrEnum):
    """Whose certificate expires, which decides how early that matters and what cures it."""

    AUTHORITY = "authority"
    RESPONDER = "responder"
    TIMESTAMP_UNIT = "timestamp-unit"


@dataclass(frozen=True, slots=True)
class SignerFact:
    """A certificate of the system's own that signs; `certificate` None when it has none in force."""

    kind: SignerKind
    authority_id: AuthorityId
    suite: Suite
    certificate: Certificate | None
    root: bool = False


@dataclass(frozen=True, slots=True)
class ClockFact:
    """What a look at the clock found."""

    reason: str | None = None
    """Why it is not known to be right; None when it is."""
    behind: bool = False
    """Behind a sample that was accepted before."""
    external: bool = True
    """Compared with a reference outside this installation: NTP servers."""


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What the settings, the operator and a look at the clock say."""

    clock: ClockFact
    base_url: str
    """Where others reach the service, as every certificate says."""
    sandbox: bool
    """A test installation, whose names say so."""
    backup_at: datetime | None
    """When the newest backup was made; None when none is known."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the checks look at. What could not be found out is None, and is a finding itself."""

    signers: tuple[SignerFact, ...]
    due_crls: tuple[Due, ...]
    clock: ClockFact
    keys: tuple[KeyCheck, ...]
    journal: Level | None
    pending: tuple[tuple[str, str, datetime], ...]
    """Plans that wait: hash, act, since when."""
    reserved: tuple[tuple[str, datetime], ...]
    """Serials taken long ago and never signed: serial, since when."""
    backup_at: datetime | None
    base_url: str
    sandbox: bool


def examine(facts: Facts, now: datetime) -> tuple[Finding, ...]:
    """Every finding, gravest first; a check that found nothing amiss says so with OK."""
    checks = (
        ("signers", _signers(facts.signers, now)),
        ("pointers", _pointers(facts.signers)),
        ("crls", _crls(facts.due_crls)),
        ("clock", _clock(facts.clock)),
        ("keys", _keys(facts.keys)),
        ("journal", _journal(facts.journal)),
        ("approvals", _approvals(facts.pending, now)),
        ("reservations", _reservations(facts.reserved)),
        ("backup", _backup(facts.backup_at, now)),
        ("base-url", () if facts.sandbox else _base_url(facts.base_url)),
    )
    found: list[Finding] = []
    for name, findings in checks:
        found += list(findings) or [Finding(name, Severity.OK, f"{name}-ok")]
    return tuple(sorted(found, key=lambda one: -one.severity))


def gravest(findings: Sequence[Finding]) -> Severity:
    """Of all findings."""
    return max((one.severity for one in findings), default=Severity.OK)


_NOTICE = {
    SignerKind.AUTHORITY: (AUTHORITY_NOTICE, AUTHORITY_WARNING),
    SignerKind.TIMESTAMP_UNIT: (UNIT_NOTICE, UNIT_WARNING),
    SignerKind.RESPONDER: (RESPONDER_WARNING, RESPONDER_WARNING),
}


def _signers(signers: Iterable[SignerFact], now: datetime) -> Iterator[Finding]:
    for one in signers:
        command = _cure(one)
        if one.certificate is None:
            yield Finding(
                "signers", Severity.CRITICAL, f"{one.kind.value}-missing", one.authority_id, command
            )
            continue
        end = one.certificate.not_after
        facts: dict[str, JSON] = {"not_after": rfc3339(end), "days": (end - now).days}
        notice, warning = _NOTICE[one.kind]
        if end < now:
            severity, code = Severity.CRITICAL, f"{one.kind.value}-expired"
        elif end - now < warning:
            severity, code = Severity.WARNING, f"{one.kind.value}-expiring"
        elif end - now < notice:
            severity, code = Severity.INFO, f"{one.kind.value}-expiring"
        else:
            continue
        yield Finding("signers", severity, code, one.authority_id, command, facts)


def _cure(one: SignerFact) -> str:
    if one.kind is SignerKind.RESPONDER:
        return f"xinqian ca responder {one.authority_id}"
    if one.kind is SignerKind.TIMESTAMP_UNIT:
        return f"xinqian tsa renew --suite {one.suite.value}"
    return f"xinqian ca rekey {one.authority_id}"


def _pointers(signers: Iterable[SignerFact]) -> Iterator[Finding]:
    for one in signers:
        if one.root or one.certificate is None:
            continue
        extensions = one.certificate.extensions
        for kind, code in (
            (x509.CRLDistributionPoints, "crl-pointer-missing"),
            (x509.AuthorityInformationAccess, "ocsp-pointer-missing"),
        ):
            try:
                extensions.get_extension_for_class(kind)
            except x509.ExtensionNotFound:
                yield Finding("pointers", Severity.CRITICAL, code, one.authority_id, _cure(one))


def _crls(due: Iterable[Due]) -> Iterator[Finding]:
    for one in due:
        severity = Severity.CRITICAL if one.expired and not one.delta else Severity.WARNING
        code = "crl-missing" if one.since is None else "crl-expired" if one.expired else "crl-due"
        facts: dict[str, JSON] = {"shard": one.shard, "delta": one.delta}
        yield Finding("crls", severity, code, one.authority_id, "xinqian crl publish", facts)


def _clock(clock: ClockFact) -> Iterator[Finding]:
    if clock.reason is not None:
        code = "clock-behind" if clock.behind else "clock-not-known"
        command = FORGET_SAMPLES if clock.behind else "xinqian tsa clock"
        yield Finding("clock", Severity.CRITICAL, code, "", command, {"reason": clock.reason})
    if not clock.external:
        yield Finding("clock", Severity.WARNING, "clock-host", "", SET_NTP_SERVERS)


def _keys(checks: Iterable[KeyCheck]) -> Iterator[Finding]:
    for one in checks:
        if one.code != "ok":
            facts: dict[str, JSON] = {"code": one.code, "reason": one.reason}
            yield Finding(
                "keys", Severity.CRITICAL, "key-does-not-open", one.key_id, "xinqian key test", facts
            )


def _journal(level: Level | None) -> Iterator[Finding]:
    if level is None:
        yield Finding("journal", Severity.CRITICAL, "journal-unreadable")
    elif level.stored < level.journalled:
        facts: dict[str, JSON] = {"stored": level.stored, "journalled": level.journalled}
        yield Finding("journal", Severity.CRITICAL, "registry-behind", "", "xinqian ca reconcile", facts)
    elif level.stored > level.journalled:
        facts = {"stored": level.stored, "journalled": level.journalled}
        yield Finding("journal", Severity.WARNING, "journal-behind", "", "", facts)


def _approvals(pending: Iterable[tuple[str, str, datetime]], now: datetime) -> Iterator[Finding]:
    for plan_hash, act, since in pending:
        severity = Severity.WARNING if now - since > APPROVAL_WARNING else Severity.INFO
        facts: dict[str, JSON] = {"act": act, "since": rfc3339(since)}
        command = f"xinqian approval approve {plan_hash}"
        yield Finding("approvals", severity, "approval-pending", plan_hash, command, facts)


def _reservations(reserved: Sequence[tuple[str, datetime]]) -> Iterator[Finding]:
    if reserved:
        oldest = min(since for _, since in reserved)
        facts: dict[str, JSON] = {"count": len(reserved), "oldest": rfc3339(oldest)}
        yield Finding("reservations", Severity.WARNING, "serials-never-signed", reserved[0][0], "", facts)


def _backup(at: datetime | None, now: datetime) -> Iterator[Finding]:
    if at is None:
        yield Finding("backup", Severity.WARNING, "backup-unknown")
    elif now - at > BACKUP_WARNING:
        severity = Severity.CRITICAL if now - at > BACKUP_CRITICAL else Severity.WARNING
        yield Finding("backup", severity, "backup-behind", facts={"backup_at": rfc3339(at)})


def _base_url(url: str) -> Iterator[Finding]:
    if is_local(url):
        yield Finding("base-url", Severity.WARNING, "base-url-local", url, SET_BASE_URL)


_HOST = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://(?:[^/?#@]*@)?(?:\[(?P<six>[^\]]*)\]|(?P<name>[^/?#:\[]*))")


def is_local(url: str) -> bool:
    """Whether only this host reaches the address: RFC 6761 6.3, RFC 1122 3.2.1.3, RFC 4291 2.5.3."""
    found = _HOST.match(url)
    if found is None:
        return False
    host = (found["six"] or found["name"]).rstrip(".").lower()
    try:
        address = ip_address(host)
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
    return address.is_loopback or address.is_unspecified
