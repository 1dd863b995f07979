"""`xinqian approval`: plans that wait for administrators' signatures."""

from __future__ import annotations

from pathlib import Path

import click

from api.cli.adminkey import read_private_key
from api.cli.command import Noun
from api.cli.options import FILE, read_file
from api.cli.session import Session, with_session
from api.errors import InputInvalid
from ca.approval import SIGNATURES, Plan

noun = Noun("approval", help="noun.approval")
MAX_SIGNATURE = 1_024  # octets; RSA-4096 makes 512


@noun.command("list", help="approval.list")
@with_session
def list_(session: Session) -> None:
    """Plans that can still be approved."""
    rows = []
    control = session.centre.dual_control
    for proposal in control.pending():
        plan = Plan.parse(proposal.data)
        rows.append(
            {
                "plan_hash": proposal.plan_hash,
                "act": plan.act.value,
                "requester": plan.requester,
                "proposed_at": proposal.proposed_at,
                "signatures": len(control.standing(proposal.plan_hash)),
            }
        )
    session.output.rows("plans", ("plan_hash", "act", "requester", "proposed_at", "signatures"), rows)


@noun.command("show", help="approval.show")
@click.argument("plan_hash")
@click.option("--message", type=FILE)
@with_session
def show(session: Session, plan_hash: str, message: Path | None) -> None:
    """A plan in full; what is to be signed goes into the file of --message."""
    centre = session.centre
    plan = centre.dual_control.plan(plan_hash)
    with centre.database.reading() as unit:
        approvals = unit.approvals.of(plan_hash)
        carried_out = unit.approvals.proposal(plan_hash).carried_out
    if message is not None:
        message.write_bytes(plan.message)
    session.output.record(
        {
            "plan_hash": plan_hash,
            "act": plan.act.value,
            "requester": plan.requester,
            "parameters": dict(plan.parameters),
            "carried_out": carried_out,
            "approvals": [
                {"administrator": one.administrator, "approved_at": one.approved_at} for one in approvals
            ],
        }
    )


@noun.command("approve", help="approval.approve")
@click.argument("plan_hash")
@click.option("--as", "administrator", required=True)
@click.option("--key", "key_file", type=FILE)
@click.option("--signature", "signature_file", type=FILE)
@click.option("--commit", is_flag=True)
@with_session
def approve(
    session: Session,
    plan_hash: str,
    administrator: str,
    key_file: Path | None,
    signature_file: Path | None,
    *,
    commit: bool,
) -> None:
    """Sign the plan's hash with the administrator's key, or hand in a signature made elsewhere."""
    if (key_file is None) == (signature_file is None):
        raise InputInvalid("--key", "give either --key or --signature")
    control = session.centre.dual_control
    plan = control.plan(plan_hash)
    shown = {"plan_hash": plan_hash, "act": plan.act.value, "parameters": dict(plan.parameters)}
    if not session.plan("plan.approve", shown, commit=commit):
        return
    if key_file is not None:
        signature = read_private_key(key_file).sign(plan.message)
    else:
        signature = read_file(signature_file or Path(), "--signature", MAX_SIGNATURE)
    approval = control.approve(plan_hash, administrator, signature)
    given = len(control.standing(plan_hash))
    session.output.record(
        {
            "plan_hash": approval.plan_hash,
            "act": approval.act,
            "administrator": approval.administrator,
            "approved_at": approval.approved_at,
            "signatures": given,
            "signatures_needed": SIGNATURES,
        }
    )
    missing = max(SIGNATURES - given, 0)
    session.output.say("cli.sign-more" if missing else "cli.signed", plan_hash=plan_hash, missing=missing)
