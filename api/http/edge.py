"""What happens to every request before it is parsed: identified, bounded, counted, logged."""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.errors import BodyTooDeep, BodyTooLarge
from api.http.metrics import METHODS, Metrics
from api.http.problems import respond
from api.logging import AccessLog, trace_id
from evidence.clock import Clock

MAX_BODY = 65_536  # octets: certification requests, timestamp and status queries are under 5,000
MAX_DEPTH = 16  # of JSON; ours have 3 levels. Checked before a recursive parser sees it
REQUEST_ID = "X-Request-Id"
_ACCEPTED_ID = re.compile(r"[A-Za-z0-9_.-]{8,64}")
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
_BRACKET = re.compile(rb"[\[\]{}]")


class Edge:
    """Innermost to the server, outermost to the application."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics, clock: Clock, limits: Mapping[str, int]) -> None:
        """`limits` gives other body sizes than `MAX_BODY`, by path prefix; times are of `clock`."""
        self._app = app
        self._metrics = metrics
        self._seconds = clock.monotonic
        self._limits = tuple(sorted(limits.items(), key=lambda item: -len(item[0])))
        self._log = AccessLog(clock)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI 3."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = self._seconds()
        headers = Headers(scope=scope)
        given = headers.get(REQUEST_ID, "")
        request_id = given if _ACCEPTED_ID.fullmatch(given) else secrets.token_hex(16)
        token = trace_id.set(request_id)
        status = 0

        async def answer(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                added = MutableHeaders(scope=message)
                added[REQUEST_ID] = request_id
                added["X-Content-Type-Options"] = "nosniff"
            await send(message)

        try:
            await self._bounded(scope, receive, answer, headers)
        finally:
            took = self._seconds() - began
            route = getattr(scope.get("route"), "path", "unmatched")
            method = scope["method"] if scope["method"] in METHODS else "OTHER"
            self._metrics.count(method, route, status, took)
            self._log.write(method, route, status, took)
            trace_id.reset(token)

    async def _bounded(self, scope: Scope, receive: Receive, send: Send, headers: Headers) -> None:
        if scope["method"] in {"GET", "HEAD", "OPTIONS"} and "content-length" not in headers:
            await self._app(scope, receive, send)
            return
        try:
            body = await _read(receive, headers, self._limit(scope["path"]))
            if body is not None and "json" in headers.get("content-type", "json"):
                check_depth(body)
        except (BodyTooLarge, BodyTooDeep) as error:
            response = respond(Request(scope), error)
            response.headers["Connection"] = "close"  # what remains of the body is not read
            await response(scope, receive, send)
            return
        if body is None:
            return
        pending = [{"type": "http.request", "body": body, "more_body": False}]

        async def replay() -> Message:
            return pending.pop() if pending else await receive()

        await self._app(scope, replay, send)

    def _limit(self, path: str) -> int:
        return next((limit for prefix, limit in self._limits if path.startswith(prefix)), MAX_BODY)


async def _read(receive: Receive, headers: Headers, limit: int) -> bytes | None:
    """The body, None when the client went away; raises `BodyTooLarge` before reading more than the limit."""
    announced = headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limit:
        raise BodyTooLarge(limit)
    parts, size, more = [], 0, True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            return None
        part = message.get("body", b"")
        size += len(part)
        if size > limit:
            raise BodyTooLarge(limit)
        parts.append(part)
        more = message.get("more_body", False)
    return b"".join(parts)


def check_depth(body: bytes, limit: int = MAX_DEPTH) -> None:
    """Raises `BodyTooDeep` for JSON nested deeper than `limit`; costs one pass, without recursion."""
    depth = 0
    for bracket in _BRACKET.findall(_STRING.sub(b"", body)):
        depth += 1 if bracket in b"[{" else -1
        if depth > limit:
            raise BodyTooDeep(limit)
