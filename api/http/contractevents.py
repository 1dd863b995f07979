"""The events of a contract, as the evidence log has them; what is personal stays sealed."""

from __future__ import annotations

import json
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import BaseModel

from api.http.caller import CallerRoute, ContractReader
from api.http.centre import View, Wired
from api.http.documents import ContractPath
from evidence.clock import rfc3339
from evidence.event import Recorded, TenantId
from signing.contract import ContractId

MAX_PAGE = 500
DEFAULT_PAGE = 100
router = APIRouter(tags=["contracts"], route_class=CallerRoute)


class EventShown(BaseModel):
    """One event and its place in the log."""

    event_id: str
    sequence: int
    """In the contract's case, from 0 without gaps."""
    type: str
    log: str
    index: int
    recorded_at: str
    leaf_sha256: str
    """What the log's tree is built over."""
    envelope: dict[str, Any]
    """The event itself; personal values are commitments."""


class EventPage(BaseModel):
    """One page, oldest first."""

    events: list[EventShown]
    next: int | None
    """Give it as `after` for the next page; null on the last."""


@router.get("/v1/contracts/{contract}/events")
def events(
    contract: ContractPath,
    _caller: ContractReader,
    centre: Wired,
    unit: View,
    after: Annotated[int | None, Query(ge=0, le=2**53)] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = DEFAULT_PAGE,
) -> EventPage:
    """What happened to a contract, failures included."""
    held = unit.contracts.get(ContractId(contract))
    case = unit.events.case(TenantId(centre.settings.tenant), held.case_id)
    rest = [one for one in case if after is None or one.case_seq > after]
    found = rest[:limit]
    return EventPage(
        events=[_shown(one) for one in found],
        next=found[-1].case_seq if len(rest) > limit else None,
    )


def _shown(event: Recorded) -> EventShown:
    return EventShown(
        event_id=event.event_id,
        sequence=event.case_seq,
        type=event.type.name,
        log=event.log,
        index=event.index,
        recorded_at=rfc3339(event.recorded_at),
        leaf_sha256=event.leaf_hash.sha256.hex(),
        envelope=json.loads(event.envelope),
    )
