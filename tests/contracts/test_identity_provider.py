"""What every `IdentityProvider` keeps to, over the simulator in process and over real HTTP."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from api.simulator.fault import Fault, Party, Trouble
from api.simulator.population import Case
from signing.adapters.identity_http import HttpIdentityProvider
from signing.errors import ProviderUnavailable
from signing.identity import Enquiry, IdentityProvider, Method, Subject, Verdict
from tests.support.simulated import DEADLINE_S, TRANSPORTS, Parties, open_parties

PERSONS = [Method.TWO_ELEMENTS, Method.THREE_ELEMENTS, Method.FOUR_ELEMENTS, Method.FACE]


@pytest.fixture(scope="module", params=TRANSPORTS)
def parties(request: pytest.FixtureRequest) -> Iterator[Parties]:
    with open_parties(request.param) as opened:
        yield opened


@pytest.fixture
def provider(parties: Parties) -> Iterator[IdentityProvider]:
    gateway = parties.gateway()
    yield HttpIdentityProvider(gateway)
    gateway.close()
    parties.desk.trouble(Party.IDENTITY, None)


@pytest.fixture
def hasty(parties: Parties) -> Iterator[IdentityProvider]:
    gateway = parties.gateway(deadline_s=DEADLINE_S)
    yield HttpIdentityProvider(gateway)
    gateway.close()
    parties.desk.trouble(Party.IDENTITY, None)


def subject(parties: Parties, case: Case | None = None) -> Subject:
    people = parties.desk.population
    person = people.person(0) if case is None else people.special(case)
    return Subject(person.name, person.id_number, person.mobile, person.card, face_token=person.face_token)


@pytest.mark.parametrize("method", PERSONS)
def test_a_person_who_is_who_they_say_matches(
    provider: IdentityProvider, parties: Parties, method: Method
) -> None:
    answer = provider.check(Enquiry(method, subject(parties), f"t-{method}"))
    assert answer.verdict is Verdict.MATCH
    assert answer.answered_at == parties.clock.now()
    assert (answer.score is None) == (method is not Method.FACE)
    assert json.loads(answer.request)["id_number"] == subject(parties).id_number
    assert json.loads(answer.response)["simulated"] is True
    assert provider.simulated


@pytest.mark.parametrize(
    ("case", "verdict"),
    [
        (Case.MISMATCH, Verdict.MISMATCH),
        (Case.NOT_FOUND, Verdict.NOT_FOUND),
        (Case.DOCUMENT_LOST, Verdict.DOCUMENT_LOST),
        (Case.LOW_SCORE, Verdict.MATCH),
    ],
)
def test_what_the_bureau_says_comes_through(
    provider: IdentityProvider, parties: Parties, case: Case, verdict: Verdict
) -> None:
    answer = provider.check(Enquiry(Method.FOUR_ELEMENTS, subject(parties, case), f"t-{case.name}"))
    assert answer.verdict is verdict


def test_a_face_that_is_hardly_alike_does_not_match(provider: IdentityProvider, parties: Parties) -> None:
    answer = provider.check(Enquiry(Method.FACE, subject(parties, Case.LOW_SCORE), "t-low"))
    assert (answer.verdict, answer.score) == (Verdict.MISMATCH, 412_000)


@pytest.mark.parametrize(
    ("method", "changes"),
    [
        (Method.TWO_ELEMENTS, {"name": "别人"}),
        (Method.THREE_ELEMENTS, {"mobile": "13800000001"}),
        (Method.FOUR_ELEMENTS, {"card": "9000000000000009"}),
        (Method.FACE, {"face_token": "low-1"}),
    ],
)
def test_one_element_that_is_anothers_is_a_mismatch(
    provider: IdentityProvider, parties: Parties, method: Method, changes: dict[str, str]
) -> None:
    asked = replace(subject(parties), **changes)
    assert provider.check(Enquiry(method, asked, "t-other")).verdict is Verdict.MISMATCH


def test_a_firm_is_checked_with_its_representative(provider: IdentityProvider, parties: Parties) -> None:
    firm = parties.desk.population.firm(3)
    asked = Subject(firm.name, firm.credit_code, representative=firm.representative.name)
    assert provider.check(Enquiry(Method.ENTERPRISE, asked, "t-firm")).verdict is Verdict.MATCH
    asked = replace(asked, representative="别人")
    assert provider.check(Enquiry(Method.ENTERPRISE, asked, "t-firm-2")).verdict is Verdict.MISMATCH


def test_the_same_question_has_the_same_answer(provider: IdentityProvider, parties: Parties) -> None:
    enquiry = Enquiry(Method.FACE, subject(parties), "t-again")
    assert provider.check(enquiry) == provider.check(enquiry)


@pytest.mark.parametrize("fault", [one for one in Fault if one is not Fault.SLOW])
def test_an_answer_that_makes_no_sense_is_none(
    provider: IdentityProvider, parties: Parties, fault: Fault
) -> None:
    parties.desk.trouble(Party.IDENTITY, Trouble(fault))
    with pytest.raises(ProviderUnavailable) as caught:
        provider.check(Enquiry(Method.TWO_ELEMENTS, subject(parties), f"t-{fault}"))
    assert caught.value.provider == "simulator"
    parties.desk.trouble(Party.IDENTITY, None)
    assert provider.check(Enquiry(Method.TWO_ELEMENTS, subject(parties), f"t-{fault}-2")).verdict


def test_a_late_answer_is_not_waited_for(hasty: IdentityProvider, parties: Parties) -> None:
    # A wait of a minute would show in the test's own time limit.
    parties.desk.trouble(Party.IDENTITY, Trouble(Fault.SLOW, delay_s=2.0, times=1))
    with pytest.raises(ProviderUnavailable, match="in time"):
        hasty.check(Enquiry(Method.TWO_ELEMENTS, subject(parties), "t-slow"))


def test_a_question_is_asked_once(provider: IdentityProvider, parties: Parties) -> None:
    parties.desk.trouble(Party.IDENTITY, Trouble(Fault.LOST, times=1))
    with pytest.raises(ProviderUnavailable):
        provider.check(Enquiry(Method.TWO_ELEMENTS, subject(parties), "t-lost"))


def test_another_secret_is_refused_both_ways(parties: Parties) -> None:
    gateway = parties.gateway(secret=b"not the one that was agreed")
    with pytest.raises(ProviderUnavailable, match="401"):
        HttpIdentityProvider(gateway).check(Enquiry(Method.TWO_ELEMENTS, subject(parties), "t-secret"))
    gateway.close()


def test_a_simulator_is_not_taken_for_the_real_thing(parties: Parties) -> None:
    gateway = parties.gateway(simulated=False)
    with pytest.raises(ProviderUnavailable, match="is a simulator, though none is configured"):
        HttpIdentityProvider(gateway).check(Enquiry(Method.TWO_ELEMENTS, subject(parties), "t-real"))
    gateway.close()


def test_an_answer_of_another_time_is_not_taken(provider: IdentityProvider, parties: Parties) -> None:
    parties.clock.skew(seconds=1)
    try:
        answer = provider.check(Enquiry(Method.TWO_ELEMENTS, subject(parties), "t-now"))
        assert answer.answered_at == parties.clock.now()
    finally:
        parties.clock.skew(seconds=-1)
    late = HttpIdentityProvider(gateway := parties.gateway())
    reply = gateway.read(answer.response)
    parties.clock.skew(minutes=6)
    try:
        with pytest.raises(ProviderUnavailable, match="answered_at"):
            reply.moment("answered_at")
    finally:
        parties.clock.skew(minutes=-6)
        gateway.close()
    assert late.name == "simulator"
    assert answer.answered_at - parties.clock.now() == timedelta(seconds=1)


def test_nobody_there_is_unavailable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with open_parties("in-process") as parties:
        parties.transport = None
        gateway = parties.gateway(url=f"http://127.0.0.1:{port}")
        with pytest.raises(ProviderUnavailable, match="cannot be reached"):
            HttpIdentityProvider(gateway).check(Enquiry(Method.TWO_ELEMENTS, subject(parties), "t-closed"))
        gateway.close()
