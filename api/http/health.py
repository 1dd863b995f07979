"""Whether the process lives, whether it can serve, and what it counted."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel

from api import messages
from api.http.centre import Wired
from api.http.metrics import CONTENT_TYPE, Metrics

router = APIRouter(tags=["health"])


class Alive(BaseModel):
    """The process answers."""

    status: Literal["alive"]


class Check(BaseModel):
    """One thing the service needs."""

    check: str
    ok: bool
    reason: str
    """Code of what is wrong; empty when it is well."""
    text: str
    """The same for people, in the language that the request asks for."""


class Readiness(BaseModel):
    """Whether requests should be sent here, and why not."""

    status: Literal["ready", "degraded", "not-ready"]
    checks: list[Check]


@router.get("/health/live")
async def live() -> Alive:
    """The process answers; nothing is asked of anything behind it."""
    return Alive(status="alive")


@router.get("/health/ready", responses={503: {"model": Readiness}})
def ready(request: Request, centre: Wired, response: Response) -> Readiness:
    """Database and keys, 503 while one of them fails; the clock, without which only stamping stops."""
    found = centre.probe.ask()
    texts = messages.catalogue(messages.negotiate(request.headers.get("accept-language")))
    checks = [
        Check(
            check=one.name,
            ok=one.ok,
            reason=one.reason,
            text="" if one.ok else texts[f"problem.{one.reason}.title"],
        )
        for one in found
    ]
    response.headers["Cache-Control"] = "no-store"
    if any(one.needed and not one.ok for one in found):
        response.status_code = 503
        return Readiness(status="not-ready", checks=checks)
    return Readiness(status="ready" if all(one.ok for one in found) else "degraded", checks=checks)


@router.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
async def metrics(request: Request) -> Response:
    """Prometheus text of this process."""
    counted: Metrics = request.app.state.metrics
    return Response(counted.text({}), media_type=CONTENT_TYPE)
