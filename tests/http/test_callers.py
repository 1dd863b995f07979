"""Only a proven caller is heard, once, and soon."""

from __future__ import annotations

from datetime import timedelta

import httpx
import pytest

from api.callers import Scope
from api.wiring import Centre
from evidence.clock import rfc3339
from tests.http.conftest import Caller, make_caller

TARGET = "/v1/certificates?limit=1"


def test_a_signed_request_is_heard(reader: Caller) -> None:
    assert reader.get(TARGET).status_code == 200


def test_a_replay_is_refused(reader: Caller) -> None:
    assert reader.request("GET", TARGET, nonce="0123456789abcdef").status_code == 200
    again = reader.request("GET", TARGET, nonce="0123456789abcdef")
    assert (again.status_code, again.json()["code"]) == (401, "request-replayed")


@pytest.mark.parametrize("offset", [timedelta(minutes=6), -timedelta(minutes=6)])
def test_a_skewed_clock_is_refused(reader: Caller, centre: Centre, offset: timedelta) -> None:
    answer = reader.request("GET", TARGET, at=rfc3339(centre.clock.now() + offset))
    assert (answer.status_code, answer.json()["code"]) == (401, "caller-clock-skewed")


def test_a_changed_query_is_refused(reader: Caller) -> None:
    signed = reader.request("GET", TARGET).request.headers["authorization"]
    answer = reader.client.get("/v1/certificates?limit=2", headers={"Authorization": signed})
    assert (answer.status_code, answer.json()["code"]) == (401, "caller-unproven")


@pytest.mark.parametrize("header", ["", "Bearer x", "XINQIAN-HMAC-SHA256 key=caller-1"])
def test_nobody_is_refused(client: httpx.Client, header: str) -> None:
    answer = client.get(TARGET, headers={"Authorization": header})
    assert (answer.status_code, answer.json()["code"]) == (401, "caller-unproven")
    assert answer.headers["www-authenticate"] == "XINQIAN-HMAC-SHA256"


def test_an_unknown_and_a_wrong_one_look_the_same(client: httpx.Client, centre: Centre) -> None:
    caller = make_caller(client, centre, Scope.READ)
    wrong = caller.request("GET", TARGET, at=rfc3339(centre.clock.now())).request.headers["authorization"]
    known = client.get(TARGET, headers={"Authorization": wrong[:-64] + "0" * 64})
    unknown = client.get(
        TARGET, headers={"Authorization": wrong.replace(caller.secret.caller.caller_id, f"caller-{'0' * 24}")}
    )
    assert known.status_code == unknown.status_code == 401
    assert known.json()["detail"] == unknown.json()["detail"]


def test_a_disabled_caller_is_refused(client: httpx.Client, centre: Centre) -> None:
    caller = make_caller(client, centre, Scope.READ)
    assert caller.get(TARGET).status_code == 200
    with centre.database() as unit:
        unit.callers.disable(caller.secret.caller.name, centre.clock.now())
    assert caller.get(TARGET).status_code == 401
