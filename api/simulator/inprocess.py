"""The simulator as a transport of httpx: no port, no thread; a late answer costs no time."""

from __future__ import annotations

import httpx

from api.simulator.desk import Desk


class InProcess(httpx.BaseTransport):
    """Asks the desk directly. An answer later than the client waits is a timeout at once."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Httpx's hook."""
        headers = {name.lower(): value for name, value in request.headers.items()}
        reply = self._desk.answer(request.method, request.url.path, headers, request.read())
        waits: float | None = request.extensions.get("timeout", {}).get("read")
        if waits is not None and reply.delay_s > waits:
            raise httpx.ReadTimeout("slow", request=request)
        if reply.lost:
            raise httpx.RemoteProtocolError("lost", request=request)
        return httpx.Response(reply.status, headers=dict(reply.headers), stream=httpx.ByteStream(reply.body))
