"""`xinqian seal`: seals from their drawing to their last use. Every change is signed by an administrator."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from pathlib import Path

import click

from api.cli import sealauthorise
from api.cli.adminkey import read_private_key
from api.cli.command import Noun
from api.cli.exits import Exit
from api.cli.options import DURATION, FILE, MOMENT, read_file
from api.cli.sealauthorise import Signing
from api.cli.sealdraw import draw, with_draw_options, write_drawing
from api.cli.session import Session, with_session
from signing.seal import Seal, SealFilter, SealId, SealKind, SealOrder, SealState, masked
from signing.seal_act import SealAct
from signing.seal_use import SealUse

noun = Noun("seal", help="noun.seal")
COLUMNS = (
    "seal_id",
    "owner",
    "label",
    "seal_kind",
    "seal_state",
    "valid_until",
    "proposed_by",
    "approved_by",
)
USES = ("number", "used_at", "contract", "field", "actor", "approver", "authorisation", "amount")
MAX_DRAWING = 4 * 1_048_576  # octets; a picture of 2 MB in base64 takes 2.7 million
YEAR = timedelta(days=365)

noun.command("draw", help="seal.draw")(with_draw_options(draw))


@noun.command("propose", help="seal.propose")
@click.option("--drawing", "drawing_file", type=FILE, required=True)
@click.option("--owner", required=True)
@click.option("--label", "seal_label", required=True)
@click.option("--kind", "seal_kind", type=click.Choice([one.value for one in SealKind]), required=True)
@click.option("--maker", required=True)
@click.option("--valid-from", type=MOMENT)
@click.option("--valid-for", type=DURATION, default=YEAR)
@click.option("--as", "administrator", required=True)
@click.option("--key", "key_file", type=FILE, required=True)
@click.option("--commit", is_flag=True)
@with_session
def propose(
    session: Session,
    *,
    drawing_file: Path,
    owner: str,
    seal_label: str,
    seal_kind: str,
    maker: str,
    valid_from: datetime | None,
    valid_for: timedelta,
    administrator: str,
    key_file: Path,
    commit: bool,
) -> None:
    """A seal that serves nobody until another administrator approves it (exit 6)."""
    centre = session.centre
    begins = valid_from or centre.clock.now()
    order = SealOrder(
        owner=owner,
        label=seal_label,
        kind=SealKind(seal_kind),
        maker=maker,
        drawing=read_file(drawing_file, "--drawing", MAX_DRAWING),
        valid_from=begins,
        valid_until=begins + valid_for,
    )
    proposed = centre.seal_registry.prepare(order)
    if not session.plan("plan.seal-propose", proposed.facts, commit=commit):
        return
    seal = centre.seal_registry.propose(proposed, Signing.with_key(administrator, read_private_key(key_file)))
    session.output.record(_row(seal))
    session.output.say("cli.seal-proposed", seal_id=seal.seal_id)
    session.end(Exit.NEEDS_APPROVAL)


def _change(act: SealAct) -> Callable[..., None]:
    def run(
        session: Session, seal_id: str, administrator: str, key_file: Path, why: str, *, commit: bool
    ) -> None:
        registry = session.centre.seal_registry
        seal = registry.get(SealId(seal_id))
        shown = {**_row(seal), "act": act.value, "digest": seal.digests.as_json()}
        if not session.plan(f"plan.seal-{act.value}", shown, commit=commit):
            return
        signing = Signing.with_key(administrator, read_private_key(key_file))
        if act is SealAct.APPROVE:
            changed = registry.approve(seal.seal_id, signing)
        elif act is SealAct.SUSPEND:
            changed = registry.suspend(seal.seal_id, signing, why)
        elif act is SealAct.RESUME:
            changed = registry.resume(seal.seal_id, signing, why)
        else:
            changed = registry.revoke(seal.seal_id, signing, why)
        session.output.record(_row(changed))

    command: Callable[..., None] = with_session(run)
    for option in (
        click.option("--commit", is_flag=True),
        click.option("--reason", "why", default=""),
        click.option("--key", "key_file", type=FILE, required=True),
        click.option("--as", "administrator", required=True),
        click.argument("seal_id"),
    ):
        command = option(command)
    return command


for _act in (SealAct.APPROVE, SealAct.SUSPEND, SealAct.RESUME, SealAct.REVOKE):
    noun.command(_act.value, help=f"seal.{_act.value}")(_change(_act))


@noun.command("list", help="seal.list")
@click.option("--owner")
@click.option("--kind", "seal_kind", type=click.Choice([one.value for one in SealKind]))
@click.option("--state", "seal_state", type=click.Choice([one.value for one in SealState]))
@click.option("--after", "after_seal")
@click.option("--limit", type=click.IntRange(1, 1_000), default=100, show_default=True)
@with_session
def list_(
    session: Session,
    owner: str | None,
    seal_kind: str | None,
    seal_state: str | None,
    after_seal: str | None,
    limit: int,
) -> None:
    """Seals in the order in which they were proposed; persons' names masked."""
    which = SealFilter(
        owner=owner,
        kind=None if seal_kind is None else SealKind(seal_kind),
        state=None if seal_state is None else SealState(seal_state),
        after=None if after_seal is None else SealId(after_seal),
        limit=limit,
    )
    session.output.rows("seals", COLUMNS, [_row(one) for one in session.centre.seal_registry.find(which)])


@noun.command("show", help="seal.show")
@click.argument("seal_id")
@click.option("--out", type=FILE)
@click.option("--svg", type=FILE)
@click.option("--png", type=FILE)
@with_session
def show(session: Session, seal_id: str, out: Path | None, svg: Path | None, png: Path | None) -> None:
    """A seal in full, and its drawing into files: look at it before it is approved."""
    registry = session.centre.seal_registry
    seal = registry.get(SealId(seal_id))
    if out or svg or png:
        write_drawing(registry.drawing(seal.seal_id), out, svg, png)
    session.output.record(
        {
            **_row(seal),
            "maker": seal.maker,
            "valid_from": seal.valid_from,
            "digest": seal.digests.as_json(),
            "version": seal.version,
            "proposed_at": seal.proposed_at,
            "changed_by": seal.changed_by,
            "changed_at": seal.changed_at,
        }
    )


@noun.command("uses", help="seal.uses")
@click.argument("seal_id")
@click.option("--after", "after_use", type=click.IntRange(min=0), default=0)
@click.option("--limit", type=click.IntRange(1, 1_000), default=100, show_default=True)
@with_session
def uses(session: Session, seal_id: str, after_use: int, limit: int) -> None:
    """The ledger of a seal's uses."""
    found = session.centre.seal_registry.uses(SealId(seal_id), after_use, limit)
    session.output.rows("uses", USES, [_use(one) for one in found])


sealauthorise.add_to(noun)


def _row(seal: Seal) -> Mapping[str, object]:
    return {
        "seal_id": seal.seal_id,
        "owner": seal.owner,
        "label": masked(seal.label) if seal.kind.personal else seal.label,
        "seal_kind": seal.kind.value,
        "seal_state": seal.state.value,
        "valid_until": seal.valid_until,
        "proposed_by": seal.proposed_by,
        "approved_by": seal.approved_by,
    }


def _use(use: SealUse) -> Mapping[str, object]:
    return {
        "number": use.number,
        "used_at": use.used_at,
        "contract": use.contract_id,
        "field": use.field,
        "actor": use.actor,
        "approver": use.approver,
        "authorisation": use.authorisation_id,
        "amount": use.amount,
        "document_sha256": use.document_sha256,
        "seal_sha256": use.seal_sha256,
        "positions": use.places,
        "previous": use.previous,
        "entry": use.entry,
    }
