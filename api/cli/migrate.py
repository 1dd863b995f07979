"""`xinqian migrate`: bring the database to this version's schema."""

from __future__ import annotations

import click

from api.cli.command import Verb
from api.cli.session import Session, with_session


@click.command("migrate", cls=Verb, help="migrate")
@with_session
def migrate(session: Session) -> None:
    """In one transaction; waits for no lock longer than five seconds."""
    from api.engine import open_engine  # noqa: PLC0415  (the help needs no database library)
    from api.schema import migrate as bring  # noqa: PLC0415

    session.prepare_state_dir()
    engine = open_engine(session.settings.database)
    try:
        before, after = bring(engine)
    finally:
        engine.dispose()
    if before == after:
        session.output.say("cli.migrated-not", after=after)
    else:
        session.output.say("cli.migrated", before=before or "-", after=after)
    session.output.record({"before": before, "after": after})
