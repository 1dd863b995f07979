"""Reports on real contracts in several states: whole, repeatable, masked, every number in the JSON."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pikepdf
import pytest

from forensics.report.edition import LANGUAGES, Language, texts_of
from forensics.report.finding import Answer, Question
from forensics.report.findings import Findings, draw_findings
from forensics.report.law import read_law
from forensics.report.picture import page_pictures
from forensics.report.report import JSON_NAME, Report, make_report
from forensics.report.veil import Variant
from keys.suites import Suite
from signing.contract import Contract
from signing.errors import ChallengeFailed
from signing.party import Particulars, PartyRole
from signing.session import Origin
from tests.support.contracts import renderer
from tests.support.report_case import ISSUED, case_file, commission, institution
from tests.support.signing_bank import found_bank
from tests.support.signing_contract import BANK, Studio, open_bank, person, place, two_witnesses

pytestmark = pytest.mark.slow

NAME = "欧阳植树"
REASON = "我是欧阳植树，利率太高"
ADDRESS = "203.0.113.77"
DEVICE = "planted-device-7c1f"
ORIGIN = Origin({"app": "bank-app/9.1"}, {"ip": ADDRESS, "port": 40123, "device": DEVICE})
NUMBER = re.compile(r"\d+(?:[.,:-]\d+)*|[0-9a-f]{8,}")


@dataclass(frozen=True)
class Made:
    """Contracts by state, with the person in all of them."""

    studio: Studio
    planted: Particulars
    contracts: dict[str, Contract]


@pytest.fixture(scope="module", params=[Suite.INTL, Suite.GUOMI], ids=lambda suite: suite.value)
def made(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    suite: Suite = request.param
    witnesses = two_witnesses()
    folder = tmp_path_factory.mktemp(suite.value)
    with (
        open_bank("sqlite", folder, suites=(suite.value,), witnesses=witnesses) as installation,
        installation.open() as centre,
    ):
        studio = Studio(centre)
        bank = found_bank(studio, witnesses, (suite,))
        borrower = person(PartyRole.BORROWER, name=NAME)

        def begin() -> Contract:
            return studio.start(borrower, bank.lender(2, place(5)), suite=suite)

        done, partly, declined, cancelled = (begin() for _ in range(4))
        _sit(studio, done)
        bank.seal(done)
        _sit(studio, partly)
        token = studio.open(declined, declined.parties[0])
        studio.centre.contracts.attendance.decline(token, REASON, ORIGIN)
        studio.centre.contracts.withdrawal.void(cancelled.contract_id, BANK, "借款人放弃")
        drawn = studio.draw_up(borrower, suite=suite)
        states = {"done": done, "partly": partly, "declined": declined, "voided": cancelled, "drawn": drawn}
        yield Made(studio, borrower.particulars, states)


def _sit(studio: Studio, contract: Contract) -> None:
    """A sitting with a wrong code on the way, from a device that leaves its traces."""
    token = studio.open(contract, contract.parties[0])
    studio.read(token)
    ways = studio.centre.contracts.attendance.whose(token).party.profile.identity
    for method in sorted(ways[0]):
        studio.identification.prove(token, method, origin=ORIGIN)
    intent = studio.confirmation.state(token)
    ticket = studio.confirmation.send_code(token, intent.intent_id, ORIGIN)
    code = studio.telephone.code()
    wrong = f"{(int(code) + 1) % 10**6:06}"
    for given in (wrong, code):
        try:
            studio.confirmation.confirm(
                token, intent.intent_id, challenge_id=ticket.challenge_id, code=given, origin=ORIGIN
            )
        except ChallengeFailed:
            continue
    studio.centre.executing.execution.sign(token, ORIGIN)


def report(
    made: Made, state: str, variant: Variant = Variant.MASKED, language: Language = "zh-CN"
) -> tuple[Findings, Report]:
    file, data = case_file(made.studio, made.contracts[state])
    if file.judged is not None:  # as of one time, so that it can be made twice
        file = replace(file, judged=replace(file.judged, at=ISSUED))
    findings = draw_findings(file, institution(), commission(), variant)
    pictures = page_pictures(data, file.contract, blank=variant is not Variant.FULL)
    return findings, make_report(findings, language, renderer(), pictures, at=ISSUED)


def answers(findings: Findings) -> dict[Question, Answer]:
    return {one.question: one.answer for one in findings.conclusions}


def text_of(pdf: bytes, tmp_path: Path) -> str:
    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not on this machine")
    file = tmp_path / "report.pdf"
    file.write_bytes(pdf)
    done = subprocess.run(["pdftotext", "-raw", file, "-"], capture_output=True, text=True, check=True)
    return done.stdout


def strings(value: Any) -> Iterator[str]:  # noqa: ANN401  (JSON)
    if isinstance(value, dict):
        for name, one in value.items():
            yield name
            yield from strings(one)
    elif isinstance(value, list):
        for one in value:
            yield from strings(one)
    else:
        yield str(value)


def test_what_a_completed_contract_proves_and_what_a_simulator_leaves_open(made: Made) -> None:
    findings, _ = report(made, "done")
    assert answers(findings) == {
        Question.WHO: Answer.UNKNOWN,  # the bureau of the tests is a simulator
        Question.WILLING: Answer.UNKNOWN,  # so is the gateway
        Question.WHAT: Answer.YES,
        Question.WHEN: Answer.YES,
        Question.UNALTERED: Answer.YES,
        Question.COMPLETE: Answer.UNKNOWN,  # no witnessed checkpoint was supplied
    }
    assert [one.number for one in findings.sections] == list(range(19))
    kinds = [one.kind for one in findings.anomalies]
    assert kinds.count("failed") == 1  # the wrong code
    assert {"simulated", "own-authority"} <= set(kinds)


def test_a_real_bureau_and_gateway_settle_who_and_willing(made: Made) -> None:
    studio = made.studio
    studio.bureau.simulated = studio.telephone.simulated = False
    contract = made.contracts["done"]
    again = studio.start(person(PartyRole.BORROWER), suite=contract.suite)
    _sit(studio, again)
    studio.bureau.simulated = studio.telephone.simulated = True
    file, _ = case_file(studio, again)
    found = answers(draw_findings(file, institution(), commission()))
    assert found[Question.WHO] is Answer.YES
    assert found[Question.WILLING] is Answer.YES


@pytest.mark.parametrize(
    ("state", "willing", "unaltered"),
    [
        ("partly", Answer.UNKNOWN, Answer.UNKNOWN),
        ("declined", Answer.NO, Answer.UNKNOWN),
        ("voided", Answer.UNKNOWN, Answer.UNKNOWN),
        ("drawn", Answer.UNKNOWN, Answer.UNKNOWN),
    ],
)
def test_unfinished_contracts_have_reports_without_empty_sections(
    made: Made, state: str, willing: Answer, unaltered: Answer
) -> None:
    findings, made_report = report(made, state)
    found = answers(findings)
    assert found[Question.WILLING] is willing
    if state != "partly":
        assert found[Question.UNALTERED] is unaltered
    assert all(one.blocks for one in findings.sections)
    assert made_report.unexplained == frozenset()


@pytest.mark.parametrize("variant", list(Variant))
@pytest.mark.parametrize("language", LANGUAGES)
def test_every_number_of_the_pages_is_in_the_json(
    made: Made, variant: Variant, language: Language, tmp_path: Path
) -> None:
    _, one = report(made, "done", variant, language)
    assert one.unexplained == frozenset()
    texts = texts_of(language)
    footer = re.compile(re.escape(texts["page"]["number"]) + r".*\n?")
    told = footer.sub("", text_of(one.pdf, tmp_path))
    page = texts["page"]
    told = re.sub(re.escape(page["page-before"].strip()) + r"\s*\d+[^\n]*", "", told)
    known = "".join(strings(json.loads(one.json))) + "".join(strings(dict(texts)))
    known += "".join(item.article + item.text for item in read_law().items)
    known += "".join(strings([[b.law, b.version, b.articles] for b in read_law().basis]))
    known = re.sub(r"\s", "", known)
    joined = re.sub(r"\s", "", told)
    lines = {number for line in told.splitlines() for number in NUMBER.findall(line)}
    counted = {str(number) for number in range(40)}  # of sections, rows, items of a list
    missing = {number for number in lines if number not in known and number not in counted}
    assert missing == set()
    for digest in re.findall(r"[0-9a-f]{64}", joined):
        assert digest in known or any(digest[at:] in known for at in range(1, 32))


@pytest.mark.parametrize(
    ("state", "variant"),
    [("done", Variant.MASKED), ("done", Variant.SIGNATURE), ("declined", Variant.MASKED)],
)
def test_a_masked_report_holds_nothing_personal(
    made: Made, state: str, variant: Variant, tmp_path: Path
) -> None:
    _, one = report(made, state, variant)
    secrets = [NAME, made.planted.id_number, str(made.planted.mobile), REASON, ADDRESS, DEVICE]
    with pikepdf.open(_saved(one.pdf, tmp_path)) as pdf:
        streams = b"".join(o.read_bytes() for o in pdf.objects if isinstance(o, pikepdf.Stream))
    told = re.sub(r"\s", "", text_of(one.pdf, tmp_path))
    for secret in secrets:
        assert secret not in told
        assert secret.encode() not in streams
        assert secret not in one.json.decode()


def test_the_full_report_has_them(made: Made, tmp_path: Path) -> None:
    _, one = report(made, "done", Variant.FULL)
    told = re.sub(r"\s", "", text_of(one.pdf, tmp_path))
    for shown in (NAME, made.planted.id_number, made.planted.mobile, ADDRESS, DEVICE):
        assert str(shown) in told


@pytest.mark.parametrize("variant", [Variant.FULL, Variant.MASKED])
def test_it_is_made_again_octet_for_octet(made: Made, variant: Variant) -> None:
    first, second = (report(made, "done", variant)[1] for _ in range(2))
    assert first.pdf == second.pdf
    assert first.json == second.json


def test_it_carries_its_json_and_calls_itself_no_appraisal(made: Made, tmp_path: Path) -> None:
    _, one = report(made, "done")
    with pikepdf.open(_saved(one.pdf, tmp_path)) as pdf:
        assert pdf.attachments[JSON_NAME].get_file().read_bytes() == one.json
        specification = pdf.attachments[JSON_NAME].obj
        assert specification.AFRelationship == "/Data"
        assert pdf.Root.MarkInfo.Marked
        with pdf.open_metadata() as metadata:
            assert (metadata["pdfaid:part"], metadata["pdfaid:conformance"]) == ("3", "A")
            assert "电子数据存证核验报告" in metadata["dc:title"]
    assert "司法鉴定意见书" not in text_of(one.pdf, tmp_path)


def _saved(pdf: bytes, folder: Path) -> Path:
    file = folder / "opened.pdf"
    file.write_bytes(pdf)
    return file
