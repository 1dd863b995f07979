"""Any signed PDF judged over HTTP, by the roots that the caller gives."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from api.callers import Scope
from api.wiring import Centre
from ca.certificate import pem_bundle, to_pem
from keys.suites import Algorithm
from tests.http.conftest import Caller, make_caller
from tests.support import chains
from tests.support.attacks import reveal
from tests.support.attacks.contract import contract, setting

BOUNDARY = "a-boundary"
FORM = f"multipart/form-data; boundary={BOUNDARY}"


@pytest.fixture
def verifier(client: httpx.Client, centre: Centre) -> Caller:
    return make_caller(client, centre, Scope.CONTRACT_READ)


def form(**parts: bytes) -> bytes:
    made = b""
    for name, data in parts.items():
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"; filename="x"\r\n\r\n'
        made += head.encode() + data + b"\r\n"
    return made + f"--{BOUNDARY}--\r\n".encode()


def trust(algorithm: Algorithm) -> bytes:
    store = setting(algorithm).trust
    crls = "".join(to_pem("X509 CRL", one.data) for one in store.revocation.crls)
    return (pem_bundle((*store.anchors, *store.intermediates)) + crls).encode()


def post(caller: Caller, body: bytes, content_type: str, **headers: str) -> Any:  # noqa: ANN401  (JSON)
    given = {"Content-Type": content_type, **headers}
    answer = caller.request("POST", "/v1/verify", body=body, headers=given)
    return answer.status_code, answer.json()


@pytest.mark.parametrize("algorithm", chains.DEFAULTS)
def test_a_signed_contract_is_judged(verifier: Caller, algorithm: Algorithm) -> None:
    status, report = post(verifier, form(file=contract(algorithm), trust=trust(algorithm)), FORM)
    assert status == 200
    assert [one["field"] for one in report["signatures"]] == ["borrower", "bank"]
    assert {one["signing_time_proved_by"] for one in report["signatures"]} <= {"signature-timestamp", "claim"}
    assert report["attacks"] == []
    assert all(one["covers_whole_revision"] for one in report["signatures"])


def test_an_attack_is_named_in_the_readers_language(verifier: Caller) -> None:
    data = reveal.with_annotation(contract(Algorithm.P256), b"/FreeText")
    body = form(file=data, trust=trust(Algorithm.P256))
    status, report = post(verifier, body, FORM, **{"Accept-Language": "zh-CN"})
    assert (status, report["indication"]) == (200, "TOTAL-FAILED")
    assert [one["class"] for one in report["attacks"]] == ["certification-overlay"]
    assert report["attacks"][0]["name"].startswith("认证攻击")
    assert report["attacks"][0]["detail"] == "页面增加了批注（FreeText）"
    assert report["signatures"][1]["modifications"]["annotation"][0]["allowed"] is False


def test_without_roots_nothing_is_trusted(verifier: Caller) -> None:
    status, report = post(verifier, contract(Algorithm.P256), "application/pdf")
    assert (status, report["indication"]) == (200, "INDETERMINATE")
    failed = [one for each in report["signatures"] for one in each["steps"] if one["outcome"] == "failed"]
    assert any("no path leads to an anchor" in one["detail"] for one in failed)


def test_what_is_no_pdf_is_a_verdict(verifier: Caller) -> None:
    status, report = post(verifier, b"no PDF at all", "application/pdf")
    assert (status, report["indication"], report["sub_indication"]) == (
        200,
        "TOTAL-FAILED",
        "FORMAT_FAILURE",
    )


@pytest.mark.parametrize(
    ("body", "content_type", "status", "field"),
    [
        (b"{}", "application/json", 415, "Content-Type"),
        (form(trust=b""), FORM, 422, "file"),
        (form(file=b"x", trust=b"-----BEGIN CERTIFICATE-----\nAA"), FORM, 422, "trust"),
        (b"nothing", FORM, 422, "body"),
        (form(file=b"x")[:-8], FORM, 422, "body"),
        (form(file=b"x"), "multipart/form-data", 422, "Content-Type"),
        (form(file=b"x").replace(b"name=", b"nom="), FORM, 422, "body"),
    ],
)
def test_a_bad_request_is_told_what_is_wrong(
    verifier: Caller, body: bytes, content_type: str, status: int, field: str
) -> None:
    answered, problem = post(verifier, body, content_type)
    assert answered == status
    assert problem["field"] == field


def test_a_part_that_comes_twice_is_refused(verifier: Caller) -> None:
    once = form(file=b"x")
    status, problem = post(verifier, once[: -len(f"--{BOUNDARY}--\r\n")] + once, FORM)
    assert (status, problem["reason"]) == (422, "comes twice in the form")
