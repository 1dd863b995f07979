"""The simulator over HTTP: what outside parties answer, and under /control what only a simulator would."""

from __future__ import annotations

import asyncio

from fastapi import FastAPI, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from api.simulator import control
from api.simulator.desk import MAX_QUESTION, Desk, Reply

NOTICE = "This is a simulator. Nobody here exists, nobody was asked, and no message was sent."


def make_simulator_app(desk: Desk, control_secret: str) -> FastAPI:
    """The application; `/control` wants `Authorization: Bearer <control_secret>`."""
    app = FastAPI(
        title="Xinqian simulator of outside parties", description=NOTICE, docs_url=None, redoc_url=None
    )
    app.state.desk = desk
    app.state.control_secret = control_secret
    app.include_router(control.router)

    @app.get("/")
    async def about() -> dict[str, object]:
        """What this is."""
        return {"simulator": True, "notice": NOTICE}

    @app.post("/v1/identity/{method}", response_class=Response)
    async def identity(method: str, request: Request) -> Response:  # noqa: ARG001  (the desk reads the path)
        """A question to the identity bureau; `signing.exchange` signs it and its answer."""
        return await _ask(desk, request)

    @app.post("/v1/messages", response_class=Response)
    async def message(request: Request) -> Response:
        """A short message to take."""
        return await _ask(desk, request)

    return app


async def _ask(desk: Desk, request: Request) -> Response:
    reply = desk.answer(request.method, request.url.path, request.headers, await _read(request))
    if reply.delay_s:
        await asyncio.sleep(reply.delay_s)
    return _Broken(reply) if reply.lost else Response(reply.body, reply.status, dict(reply.headers))


async def _read(request: Request) -> bytes:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MAX_QUESTION:
            break  # the desk refuses it; the rest is not read
    return body


class _Broken(Response):
    """Announces octets that do not come: the server ends the connection."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(status_code=reply.status, headers={"Content-Length": str(len(reply.body))})

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": b"", "more_body": False})
