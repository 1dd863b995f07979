"""`xinqian serve`: the HTTP service."""

from __future__ import annotations

import click

from api.cli.command import Verb
from api.cli.exits import Exit
from api.cli.session import Session, with_session
from api.settings import load


@click.command("serve", cls=Verb, help="serve")
@click.option("--listen")
@click.option("--workers", type=click.IntRange(1, 64))
@click.option("--sandbox", is_flag=True)
@with_session
def serve(session: Session, listen: str | None, workers: int | None, *, sandbox: bool) -> None:
    """Until SIGTERM or SIGINT; requests that are being answered are answered first."""
    from api import install, server  # noqa: PLC0415  (the help needs no web server)

    given = {"listen": listen, "workers": workers}
    settings = load(**{name: value for name, value in given.items() if value is not None})
    if not install.is_initialised(settings):
        if not sandbox:
            session.output.say("cli.first-start", state_dir=settings.state_dir)
            session.end(Exit.UNAVAILABLE)
        session.output.say("cli.sandbox", state_dir=settings.state_dir)
        server.make_sandbox(settings)
    session.output.say("cli.serving", url=f"http://{settings.listen}")
    server.run(settings)
