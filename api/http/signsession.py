"""Who holds a sign session's token, and one act a key: the route class of everything a party does itself.

    Authorization: Bearer sign-<43 characters>

The token names one session of one party, lives for minutes, and signs once; the service keeps its SHA-256
alone. Possession is the proof, as the party has no secret with us: what the token cannot do by itself is
agree, for which a one-time code goes to the party's own telephone.
"""

from __future__ import annotations

import re
from typing import Annotated

from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool

from api.callers import CallerId
from api.errors import CallerUnproven
from api.http.caller import Handler, once
from api.http.centre import centre_of
from api.http.problems import respond
from api.wiring import Centre
from evidence.canonical import JSON
from signing.errors import NotFound
from signing.session import Origin, Session, token_digest

MAX_AGENT = 300  # characters of a User-Agent that are kept
_BEARER = re.compile(r"[Bb]earer (sign-[A-Za-z0-9_-]{20,59})")


class SessionRoute(APIRoute):
    """Proves the session before anything of the request is parsed; answers a repeated POST once."""

    def get_route_handler(self) -> Handler:
        """FastAPI's hook."""
        inner = super().get_route_handler()

        async def handle(request: Request) -> Response:
            centre = centre_of(request)
            body = await request.body()
            try:
                token = _token(request.headers.get("authorization"))
                session = await run_in_threadpool(find_session, centre, token)
            except CallerUnproven as error:
                response = respond(request, error)
                response.headers["WWW-Authenticate"] = "Bearer"
                return response
            request.state.sign_token = token
            if request.method != "POST":
                return await inner(request)
            claimant = CallerId(f"session-{session.session_id}")
            return await once(centre, claimant, request, body, inner)

        return handle


def _token(header: str | None) -> str:
    found = _BEARER.fullmatch(header or "")
    if found is None:
        raise CallerUnproven("there is no token of a sign session")
    return found[1]


def find_session(centre: Centre, token: str) -> Session:
    """Also one that has ended: its answers are still given to retries. Raises `CallerUnproven`."""
    try:
        with centre.database.reading() as unit:
            return unit.sign_sessions.by_token(token_digest(token))
    except NotFound as error:
        raise CallerUnproven("there is no such sign session") from error


def _held(request: Request) -> str:
    token: str = request.state.sign_token
    return token


def origin_of(request: Request) -> Origin:
    """Whence an act came: the channel in the clear, address and device as personal data."""
    client = request.client
    agent = request.headers.get("user-agent", "")[:MAX_AGENT]
    channel = "page" if request.headers.get("x-channel") == "page" else "api"
    net: dict[str, JSON] = {
        "address": "" if client is None else client.host,
        "port": 0 if client is None else client.port,
        "user_agent": agent,
    }
    return Origin({"channel": channel}, net)


Token = Annotated[str, Depends(_held)]
From = Annotated[Origin, Depends(origin_of)]
