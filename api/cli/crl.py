"""`xinqian crl`: revocation lists."""

from __future__ import annotations

from pathlib import Path

import click

from api.cli.command import Noun
from api.cli.options import FILE, FOLDER, write_file
from api.cli.session import Session, with_session
from api.errors import InputInvalid
from ca.crl import load_crl
from ca.errors import NotFound
from ca.registry import AuthorityId, PublishedCrl

noun = Noun("crl", help="noun.crl")
COLUMNS = ("authority", "shard", "number", "delta", "this_update", "next_update", "size")


@noun.command("publish", help="crl.publish")
@click.option("--authority")
@click.option("--shard", type=click.IntRange(min=0), default=0)
@click.option("--delta", is_flag=True)
@click.option("--rebuild", is_flag=True)
@click.option("--all", "everything", is_flag=True)
@click.option("--out", "folder", type=FOLDER)
@with_session
def publish(
    session: Session,
    authority: str | None,
    shard: int,
    folder: Path | None,
    *,
    delta: bool,
    rebuild: bool,
    everything: bool,
) -> None:
    """What is due; with --authority that one, with --all a complete one of every authority."""
    publisher = session.centre.publisher
    if authority is not None:
        one = publisher.publish(AuthorityId(authority), shard, delta=delta, rebuild=rebuild)
        made: tuple[PublishedCrl, ...] = (one,)
    elif everything:
        made = publisher.publish_all()
    else:
        made = publisher.publish_due()
    if folder is not None:
        _write(folder, made)
    session.output.rows("crls", COLUMNS, [_row(crl) for crl in made])


@noun.command("show", help="crl.show")
@click.argument("authority")
@click.option("--shard", type=click.IntRange(min=0), default=0)
@click.option("--delta", is_flag=True)
@click.option("--out", type=FILE)
@with_session
def show(session: Session, authority: str, shard: int, out: Path | None, *, delta: bool) -> None:
    """The newest one, with what it revokes."""
    with session.centre.database.reading() as unit:
        unit.authorities.get(AuthorityId(authority))
        found = unit.crls.latest(AuthorityId(authority), shard, delta=delta)
    if found is None:
        raise NotFound("CRL", f"{authority}/{shard}")
    if out is not None:
        write_file(out, found.data, "--out")
    entries = [
        {"serial": f"{entry.serial:032x}", "revoked_at": entry.revoked_at, "reason": entry.reason.text}
        for entry in load_crl(found.data).entries()
    ]
    if session.output.form == "json":
        session.output.record({**_row(found), "entries": entries})
        return
    session.output.record(_row(found))
    session.output.rows("entries", ("serial", "revoked_at", "reason"), entries, empty="cli.no-entries")


def _write(folder: Path, made: tuple[PublishedCrl, ...]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputInvalid("--out", f"{folder}: {(error.strerror or '').lower()}") from error
    for crl in made:
        kind = "-delta" if crl.base_number is not None else ""
        shard = f"-{crl.shard}" if crl.shard else ""
        write_file(folder / f"{crl.authority_id}{shard}{kind}.crl", crl.data, "--out")


def _row(crl: PublishedCrl) -> dict[str, object]:
    return {
        "authority": crl.authority_id,
        "shard": crl.shard,
        "number": crl.number,
        "delta": crl.base_number is not None,
        "this_update": crl.this_update,
        "next_update": crl.next_update,
        "size": len(crl.data),
    }
