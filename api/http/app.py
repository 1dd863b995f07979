"""The HTTP application: routes, problems, the edge before them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version

from fastapi import FastAPI
from starlette.concurrency import run_in_threadpool

from api.chores import Chores
from api.http import (
    certificates,
    contractevents,
    contracts,
    crl,
    docs,
    documents,
    health,
    ocsp,
    problems,
    sessions,
    signpage,
    tsa,
    verification,
)
from api.http.docs import OPENAPI_PATH
from api.http.edge import Edge
from api.http.metrics import Metrics
from api.http.shortcut import Shortcut
from api.http.tsa import TsaEdge
from api.wiring import Centre

BODY_LIMITS: dict[str, int] = {
    "/v1/contracts": 1_048_576,  # values of a loan contract with 360 instalments take some 60,000
    "/v1/documents": documents.MAX_UPLOAD,
    "/v1/verify": verification.MAX_VERIFIED,
}
"""Octets by path prefix, where they differ from `api.http.edge.MAX_BODY`."""
DESCRIPTION = "Contracts, certificates, revocation, trusted time. Errors are problem+json (RFC 9457)."


def make_app(centre: Centre, *, chores_too: bool = True, at_end: Callable[[], None] | None = None) -> FastAPI:
    """The application over a wired centre, which `at_end` may close; chores run beside it."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        chores = Chores(centre)
        if chores_too:
            chores.start()
        try:
            yield
        finally:
            if chores_too:
                await run_in_threadpool(chores.stop)
            stamping: TsaEdge | None = getattr(app.state, "tsa", None)
            if stamping is not None:
                stamping.close()
            if at_end is not None:
                at_end()

    app = FastAPI(
        title="Xinqian 信签",
        version=version("xinqian"),
        description=DESCRIPTION,
        openapi_url=OPENAPI_PATH,
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
        redirect_slashes=False,
    )
    app.state.centre = centre
    app.state.metrics = Metrics()
    # Routes are tried in this order: first those that are asked for most.
    for part in (tsa, ocsp, crl, certificates, health, docs):
        app.include_router(part.router)
    for part in (sessions, contracts, contractevents, documents, signpage, verification):
        app.include_router(part.router)
    problems.install(app)
    app.add_middleware(Shortcut, directs=(tsa.DIRECT, ocsp.DIRECT))
    app.add_middleware(Edge, metrics=app.state.metrics, clock=centre.clock, limits=BODY_LIMITS)
    return app
