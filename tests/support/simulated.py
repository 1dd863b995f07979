"""The simulator of outside parties, in process and behind a real server, and adapters over it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

import httpx

from api.simulator.app import make_simulator_app
from api.simulator.desk import Desk
from api.simulator.inprocess import InProcess
from signing.adapters.gateway import Gateway
from signing.exchange import Account
from tests.support.clock import FixedClock
from tests.support.server import serving

SECRET = "a secret of the tests alone"
TRANSPORTS = ("in-process", "http")
DEADLINE_S = 0.4  # of an exchange in tests; a local answer takes milliseconds


@dataclass
class Parties:
    """A simulator, and gateways to it."""

    desk: Desk
    clock: FixedClock
    url: str
    transport: httpx.BaseTransport | None
    client: httpx.Client | None
    """Of the simulator's own pages, where it has a port."""

    def gateway(self, *, deadline_s: float = 5.0, **changes: object) -> Gateway:
        account = Account("simulator", self.url, "tests", SECRET.encode(), simulated=True)
        return Gateway(
            replace(account, **changes),  # type: ignore[arg-type]  # by name, each of its own type
            self.clock,
            transport=self.transport,
            deadline_s=deadline_s,
        )


@contextmanager
def open_parties(transport: str) -> Iterator[Parties]:
    clock = FixedClock()
    desk = Desk(SECRET.encode(), clock)
    if transport == "in-process":
        yield Parties(desk, clock, "http://simulator.test", InProcess(desk), None)
        return
    with serving(make_simulator_app(desk, SECRET)) as client:
        yield Parties(desk, clock, str(client.base_url).rstrip("/"), None, client)
