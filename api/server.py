"""The web server: one process, or several that share the database."""

from __future__ import annotations

import signal
from contextlib import ExitStack

import uvicorn
from fastapi import FastAPI

from api.http.app import make_app
from api.install import KeyedWitness, default_plan, install, make_master_key
from api.logging import configure
from api.settings import Settings, load
from api.wiring import open_centre, system_clock
from ca.transcript import Transcript
from keys.private import PrivateKey
from keys.suites import Algorithm

GRACE_S = 30  # for requests being answered when the process is told to stop; then their connections end
BACKLOG = 2_048
KEEP_ALIVE_S = 30
MAX_CONNECTIONS = 4_096  # beyond it new ones are answered 503 at once


def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT; requests that are being answered are answered first."""
    host, port = settings.address
    shared = {
        "host": host,
        "port": port,
        "loop": "uvloop",
        "http": "httptools",
        "ws": "none",
        "lifespan": "on",
        "log_config": None,
        "access_log": False,
        "proxy_headers": False,
        "server_header": False,
        "limit_concurrency": MAX_CONNECTIONS,
        "backlog": BACKLOG,
        "timeout_keep_alive": KEEP_ALIVE_S,
        "timeout_graceful_shutdown": GRACE_S,
    }
    configure(settings.log_level, system_clock())
    for stop in (signal.SIGTERM, signal.SIGINT):
        # The web server raises the signal again once it has ended; being told to stop is no failure.
        signal.signal(stop, lambda _number, _frame: None)
    with open_centre(settings) as centre:
        centre.start()
        if settings.workers == 1:
            uvicorn.run(make_app(centre), **shared)  # type: ignore[arg-type]  # by name, each of its own type
            return
    # Each worker opens its own; what would keep all of them from starting was just found to be well.
    uvicorn.run("api.server:worker", factory=True, workers=settings.workers, **shared)  # type: ignore[arg-type]


def worker() -> FastAPI:
    """The application of one of several processes."""
    settings = load()
    configure(settings.log_level, system_clock())
    stack = ExitStack()
    centre = stack.enter_context(open_centre(settings))
    return make_app(centre, at_end=stack.close)


def make_sandbox(settings: Settings) -> Transcript:
    """A test installation: master key, schema, hierarchy; its administrators' keys are made and dropped."""
    make_master_key(settings)
    plan = default_plan(settings, sandbox=True)
    witnesses = [KeyedWitness(name, PrivateKey.generate(Algorithm.P256)) for name in plan.administrators]
    return install(settings, plan, witnesses)
