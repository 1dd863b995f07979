"""Every request is bounded before it is parsed, every failure is a problem."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest

from api.errors import BodyTooDeep
from api.http.edge import MAX_BODY, MAX_DEPTH, check_depth
from tests.http.conftest import Caller


def problem(answer: object) -> tuple[int, str]:
    assert answer.headers["content-type"] == "application/problem+json"  # type: ignore[attr-defined]
    document = answer.json()  # type: ignore[attr-defined]
    assert document["status"] == answer.status_code  # type: ignore[attr-defined]
    assert document["type"] == f"urn:xinqian:problem:{document['code']}"
    assert document["title"]
    assert document["detail"]
    assert document["trace_id"] == answer.headers["x-request-id"]  # type: ignore[attr-defined]
    return answer.status_code, document["code"]  # type: ignore[attr-defined]


def test_an_unknown_path_is_a_problem(client: httpx.Client) -> None:
    assert problem(client.get("/nothing")) == (404, "http-404")


def test_a_wrong_method_is_a_problem(client: httpx.Client) -> None:
    answer = client.delete("/health/live")
    assert problem(answer) == (405, "http-405")
    assert answer.headers["allow"] == "GET"


def test_the_language_is_the_askers(client: httpx.Client) -> None:
    answer = client.get("/nothing", headers={"Accept-Language": "zh-CN,zh;q=0.9"})
    assert answer.headers["content-language"] == "zh-CN"
    assert answer.json()["title"] == "未找到"


def test_a_body_beyond_the_limit_is_refused(caller: Caller) -> None:
    answer = caller.request("POST", "/v1/certificates", body=b" " * (MAX_BODY + 1))
    assert problem(answer) == (413, "body-too-large")


def test_a_body_that_announces_no_length_is_bounded_too(client: httpx.Client) -> None:
    sent = []

    def endless() -> Iterator[bytes]:
        for _ in range(10_000):
            sent.append(1)
            yield b"x" * 4_096

    answer = client.post("/v1/certificates", content=endless())
    assert problem(answer) == (413, "body-too-large")


def test_deep_json_is_refused_before_it_is_parsed(caller: Caller) -> None:
    answer = caller.request("POST", "/v1/certificates", body=b"[" * 20_000)
    assert problem(answer) == (413, "body-too-deep")


@pytest.mark.parametrize(
    "body", [b'{"a": "[[[[[[[[[[[[[[[[[[[["}', b'{"a": "\\"[[[[[[[[[[[[[[[[[[[["}', b"[]" * 100]
)
def test_brackets_in_text_and_side_by_side_are_not_depth(body: bytes) -> None:
    check_depth(body)


def test_depth_is_counted() -> None:
    check_depth(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)
    with pytest.raises(BodyTooDeep):
        check_depth(b"[" * (MAX_DEPTH + 1))
    with pytest.raises(BodyTooDeep):
        check_depth(b'{"a":' * (MAX_DEPTH + 1) + b'"unterminated [')


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b"nonsense", b'{"profile": 1e999}', b"null", b"[]"])
def test_what_is_no_json_is_a_problem(caller: Caller, body: bytes) -> None:
    assert problem(caller.request("POST", "/v1/certificates", body=body)) == (422, "validation-failed")


def test_a_request_id_is_kept_when_it_is_one(client: httpx.Client) -> None:
    assert (
        client.get("/health/live", headers={"X-Request-Id": "mine-0001"}).headers["x-request-id"]
        == "mine-0001"
    )
    forged = client.get("/health/live", headers={"X-Request-Id": "a b\tc" + "x" * 100}).headers[
        "x-request-id"
    ]
    assert re.fullmatch(r"[0-9a-f]{32}", forged)


def test_the_service_is_ready_and_says_why(client: httpx.Client) -> None:
    answer = client.get("/health/ready")
    assert answer.status_code == 200, answer.text
    assert {one["check"] for one in answer.json()["checks"]} >= {"database", "keys"}


def test_metrics_are_in_prometheus_text(client: httpx.Client) -> None:
    client.get("/nothing/0123456789")
    text = client.get("/metrics").text
    assert "# TYPE xinqian_requests_total counter" in text
    assert "0123456789" not in text  # a stranger's path makes no label
    assert all(re.fullmatch(r"# .+|\w+(?:\{[^}]*\})? [0-9.]+", line) for line in text.splitlines())


def test_the_description_is_openapi_3_1_without_warnings(client: httpx.Client) -> None:
    document = client.get("/v1/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    assert {"/v1/certificates", "/v1/certificates/{serial}/revocation", "/v1/tsa/{suite}"} <= document[
        "paths"
    ].keys()


def test_the_pages_load_nothing_from_another_host(client: httpx.Client) -> None:
    page = client.get("/docs")
    loaded = re.findall(r"(?:src|href)=\"([^\"]+)\"", page.text)
    assert loaded
    for address in loaded:
        assert address.startswith("/docs/")
        assert client.get(address).status_code == 200
    assert "http" not in re.sub(r"https?-equiv", "", page.text)
    assert "default-src 'none'" in page.headers["content-security-policy"]


def test_an_asset_that_is_not_ours_is_not_served(client: httpx.Client) -> None:
    assert problem(client.get("/docs/..%2f..%2fapp.py"))[0] == 404
    assert problem(client.get("/docs/redoc.standalone.js"))[0] == 404
