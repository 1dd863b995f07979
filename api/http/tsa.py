"""Timestamps over HTTP (RFC 3161 3.4), as `openssl ts` and pyHanko speak it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from starlette.datastructures import Headers

from api.errors import BodyTooLarge, MediaTypeUnsupported
from api.http.groupcommit import GroupCommit
from api.http.shortcut import Direct
from ca.errors import NotFound
from ca.stamp import TimestampAuthority
from ca.timestamp import MAX_REQUEST_SIZE
from keys.suites import Suite

QUERY_TYPE = "application/timestamp-query"
REPLY_TYPE = "application/timestamp-reply"
ANYONE = "anyone"
"""Requesters are not asked who they are."""
_SUITES = {suite.value: suite for suite in Suite}
SuiteName = Annotated[str, Path(json_schema_extra={"enum": list(_SUITES)})]
_BINARY = {"type": "string", "format": "binary"}
_NEVER_KEPT = {"Cache-Control": "no-store"}
_OPENAPI = {
    "requestBody": {
        "required": True,
        "description": "TimeStampReq in DER (RFC 3161 2.4.1).",
        "content": {QUERY_TYPE: {"schema": _BINARY}},
    },
}

FindAuthority = Callable[[Suite], TimestampAuthority]


router = APIRouter(tags=["timestamps"])


class TsaEdge:
    """The timestamp authorities behind one process's event loop."""

    def __init__(self, find: FindAuthority) -> None:
        """`find` may block, and raises `NotFound` for a suite without a unit."""
        self._commits = {suite: GroupCommit(_bound(find, suite)) for suite in Suite}

    async def answer(self, suite: Suite, request: bytes, requester: str) -> bytes:
        """A TimeStampResp."""
        return await self._commits[suite].stamp(request, requester)

    def close(self) -> None:
        """End the stamping threads."""
        for commit in self._commits.values():
            commit.close()


def _bound(find: FindAuthority, suite: Suite) -> Callable[[], TimestampAuthority]:
    return lambda: find(suite)


def _edge(app: Any) -> TsaEdge:  # noqa: ANN401  (what Starlette keeps in the scope)
    state = app.state
    edge: TsaEdge | None = getattr(state, "tsa", None)
    if edge is None:
        edge = state.tsa = TsaEdge(state.centre.timestamping.authority)
    return edge


def _plain(suite: str, headers: Headers) -> bool:
    announced = headers.get("content-length", "")
    fits = announced.isdecimal() and int(announced) <= MAX_REQUEST_SIZE
    return fits and suite in _SUITES and headers.get("content-type") == QUERY_TYPE


async def _direct(app: Any, suite: str, body: bytes) -> bytes:  # noqa: ANN401  (what the scope holds)
    return await _edge(app).answer(_SUITES[suite], body, ANYONE)


DIRECT = Direct(
    prefix="/v1/tsa/",
    path="/v1/tsa/{suite}",
    media_type=REPLY_TYPE.encode(),
    limit=MAX_REQUEST_SIZE,
    accepts=_plain,
    answer=_direct,
)


async def read_query(request: Request) -> bytes:
    """The body, refused before it is read: by its type, or beyond what any request has.

    Raises `MediaTypeUnsupported`, `BodyTooLarge`.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != QUERY_TYPE:
        raise MediaTypeUnsupported(QUERY_TYPE)
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > MAX_REQUEST_SIZE:
        raise BodyTooLarge(MAX_REQUEST_SIZE)
    parts, size = [], 0
    async for part in request.stream():
        size += len(part)
        if size > MAX_REQUEST_SIZE:
            raise BodyTooLarge(MAX_REQUEST_SIZE)
        parts.append(part)
    return b"".join(parts)


@router.post(
    "/v1/tsa/{suite}",
    response_class=Response,
    responses={
        200: {
            "description": "TimeStampResp in DER: a token, or a rejection with its PKIFailureInfo.",
            "content": {REPLY_TYPE: {"schema": _BINARY}},
        },
        404: {"description": "No timestamping unit of this suite."},
        413: {"description": "The query is over the limit."},
        415: {"description": f"The query is not {QUERY_TYPE}."},
        503: {"description": "The store or the key cannot be reached; nothing was stamped."},
    },
    openapi_extra=_OPENAPI,
)
async def stamp(suite: SuiteName, request: Request) -> Response:
    """Stamp the imprint of a query; recorded before it is answered."""
    chosen = _SUITES.get(suite)
    if chosen is None:
        raise NotFound("suite", suite[:32])
    reply = await _edge(request.app).answer(chosen, await read_query(request), ANYONE)
    return Response(reply, media_type=REPLY_TYPE, headers=_NEVER_KEPT)
