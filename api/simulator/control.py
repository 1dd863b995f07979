"""What only a simulator offers: its messages to read, its people to borrow, its faults to order."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel, ConfigDict, Field

from api.simulator.desk import Desk
from api.simulator.fault import Fault, Party, Trouble
from api.simulator.population import Case
from evidence.clock import rfc3339
from signing.exchange import is_same

MAX_DELAY_S = 600.0
MAX_LISTED = 500


class FaultOrder(BaseModel):
    """What a party is to do from now on; no fault: to work again."""

    model_config = ConfigDict(extra="forbid")

    party: Party
    fault: Fault | None = None
    delay_s: Annotated[float, Field(ge=0, le=MAX_DELAY_S)] = 0.0
    times: Annotated[int, Field(ge=1, le=1_000_000)] | None = None
    """For so many questions; without end if absent."""


class SentMessage(BaseModel):
    """A message that the gateway took."""

    message_id: str
    mobile: str
    text: str
    reference: str
    at: str


_bearer = HTTPBearer(auto_error=False)


def _controller(
    request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> None:
    if given is None or not is_same(request.app.state.control_secret, given.credentials):
        raise HTTPException(401, headers={"WWW-Authenticate": "Bearer"})


def _desk(request: Request) -> Desk:
    found: Desk = request.app.state.desk
    return found


Asked = Annotated[Desk, Depends(_desk)]
Count = Annotated[int, Field(ge=0, le=MAX_LISTED)]
router = APIRouter(prefix="/control", dependencies=[Depends(_controller)])


@router.get("/messages")
def messages(desk: Asked, mobile: str | None = None) -> list[SentMessage]:
    """Messages taken, oldest first: the one-time codes are in their texts."""
    return [SentMessage(**{**asdict(one), "at": rfc3339(one.at)}) for one in desk.messages(mobile)]


@router.get("/faults")
def faults(desk: Asked) -> dict[str, dict[str, object]]:
    """Those in force."""
    return {party.value: asdict(trouble) for party, trouble in desk.troubles().items()}


@router.post("/faults", status_code=204)
def set_fault(order: FaultOrder, desk: Asked) -> None:
    """Tell a party to misbehave, or to work again."""
    trouble = None if order.fault is None else Trouble(order.fault, order.delay_s, order.times)
    desk.trouble(order.party, trouble)


@router.get("/people")
def people(desk: Asked, count: Count = 10) -> dict[str, object]:
    """Some whom the bureau knows by name, and those about whom it says something else."""
    return {
        "people": [asdict(desk.population.person(number)) for number in range(count)],
        "special": {case.name.lower(): asdict(desk.population.special(case)) for case in Case},
    }


@router.get("/firms")
def firms(desk: Asked, count: Count = 10) -> dict[str, object]:
    """As people."""
    return {
        "firms": [asdict(desk.population.firm(number)) for number in range(count)],
        "special": {case.name.lower(): asdict(desk.population.special_firm(case)) for case in Case},
    }
