"""`xinqian cert`: certificates."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import click

from api.chain import chain_of
from api.cli.command import Noun
from api.cli.dual import carry_out_plan
from api.cli.exits import Exit
from api.cli.options import DURATION, FILE, MOMENT, SERIAL, read_file, write_file
from api.cli.session import Session, with_session
from api.errors import InputInvalid
from api.identity import read_identity
from api.ordering import OrderForm, order_of
from ca.certificate import MAX_CERTIFICATE_SIZE, Certificate, pem_bundle
from ca.deeplint import DeepFinding
from ca.export import Form
from ca.lint import lint_certificate
from ca.order import Issued, Requester
from ca.ports import CertificateFilter
from ca.registry import AuthorityId, CertificateRecord, CertificateStatus, RevocationReason
from ca.request import MAX_REQUEST_SIZE
from ca.revoke import Grounds, Selection, reason_named
from ca.serial import SerialNumber, parse_serial, serial_text
from evidence.event import ActorKind
from keys.suites import Suite

noun = Noun("cert", help="noun.cert")
COLUMNS = ("serial", "status", "authority", "profile", "subject", "not_after", "revocation")
MAX_IDENTITY = 65_536  # octets of JSON; a record takes 600
MAX_SERIALS_FILE = 1_048_576  # octets; 20,000 serials, the largest plan, take 660,000
REASONS = tuple(reason.text for reason in RevocationReason)


@noun.command("issue", help="cert.issue")
@click.option("--profile", required=True)
@click.option("--csr", type=FILE, required=True)
@click.option("--identity", type=FILE)
@click.option("--subject", "subject", multiple=True, metavar="NAME=VALUE")
@click.option("--intent-digest")
@click.option("--validity", type=DURATION)
@click.option("--dns-name", "dns_names", multiple=True)
@click.option("--out", type=FILE)
@click.option("--chain", is_flag=True)
@with_session
def issue(
    session: Session,
    profile: str,
    csr: Path,
    identity: Path | None,
    subject: tuple[str, ...],
    intent_digest: str | None,
    validity: timedelta | None,
    dns_names: tuple[str, ...],
    *,
    out: Path | None,
    chain: bool,
) -> None:
    """The request contributes its public key, and the proof that it is held."""
    form = OrderForm(
        profile=profile,
        csr=read_file(csr, "--csr", MAX_REQUEST_SIZE),
        identity=None if identity is None else read_identity(read_file(identity, "--identity", MAX_IDENTITY)),
        subject=_attributes(subject),
        intent_digest=_octets(intent_digest),
        validity=validity,
        dns_names=dns_names,
    )
    centre = session.centre
    with centre.database.reading() as unit:
        order = order_of(unit, form, _operator(session))
    _hand_out(session, centre.issuance.issue(order), out, chain=chain)


@noun.command("renew", help="cert.renew")
@click.argument("serial", type=SERIAL)
@click.option("--validity", type=DURATION)
@click.option("--out", type=FILE)
@click.option("--chain", is_flag=True)
@with_session
def renew(
    session: Session, serial: SerialNumber, validity: timedelta | None, out: Path | None, *, chain: bool
) -> None:
    """A further certificate for the same key and subject, where the profile allows it."""
    issued = session.centre.issuance.renew(serial, _operator(session), validity)
    _hand_out(session, issued, out, chain=chain)


@noun.command("list", help="cert.list")
@click.option("--authority")
@click.option("--profile")
@click.option("--status", type=click.Choice([one.value for one in CertificateStatus]))
@click.option("--revoked/--not-revoked", default=None)
@click.option("--expires-before", type=MOMENT)
@click.option("--after", type=SERIAL)
@click.option("--limit", type=click.IntRange(1, 1000), default=100)
@with_session
def list_(
    session: Session,
    authority: str | None,
    profile: str | None,
    status: str | None,
    expires_before: datetime | None,
    after: SerialNumber | None,
    limit: int,
    *,
    revoked: bool | None,
) -> None:
    """By serial, a page at a time."""
    which = CertificateFilter(
        authority_id=None if authority is None else AuthorityId(authority),
        profile=profile,
        status=None if status is None else CertificateStatus(status),
        revoked=revoked,
        expires_before=expires_before,
        after=after,
        limit=limit,
    )
    with session.centre.database.reading() as unit:
        found = unit.certificates.find(which)
    session.output.rows("certificates", COLUMNS, [_row(record) for record in found])
    if len(found) == limit:
        session.output.say("cli.more", serial=serial_text(found[-1].reservation.serial))


@noun.command("show", help="cert.show")
@click.argument("serial", type=SERIAL)
@with_session
def show(session: Session, serial: SerialNumber) -> None:
    """A serial, and its certificate as PEM."""
    with session.centre.database.reading() as unit:
        record = unit.certificates.get(serial)
    pem = None if record.certificate is None else Certificate(record.certificate).pem()
    session.output.record({**_row(record), "certificate": pem})


@noun.command("export", help="cert.export")
@click.option("--form", type=click.Choice([one.value for one in Form]), default=Form.CSV.value)
@click.option("--out", type=FILE, required=True)
@click.option("--suite", type=click.Choice([one.value for one in Suite]), default=Suite.INTL.value)
@with_session
def export(session: Session, form: str, out: Path, suite: str) -> None:
    """Everything issued and refused, with a signature beside it."""
    beside = out.with_name(out.name + ".p7s")
    partial = out.with_name(f".{out.name}.part")
    try:
        with partial.open("wb") as file:
            made = session.centre.export.write(Form(form), file.write, session.requester, Suite(suite))
        partial.replace(out)
    except OSError as error:
        raise InputInvalid("--out", f"{out}: {(error.strerror or '').lower()}") from error
    finally:
        partial.unlink(missing_ok=True)
    write_file(beside, made.signature, "--out")
    session.output.record(
        {
            "file": str(out),
            "signature": str(beside),
            "rows": made.rows,
            "size": made.size,
            "sha256": made.digest.sha256,
            "sm3": made.digest.sm3,
            "signer": made.signer.fingerprint,
        }
    )


@noun.command("revoke", help="cert.revoke")
@click.argument("serial", type=SERIAL, required=False)
@click.option("--certificate", "certificate_file", type=FILE)
@click.option("--serials", "serials_file", type=FILE)
@click.option("--reason", type=click.Choice(REASONS), required=True)
@click.option("--invalidity-date", type=MOMENT)
@click.option("--plan", "plan_hash")
@click.option("--commit", is_flag=True)
@with_session
def revoke(
    session: Session,
    serial: SerialNumber | None,
    certificate_file: Path | None,
    serials_file: Path | None,
    reason: str,
    invalidity_date: datetime | None,
    *,
    plan_hash: str | None,
    commit: bool,
) -> None:
    """One certificate at once; a file of serials after two administrators' signatures."""
    if sum(one is not None for one in (serial, certificate_file, serials_file)) != 1:
        raise InputInvalid("serial", "give exactly one of a serial, --certificate and --serials")
    grounds = Grounds(reason_named(reason), _operator(session), invalidity_date)
    centre = session.centre
    if serials_file is not None:
        serials = _serials(read_file(serials_file, "--serials", MAX_SERIALS_FILE))
        carry_out_plan(
            session,
            lambda: centre.revocations.plan_many(serials, grounds),
            lambda plan: {"revoked": len(centre.revocations.revoke_many(plan))},
            plan_hash=plan_hash,
            commit=commit,
        )
        return
    if certificate_file is not None:
        data = read_file(certificate_file, "--certificate", MAX_CERTIFICATE_SIZE)
        selection = Selection(certificate=_certificate(data))
    else:
        selection = Selection(serial=serial)
    named = selection.serial or (selection.certificate.serial if selection.certificate else None)
    with centre.database.reading() as unit:
        row = _row(unit.certificates.get(SerialNumber(named or 0)))
    if not session.plan("plan.revoke", {**row, "reason": reason}, commit=commit):
        return
    made = centre.revocations.revoke(selection, grounds)
    rows = [
        {
            "serial": serial_text(entry.serial),
            "authority": entry.authority_id,
            "reason": entry.reason.text,
            "revoked_at": entry.revoked_at,
            "sequence": entry.sequence,
        }
        for entry in made
    ]
    session.output.rows("revocations", ("serial", "authority", "reason", "revoked_at", "sequence"), rows)


@noun.command("lint", help="cert.lint")
@click.argument("file", type=FILE)
@click.option("--issuer", type=FILE)
@click.option("--deep", is_flag=True)
@with_session
def lint(session: Session, file: Path, issuer: Path | None, *, deep: bool) -> None:
    """Offline; exit 1 when a rule is broken."""
    data = _certificate_der(read_file(file, "file"))
    above = None if issuer is None else _certificate(read_file(issuer, "--issuer"))
    said = session.output.reason
    rows: list[dict[str, object]] = [
        {"rule": one.rule_id, "severity": "error", "citation": one.citation, "detail": said(one.detail)}
        for one in lint_certificate(data, above)
    ]
    if deep:
        from api.wiring import deep_linter  # noqa: PLC0415  (a third of a second, only when asked for)

        rows += [_deep(one) for one in deep_linter().certificate(data)]
    session.output.rows("findings", ("rule", "severity", "citation", "detail"), rows, empty="cli.no-findings")
    if any(row["severity"] in {"fatal", "error"} for row in rows):
        session.end(Exit.INVALID)


def _deep(finding: DeepFinding) -> dict[str, object]:
    return {
        "rule": finding.code,
        "severity": finding.severity.name.lower(),
        "citation": finding.where,
        "detail": finding.message,
    }


def _hand_out(session: Session, issued: Issued, out: Path | None, *, chain: bool) -> None:
    with session.centre.database.reading() as unit:
        issuers = chain_of(unit, issued.authority_id)
    text = issued.certificate.pem() + (pem_bundle(issuers) if chain else "")
    record: dict[str, object] = {
        "serial": serial_text(issued.serial),
        "authority": issued.authority_id,
        "profile": issued.profile,
        "subject": issued.certificate.subject.rfc4514_string(),
        "not_before": issued.not_before,
        "not_after": issued.not_after,
    }
    if out is not None:
        write_file(out, text.encode(), "--out")
        record["file"] = str(out)
    else:
        record["certificate"] = text
    session.output.record(record)


def _operator(session: Session) -> Requester:
    return Requester(session.requester, ActorKind.OPERATOR)


def _attributes(pairs: tuple[str, ...]) -> dict[str, str] | None:
    found: dict[str, str] = {}
    for pair in pairs:
        name, separator, value = pair.partition("=")
        if not separator or name in found:
            raise InputInvalid("--subject", f"{pair}: write NAME=VALUE, each name once")
        found[name] = value
    return found or None


def _octets(text: str | None) -> bytes | None:
    try:
        return None if text is None else bytes.fromhex(text)
    except ValueError as error:
        raise InputInvalid("--intent-digest", "is not hexadecimal") from error


def _serials(data: bytes) -> list[SerialNumber]:
    found = []
    for number, line in enumerate(data.decode("ascii", "replace").splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            found.append(parse_serial(line))
        except ValueError as error:
            raise InputInvalid("--serials", f"line {number} is no serial number") from error
    return found


def _certificate(data: bytes) -> Certificate:
    return Certificate.from_pem(data) if b"-----BEGIN" in data else Certificate(data)


def _certificate_der(data: bytes) -> bytes:
    return Certificate.from_pem(data).data if b"-----BEGIN" in data else data


def _row(record: CertificateRecord) -> dict[str, object]:
    reservation, revocation = record.reservation, record.revocation
    return {
        "serial": serial_text(reservation.serial),
        "status": record.status.value,
        "authority": reservation.authority_id,
        "profile": reservation.profile,
        "subject": reservation.subject,
        "not_before": reservation.not_before,
        "not_after": reservation.not_after,
        "requested_at": reservation.requested_at,
        "requester": reservation.requester,
        "revocation": None
        if revocation is None
        else {"reason": revocation.reason.text, "revoked_at": revocation.revoked_at},
    }
