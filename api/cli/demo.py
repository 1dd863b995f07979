"""`xinqian demo`: the main job in both suites, from nothing, into a folder."""

from __future__ import annotations

from pathlib import Path

import click

from api.cli.command import Verb
from api.cli.options import FOLDER
from api.cli.session import Session, with_session


@click.command("demo", cls=Verb, help="demo")
@click.option("--out", type=FOLDER, required=True)
@with_session
def demo(session: Session, out: Path) -> None:
    """Ends with 0 only if every check held."""
    from api.demo import run  # noqa: PLC0415  (the help needs none of it)

    session.context.exit(run(out, session.output.language))
