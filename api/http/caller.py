"""Who calls, and one act a key: the route class of everything that only known callers may use."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Coroutine
from contextlib import AsyncExitStack
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool

from api.answers import Answer, Claim
from api.callers import Caller, CallerId, Scope
from api.errors import (
    CallerUnproven,
    IdempotencyKeyMissing,
    RequestReplayed,
    ScopeMissing,
)
from api.http.centre import centre_of
from api.http.problems import respond
from api.signature import MAX_SKEW, NOBODY, WRONG, Credentials, Signable
from api.wiring import Centre

IDEMPOTENCY_KEY = "Idempotency-Key"
_KEY = re.compile(r"[\x21-\x7e]{8,128}")
_KEPT_HEADERS = ("content-type", "content-language", "location")
_AGAIN = frozenset({403, 409, 429})
"""Answers that may change without another request: a right granted, a lock freed, a limit's time over."""

Handler = Callable[[Request], Coroutine[Any, Any, Response]]


class CallerRoute(APIRoute):
    """Proves the caller before anything of the request is parsed; answers a repeated POST once."""

    def get_route_handler(self) -> Handler:
        """FastAPI's hook."""
        inner = super().get_route_handler()

        async def handle(request: Request) -> Response:
            centre = centre_of(request)
            body = await request.body()
            caller = await run_in_threadpool(_prove, centre, request, body)
            request.state.caller = caller
            if request.method != "POST":
                return await inner(request)
            return await once(centre, caller.caller_id, request, body, inner)

        return handle


def _prove(centre: Centre, request: Request, body: bytes) -> Caller:
    credentials = Credentials.parse(request.headers.get("authorization"))
    query = request.scope["query_string"].decode("latin-1")
    path = request.scope.get("raw_path", b"").decode("latin-1").partition("?")[0] or request.scope["path"]
    signed = Signable(request.method, path, query, body)
    now = centre.clock.now()
    with centre.database() as unit:
        known = unit.callers.find(credentials.caller_id)
        credentials.check(signed, known.secret if known else NOBODY, now)
        if known is None:
            raise CallerUnproven(WRONG)
        until = max(now, credentials.sent_at) + 2 * MAX_SKEW
        fresh = unit.callers.use_nonce(known.caller.caller_id, credentials.nonce, now=now, until=until)
    if not fresh:
        raise RequestReplayed
    return known.caller


async def once(centre: Centre, claimant: CallerId, request: Request, body: bytes, inner: Handler) -> Response:
    """Answer a POST once a claimant and Idempotency-Key, and a retry with the same octets."""
    key = request.headers.get(IDEMPOTENCY_KEY, "")
    if not _KEY.fullmatch(key):
        raise IdempotencyKeyMissing("is needed: 8 to 128 printable ASCII characters without blanks")
    target = f"{request.method} {request.scope['path']}?".encode() + request.scope["query_string"]
    digest = hashlib.sha256(body).digest()  # in place of the body, of which no copy is made: it may be a file

    def begin() -> Claim | Answer:
        with centre.database() as unit:
            return unit.answers.claim(claimant, key, target + b"\n" + digest, centre.clock.now())

    claim = await run_in_threadpool(begin)
    if isinstance(claim, Answer):
        return Response(claim.body, claim.status, dict(claim.headers))
    try:
        async with AsyncExitStack() as stack:
            # Units of work that the route asked for end here: committed before the answer is kept.
            request.scope["fastapi_function_astack"] = stack
            response = await inner(request)
    except Exception as error:  # noqa: BLE001  (an error's answer is an answer too, and kept)
        response = respond(request, error)
    kept = [(name, response.headers[name]) for name in _KEPT_HEADERS if name in response.headers]
    answer = Answer(response.status_code, tuple(kept), bytes(response.body))

    def end() -> None:
        with centre.database() as unit:
            if answer.status >= 500 or answer.status in _AGAIN:  # noqa: PLR2004  (RFC 9110 15.6)
                unit.answers.release(claim)
            else:
                unit.answers.keep(claim, answer)

    await run_in_threadpool(end)
    return response


def needs(scope: Scope) -> Any:  # noqa: ANN401  (what Depends returns)
    """A dependency: the caller, which has the right; raises `ScopeMissing`."""

    def check(request: Request) -> Caller:
        caller: Caller = request.state.caller
        if not caller.may(scope):
            raise ScopeMissing(scope)
        return caller

    return Depends(check)


Issuer = Annotated[Caller, needs(Scope.ISSUE)]
Revoker = Annotated[Caller, needs(Scope.REVOKE)]
Reader = Annotated[Caller, needs(Scope.READ)]
Contractor = Annotated[Caller, needs(Scope.CONTRACT)]
ContractReader = Annotated[Caller, needs(Scope.CONTRACT_READ)]

__all__ = [
    "CallerRoute",
    "ContractReader",
    "Contractor",
    "Issuer",
    "Reader",
    "Revoker",
    "needs",
    "once",
]
