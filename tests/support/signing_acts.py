"""Acts on contracts in processes of their own: whole sittings, and signatures that are killed on the way."""

from __future__ import annotations

import os
import time
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from api.wiring import Centre
from signing.contract import ContractId
from signing.errors import OrderNotReached
from signing.party import PartyId
from tests.support.boundaries import Boundaries
from tests.support.crash import Order, say
from tests.support.installation import Installation
from tests.support.signing_contract import Studio

DURABLE = frozenset({"COMMIT", "signature", "write", "replace", "fsync"})
"""A death at any other boundary undoes a transaction, as one before its COMMIT does."""
ASK_AGAIN_S = 0.02
PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class SignOrder(Order):
    """What a child is to do with a contract."""

    contract_id: str = ""
    party_id: str = ""
    token: str = ""


class Worker:
    """As `tests.support.acts.Worker`, for contracts."""

    def __init__(self) -> None:
        self._centres: dict[str, Centre] = {}
        self._open = ExitStack()

    def warm(self, order: dict[str, Any]) -> None:
        """Open the installation and its fonts, and let go of every connection."""
        url = order["settings"]["database_url"]
        if url not in self._centres:
            installation = Installation(Path(order["settings"]["state_dir"]), url)
            centre = self._centres[url] = self._open.enter_context(installation.open())
            centre.typeface()
            centre.database.engine.dispose()

    def perform(self, order: dict[str, Any]) -> None:
        """In a child."""
        pid = os.getpid()
        warm = self._centres[order["settings"]["database_url"]]
        studio = Studio(Centre(warm.settings, warm.clock, warm.database, warm.ring))
        studio.centre.__dict__["fonts"] = warm.fonts
        boundaries = Boundaries(order["point"], lambda name: say({"pid": pid, "boundary": name}), DURABLE)
        for act in order["acts"]:
            if act == "sign":
                boundaries.watch()
                try:
                    signed = studio.centre.executing.execution.sign(order["token"])
                finally:
                    boundaries.stop()
            else:
                signed = _sit(studio, ContractId(order["contract_id"]), PartyId(order["party_id"]))
            say(
                {
                    "pid": pid,
                    "act": act,
                    "state": signed.contract.state,
                    "revision": signed.revisions[-1].number,
                }
            )
        say({"pid": pid, "boundaries": boundaries.passed})


def _sit(studio: Studio, contract_id: ContractId, party_id: PartyId) -> Any:  # noqa: ANN401
    """A whole sitting, begun again and again until it is the party's turn."""
    contract = studio.get(contract_id)
    deadline = time.monotonic() + PATIENCE_S
    while True:
        try:
            return studio.sign(contract, contract.party(party_id))
        except OrderNotReached:
            if time.monotonic() > deadline:
                raise
            time.sleep(ASK_AGAIN_S)
