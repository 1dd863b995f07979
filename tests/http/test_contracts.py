"""Contracts over HTTP: made, read, listed, handed out, ended; every bad input is named."""

from __future__ import annotations

import hashlib
import json
from datetime import timedelta
from typing import Any

import httpx
import pytest

from api.callers import Scope
from evidence.clock import rfc3339
from tests.http.conftest import make_caller
from tests.support.bank import Bank, new_number
from tests.support.signers import BORROWER, GUARANTOR, SPOUSE, Wanted, lender, party, values
from tests.support.tiny_pdf import tiny_pdf

pytestmark = pytest.mark.slow


def fields_of(answer: httpx.Response) -> list[str]:
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    problem = answer.json()
    return [one["field"] for one in problem.get("errors", [])] or [problem.get("field", "")]


def test_a_contract_is_made_of_a_template_and_its_parties_are_invited(bank: Bank) -> None:
    answer = bank.ask()
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert made["state"] == "signing"
    assert [(one["role"], one["state"], one["turn"]) for one in made["parties"]] == [
        ("borrower", "invited", True),
        ("guarantor", "invited", True),
        ("lender", "pending", False),
    ]
    assert answer.headers["location"] == f"/v1/contracts/{made['id']}"
    assert bank.show(made) == made
    assert BORROWER.id_number not in answer.text
    assert BORROWER.mobile not in answer.text
    assert any(made["number"] in one.text for one in bank.desk.messages(BORROWER.mobile))


def test_the_document_is_handed_out_as_it_is_and_as_it_was(bank: Bank) -> None:
    made = bank.make()
    target = f"/v1/contracts/{made['id']}"
    newest = bank.caller.get(f"{target}/document")
    first = bank.caller.get(f"{target}/document?revision=0")
    assert newest.headers["content-type"] == "application/pdf"
    assert newest.content.startswith(first.content)
    assert newest.headers["x-document-sha256"] == hashlib.sha256(newest.content).hexdigest()
    shown = bank.caller.get(f"{target}/revisions").json()["revisions"]
    assert [one["kind"] for one in shown] == ["rendered", "prepared"]
    assert shown[-1]["size"] == len(newest.content)
    missing = bank.caller.get(f"{target}/document?revision=9")
    assert (missing.status_code, missing.json()["code"]) == (404, "signing-not-found")


def test_the_events_tell_the_course_and_name_nobody(bank: Bank) -> None:
    made = bank.make()
    page = bank.caller.get(f"/v1/contracts/{made['id']}/events?limit=2")
    assert [one["type"] for one in page.json()["events"]] == ["CONTRACT_GENERATED", "DOCUMENT_PREPARED"]
    rest = bank.caller.get(f"/v1/contracts/{made['id']}/events?after={page.json()['next']}")
    assert "NOTICE_SENT" in {one["type"] for one in rest.json()["events"]}
    assert rest.json()["next"] is None
    assert BORROWER.name not in page.text + rest.text


def test_the_list_has_pages(bank: Bank) -> None:
    numbers = [bank.make(start=False)["number"] for _ in range(3)]
    first = bank.caller.get("/v1/contracts?state=prepared&limit=2").json()
    rest = bank.caller.get(f"/v1/contracts?state=prepared&limit=100&before={first['next']}").json()
    found = [one["number"] for one in (*first["contracts"], *rest["contracts"])]
    assert found[:3] == numbers[::-1]
    assert len(set(found)) == len(found)
    only = bank.caller.get(f"/v1/contracts?number={numbers[0]}").json()["contracts"]
    assert [one["number"] for one in only] == [numbers[0]]


def test_a_number_is_taken_once(bank: Bank) -> None:
    made = bank.make()
    answer = bank.ask(number=made["number"], values=values(made["number"]))
    assert (answer.status_code, answer.json()["code"]) == (409, "contract-state-invalid")


def test_a_retry_makes_one_contract(bank: Bank) -> None:
    wanted = Wanted(new_number()).document()
    first = bank.caller.post("/v1/contracts", wanted, key="contract-retry-1")
    again = bank.caller.post("/v1/contracts", wanted, key="contract-retry-1")
    assert first.status_code == 201
    assert first.content == again.content
    assert len(bank.caller.get(f"/v1/contracts?number={wanted['number']}").json()["contracts"]) == 1


def test_a_contract_is_made_of_an_uploaded_file(bank: Bank) -> None:
    made = bank.make_of_file(BORROWER)
    data = bank.caller.get(f"/v1/contracts/{made['id']}/document?revision=0").content
    assert data == tiny_pdf()


@pytest.mark.parametrize(
    ("body", "media", "status", "code"),
    [
        (b"%PDF-1.7", "application/json", 415, "media-type-unsupported"),
        (b"no such thing", "application/pdf", 422, "input-invalid"),
        (b"", "application/pdf", 422, "input-invalid"),
    ],
)
def test_what_is_no_pdf_is_not_taken(bank: Bank, body: bytes, media: str, status: int, code: str) -> None:
    answer = bank.caller.request("POST", "/v1/documents", body=body, headers={"Content-Type": media})
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_a_file_that_cannot_be_signed_is_refused_with_the_reason(bank: Bank) -> None:
    taken = bank.caller.request(
        "POST", "/v1/documents", body=b"%PDF-1.7\nbroken", headers={"Content-Type": "application/pdf"}
    )
    answer = bank.ask(template=None, values={}, file=taken.json()["file"])
    assert (answer.status_code, answer.json()["code"]) == (422, "document-refused"), answer.text


BOX = {"page": 1, "left": 1, "bottom": 1, "width": 100, "height": 40}
PLACE = "parties.0.fields.0"
ONE = [party(BORROWER, "borrower", 1)]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"number": ""}, "number"),
        ({"title": "x" * 200}, "title"),
        ({"suite": "rsa"}, "suite"),
        ({"surprise": 1}, "surprise"),
        ({"parties": []}, "parties"),
        ({"parties": [{**ONE[0], "role": "king"}]}, "parties.0.role"),
        ({"parties": [{**ONE[0], "id_number": "110105194912310021"}]}, "parties[0].id_number"),
        ({"parties": [{**ONE[0], "mobile": "12345"}]}, "parties[0].mobile"),
        ({"parties": [{**ONE[0], "mobile": None}]}, "parties[0].mobile"),
        ({"parties": [{**ONE[0], "order": 0}]}, "parties.0.order"),
        ({"parties": [{**ONE[0], "auth": ["dna"]}]}, "parties[0].auth"),
        ({"parties": [{**ONE[0], "auth": ["face"]}]}, "parties[0].auth"),
        ({"parties": [{**ONE[0], "silent": True}]}, "parties[0].silent"),
        ({"parties": [{**ONE[0], "fields": [{}]}]}, "parties[0].fields[0]"),
        ({"parties": [{**ONE[0], "fields": [{"anchor": "a", "box": BOX}]}]}, "parties[0].fields[0]"),
        (
            {"parties": [{**ONE[0], "fields": [{"box": {**BOX, "width": -1}}]}]},
            "parties.0.fields.0.box.width",
        ),
        ({"parties": [lender(1, agent=None)]}, "parties[0].agent"),
        ({"parties": [lender(1, id_number="91330106848768383A")]}, "parties[0].id_number"),
        ({"terms": {"amount": -5}}, "terms.amount"),
        ({"terms": {"amount": 1, "rate_bp": 10**9}}, "terms.rate_bp"),
        ({"expires_at": "2020-01-01T00:00:00Z"}, "expires_at"),
        ({"expires_at": "soon"}, "expires_at"),
        ({"template": None}, "template"),
        ({"file": "00" * 32}, "file"),
        ({"file": "../../etc/passwd"}, "file"),
        ({"template": {"name": "personal-loan", "version": "new"}}, "template.version"),
        ({"values": "none"}, "values"),
    ],
)
def test_a_bad_order_names_its_field(bank: Bank, changes: dict[str, Any], field: str) -> None:
    answer = bank.ask(**changes)
    assert answer.status_code == 422, answer.text
    assert fields_of(answer) == [field]


def test_a_template_that_is_not_there_is_named(bank: Bank) -> None:
    answer = bank.ask(template={"name": "nothing"})
    assert (answer.status_code, answer.json()["name"]) == (404, "nothing")


def test_values_are_named_by_their_place_in_the_template(bank: Bank) -> None:
    number = new_number()
    wrong = values(number)
    wrong["loan"] = {**wrong["loan"], "amount": "much"}
    assert fields_of(bank.ask(number=number, values=wrong)) == ["loan.amount"]
    del wrong["loan"]
    assert fields_of(bank.ask(number=number, values=wrong)) == ["loan"]


def test_a_character_that_no_font_has_is_refused_by_name(bank: Bank) -> None:
    number = new_number()
    wanted = values(number)
    wanted["borrower"] = {**wanted["borrower"], "name": "王\U000e0100"}
    answer = bank.ask(number=number, values=wanted)
    assert answer.status_code == 422
    assert fields_of(answer) == ["borrower.name"]


def test_an_order_a_year_away_is_refused(bank: Bank) -> None:
    late = rfc3339(bank.centre.clock.now() + timedelta(days=365))
    assert fields_of(bank.ask(expires_at=late)) == ["expires_at"]


def test_a_contract_is_voided_once_and_nobody_signs_it(bank: Bank) -> None:
    made = bank.make()
    target = f"/v1/contracts/{made['id']}/void"
    assert fields_of(bank.caller.post(target, {"reason": ""})) == ["reason"]
    assert bank.caller.post(target, {"reason": "填写有误"}).json()["state"] == "voided"
    again = bank.caller.post(target, {"reason": "填写有误"})
    assert (again.status_code, again.json()["code"]) == (409, "contract-state-invalid")
    assert bank.open(made).status_code == 409


def test_a_party_is_reminded_within_limits(bank: Bank) -> None:
    made = bank.make()
    target = f"/v1/contracts/{made['id']}/remind"
    before = len(bank.desk.messages(GUARANTOR.mobile))
    answer = bank.caller.post(target, {})
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["parties"]) == 2
    assert len(bank.desk.messages(GUARANTOR.mobile)) == before + 1
    soon = bank.caller.post(target, {"party": made["parties"][0]["id"]})
    assert (soon.status_code, soon.json()["code"]) == (429, "too-many-requests")
    assert int(soon.headers["retry-after"]) > 0
    early = bank.caller.post(target, {"party": made["parties"][2]["id"]})
    assert (early.status_code, early.json()["code"]) == (409, "contract-state-invalid")


def test_a_party_is_replaced_before_it_signs(bank: Bank) -> None:
    made = bank.make()
    signer = bank.signer(made, "guarantor")
    target = f"/v1/contracts/{made['id']}/parties/{made['parties'][1]['id']}/replace"
    someone = {"name": SPOUSE.name, "id_number": SPOUSE.id_number, "mobile": SPOUSE.mobile}
    assert fields_of(bank.caller.post(target, {**someone, "role": "borrower"})) == ["role"]
    answer = bank.caller.post(target, someone)
    assert answer.status_code == 201, answer.text
    assert answer.json()["name"] == SPOUSE.name
    assert answer.json()["replaces"] == made["parties"][1]["id"]
    assert answer.json()["turn"] is True
    assert signer.get().status_code == 409
    states = [(one["role"], one["state"]) for one in bank.show(made)["parties"]]
    assert states.count(("guarantor", "replaced")) == 1
    assert states.count(("guarantor", "invited")) == 1


def test_who_has_no_right_to_contracts_sees_none(bank: Bank) -> None:
    made = bank.make()
    reader = make_caller(bank.client, bank.centre, Scope.CONTRACT_READ)
    assert reader.get(f"/v1/contracts/{made['id']}").status_code == 200
    assert reader.post("/v1/contracts", Wanted(new_number()).document()).status_code == 403
    stranger = make_caller(bank.client, bank.centre, Scope.ISSUE)
    for target in ("", f"/{made['id']}", f"/{made['id']}/document", f"/{made['id']}/events"):
        answer = stranger.get(f"/v1/contracts{target}")
        assert (answer.status_code, answer.json()["code"]) == (403, "scope-missing")
    assert bank.client.get(f"/v1/contracts/{made['id']}").status_code == 401


@pytest.mark.parametrize("target", ["document", "events", "revisions", ""])
def test_a_contract_that_is_not_there_is_not_found(bank: Bank, target: str) -> None:
    path = f"/v1/contracts/{'0' * 36}/{target}".rstrip("/")
    answer = bank.caller.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "signing-not-found")
    assert bank.caller.get("/v1/contracts/x").status_code == 422


@pytest.mark.parametrize(
    ("act", "document", "status", "field"),
    [
        ("start", None, 409, ""),
        ("void", {}, 422, "reason"),
        ("void", {"reason": "x" * 501}, 422, "reason"),
        ("remind", {"party": "x"}, 422, "party"),
        ("remind", {"party": "0" * 36}, 404, ""),
        ("remind", {"everybody": True}, 422, "everybody"),
        ("parties/PARTY/replace", {"name": "某人"}, 422, "id_number"),
        ("parties/PARTY/replace", {"name": "某人", "id_number": "1", "mobile": "1"}, 422, "party.id_number"),
        ("parties/PARTY/seal", {}, 422, "authorisation"),
        ("parties/x/seal", {"authorisation": "a"}, 422, "party"),
        ("parties/x/sign-sessions", None, 422, "party"),
        ("parties/00000000-0000-0000-0000-000000000000/sign-sessions", None, 404, ""),
    ],
)
def test_every_act_names_what_is_wrong(
    bank: Bank, act: str, document: object, status: int, field: str
) -> None:
    made = bank.make()
    target = f"/v1/contracts/{made['id']}/{act.replace('PARTY', made['parties'][0]['id'])}"
    answer = bank.caller.post(target, document)
    assert answer.status_code == status, answer.text
    assert fields_of(answer) == [field]


def test_problems_speak_chinese(bank: Bank) -> None:
    wanted = Wanted(new_number()).document(parties=[{**ONE[0], "auth": ["dna"]}])
    headers = {"Accept-Language": "zh-CN", "Content-Type": "application/json"}
    body = json.dumps(wanted).encode()
    answer = bank.caller.request("POST", "/v1/contracts", body=body, headers=headers)
    assert answer.json()["reason"] == "没有 dna 这种核验方式"


def test_the_description_has_the_routes_of_contracts(bank: Bank) -> None:
    paths = bank.client.get("/v1/openapi.json").json()["paths"]
    assert {
        "/v1/contracts",
        "/v1/contracts/{contract}",
        "/v1/contracts/{contract}/parties/{party}/sign-sessions",
        "/v1/contracts/{contract}/document",
        "/v1/contracts/{contract}/events",
        "/v1/sign-session/confirm",
        "/v1/documents",
    } <= paths.keys()
