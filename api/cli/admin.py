"""`xinqian admin`: administrators, who sign plans."""

from __future__ import annotations

from pathlib import Path

import click

from api.cli.adminkey import ALGORITHMS, make_key_file, read_public_key
from api.cli.command import Noun
from api.cli.dual import carry_out_plan
from api.cli.options import FILE, read_file, write_file
from api.cli.session import Session, with_session
from ca.approval import Plan
from ca.certificate import to_pem
from keys.public import PublicKey
from keys.suites import Algorithm

noun = Noun("admin", help="noun.admin")
MAX_KEY = 4_096  # octets of PEM


@noun.command("list", help="admin.list")
@with_session
def list_(session: Session) -> None:
    """Names, and fingerprints of their keys."""
    with session.centre.database.reading() as unit:
        found = unit.approvals.administrators()
    rows = []
    for name, spki in sorted(found.items()):
        public = PublicKey.from_spki(spki)
        rows.append({"name": name, "algorithm": public.algorithm.value, "public_key": public.fingerprint})
    session.output.rows("administrators", ("name", "algorithm", "public_key"), rows)


@noun.command("key", help="admin.key")
@click.option("--out", type=FILE, required=True)
@click.option("--public", "public_out", type=FILE, required=True)
@click.option(
    "--algorithm", type=click.Choice([one.value for one in ALGORITHMS]), default=ALGORITHMS[0].value
)
@with_session
def key(session: Session, out: Path, public_out: Path, algorithm: str) -> None:
    """A new key pair of one's own; offline."""
    public = make_key_file(out, Algorithm(algorithm))
    write_file(public_out, to_pem("PUBLIC KEY", public.spki).encode(), "--public")
    session.output.record({"file": str(out), "public": str(public_out), "public_key": public.fingerprint})


@noun.command("add", help="admin.add")
@click.argument("name")
@click.option("--public", "public_file", type=FILE, required=True)
@click.option("--plan", "plan_hash")
@click.option("--commit", is_flag=True)
@with_session
def add(session: Session, name: str, public_file: Path, plan_hash: str | None, *, commit: bool) -> None:
    """A further administrator, after two administrators' signatures."""
    control = session.centre.dual_control
    spki = read_public_key(read_file(public_file, "--public", MAX_KEY), "--public")

    def act(plan: Plan) -> dict[str, object]:
        return {"name": control.add_administrator(plan)}

    carry_out_plan(
        session,
        lambda: control.plan_administrator(name, spki, session.requester),
        act,
        plan_hash=plan_hash,
        commit=commit,
    )
