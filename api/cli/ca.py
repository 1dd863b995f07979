"""`xinqian ca`: authorities."""

from __future__ import annotations

from pathlib import Path

import click

from api import install
from api.chain import chain_of
from api.cli.adminkey import make_key_file, read_private_key
from api.cli.command import Noun
from api.cli.dual import carry_out_plan
from api.cli.options import FILE, FOLDER, read_file, write_file
from api.cli.session import Session, with_session
from api.errors import InputInvalid
from api.wiring import bare_centre, master_key_ring
from ca.approval import Plan
from ca.ceremonyplan import Ceremony
from ca.certificate import Certificate, pem_bundle
from ca.errors import Refused
from ca.registry import Authority, AuthorityId
from ca.serial import serial_text
from ca.start import reconcile
from ca.transcript import Transcript
from keys.suites import Algorithm

noun = Noun("ca", help="noun.ca")
COLUMNS = ("authority", "subject", "algorithm", "not_after", "active", "serial")
ADMINISTRATORS = "administrators"
TRANSCRIPT = "ceremony.json"


@noun.command("init", help="ca.init")
@click.option("--sandbox", is_flag=True)
@click.option("--administrators", "folder", type=FOLDER)
@with_session
def init(session: Session, folder: Path | None, *, sandbox: bool) -> None:
    """Master key, schema, both hierarchies: the shipped ceremony, with two new administrators' keys."""
    settings = session.settings
    session.prepare_state_dir()
    made = install.make_master_key(settings)
    if made is not None:
        session.output.say("cli.master-key-made", path=made)
    plan = install.default_plan(settings, sandbox=sandbox)
    keys = folder or settings.state_dir / ADMINISTRATORS
    witnesses = []
    keys.mkdir(mode=0o700, parents=True, exist_ok=True)
    for name in plan.administrators:
        path = keys / f"{name}.key"
        if not path.exists():
            make_key_file(path, Algorithm.P256)
        witnesses.append(install.KeyedWitness(name, read_private_key(path)))
    transcript = install.install(settings, plan, witnesses)
    session.output.say("cli.administrators-made", folder=keys)
    _tell(session, plan, transcript, settings.state_dir / TRANSCRIPT)


@noun.command("ceremony", help="ca.ceremony")
@click.argument("file", type=FILE)
@click.option("--witness", "named", multiple=True, metavar="NAME=KEYFILE")
@click.option("--transcript", "out", type=FILE)
@click.option("--commit", is_flag=True)
@with_session
def ceremony(session: Session, file: Path, named: tuple[str, ...], out: Path | None, *, commit: bool) -> None:
    """Everything that the file says, all or nothing, signed by its witnesses."""
    plan = install.read_plan(read_file(file, "file", install.MAX_CEREMONY))
    shown = {
        "ceremony": plan.name,
        "plan_hash": plan.plan_hash,
        "administrators": list(plan.administrators),
        "authorities": [
            f"{one.suite.value}-{entry.role.value}" for one in plan.suites for entry in one.authorities
        ],
    }
    if not session.plan("plan.ceremony", shown, commit=commit):
        return
    witnesses = []
    for pair in named:
        name, separator, path = pair.partition("=")
        if not separator:
            raise InputInvalid("--witness", f"{pair}: write NAME=KEYFILE")
        witnesses.append(install.KeyedWitness(name, read_private_key(Path(path))))
    session.prepare_state_dir()
    made = install.make_master_key(session.settings)
    if made is not None:
        session.output.say("cli.master-key-made", path=made)
    transcript = install.install(session.settings, plan, witnesses)
    _tell(session, plan, transcript, out or session.settings.state_dir / TRANSCRIPT)


@noun.command("list", help="ca.list")
@with_session
def list_(session: Session) -> None:
    """Every authority, roots first."""
    with session.centre.database.reading() as unit:
        found = unit.authorities.list()
    session.output.rows("authorities", COLUMNS, [_row(authority) for authority in found])


@noun.command("show", help="ca.show")
@click.argument("authority")
@click.option("--chain", is_flag=True)
@click.option("--out", type=FILE)
@with_session
def show(session: Session, authority: str, out: Path | None, *, chain: bool) -> None:
    """One authority, with its certificate as PEM."""
    with session.centre.database.reading() as unit:
        found = unit.authorities.get(AuthorityId(authority))
        certificates = chain_of(unit, found.authority_id)
    text = pem_bundle(certificates if chain else certificates[:1])
    if out is not None:
        write_file(out, text.encode(), "--out")
    session.output.record(
        {**_row(found), "parent": found.parent, "key_id": found.key_id, "certificate": text}
    )


@noun.command("rekey", help="ca.rekey")
@click.argument("authority")
@click.option("--algorithm", type=click.Choice([one.value for one in Algorithm]))
@click.option("--custody", type=click.Choice(["software", "pkcs11"]))
@click.option("--plan", "plan_hash")
@click.option("--commit", is_flag=True)
@with_session
def rekey(
    session: Session,
    authority: str,
    algorithm: str | None,
    custody: str | None,
    plan_hash: str | None,
    *,
    commit: bool,
) -> None:
    """The next generation of an authority, after two administrators' signatures."""
    hierarchy = session.centre.hierarchy

    def make() -> Plan:
        chosen = None if algorithm is None else Algorithm(algorithm)
        return hierarchy.plan_rekey(
            AuthorityId(authority), session.requester, algorithm=chosen, custody=custody
        )

    def act(plan: Plan) -> dict[str, object]:
        if plan.parameters.get("authority") != authority:
            raise Refused("plan", f"is for {plan.parameters.get('authority')}")
        return _row(hierarchy.rekey(plan))

    carry_out_plan(session, make, act, plan_hash=plan_hash, commit=commit)


@noun.command("responder", help="ca.responder")
@click.argument("authority")
@click.option("--commit", is_flag=True)
@with_session
def responder(session: Session, authority: str, *, commit: bool) -> None:
    """A new key and certificate for an authority's OCSP responder."""
    if not session.plan("plan.responder", {"authority": authority}, commit=commit):
        return
    issued = session.centre.hierarchy.renew_responder(AuthorityId(authority), session.requester)
    session.output.record(
        {
            "authority": issued.authority_id,
            "serial": serial_text(issued.serial),
            "not_after": issued.not_after,
        }
    )


@noun.command("reconcile", help="ca.reconcile")
@click.option("--commit", is_flag=True)
@with_session
def reconcile_(session: Session, *, commit: bool) -> None:
    """Make a database that was restored from a backup fit to start; what it lost is recorded."""
    settings = session.settings
    with bare_centre(settings, master_key_ring(settings)) as centre:
        with centre.database.reading() as unit:
            stored = unit.certificates.last_sequence()
        shown = {"journal": centre.journal.last_sequence(), "database": stored}
        if not session.plan("plan.reconcile", shown, commit=commit):
            return
        done = reconcile(centre.database, centre.journal, centre.watermark, centre.clock, session.requester)
    lost = [{"log": log, "from_index": first, "events": count} for log, (first, count) in done.lost.items()]
    session.output.record({"replayed": done.replayed, "lost": lost})


def _tell(session: Session, plan: Ceremony, transcript: Transcript, path: Path) -> None:
    write_file(path, transcript.data, "--transcript")
    session.output.say("cli.ceremony-held", transcript=path)
    session.output.say("cli.next-certificate")
    session.output.record(
        {
            "ceremony": plan.name,
            "plan_hash": plan.plan_hash,
            "administrators": list(plan.administrators),
            "certificates": len(transcript.digests),
            "transcript": str(path),
        }
    )


def _row(authority: Authority) -> dict[str, object]:
    certificate = Certificate(authority.certificate)
    return {
        "authority": authority.authority_id,
        "suite": authority.suite.value,
        "role": authority.role.value,
        "algorithm": authority.algorithm.value,
        "subject": certificate.subject.rfc4514_string(),
        "serial": serial_text(certificate.serial),
        "not_before": certificate.not_before,
        "not_after": certificate.not_after,
        "active": authority.active,
        "fingerprint": certificate.fingerprint,
    }
