"""CRLs, OCSP and issuers' certificates over HTTP."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from fastapi import FastAPI

from api.http.app import make_app
from api.http.ocsp import HeadGate
from api.settings import Settings
from api.wiring import Centre
from ca.certificate import Certificate
from ca.crl import load_crl
from ca.ocsp import certificate_id, encode_request
from ca.ocspresponse import CertificateState
from ca.ocspverify import verify_response
from ca.publish import CrlPolicy, CrlPublisher
from keys.suites import Algorithm
from keys.wrapping import MasterKey, MasterKeyRing
from tests.support.database import empty_engine
from tests.support.revocable import BASE_URL, Hierarchy, open_hierarchy
from tests.support.units import MASTER

ASKED = {"Content-Type": "application/ocsp-request"}


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Hierarchy]:
    with empty_engine("sqlite", tmp_path) as engine:
        yield open_hierarchy(engine, tmp_path, Algorithm.P256)


class Client:
    """One request at a time to an application in this process."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    def _send(self, method: str, path: str, **more: object) -> httpx.Response:
        async def once() -> httpx.Response:
            transport = httpx.ASGITransport(self._app)
            async with httpx.AsyncClient(transport=transport, base_url=BASE_URL) as client:
                return await client.request(method, path, **more)  # type: ignore[arg-type]

        return asyncio.run(once())

    def get(self, path: str, **more: object) -> httpx.Response:
        return self._send("GET", path, **more)

    def head(self, path: str) -> httpx.Response:
        return self._send("HEAD", path)

    def post(self, path: str, **more: object) -> httpx.Response:
        return self._send("POST", path, **more)


@pytest.fixture
def client(made: Hierarchy, tmp_path: Path) -> Client:
    settings = Settings(state_dir=tmp_path, base_url=BASE_URL)
    centre = Centre(settings, made.clock, made.units, MasterKeyRing(MasterKey(MASTER)))
    return Client(make_app(centre))


@pytest.fixture
def certificate(made: Hierarchy) -> Certificate:
    return made.issue()


def ask(made: Hierarchy, certificate: Certificate, nonce: bytes | None = None) -> bytes:
    return encode_request(certificate_id(made.person, certificate.serial), nonce)


def state(made: Hierarchy, certificate: Certificate, answer: bytes) -> CertificateState:
    return verify_response(answer, certificate, made.person, made.clock.now()).status.state


def test_post(client: Client, made: Hierarchy, certificate: Certificate) -> None:
    for expected in (CertificateState.GOOD, CertificateState.GOOD, CertificateState.REVOKED):
        if expected is CertificateState.REVOKED:
            made.revoke(certificate)
        answer = client.post(f"/v1/ocsp/{made.person_id}", content=ask(made, certificate), headers=ASKED)
        assert answer.status_code == 200
        assert answer.headers["content-type"] == "application/ocsp-response"
        assert answer.headers["cache-control"] == "no-store"
        assert state(made, certificate, answer.content) is expected


@pytest.mark.parametrize("safe", ["", "/"], ids=["slash escaped", "slash as it is"])
def test_get_is_kept_by_caches_for_a_while(
    client: Client, made: Hierarchy, certificate: Certificate, safe: str
) -> None:
    encoded = quote(base64.b64encode(ask(made, certificate)).decode(), safe=safe)
    answer = client.get(f"/v1/ocsp/{made.person_id}/{encoded}")
    assert state(made, certificate, answer.content) is CertificateState.GOOD
    assert answer.headers["cache-control"] == "max-age=300, public, no-transform, must-revalidate"
    assert answer.headers["last-modified"] == "Mon, 23 Nov 2026 12:00:00 GMT"
    assert answer.headers["expires"] == "Tue, 24 Nov 2026 00:00:00 GMT"
    tag = {"If-None-Match": answer.headers["etag"]}
    assert client.get(f"/v1/ocsp/{made.person_id}/{encoded}", headers=tag).status_code == 304
    made.revoke(certificate)
    again = client.get(f"/v1/ocsp/{made.person_id}/{encoded}", headers=tag)
    assert state(made, certificate, again.content) is CertificateState.REVOKED


def test_get_with_nonce_is_kept_by_none(client: Client, made: Hierarchy, certificate: Certificate) -> None:
    encoded = quote(base64.b64encode(ask(made, certificate, b"n" * 16)).decode(), safe="")
    answer = client.get(f"/v1/ocsp/{made.person_id}/{encoded}")
    assert answer.headers["cache-control"] == "no-store"
    verify_response(answer.content, certificate, made.person, made.clock.now(), b"n" * 16)


@pytest.mark.parametrize("body", [b"", b"\x30\x00", bytes(2_049), bytes(60_000)])
def test_malformed_request_is_answered_in_ocsp(client: Client, made: Hierarchy, body: bytes) -> None:
    answer = client.post(f"/v1/ocsp/{made.person_id}", content=body, headers=ASKED)
    assert (answer.status_code, answer.content) == (200, bytes.fromhex("30030a0101"))


@pytest.mark.parametrize("encoded", ["!!!", "MAA", "A" * 9_000])
def test_malformed_path_is_answered_in_ocsp(client: Client, made: Hierarchy, encoded: str) -> None:
    answer = client.get(f"/v1/ocsp/{made.person_id}/{encoded}")
    assert (answer.status_code, answer.content) == (200, bytes.fromhex("30030a0101"))


def test_unknown_issuer_is_unauthorized(client: Client, made: Hierarchy, certificate: Certificate) -> None:
    answer = client.post("/v1/ocsp/intl-nobody", content=ask(made, certificate), headers=ASKED)
    assert answer.content == bytes.fromhex("30030a0106")


def test_stopped_database_is_try_later(client: Client, made: Hierarchy, certificate: Certificate) -> None:
    with made.units.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE ca_revocation_head RENAME TO gone")
    answer = client.post(f"/v1/ocsp/{made.person_id}", content=ask(made, certificate), headers=ASKED)
    assert answer.content == bytes.fromhex("30030a0103")


def test_crl_with_validators(client: Client, made: Hierarchy) -> None:
    assert client.get(f"/v1/crl/{made.person_id}").status_code == 404
    published = made.publisher.publish(made.person_id)
    answer = client.get(f"/v1/crl/{made.person_id}")
    assert answer.headers["content-type"] == "application/pkix-crl"
    assert answer.content == published.data
    assert answer.headers["cache-control"] == "public, max-age=86400, no-transform, must-revalidate"
    assert client.head(f"/v1/crl/{made.person_id}").headers["etag"] == answer.headers["etag"]
    for header in (
        {"If-None-Match": answer.headers["etag"]},
        {"If-None-Match": f'"x", W/{answer.headers["etag"]}'},
        {"If-Modified-Since": answer.headers["last-modified"]},
    ):
        known = client.get(f"/v1/crl/{made.person_id}", headers=header)
        assert (known.status_code, known.content) == (304, b"")
    made.clock.advance(hours=1)
    made.publisher.publish(made.person_id)
    newer = client.get(f"/v1/crl/{made.person_id}", headers={"If-None-Match": answer.headers["etag"]})
    assert load_crl(newer.content).number == 2


def test_crl_is_not_kept_past_its_successors_time(client: Client, made: Hierarchy) -> None:
    made.publisher.publish(made.person_id)
    made.clock.advance(days=3)
    answer = client.get(f"/v1/crl/{made.person_id}")
    assert "max-age=0" in answer.headers["cache-control"]


def test_crl_of_a_shard_and_delta_where_they_say(client: Client, made: Hierarchy) -> None:
    policy = CrlPolicy(BASE_URL, shards={made.person_id: 2})
    publisher = CrlPublisher(made.units, made.signers, made.clock, policy)
    for shard in (0, 1):
        publisher.publish(made.person_id, shard)
        made.clock.advance(minutes=1)
        crl = load_crl(publisher.publish(made.person_id, shard, delta=True).data)
        (point,) = crl.scope.distribution_points
        base = load_crl(client.get(point.removeprefix(BASE_URL)).content)
        assert base.scope.distribution_points == (point,)
        assert client.get(f"/v1/crl/{made.person_id}", params={"shard": shard}).content == base.data
        assert client.get(f"{point.removeprefix(BASE_URL)}/delta").content == crl.data


def test_issuers_certificate_where_certificates_say(
    client: Client, made: Hierarchy, certificate: Certificate
) -> None:
    pointer = f"/v1/issuers/{made.person_id}.cer"
    assert f"{BASE_URL}{pointer}".encode() in certificate.data
    for path in (pointer, f"/v1/ca/{made.person_id}"):
        answer = client.get(path)
        assert answer.headers["content-type"] == "application/pkix-cert"
        assert answer.content == made.person.data


@pytest.mark.parametrize("path", ["/v1/crl/intl-nobody", "/v1/ca/intl-nobody", "/v1/crl/intl-nobody/7"])
def test_unknown_issuer_is_not_found(client: Client, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"


def test_gate_reads_once_for_all_that_wait_and_never_before_them() -> None:
    reads: list[int] = []

    def read() -> int:
        reads.append(len(reads))
        return len(reads)

    async def run() -> list[int]:
        gate = HeadGate(read)
        first = [asyncio.create_task(gate.head()) for _ in range(5)]
        found = await asyncio.gather(*first)
        return [*found, await gate.head()]

    assert asyncio.run(run()) == [1, 1, 1, 1, 1, 2]


def test_gate_tells_every_waiter_of_a_failure() -> None:
    def read() -> int:
        raise ConnectionError

    async def run() -> list[object]:
        gate = HeadGate(read)
        return list(await asyncio.gather(gate.head(), gate.head(), return_exceptions=True))

    assert [type(one) for one in asyncio.run(run())] == [ConnectionError, ConnectionError]


def test_answers_stay_true_over_time(client: Client, made: Hierarchy, certificate: Certificate) -> None:
    for _ in range(4):
        answer = client.post(f"/v1/ocsp/{made.person_id}", content=ask(made, certificate), headers=ASKED)
        single = verify_response(answer.content, certificate, made.person, made.clock.now())
        assert single.next_update is not None
        assert single.next_update - made.clock.now() >= timedelta(hours=6)
        made.clock.advance(hours=5)
