"""The whole way over HTTP: three parties sign, the last by the bank's seal, and the file stands by itself."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import event
from sqlalchemy.exc import OperationalError

from api.wiring import Centre
from ca.certificate import Certificate
from ca.identity import IdentityRecord, SubjectKind
from ca.indication import Indication
from ca.order import Requester
from ca.registry import AuthorityRole
from ca.trust import TrustStore, load_trust
from keys.suites import Algorithm, Suite
from signing.validity.judge import judge_pdf
from tests.support import seals
from tests.support.authority import Administrator
from tests.support.bank import Bank, new_number
from tests.support.signers import BANK, BORROWER, GUARANTOR, lender, party, values

pytestmark = pytest.mark.slow
STROKES = [[{"x": 10 * n, "y": (7 * n * n) % 60, "at": 20 * n, "pressure": 500} for n in range(20)]]


def trust_of(centre: Centre, suite: str) -> TrustStore:
    """The roots of the installation, and nothing else."""
    with centre.database.reading() as unit:
        roots = [one for one in unit.authorities.list() if one.role is AuthorityRole.ROOT]
    mine = [Certificate(one.certificate) for one in roots if one.suite is Suite(suite)]
    return load_trust({f"{place}.pem": one.pem().encode() for place, one in enumerate(mine)})


def sealed_lender(centre: Centre, suite: str) -> tuple[dict[str, Any], str]:
    """The bank as a party that signs by its own seal, and the authorisation for it."""
    now = centre.clock.now()
    first, second = Administrator.of(new_number()), Administrator.of(new_number(), Algorithm.SM2)
    with centre.database() as unit:
        for one in (first, second):
            unit.approvals.add_administrator(one.name, one.public.spki, now)
    order = seals.an_order(
        owner=BANK.credit_code,
        label=BANK.name,
        drawing=seals.a_drawing(BANK.name),
        valid_from=now - timedelta(minutes=1),
        valid_until=now + timedelta(days=30),
    )
    registry, authorisations = centre.seal_registry, centre.seal_authorisations
    seal_id = registry.approve(registry.propose(registry.prepare(order), first).seal_id, second).seal_id
    grant = replace(
        seals.a_grant(), valid_from=now - timedelta(minutes=1), valid_until=now + timedelta(days=9)
    )
    given = authorisations.give(authorisations.prepare(seal_id, grant), first)
    authorisation = authorisations.approve(given.authorisation_id, second).authorisation_id
    identity = IdentityRecord(
        record_id="idr-bank",
        kind=SubjectKind.ORGANISATION,
        name=BANK.name,
        pseudonym="bank",
        organisation_id=BANK.credit_code,
        assurance="high",
        methods=("enterprise",),
        provider="simulator",
        transaction="t-bank",
        verified_at=now - timedelta(minutes=1),
        valid_until=now + timedelta(hours=1),
        simulated=True,
    )
    profiles = frozenset({"organisation-seal"})
    centre.executing.organisation_keys.equip(
        identity, Suite(suite), "software", Requester("bank", profiles=profiles)
    )
    field = {"anchor": "lender", "seal": seal_id}
    wanted = {"silent": True, "agent": None, "fields": [field]}
    return lender(2, **wanted), authorisation


@pytest.mark.parametrize("suite", ["intl", "guomi"])
def test_a_contract_signed_by_all_is_passed_by_the_judge(bank: Bank, suite: str) -> None:
    by_seal, authorisation = sealed_lender(bank.centre, suite)
    number = new_number()
    made = bank.make(
        number=number,
        values=values(number),
        suite=suite,
        parties=[party(BORROWER, "borrower", 1), party(GUARANTOR, "guarantor", 1), by_seal],
    )
    target = f"/v1/contracts/{made['id']}/parties/{made['parties'][2]['id']}/seal"
    early = bank.caller.post(target, {"authorisation": authorisation})
    assert (early.status_code, early.json()["code"]) == (409, "order-not-reached")

    borrower = bank.signer(made, "borrower")
    unconfirmed = borrower.post("/sign", {})
    assert unconfirmed.status_code == 409, unconfirmed.text
    borrower.agree()
    key = "sign-once-" + number
    first = borrower.post("/sign", {}, key=key)
    assert first.status_code == 201, first.text
    assert first.json()["revisions"][0]["field"] == made["parties"][0]["fields"][0]
    assert borrower.post("/sign", {}, key=key).content == first.content
    again = borrower.post("/sign", {})
    assert (again.status_code, again.json()["code"]) == (409, "contract-state-invalid")
    assert bank.open(made, "borrower").status_code == 409

    guarantor = bank.signer(made, "guarantor")
    guarantor.agree()
    second = guarantor.post("/sign", {"handwriting": STROKES})
    assert second.status_code == 201, second.text
    assert second.json()["state"] == "signing"

    last = bank.caller.post(target, {"authorisation": authorisation})
    assert last.status_code == 201, last.text
    assert last.json()["state"] == "completed"
    shown = bank.show(made)
    assert [one["state"] for one in shown["parties"]] == ["signed"] * 3

    data = bank.caller.get(f"/v1/contracts/{made['id']}/document").content
    report = judge_pdf(data, trust_of(bank.centre, suite), now=bank.centre.clock.now())
    assert report.indication is Indication.TOTAL_PASSED, report
    assert [one.kind.value for one in report.signatures] == ["signature"] * 3 + ["document-timestamp"]
    revisions = bank.caller.get(f"/v1/contracts/{made['id']}/revisions").json()["revisions"]
    assert [one["kind"] for one in revisions][:5] == ["rendered", "prepared", "signed", "signed", "signed"]
    for one in revisions:
        before = bank.caller.get(f"/v1/contracts/{made['id']}/document?revision={one['number']}").content
        assert data.startswith(before)
    kinds = [
        one["type"]
        for one in bank.caller.get(f"/v1/contracts/{made['id']}/events?limit=500").json()["events"]
    ]
    assert kinds.count("SIGNATURE_CREATED") >= 2
    assert "CONTRACT_COMPLETED" in kinds


def test_an_authorisation_that_is_not_there_seals_nothing(bank: Bank) -> None:
    by_seal, _ = sealed_lender(bank.centre, "intl")
    number = new_number()
    made = bank.make(number=number, values=values(number), parties=[{**by_seal, "order": 1}])
    target = f"/v1/contracts/{made['id']}/parties/{made['parties'][0]['id']}/seal"
    answer = bank.caller.post(target, {"authorisation": "nothing"})
    assert answer.status_code in {403, 404}, answer.text
    assert bank.caller.post(target, {}).json()["errors"][0]["field"] == "authorisation"
    assert bank.open(made, "lender").status_code == 409


def test_nothing_is_signed_when_a_commit_fails_and_the_act_can_be_tried_again(bank: Bank) -> None:
    """A 201 for a signature that is not stored would be the worst answer of all."""
    engine = bank.centre.database.engine
    failing = {"left": 0}

    def fail(_connection: object) -> None:
        if failing["left"]:
            failing["left"] -= 1
            if not failing["left"]:
                raise OperationalError("COMMIT", {}, Exception("disk I/O error"))

    made = bank.make()
    signer = bank.signer(made)
    signer.agree()
    statuses = []
    event.listen(engine, "commit", fail)
    try:
        for which in range(1, 13):  # the claim, the turn, the certificate, the request, the signature…
            failing["left"] = which
            statuses.append(signer.post("/sign", {}).status_code)
            failing["left"] = 0
            if statuses[-1] != 503:
                break
    finally:
        event.remove(engine, "commit", fail)
    assert len(statuses) > 5
    assert statuses[-1] in {201, 409}  # 409: stored, but the answer could not be kept, as a new key is told
    assert {one["role"]: one["state"] for one in bank.show(made)["parties"]}["borrower"] == "signed"
    assert [one["kind"] for one in revisions_of(bank, made)] == ["rendered", "prepared", "signed"]


def revisions_of(bank: Bank, made: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = bank.caller.get(f"/v1/contracts/{made['id']}/revisions").json()["revisions"]
    return found
