"""Acts on cases in processes of their own, which are killed on the way."""

from __future__ import annotations

import os
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from api.wiring import Centre
from evidence.caseclose import close_case
from evidence.caseshred import shred_case
from evidence.event import CaseId, TenantId
from evidence.hold import HoldGround, HoldOrder
from evidence.holdcase import release_hold, set_hold
from evidence.retention import RULES, Known
from tests.support.boundaries import Boundaries
from tests.support.cases import ADMINISTRATOR, PERSONS
from tests.support.crash import Order, say
from tests.support.installation import Installation

ACTS = ("close", "hold", "release", "shred")
YEARS = timedelta(days=366 * 21)
ORDER = HoldOrder(HoldGround.AUDIT, "审计部", "1", "抽查")


@dataclass(frozen=True, slots=True)
class CaseOrder(Order):
    """What a child is to do with a case."""

    case_id: str = ""


class Worker:
    """As `tests.support.acts.Worker`, for cases."""

    def __init__(self) -> None:
        self._centres: dict[str, Centre] = {}
        self._open = ExitStack()

    def warm(self, order: dict[str, Any]) -> None:
        """Open the installation, and let go of every connection."""
        url = order["settings"]["database_url"]
        if url not in self._centres:
            installation = Installation(Path(order["settings"]["state_dir"]), url)
            centre = self._centres[url] = self._open.enter_context(installation.open())
            centre.database.engine.dispose()

    def perform(self, order: dict[str, Any]) -> None:
        """In a child."""
        pid = os.getpid()
        centre = self._centres[order["settings"]["database_url"]]
        boundaries = Boundaries(order["point"], lambda name: say({"pid": pid, "boundary": name}))
        boundaries.watch()
        try:
            for act in order["acts"]:
                do(centre, act, CaseId(order["case_id"]))
                say({"pid": pid, "act": act})
        finally:
            boundaries.stop()
        say({"pid": pid, "boundaries": boundaries.passed})


def do(centre: Centre, act: str, case_id: CaseId) -> None:
    """One act, in a transaction of its own."""
    tenant, now = TenantId(centre.settings.tenant), centre.clock.now()
    hold_id = f"hold of {case_id}"
    with centre.database() as unit:
        if act == "close":
            close_case(unit, tenant, case_id, ADMINISTRATOR, now)
        elif act == "hold":
            set_hold(unit, tenant, case_id, hold_id, ORDER, ADMINISTRATOR, PERSONS, now)
        elif act == "release":
            release_hold(unit, tenant, case_id, hold_id, "完成", ADMINISTRATOR, PERSONS, now)
        else:
            known = Known(now - YEARS, now - YEARS)
            shred_case(unit, tenant, case_id, RULES, known, ADMINISTRATOR, PERSONS, now)
