"""`xinqian profile`: what certificates of each kind look like."""

from __future__ import annotations

import difflib
import json
from pathlib import Path

import click

from api.cli.command import Noun
from api.cli.dual import carry_out_plan
from api.cli.options import FILE, read_file
from api.cli.session import Session, with_session
from ca.activate import activate_profile, plan_activation
from ca.approval import Plan
from ca.errors import NotFound
from ca.profile import MAX_PROFILE_SIZE, parse_profile, shipped_profiles

noun = Noun("profile", help="noun.profile")


@noun.command("list", help="profile.list")
@with_session
def list_(session: Session) -> None:
    """Those in force."""
    with session.centre.database.reading() as unit:
        active = unit.profiles.active()
    rows: list[dict[str, object]] = []
    for name, (profile_hash, data) in sorted(active.items()):
        profile = parse_profile(data)
        issued_by = [role.value for role in profile.issued_by]
        described = {"description": profile.description, "issued_by": issued_by}
        rows.append({"profile": name, **described, "profile_hash": profile_hash})
    session.output.rows("profiles", ("profile", "issued_by", "description", "profile_hash"), rows)


@noun.command("show", help="profile.show")
@click.argument("name")
@with_session
def show(session: Session, name: str) -> None:
    """The data in force."""
    profile_hash, data = _active(session, name)
    session.output.record({"profile": name, "profile_hash": profile_hash, "data": json.loads(data)})


@noun.command("diff", help="profile.diff")
@click.argument("name")
@click.argument("file", type=FILE, required=False)
@with_session
def diff(session: Session, name: str, file: Path | None) -> None:
    """The data in force against a file's, or against what this version ships."""
    _, data = _active(session, name)
    if file is not None:
        other = read_file(file, "file", MAX_PROFILE_SIZE)
    else:
        found = shipped_profiles().get(name)
        if found is None:
            raise NotFound("profile", name)
        other = found
    lines = list(
        difflib.unified_diff(_lines(data), _lines(parse_profile(other).data), "active", "new", lineterm="")
    )
    if session.output.form == "json":
        session.output.record({"profile": name, "diff": lines})
    elif lines:
        session.output.raw("\n".join(lines) + "\n")
    else:
        session.output.say("cli.same")


@noun.command("activate", help="profile.activate")
@click.argument("file", type=FILE)
@click.option("--plan", "plan_hash")
@click.option("--commit", is_flag=True)
@with_session
def activate(session: Session, file: Path, plan_hash: str | None, *, commit: bool) -> None:
    """Put a profile into force, after two administrators' signatures."""
    centre = session.centre
    data = read_file(file, "file", MAX_PROFILE_SIZE)

    def act(plan: Plan) -> dict[str, object]:
        profile = activate_profile(centre.database, centre.clock, plan)
        return {"profile": profile.name, "profile_hash": profile.profile_hash}

    carry_out_plan(
        session,
        lambda: plan_activation(data, session.requester),
        act,
        plan_hash=plan_hash,
        commit=commit,
    )


def _active(session: Session, name: str) -> tuple[str, bytes]:
    with session.centre.database.reading() as unit:
        found = unit.profiles.active().get(name)
    if found is None:
        raise NotFound("profile", name)
    return found


def _lines(data: bytes) -> list[str]:
    return json.dumps(json.loads(data), ensure_ascii=False, indent=2, sort_keys=True).splitlines()
