"""`xinqian simulator`: outside parties that are none, for development and demonstrations."""

from __future__ import annotations

from pathlib import Path

import click

from api.cli.command import Noun
from api.cli.options import FILE
from api.cli.session import Session, with_session

noun = Noun("simulator", help="noun.simulator")
LOOPBACK = "127.0.0.1"
PORT = 8_090


@noun.command("serve", help="simulator.serve")
@click.option("--host", default=LOOPBACK)
@click.option("--port", type=click.IntRange(1, 65_535), default=PORT)
@click.option("--secret-file", type=FILE, required=True)
@click.option("--seed", default="xinqian")
@with_session
def serve(session: Session, host: str, port: int, secret_file: Path, seed: str) -> None:
    """Until SIGTERM or SIGINT."""
    import uvicorn  # noqa: PLC0415  (the help needs no web server)

    from api.secretfile import read_secret  # noqa: PLC0415
    from api.simulator.app import make_simulator_app  # noqa: PLC0415
    from api.simulator.desk import Desk  # noqa: PLC0415
    from api.wiring import system_clock  # noqa: PLC0415

    secret = read_secret(secret_file, "--secret-file")
    desk = Desk(secret.encode(), system_clock(), seed)
    session.output.say("cli.simulating", url=f"http://{host}:{port}")
    uvicorn.run(
        make_simulator_app(desk, secret),
        host=host,
        port=port,
        ws="none",
        log_level="warning",
        access_log=False,
        server_header=False,
    )
