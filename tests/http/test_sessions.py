"""Sign sessions over HTTP: one party, one act, every step in its order, every refusal by name."""

from __future__ import annotations

import hashlib
import json
import secrets

import pytest

from api.consents import known_texts
from api.simulator.fault import Fault, Party, Trouble
from api.simulator.population import Case
from tests.support.bank import Bank
from tests.support.signers import BORROWER, PEOPLE

pytestmark = pytest.mark.slow
NOBODY = "0" * 36
FACE_TEXT = known_texts()["face/1/zh-CN"]
OTHER_TEXT = {"text_id": FACE_TEXT.text_id, "text_sha256": FACE_TEXT.sha256}


def test_a_party_reads_consents_proves_itself_and_agrees(bank: Bank) -> None:
    made = bank.make()
    signer = bank.signer(made)
    shown = signer.get().json()
    assert shown["consents"][0]["given"] is False
    assert shown["identity"] == {"ways": [["three-elements"], ["face"]], "done": False, "valid_until": None}
    assert (shown["terms"]["amount"], shown["terms"]["rate_bp"]) == (5_000_000, 650)
    data = signer.read()
    assert hashlib.sha256(data).hexdigest() == shown["document"]["sha256"]
    signer.consent()
    signer.identify()
    intent = signer.state()
    statement = json.loads(intent["statement"])
    assert hashlib.sha256(intent["statement"].encode()).hexdigest() == intent["sha256"]
    assert statement["document"]["shown"]["sha256"] == hashlib.sha256(data).hexdigest()
    assert statement["party"]["name"] == BORROWER.name
    assert statement["terms"] == {"amount_fen": 5_000_000, "currency": "CNY", "rate_bp": 650}
    assert "50,000.00" in intent["zh_cn"]
    challenge, code = signer.code()
    agreed = signer.done("/confirm", {"intent": intent["id"], "challenge": challenge, "code": code})
    assert agreed["confirmed"] is True
    after = signer.get().json()
    assert after["reading"]["done"]
    assert after["identity"]["done"]
    assert {one["scope"]: one["given"] for one in after["consents"]} == {"e-signature": True, "face": False}
    states = {one["role"]: one["state"] for one in bank.show(made)["parties"]}
    assert states["borrower"] == "confirmed"


def test_every_step_says_what_is_missing_before_it(bank: Bank) -> None:
    signer = bank.signer(bank.make())
    named = []
    for step in (None, signer.read, signer.consent):
        if step is not None:
            step()
        answer = signer.post("/statement")
        assert answer.status_code == 422, answer.text
        named.append(answer.json()["field"])
    assert named == ["view", "consent", "identity"]
    signer.identify()
    assert signer.post("/statement").status_code == 201


def test_a_view_needs_a_document_and_is_no_longer_than_time(bank: Bank) -> None:
    signer = bank.signer(bank.make())
    view = {"dwell_ms": 3_600_000, "scrolled_to_end": True}
    assert signer.post("/view", view).status_code == 409
    signer.get("/document")
    seen = signer.post("/view", view).json()
    assert seen["dwell_ms"] < 3_600_000


def test_the_text_is_there_for_those_who_see_no_pictures(bank: Bank) -> None:
    signer = bank.signer(bank.make())
    assert signer.get("/text").status_code == 409  # nothing was put before the party yet
    signer.get("/document")
    pages = signer.get("/text?count=2").json()["pages"]
    assert [one["page"] for one in pages] == [1, 2]
    assert "个人借款合同" in pages[0]["text"]
    assert signer.get("/text?first=0").status_code == 422


def test_a_wrong_code_is_counted_and_then_locked(bank: Bank) -> None:
    signer = bank.signer(bank.make())
    signer.read()
    signer.consent()
    signer.identify()
    intent = signer.state()
    challenge, code = signer.code()
    wrong = "000000" if code != "000000" else "111111"
    given = {"intent": intent["id"], "challenge": challenge, "code": wrong}
    answers = [signer.post("/confirm", given) for _ in range(5)]
    left = [(one.status_code, one.json()["attempts_left"]) for one in answers]
    assert left == [(422, 4), (422, 3), (422, 2), (422, 1), (429, 0)]
    assert "until" in answers[-1].json()
    right = signer.post("/confirm", {**given, "code": code})
    assert (right.status_code, right.json()["code"]) == (429, "challenge-locked")
    assert signer.post("/code", {"intent": intent["id"]}).status_code == 429


def test_codes_are_not_sent_as_often_as_one_likes(bank: Bank) -> None:
    signer = bank.signer(bank.make())
    signer.read()
    signer.consent()
    signer.identify()
    signer.state()
    signer.code()
    again = signer.post("/code", {"intent": signer.intent["id"]})
    assert (again.status_code, again.json()["code"]) == (429, "too-many-requests")
    assert 0 < int(again.headers["retry-after"]) <= 60


@pytest.mark.parametrize("case", [Case.MISMATCH, Case.NOT_FOUND, Case.DOCUMENT_LOST])
def test_who_is_not_confirmed_is_told_the_verdict(bank: Bank, case: Case) -> None:
    made = bank.make_of_file(PEOPLE.special(case))
    answer = bank.signer(made).post("/identity", {"method": "three-elements"})
    problem = answer.json()
    assert (answer.status_code, problem["code"]) == (422, "identity-refused")
    assert problem["verdict"] == case.name.lower().replace("_", "-")


def test_a_face_is_another_way(bank: Bank) -> None:
    signer = bank.signer(bank.make())
    alone = signer.post("/identity", {"method": "face", "face_token": BORROWER.face_token})
    assert (alone.status_code, alone.json()["field"]) == (422, "consent")  # of its own, for a face
    signer.consent("face")
    assert signer.post("/identity", {"method": "face"}).json()["field"] == "face_token"
    low = signer.post("/identity", {"method": "face", "face_token": "low-1"})
    assert low.json()["code"] == "identity-refused"
    good = signer.post("/identity", {"method": "face", "face_token": BORROWER.face_token})
    assert good.json()["done"] is True


def test_an_outside_party_that_is_down_is_503_and_the_act_can_be_tried_again(bank: Bank) -> None:
    signer = bank.signer(bank.make())
    key = secrets.token_hex(16)
    bank.desk.trouble(Party.IDENTITY, Trouble(Fault.DOWN, times=1))
    down = signer.post("/identity", {"method": "three-elements"}, key=key)
    assert (down.status_code, down.json()["code"]) == (503, "provider-unavailable")
    assert signer.post("/identity", {"method": "three-elements"}, key=key).status_code == 201


def test_a_retry_gets_the_same_octets_and_acts_once(bank: Bank) -> None:
    signer = bank.signer(bank.make())
    key = secrets.token_hex(16)
    first = signer.post("/identity", {"method": "three-elements"}, key=key)
    assert first.content == signer.post("/identity", {"method": "three-elements"}, key=key).content
    other = signer.post("/identity", {"method": "face"}, key=key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")


def test_a_party_declines_and_the_contract_ends(bank: Bank) -> None:
    made = bank.make()
    signer = bank.signer(made)
    key = secrets.token_hex(16)
    first = signer.post("/decline", {"reason": "利率与宣传不符"}, key=key)
    assert first.status_code == 201, first.text
    assert signer.post("/decline", {"reason": "利率与宣传不符"}, key=key).content == first.content
    assert bank.show(made)["state"] == "declined"
    assert signer.get().status_code == 409
    assert bank.open(made, "guarantor").status_code == 409


def test_a_newer_session_ends_the_earlier(bank: Bank) -> None:
    made = bank.make()
    earlier = bank.signer(made)
    bank.signer(made)
    answer = earlier.get()
    assert (answer.status_code, answer.json()["state"]) == (409, "superseded")


def test_who_comes_later_waits(bank: Bank) -> None:
    answer = bank.open(bank.make(), "lender")
    assert (answer.status_code, answer.json()["code"]) == (409, "order-not-reached")
    assert answer.json()["waiting_for"] == 2


@pytest.mark.parametrize("token", ["x", "sign-", "sign-" + "A" * 43, "sign-" + "A" * 80, "Basic x", "龘"])
def test_a_token_of_nobody_opens_nothing(bank: Bank, token: str) -> None:
    for method, path in (("GET", ""), ("GET", "/document"), ("POST", "/decline")):
        headers = {b"Authorization": f"Bearer {token}".encode(), b"Idempotency-Key": b"k" * 16}
        answer = bank.client.request(method, f"/v1/sign-session{path}", headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (401, "caller-unproven")
        assert answer.headers["www-authenticate"] == "Bearer"


def test_a_post_needs_a_key(bank: Bank) -> None:
    signer = bank.signer(bank.make())
    rights = {"Authorization": f"Bearer {signer.token}"}
    answer = bank.client.post("/v1/sign-session/statement", headers=rights)
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency-key-missing")


@pytest.mark.parametrize(
    ("path", "document", "field"),
    [
        ("/notice", {"text_id": "x", "text_sha256": "no"}, "text_sha256"),
        ("/consent", {"scope": "e-signature", "text_id": "x"}, "text_sha256"),
        (
            "/consent",
            {"scope": "e-signature", "text_id": "e-signature/1/zh-CN", "text_sha256": "0" * 64},
            "text_sha256",
        ),
        ("/consent", {"scope": "电子", "text_id": "x", "text_sha256": "0" * 64}, "scope"),
        ("/view", {"dwell_ms": -1, "scrolled_to_end": True}, "dwell_ms"),
        ("/view", {"dwell_ms": 1, "scrolled_to_end": "maybe"}, "scrolled_to_end"),
        ("/identity", {"method": "palm"}, "method"),
        ("/identity", {"method": "four-elements", "card": "abc"}, "card"),
        ("/identity", {"method": "three-elements", "mobile": "13800000001"}, "mobile"),
        ("/consent", {"scope": "face", "text_id": FACE_TEXT.text_id, "text_sha256": "0" * 64}, "text_sha256"),
        ("/consent", {"scope": "e-signature", **OTHER_TEXT}, "text_id"),
        ("/sign", {"handwriting": [[{"x": 1, "y": 1, "at": -1}]]}, "handwriting.0.0.at"),
        ("/sign", {"handwriting": []}, "strokes"),
        ("/sign", {"handwriting": [[{"x": 1, "y": 1, "at": 0}]]}, "strokes"),
        ("/sign", {"certificate": "mine"}, "certificate"),
        ("/code", {"intent": "x"}, "intent"),
        ("/confirm", {"intent": NOBODY, "code": "12ab"}, "code"),
        ("/decline", {"reason": ""}, "reason"),
        ("/decline", {"reason": "x" * 501}, "reason"),
    ],
)
def test_a_bad_input_names_its_field(bank: Bank, path: str, document: dict[str, object], field: str) -> None:
    signer = bank.signer(bank.make())
    answer = signer.post(path, document)
    problem = answer.json()
    assert answer.status_code == 422, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert ([one["field"] for one in problem.get("errors", [])] or [problem["field"]]) == [field]


def test_a_statement_of_another_session_is_not_confirmed(bank: Bank) -> None:
    one, other = bank.signer(bank.make()), bank.signer(bank.make())
    for signer in (one, other):
        signer.read()
        signer.consent()
        signer.identify()
        signer.state()
    answer = one.post("/code", {"intent": other.intent["id"]})
    assert (answer.status_code, answer.json()["field"]) == (422, "intent")
    assert one.post("/code", {"intent": NOBODY}).status_code == 404


def test_no_code_and_no_token_stands_in_the_events(bank: Bank) -> None:
    made = bank.make()
    signer = bank.signer(made)
    signer.read()
    signer.consent()
    signer.identify()
    signer.state()
    _, code = signer.code()
    page = bank.caller.get(f"/v1/contracts/{made['id']}/events?limit=500").json()
    kinds = [one["type"] for one in page["events"]]
    assert {"SESSION_STARTED", "DOC_VIEW_ENDED", "CONSENT_GIVEN", "IDV_CONCLUDED", "OTP_SENT"} <= set(kinds)
    text = json.dumps([one["envelope"] for one in page["events"]], ensure_ascii=False)
    assert signer.token not in text
    assert f'"{code}"' not in text
    assert BORROWER.mobile not in text
