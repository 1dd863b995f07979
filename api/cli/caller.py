"""`xinqian caller`: programs that may use the HTTP service."""

from __future__ import annotations

import click

from api.callers import Caller, Scope
from api.cli.command import Noun
from api.cli.session import Session, with_session

noun = Noun("caller", help="noun.caller")
COLUMNS = ("name", "caller_id", "scopes", "profiles", "created_at", "disabled_at")


@noun.command("add", help="caller.add")
@click.argument("name")
@click.option(
    "--scope", "scopes", multiple=True, required=True, type=click.Choice([one.value for one in Scope])
)
@click.option("--profile", "profiles", multiple=True)
@with_session
def add(session: Session, name: str, scopes: tuple[str, ...], profiles: tuple[str, ...]) -> None:
    """Print the secret, once."""
    centre = session.centre
    with centre.database() as unit:
        made = unit.callers.add(name, map(Scope, scopes), profiles or None, centre.clock.now())
        session.record_act(unit, "caller-add", caller=made.caller.caller_id, scopes=sorted(scopes))
    session.output.say("cli.secret-once")
    session.output.record({**_row(made.caller), "secret": made.secret.hex()})


@noun.command("list", help="caller.list")
@with_session
def list_(session: Session) -> None:
    """Every caller, disabled ones too."""
    with session.centre.database.reading() as unit:
        found = unit.callers.list()
    session.output.rows("callers", COLUMNS, [_row(caller) for caller in found])


@noun.command("disable", help="caller.disable")
@click.argument("name")
@click.option("--commit", is_flag=True)
@with_session
def disable(session: Session, name: str, *, commit: bool) -> None:
    """Refuse it from now on."""
    if not session.plan("plan.caller-disable", {"name": name}, commit=commit):
        return
    centre = session.centre
    with centre.database() as unit:
        caller = unit.callers.disable(name, centre.clock.now())
        session.record_act(unit, "caller-disable", caller=caller.caller_id)
    session.output.record(_row(caller))


def _row(caller: Caller) -> dict[str, object]:
    return {
        "name": caller.name,
        "caller_id": caller.caller_id,
        "scopes": sorted(caller.scopes),
        "profiles": None if caller.profiles is None else sorted(caller.profiles),
        "created_at": caller.created_at,
        "disabled_at": caller.disabled_at,
    }
