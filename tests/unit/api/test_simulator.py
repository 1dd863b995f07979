"""The simulator invents the same people for everybody, and does what it is told."""

from __future__ import annotations

import json
import re

import pytest

from api.simulator.bureau import Bureau
from api.simulator.population import (
    Case,
    Population,
    credit_code,
    is_card,
    with_check,
    with_luhn,
)
from signing.identity import Method, Verdict
from signing.valuesidentity import is_credit_code, is_person_id
from tests.support.simulated import SECRET, open_parties


def test_check_characters_are_those_of_the_standards() -> None:
    assert with_check("11010519491231002") == "11010519491231002X"  # GB 11643-1999 annex B
    assert with_check("44052418800101001") == "440524188001010014"  # GB 11643-1999 annex B
    assert is_credit_code("91350100M000100Y43")  # GB 32100-2015 5.6
    assert with_luhn("7992739871") == "79927398713"


def test_everybody_has_numbers_that_check() -> None:
    population = Population()
    for person in population.people.values():
        assert is_person_id(person.id_number)
        assert is_card(person.card)
        assert re.fullmatch(r"1[3-9]\d{9}", person.mobile)
        assert 2 <= len(person.name) <= 3
    for firm in population.firms.values():
        assert is_credit_code(firm.credit_code)
    assert len(population.people) == 504
    assert len(population.firms) == 54


def test_a_seed_says_who_there_is() -> None:
    assert Population().people == Population().people
    assert Population("other").person(0) != Population().person(0)


@pytest.mark.parametrize(
    "text",
    ["", "1" * 18, "11010519490231002X", "11010519491231002x", "110105194912310021", "\uff11" * 18],
)
def test_a_wrong_identity_number_is_none(text: str) -> None:
    assert not is_person_id(text)
    asked = {"name": "某人", "id_number": text}
    assert Bureau(Population()).conclude(Method.TWO_ELEMENTS, asked).verdict is Verdict.NOT_FOUND


def test_a_stranger_is_known_under_any_name_and_the_rules_hold_for_them_too() -> None:
    bureau = Bureau(Population())
    stranger = with_check("33010619880808123")
    asked = {
        "name": "䶮㛃",
        "id_number": stranger,
        "mobile": "13800000001",
        "card": with_luhn("900000000000001"),
    }
    assert bureau.conclude(Method.FOUR_ELEMENTS, asked).verdict is Verdict.MATCH
    for changes in ({"mobile": "13800010000"}, {"card": with_luhn("90000000010000")}, {"card": "1"}):
        verdict = bureau.conclude(Method.FOUR_ELEMENTS, {**asked, **changes}).verdict
        assert verdict is Verdict.MISMATCH


def test_a_firm_of_another_kind_has_its_verdict() -> None:
    population = Population()
    for case, verdict in (
        (Case.MISMATCH, Verdict.MISMATCH),
        (Case.NOT_FOUND, Verdict.NOT_FOUND),
        (Case.DOCUMENT_LOST, Verdict.DOCUMENT_LOST),
        (Case.LOW_SCORE, Verdict.MATCH),
    ):
        firm = population.special_firm(case)
        asked = {
            "name": firm.name,
            "id_number": firm.credit_code,
            "representative": firm.representative.name,
        }
        assert Bureau(population).conclude(Method.ENTERPRISE, asked).verdict is verdict
    assert is_credit_code(credit_code("91330106", "12345678"))


def test_the_control_is_for_those_who_hold_the_secret() -> None:
    with open_parties("http") as parties:
        client = parties.client
        assert client is not None
        assert client.get("/").json()["simulator"] is True
        assert client.get("/control/messages").status_code == 401
        assert client.get("/control/messages", headers={"Authorization": "Bearer no"}).status_code == 401
        rights = {"Authorization": f"Bearer {SECRET}"}
        assert client.get("/control/messages", headers=rights).json() == []
        order = {"party": "identity", "fault": "slow", "delay_s": 1.5, "times": 2}
        assert client.post("/control/faults", json=order, headers=rights).status_code == 204
        in_force = client.get("/control/faults", headers=rights).json()
        assert in_force == {"identity": {"fault": "slow", "delay_s": 1.5, "times": 2}}
        assert client.post("/control/faults", json={"party": "identity"}, headers=rights).status_code == 204
        assert client.get("/control/faults", headers=rights).json() == {}
        wrong = client.post("/control/faults", json={**order, "fault": "odd"}, headers=rights)
        assert wrong.status_code == 422
        people = client.get("/control/people?count=2", headers=rights).json()
        assert len(people["people"]) == 2
        assert set(people["special"]) == {"mismatch", "not_found", "document_lost", "low_score"}
        assert client.get("/control/firms?count=501", headers=rights).status_code == 422


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'{"name": 1}', b"[" * 16_000, b"\xff"])
def test_what_is_no_question_is_refused(body: bytes) -> None:
    from signing.exchange import Question  # noqa: PLC0415  (beside the one test that signs by hand)

    with open_parties("in-process") as parties:
        question = Question("c", "POST", "/v1/messages", body, "2026-11-23T12:00:00Z", "n" * 16)
        headers = {name.lower(): value for name, value in question.headers(SECRET.encode()).items()}
        reply = parties.desk.answer("POST", "/v1/messages", headers, body)
        assert reply.status == 422
        assert json.loads(reply.body)["simulated"] is True
