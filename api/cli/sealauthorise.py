"""`xinqian seal authorise` and its kin: under what an organisation's own seal is set by the system alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import click

from api.cli.adminkey import read_private_key
from api.cli.command import Noun
from api.cli.exits import Exit
from api.cli.options import DURATION, FILE, MOMENT
from api.cli.session import Session, with_session
from keys.private import PrivateKey
from signing.authorisation import Authorisation, AuthorisationId, Grant
from signing.seal import SealId

COLUMNS = (
    "authorisation_id",
    "authorisation_state",
    "templates",
    "contract_kinds",
    "per_contract",
    "total",
    "used",
    "uses",
    "valid_until",
    "given_by",
    "approved_by",
)
YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Signing:
    """An administrator who signs with a key from a file (`signing.seal_act.Signatory`)."""

    name: str
    sign: Callable[[bytes], bytes]

    @classmethod
    def with_key(cls, name: str, key: PrivateKey) -> Signing:
        """By name and key."""
        return cls(name, key.sign)


def _signed(function: Callable[..., None]) -> Callable[..., None]:
    for option in (
        click.option("--commit", is_flag=True),
        click.option("--key", "key_file", type=FILE, required=True),
        click.option("--as", "administrator", required=True),
    ):
        function = option(function)
    return function


@click.argument("seal_id")
@click.option("--template", "templates", multiple=True)
@click.option("--contract-kind", "contract_kinds", multiple=True)
@click.option("--per-contract", type=click.IntRange(min=1), required=True)
@click.option("--total", type=click.IntRange(min=1))
@click.option("--valid-from", type=MOMENT)
@click.option("--valid-for", type=DURATION, default=YEAR)
@_signed
@with_session
def authorise(
    session: Session,
    *,
    seal_id: str,
    templates: tuple[str, ...],
    contract_kinds: tuple[str, ...],
    per_contract: int,
    total: int | None,
    valid_from: datetime | None,
    valid_for: timedelta,
    administrator: str,
    key_file: Path,
    commit: bool,
) -> None:
    """An authorisation that permits nothing until another administrator approves it (exit 6)."""
    centre = session.centre
    begins = valid_from or centre.clock.now()
    grant = Grant(
        templates=frozenset(templates),
        kinds=frozenset(contract_kinds),
        per_contract=per_contract,
        total=total,
        valid_from=begins,
        valid_until=begins + valid_for,
    )
    offered = centre.seal_authorisations.prepare(SealId(seal_id), grant)
    if not session.plan("plan.seal-authorise", offered.facts, commit=commit):
        return
    signing = Signing.with_key(administrator, read_private_key(key_file))
    given = centre.seal_authorisations.give(offered, signing)
    session.output.record(_row(given))
    session.output.say("cli.seal-authorised", authorisation_id=given.authorisation_id)
    session.end(Exit.NEEDS_APPROVAL)


@click.argument("authorisation_id")
@_signed
@with_session
def approve(
    session: Session, authorisation_id: str, administrator: str, key_file: Path, *, commit: bool
) -> None:
    """The second person's signature."""
    authorisations = session.centre.seal_authorisations
    given = authorisations.get(AuthorisationId(authorisation_id))
    if session.plan("plan.seal-approve-authorisation", _row(given), commit=commit):
        signing = Signing.with_key(administrator, read_private_key(key_file))
        session.output.record(_row(authorisations.approve(given.authorisation_id, signing)))


@click.argument("authorisation_id")
@_signed
@with_session
def end(session: Session, authorisation_id: str, administrator: str, key_file: Path, *, commit: bool) -> None:
    """From now on it permits nothing."""
    authorisations = session.centre.seal_authorisations
    given = authorisations.get(AuthorisationId(authorisation_id))
    if session.plan("plan.seal-end-authorisation", _row(given), commit=commit):
        signing = Signing.with_key(administrator, read_private_key(key_file))
        session.output.record(_row(authorisations.end(given.authorisation_id, signing)))


@click.argument("seal_id")
@with_session
def list_(session: Session, seal_id: str) -> None:
    """Authorisations of one seal, and what was used of them."""
    found = session.centre.seal_authorisations.of(SealId(seal_id))
    session.output.rows("authorisations", COLUMNS, [_row(one) for one in found])


def add_to(noun: Noun) -> None:
    """The verbs of authorisations."""
    for name, verb in (
        ("authorise", authorise),
        ("approve-authorisation", approve),
        ("end-authorisation", end),
        ("authorisations", list_),
    ):
        noun.command(name, help=f"seal.{name}")(verb)


def _row(given: Authorisation) -> Mapping[str, object]:
    grant = given.grant
    return {
        "authorisation_id": given.authorisation_id,
        "seal_id": given.seal_id,
        "organisation": given.organisation,
        "authorisation_state": given.state.value,
        "templates": sorted(grant.templates),
        "contract_kinds": sorted(grant.kinds),
        "per_contract": grant.per_contract,
        "total": grant.total,
        "used": given.used,
        "uses": given.uses,
        "valid_from": grant.valid_from,
        "valid_until": grant.valid_until,
        "given_by": given.given_by,
        "approved_by": given.approved_by,
    }
