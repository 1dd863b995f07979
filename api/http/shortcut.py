"""The most frequent POSTs, answered before the framework's routing, which costs more than some answers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Any

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from api.http.problems import STATUS, respond


@dataclass(frozen=True, slots=True)
class Direct:
    """A binary protocol under one prefix. Its route says the same to the OpenAPI document."""

    prefix: str
    path: str
    """As metrics name it."""
    media_type: bytes
    limit: int
    """Octets of a body; one octet more is read of what is longer, and refused by `answer`."""
    accepts: Callable[[str, Headers], bool]
    """Whether the rest of the path and the headers are plain; what is not goes the longer way."""
    answer: Callable[[Any, str, bytes], Awaitable[bytes]]
    """The application, the rest of the path, the body: the answer's octets."""


class Shortcut:
    """Middleware. What it does not know passes on untouched."""

    def __init__(self, app: ASGIApp, *, directs: Sequence[Direct]) -> None:
        self._app = app
        self._directs = tuple(directs)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI 3."""
        if scope.get("method") == "POST":
            path: str = scope["path"]
            for direct in self._directs:
                tail = path[len(direct.prefix) :]
                if path.startswith(direct.prefix) and direct.accepts(tail, Headers(scope=scope)):
                    await _serve(direct, tail, scope, receive, send)
                    return
        await self._app(scope, receive, send)


async def _serve(direct: Direct, tail: str, scope: Scope, receive: Receive, send: Send) -> None:
    scope["route"] = direct
    body = await _read(receive, direct.limit)
    try:
        data = await direct.answer(scope["app"], tail, body)
    except tuple(STATUS) as error:
        await respond(Request(scope), error)(scope, receive, send)
        return
    headers = [
        (b"content-type", direct.media_type),
        (b"content-length", str(len(data)).encode()),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": data})


async def _read(receive: Receive, limit: int) -> bytes:
    """As much of the body as tells that it is too long."""
    body = b""
    while len(body) <= limit:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body", False):
            break
    return body
