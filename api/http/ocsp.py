"""OCSP over HTTP (RFC 6960 A.1, RFC 5019): POST of a request, GET with it in the path."""

from __future__ import annotations

import asyncio
import base64
import binascii
from collections.abc import Callable
from datetime import datetime
from email.utils import format_datetime
from hashlib import sha256
from typing import Any
from urllib.parse import unquote

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from api.errors import StoreUnavailable
from api.http.centre import centre_of
from api.http.shortcut import Direct
from ca.ocsp import MAX_REQUEST_SIZE
from ca.ocspresponse import ResponseStatus, error_response
from ca.registry import AuthorityId
from ca.respond import OcspAnswer, OcspResponder

MEDIA_TYPE = "application/ocsp-response"
MAX_PATH = 4 * MAX_REQUEST_SIZE  # characters: base64, every one of which may be percent-encoded
MAX_AGE = 300  # seconds in caches we do not control: how long one of them may not hear of a revocation
NEVER_KEPT = {"Cache-Control": "no-store"}

router = APIRouter(tags=["status"])


class HeadGate:
    """One read of the journal's head for all requests that wait for one.

    A read that began before a request came in says nothing to it, so the request joins the next one.
    """

    def __init__(self, read: Callable[[], int]) -> None:
        self._read = read
        self._next: asyncio.Future[int] | None = None
        self._reading: asyncio.Task[None] | None = None

    async def head(self) -> int:
        """The head, read after this was called; raises as the database does."""
        if self._next is None:
            self._next = asyncio.get_running_loop().create_future()
        waiting = self._next
        if self._reading is None:
            self._reading = asyncio.create_task(self._run())
        return await asyncio.shield(waiting)

    async def _run(self) -> None:
        try:
            while (waiting := self._next) is not None:
                self._next = None
                try:
                    head = await run_in_threadpool(self._read)
                except Exception as error:  # noqa: BLE001  (every waiter hears of it)
                    waiting.set_exception(error)
                else:
                    waiting.set_result(head)
        finally:
            self._reading = None


class OcspEdge:
    """The responder behind one process's event loop."""

    def __init__(self, responder: OcspResponder) -> None:
        self._responder = responder
        self._gate = HeadGate(responder.head)

    async def answer(self, issuer: AuthorityId, request: bytes) -> OcspAnswer:
        """From memory when the journal has not moved, else by the responder in a thread."""
        try:
            head = await self._gate.head()
            ready = self._responder.prepared(issuer, request, head)
            if ready is not None:
                return ready
            return await run_in_threadpool(self._responder.answer, issuer, request, head)
        except StoreUnavailable as error:
            later = ResponseStatus.TRY_LATER
            return OcspAnswer(error_response(later), later, reason=str(error))


def _edge(app: Any) -> OcspEdge:  # noqa: ANN401  (what Starlette keeps in the scope)
    edge: OcspEdge | None = getattr(app.state, "ocsp", None)
    if edge is None:
        edge = app.state.ocsp = OcspEdge(app.state.centre.responder)
    return edge


async def _direct(app: Any, issuer: str, body: bytes) -> bytes:  # noqa: ANN401  (as above)
    return (await _edge(app).answer(AuthorityId(issuer), body)).data


DIRECT = Direct(
    prefix="/v1/ocsp/",
    path="/v1/ocsp/{issuer}",
    media_type=MEDIA_TYPE.encode(),
    limit=MAX_REQUEST_SIZE,
    accepts=lambda issuer, _headers: "/" not in issuer,
    answer=_direct,
)


@router.post("/v1/ocsp/{issuer}", response_class=Response, responses={200: {"content": {MEDIA_TYPE: {}}}})
async def post(issuer: str, request: Request) -> Response:
    """The status of one certificate of the issuer; body and answer are DER."""
    answer = await _edge(request.app).answer(AuthorityId(issuer), await request.body())
    return Response(answer.data, media_type=MEDIA_TYPE, headers=NEVER_KEPT)


@router.get(
    "/v1/ocsp/{issuer}/{encoded:path}",
    response_class=Response,
    responses={200: {"content": {MEDIA_TYPE: {}}}},
)
async def get(issuer: str, encoded: str, request: Request) -> Response:
    """As POST, with the request in base64; answers without a nonce may be kept by caches."""
    asked = b""
    if len(encoded) <= MAX_PATH:
        try:
            asked = base64.b64decode(unquote(encoded), validate=True)
        except (binascii.Error, ValueError):
            asked = b""
    answer = await _edge(request.app).answer(AuthorityId(issuer), asked)
    headers = _caching(answer, centre_of(request).clock.now())
    if headers.get("ETag") == request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return Response(answer.data, media_type=MEDIA_TYPE, headers=headers)


def _caching(answer: OcspAnswer, now: datetime) -> dict[str, str]:
    """RFC 5019 6.2."""
    if answer.this_update is None or answer.next_update is None or answer.refresh_at is None:
        return NEVER_KEPT
    age = max(0, min(MAX_AGE, int((answer.refresh_at - now).total_seconds())))
    return {
        "Cache-Control": f"max-age={age}, public, no-transform, must-revalidate",
        "ETag": f'"{sha256(answer.data).hexdigest()[:32]}"',
        "Expires": format_datetime(answer.next_update, usegmt=True),
        "Last-Modified": format_datetime(answer.this_update, usegmt=True),
    }
