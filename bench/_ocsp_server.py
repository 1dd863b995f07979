"""The server of the OCSP benchmark: our application over a database of tests, on a socket it is given."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

import uvicorn

from api.engine import open_engine
from api.http.app import make_app
from api.logging import configure
from api.settings import Settings
from api.wiring import Centre
from ca.respond import OcspPolicy, OcspResponder
from evidence.adapters.system_clock import SystemClock
from keys.wrapping import MasterKey, MasterKeyRing
from tests.support.units import MASTER, open_units


def main(folder: Path, descriptor: int) -> None:
    engine = open_engine(f"sqlite:///{folder}/bench.sqlite")
    clock = SystemClock()
    settings = Settings(state_dir=folder, log_level="warning")
    configure(settings.log_level, clock)
    centre = Centre(settings, clock, open_units(engine, clock, folder), MasterKeyRing(MasterKey(MASTER)))
    # The bound on signatures that anyone may ask for is no part of what is measured.
    policy = OcspPolicy(live_per_second=1e6, live_burst=1e6)
    centre.responder = OcspResponder(centre.database, centre.signers, clock, policy)
    server = uvicorn.Server(
        uvicorn.Config(
            make_app(centre),
            loop="uvloop",
            http="httptools",
            access_log=False,
            log_config=None,
            lifespan="off",
        )
    )
    server.run(sockets=[socket.socket(fileno=descriptor)])


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
