"""`xinqian contract list`, `show`, `events`, `document`: what became of contracts, and their files."""

from __future__ import annotations

import json
from pathlib import Path

import click

from api.cli.command import Verb
from api.cli.options import FILE, write_file
from api.cli.session import Session, with_session
from evidence.event import TenantId
from signing.contract import ContractId
from signing.contract_ports import ContractFilter
from signing.transition import ContractState

COLUMNS = ("id", "number", "title", "state", "suite", "created_at", "expires_at")
PARTY_COLUMNS = ("role", "name", "order", "state", "turn", "fields")
EVENT_COLUMNS = ("sequence", "type", "recorded_at", "result")
MOST = 500  # contracts of one answer
STATES = tuple(state.value for state in ContractState)


@click.command("list", cls=Verb, help="contract.list")
@click.option("--state", "contract_state", type=click.Choice(STATES))
@click.option("--number")
@click.option("--before")
@click.option("--limit", type=click.IntRange(1, MOST), default=50)
@with_session
def list_(
    session: Session, contract_state: str | None, number: str | None, before: str | None, limit: int
) -> None:
    """Newest first."""
    from api.http.contractshown import contract_shown  # noqa: PLC0415  (the help needs no web framework)

    which = ContractFilter(
        number=number,
        state=None if contract_state is None else ContractState(contract_state),
        before=None if before is None else ContractId(before),
        limit=limit,
    )
    with session.centre.database.reading() as unit:
        found = unit.contracts.find(which)
    session.output.rows("contracts", COLUMNS, [contract_shown(one).model_dump() for one in found])


@click.command("show", cls=Verb, help="contract.show")
@click.argument("contract_id")
@with_session
def show(session: Session, contract_id: str) -> None:
    """With its parties and the revisions of its document."""
    from api.http.contractshown import contract_shown, revision_shown  # noqa: PLC0415

    with session.centre.database.reading() as unit:
        contract = unit.contracts.get(ContractId(contract_id))
        revisions = unit.documents.revisions(contract.document_id)
    shown = contract_shown(contract).model_dump()
    document = [revision_shown(one).model_dump() for one in revisions]
    if session.output.form == "json":
        session.output.record({**shown, "revisions": document})
        return
    parties, terms = shown.pop("parties"), shown.pop("terms")
    session.output.record({**shown, **terms})
    session.output.rows("parties", PARTY_COLUMNS, parties)
    session.output.rows("revisions", ("number", "kind", "field", "size", "sha256", "at"), document)


@click.command("events", cls=Verb, help="contract.events")
@click.argument("contract_id")
@with_session
def events(session: Session, contract_id: str) -> None:
    """What the evidence log holds of it; personal values stay sealed."""
    centre = session.centre
    with centre.database.reading() as unit:
        contract = unit.contracts.get(ContractId(contract_id))
        found = unit.events.case(TenantId(centre.settings.tenant), contract.case_id)
    rows = []
    for one in found:
        envelope = json.loads(one.envelope)
        row = {"sequence": one.case_seq, "type": one.type.name, "recorded_at": one.recorded_at}
        rows.append({**row, "result": envelope["result"]["code"], "envelope": envelope})
    session.output.rows("events", EVENT_COLUMNS, rows)


@click.command("document", cls=Verb, help="contract.document")
@click.argument("contract_id")
@click.option("--revision", type=click.IntRange(0, 1_000_000))
@click.option("--out", type=FILE, required=True)
@with_session
def document(session: Session, contract_id: str, revision: int | None, out: Path) -> None:
    """Written whole, or not at all."""
    from api.handout import hand_out  # noqa: PLC0415
    from api.http.contractshown import revision_shown  # noqa: PLC0415

    data, made = hand_out(session.centre, ContractId(contract_id), revision, session.actor)
    write_file(out, data, "--out")
    session.output.record({**revision_shown(made).model_dump(), "out": str(out)})
