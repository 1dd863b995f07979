"""Certificates over HTTP: ordered, read, listed, revoked; every act once."""

from __future__ import annotations

import base64
import threading
from datetime import timedelta

import httpx
import pytest
from sqlalchemy import event

from api.callers import Scope
from api.wiring import Centre
from ca.certificate import Certificate, load_pem
from ca.request import build_request
from ca.serial import parse_serial
from evidence.clock import rfc3339
from keys.private import PrivateKey
from keys.suites import Algorithm
from tests.http.conftest import Caller, make_caller

EMPTY_PEM = "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----"


def csr(algorithm: Algorithm = Algorithm.P256) -> str:
    return base64.b64encode(build_request(PrivateKey.generate(algorithm))).decode()


def order(centre: Centre, **changes: object) -> dict[str, object]:
    now = centre.clock.now()
    document: dict[str, object] = {
        "profile": "person-event",
        "csr": csr(),
        "intent_digest": "ab" * 32,
        "validity": "30m",
        "identity": {
            "record_id": "idr-1",
            "kind": "person",
            "name": "王小明",
            "pseudonym": "p-0001",
            "assurance": "high",
            "methods": ["face"],
            "provider": "mps",
            "transaction": "t-1",
            "verified_at": rfc3339(now - timedelta(minutes=1)),
            "valid_until": rfc3339(now + timedelta(hours=1)),
        },
    }
    return {**document, **changes}


@pytest.mark.parametrize("algorithm", [Algorithm.P256, Algorithm.SM2])
def test_a_certificate_is_issued_and_recorded(caller: Caller, centre: Centre, algorithm: Algorithm) -> None:
    answer = caller.post("/v1/certificates", order(centre, csr=csr(algorithm)))
    assert answer.status_code == 201, answer.text
    issued = answer.json()
    certificate = Certificate.from_pem(issued["certificate"].encode())
    chain = load_pem(issued["chain"].encode())
    certificate.check_signed_by(chain[0].public)
    chain[0].check_signed_by(chain[1].public)
    assert answer.headers["location"] == f"/v1/certificates/{issued['serial']}"
    with centre.database.reading() as unit:
        assert unit.certificates.get(parse_serial(issued["serial"])).certificate == certificate.data
    shown = caller.get(answer.headers["location"]).json()
    assert shown["status"] == "issued"
    assert shown["certificate"] == issued["certificate"]
    assert shown["subject"] == certificate.subject.rfc4514_string() or "王小明" in shown["subject"]


def test_a_certificate_is_revoked_once(caller: Caller, centre: Centre) -> None:
    serial = caller.post("/v1/certificates", order(centre)).json()["serial"]
    target = f"/v1/certificates/{serial}/revocation"
    first = caller.post(target, {"reason": "superseded"})
    assert first.status_code == 200, first.text
    assert first.json()["revocations"][0]["reason"] == "superseded"
    again = caller.post(target, {"reason": "superseded"})
    assert (again.status_code, again.json()["code"]) == (409, "already-revoked")
    assert caller.get(f"/v1/certificates/{serial}").json()["revocation"]["reason"] == "superseded"


def test_the_list_has_pages(caller: Caller, centre: Centre) -> None:
    for _ in range(3):
        assert caller.post("/v1/certificates", order(centre)).status_code == 201
    first = caller.get("/v1/certificates?profile=person-event&limit=2").json()
    second = caller.get(f"/v1/certificates?profile=person-event&limit=2&after={first['next']}").json()
    serials = [one["serial"] for one in (*first["certificates"], *second["certificates"])]
    assert len(set(serials)) == len(serials) >= 3
    assert serials == sorted(serials)


@pytest.mark.parametrize(
    ("changes", "status", "code", "field"),
    [
        (
            {"csr": "-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----"},
            422,
            "request-invalid",
            "csr",
        ),
        ({"csr": "no base64 §"}, 422, "input-invalid", "csr"),
        ({"csr": base64.b64encode(b"\x30\x03\x02\x01\x00").decode()}, 422, "request-invalid", "csr"),
        ({"csr": "A" * 24_001}, 422, "validation-failed", "csr"),
        ({"profile": "nothing"}, 404, "not-found", None),
        ({"profile": "root"}, None, None, None),
        ({"validity": "2d"}, 422, "request-invalid", "validity"),
        ({"validity": "soon"}, 422, "validation-failed", "validity"),
        ({"identity": None}, 422, "request-invalid", "identity"),
        ({"intent_digest": "ab"}, 422, "validation-failed", "intent_digest"),
        ({"intent_digest": None}, 422, "request-invalid", "intent"),
        ({"subject": {"CN": "somebody"}}, 422, "request-invalid", "subject"),
        ({"not_before": "2020-01-01T00:00:00Z"}, 422, "validation-failed", "not_before"),
        ({"profile_hash": "00" * 32}, 422, "refused", "profile_hash"),
        ({"dns_names": ["x"] * 101}, 422, "validation-failed", "dns_names"),
    ],
)
def test_a_bad_order_names_its_field(
    caller: Caller,
    centre: Centre,
    changes: dict[str, object],
    status: int | None,
    code: str | None,
    field: str | None,
) -> None:
    answer = caller.post("/v1/certificates", order(centre, **changes))
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert 400 <= answer.status_code < 500
    if status is not None:
        assert (answer.status_code, problem["code"]) == (status, code), problem
    if field is not None:
        named = [one["field"] for one in problem.get("errors", [])] or [problem["field"]]
        assert named == [field]


def test_a_key_is_certified_once(caller: Caller, centre: Centre) -> None:
    request = csr()
    assert caller.post("/v1/certificates", order(centre, csr=request)).status_code == 201
    again = caller.post("/v1/certificates", order(centre, csr=request))
    assert (again.status_code, again.json()["code"]) == (409, "duplicate-key")


def test_a_retry_gets_the_same_octets(caller: Caller, centre: Centre) -> None:
    wanted = order(centre)
    first = caller.post("/v1/certificates", wanted, key="retry-0001")
    again = caller.post("/v1/certificates", wanted, key="retry-0001")
    assert first.status_code == again.status_code == 201
    assert first.content == again.content
    assert first.headers["location"] == again.headers["location"]
    other = caller.post("/v1/certificates", order(centre), key="retry-0001")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")


def test_a_refusal_is_repeated_too(caller: Caller, centre: Centre) -> None:
    wanted = order(centre, profile="nothing")
    first = caller.post("/v1/certificates", wanted, key="retry-0002")
    assert first.content == caller.post("/v1/certificates", wanted, key="retry-0002").content


def test_many_at_once_under_one_key_act_once(caller: Caller, centre: Centre) -> None:
    wanted = order(centre)
    answers: list[tuple[int, bytes]] = []

    def send() -> None:
        answer = caller.post("/v1/certificates", wanted, key="retry-0003")
        answers.append((answer.status_code, answer.content))

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {status for status, _ in answers} <= {201, 409}
    assert len({body for status, body in answers if status == 201}) == 1
    assert all(b"idempotency-in-progress" in body for status, body in answers if status == 409)


@pytest.mark.parametrize("key", ["short", "has a blank", "x" * 129, ""])
def test_a_post_needs_a_key(caller: Caller, centre: Centre, key: str) -> None:
    answer = caller.request("POST", "/v1/certificates", order(centre), headers={"Idempotency-Key": key})
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency-key-missing")


def test_a_right_is_asked_for(reader: Caller, centre: Centre) -> None:
    answer = reader.post("/v1/certificates", order(centre))
    assert (answer.status_code, answer.json()["code"]) == (403, "scope-missing")
    assert answer.json()["scope"] == "certificates:issue"


def test_a_caller_asks_only_for_its_profiles(client: httpx.Client, centre: Centre) -> None:
    narrow = make_caller(client, centre, Scope.ISSUE, profiles=("organisation-seal",))
    answer = narrow.post("/v1/certificates", order(centre))
    assert (answer.status_code, answer.json()["code"]) == (422, "refused")


def test_nothing_leaves_when_the_commit_fails(caller: Caller, centre: Centre) -> None:
    """A 201 for a certificate that was not stored would be the worst answer of all."""
    engine = centre.database.engine
    failing = {"left": 0}

    def fail(_connection: object) -> None:
        if failing["left"] == 0:
            return
        failing["left"] -= 1
        if failing["left"] == 0:
            from sqlalchemy.exc import OperationalError  # noqa: PLC0415

            raise OperationalError("COMMIT", {}, Exception("disk I/O error"))

    wanted = order(centre)
    event.listen(engine, "commit", fail)
    try:
        statuses = []
        for which in range(1, 6):  # the nonce, the claim, the reservation, the certificate, the answer
            failing["left"] = which
            statuses.append(caller.post("/v1/certificates", wanted, key=f"commit-{which:04d}").status_code)
            failing["left"] = 0
    finally:
        event.remove(engine, "commit", fail)
    assert statuses[:3] == [503, 503, 503]
    assert 201 not in statuses[:4]
    assert all(status in {503, 409} for status in statuses)
