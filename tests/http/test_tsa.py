"""Timestamps over HTTP."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from fastapi import FastAPI

from api.errors import StoreUnavailable
from api.http import problems, tsa
from api.http.groupcommit import GroupCommit
from api.http.tsa import QUERY_TYPE, REPLY_TYPE, TsaEdge
from ca.adapters.timestamps import tokens
from ca.errors import NotFound
from ca.stamp import TimestampAuthority, case_of
from ca.timestamp import MAX_REQUEST_SIZE, Imprint, TimestampRequest
from ca.timestamp_response import parse_response
from ca.token import verify_token
from keys.suites import Algorithm, Digest, Suite
from tests.support import chains
from tests.support.clock import FixedClock
from tests.support.timestamping import Stamping, make_authority
from tests.support.units import TENANT, open_units

DATA = b"data"


class Application:
    """The routes over authorities of both suites."""

    def __init__(self, engine: sa.Engine, folder: Path) -> None:
        self.clock = FixedClock()
        units = open_units(engine, self.clock, folder)
        self.stamping: dict[Suite, Stamping] = {
            algorithm.suite: make_authority(units, self.clock, algorithm, instance=algorithm.value)
            for algorithm in chains.DEFAULTS
        }
        self.failure: Exception | None = None
        self.app = FastAPI()
        self.app.include_router(tsa.router)
        problems.install(self.app)
        self.edge = self.app.state.tsa = TsaEdge(self.find)

    def find(self, suite: Suite) -> TimestampAuthority:
        if self.failure is not None:
            raise self.failure
        return self.stamping[suite].authority

    def send(self, *requests: httpx.Request) -> list[httpx.Response]:
        async def all_at_once() -> list[httpx.Response]:
            transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
            async with httpx.AsyncClient(transport=transport) as client:
                return await asyncio.gather(*map(client.send, requests))

        return asyncio.run(all_at_once())


@pytest.fixture
def served(engine: sa.Engine, tmp_path: Path) -> Iterator[Application]:
    application = Application(engine, tmp_path)
    yield application
    application.edge.close()


def query(data: bytes = DATA, digest: Digest = Digest.SHA256) -> bytes:
    return TimestampRequest(Imprint.of(digest, data), None, 9, cert_req=True).encoded()


def post(suite: str, body: bytes, content_type: str | None = QUERY_TYPE) -> httpx.Request:
    headers = {} if content_type is None else {"Content-Type": content_type}
    return httpx.Request("POST", f"http://tsa.test/v1/tsa/{suite}", content=body, headers=headers)


@pytest.mark.parametrize("algorithm", list(chains.DEFAULTS))
def test_a_query_is_answered_with_a_token(served: Application, algorithm: Algorithm) -> None:
    (answer,) = served.send(post(algorithm.suite.value, query(digest=algorithm.digest)))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == REPLY_TYPE
    assert answer.headers["cache-control"] == "no-store"
    token = parse_response(answer.content).token
    assert token is not None
    assert verify_token(token, data=DATA, nonce=9).algorithm is algorithm


def test_queries_that_come_together_share_a_transaction(served: Application) -> None:
    answers = served.send(*(post("intl", query(bytes([place]))) for place in range(50)))
    for place, answer in enumerate(answers):
        token = parse_response(answer.content).token
        assert token is not None
        verify_token(token, data=bytes([place]))
    stamping = served.stamping[Suite.INTL]
    with stamping.units() as unit:
        batches = unit.events.case(TENANT, case_of(Suite.INTL))
    assert len(batches) < 10
    with stamping.units.engine.connect() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(tokens)).scalar_one() == 50


def test_what_is_wrong_with_a_query_is_said_in_rfc_3161s_way(served: Application) -> None:
    sha1 = bytes.fromhex("3021300906052b0e03021a05000414") + bytes(20)
    wrong = b"\x30" + bytes([3 + len(sha1)]) + b"\x02\x01\x01" + sha1
    garbage, weak = served.send(post("intl", b"garbage"), post("intl", wrong))
    assert (garbage.status_code, weak.status_code) == (200, 200)
    assert parse_response(garbage.content).failure == "badDataFormat"
    assert parse_response(weak.content).failure == "badAlg"


def test_no_lease_is_time_not_available(served: Application) -> None:
    served.send(post("intl", query()))
    served.clock.skew(hours=-1)
    (answer,) = served.send(post("intl", query()))
    assert answer.status_code == 200
    assert parse_response(answer.content).failure == "timeNotAvailable"


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (post("intl", query(), "application/json"), 415),
        (post("intl", query(), None), 415),
        (post("intl", bytes(MAX_REQUEST_SIZE + 1)), 413),
        (post("unknown", query()), 404),
        (httpx.Request("GET", "http://tsa.test/v1/tsa/intl"), 405),
    ],
)
def test_what_is_wrong_with_the_http_is_a_problem(
    served: Application, request_: httpx.Request, status: int
) -> None:
    (answer,) = served.send(request_)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_body_without_an_announced_length_is_bounded_too(served: Application) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(10):
            yield bytes(1_000)

    headers = {"Content-Type": QUERY_TYPE}
    request = httpx.Request("POST", "http://tsa.test/v1/tsa/intl", content=endless(), headers=headers)
    (answer,) = served.send(request)
    assert answer.status_code == 413


@pytest.mark.parametrize(
    ("failure", "status"),
    [(StoreUnavailable("database is locked"), 503), (NotFound("timestamping unit", "intl"), 404)],
)
def test_a_failure_reaches_every_requester_of_the_batch_and_the_next_batch_is_well(
    served: Application, failure: Exception, status: int
) -> None:
    served.failure = failure
    answers = served.send(*(post("intl", query()) for _ in range(5)))
    assert [answer.status_code for answer in answers] == [status] * 5
    served.failure = None
    (answer,) = served.send(post("intl", query()))
    assert parse_response(answer.content).token is not None


def test_too_many_waiting_are_told_so(served: Application, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("api.http.groupcommit.MAX_WAITING", 3)
    answers = served.send(*(post("intl", query()) for _ in range(20)))
    failures = {parse_response(answer.content).failure for answer in answers}
    assert failures == {None, "systemFailure"}


def test_the_openapi_document_describes_both_bodies(served: Application) -> None:
    described = served.app.openapi()["paths"]["/v1/tsa/{suite}"]["post"]
    assert list(described["requestBody"]["content"]) == [QUERY_TYPE]
    assert list(described["responses"]["200"]["content"]) == [REPLY_TYPE]
    assert described["parameters"][0]["schema"]["enum"] == ["intl", "guomi"]


def test_a_commit_group_serves_more_than_one_event_loop_in_turn(served: Application) -> None:
    group = GroupCommit(lambda: served.find(Suite.INTL))
    for _ in range(2):
        assert parse_response(asyncio.run(group.stamp(query(), "x"))).token is not None
    group.close()
