"""Contracts on the command line: listed, shown, written to a file; and the simulator's own command."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path

import httpx
import pytest

from api.cli.exits import Exit
from ca.order import Requester
from keys.suites import Suite
from signing.contract import Contract, ContractOrder, Terms
from signing.party import Particulars, PartyKind, PartyOrder, PartyRole, SignaturePlace
from signing.place import Box, Rect
from tests.cli.conftest import XINQIAN, Run
from tests.support.installation import Installation
from tests.support.services import environment
from tests.support.signers import BORROWER
from tests.support.tiny_pdf import tiny_pdf

NOBODY = "0" * 36


@pytest.fixture
def contract(installation: Installation) -> Contract:
    who = Particulars(BORROWER.name, BORROWER.id_number, BORROWER.mobile)
    place = SignaturePlace(Box(1, Rect(100, 100, 160, 60)))
    order = ContractOrder(
        number="CLI-0001",
        title="个人借款合同",
        suite=Suite.INTL,
        parties=(PartyOrder(PartyRole.BORROWER, PartyKind.PERSON, who, 1, (place,)),),
        terms=Terms(5_000_000, 650),
        file=tiny_pdf(),
    )
    with installation.open() as centre:
        return centre.drawing_up.draw_up(order, Requester("test"))


def test_contracts_are_listed_and_shown(here: Run, contract: Contract) -> None:
    listed = here("contract", "list", "--state", "prepared").json["contracts"]
    assert [one["id"] for one in listed] == [contract.contract_id]
    assert here("contract", "list", "--state", "signing").json["contracts"] == []
    assert here("contract", "list", "--number", "CLI-0001").json["contracts"] == listed
    shown = here("contract", "show", contract.contract_id).json
    assert shown["parties"][0]["name"] == BORROWER.name
    assert shown["parties"][0]["mobile"] != BORROWER.mobile
    assert [one["kind"] for one in shown["revisions"]] == ["uploaded", "prepared"]
    events = here("contract", "events", contract.contract_id).json["events"]
    assert [one["type"] for one in events] == ["CONTRACT_GENERATED", "DOCUMENT_PREPARED"]


def test_a_table_is_for_people(xinqian: Run, installation: Installation, contract: Contract) -> None:
    for words in (("list",), ("show", contract.contract_id), ("events", contract.contract_id)):
        ran = xinqian("contract", *words, "--lang", "zh-CN", **installation.environment)
        assert ran.code == Exit.DONE, ran.err
    assert "标题" in xinqian("contract", "list", "--lang", "zh-CN", **installation.environment).out


def test_a_document_is_written_and_the_writing_recorded(
    here: Run, contract: Contract, tmp_path: Path
) -> None:
    out = tmp_path / "contract.pdf"
    first = here("contract", "document", contract.contract_id, "--revision", "0", "--out", out)
    assert (first.code, out.read_bytes()) == (Exit.DONE, tiny_pdf())
    newest = here("contract", "document", contract.contract_id, "--out", out)
    assert newest.json["number"] == 1
    assert out.read_bytes().startswith(tiny_pdf())
    events = here("contract", "events", contract.contract_id).json["events"]
    assert [one["type"] for one in events].count("DOC_DOWNLOADED") == 2


WRONG = (
    (("show", NOBODY), Exit.NOT_FOUND, NOBODY),
    (("show", "../x"), Exit.NOT_FOUND, "../x"),
    (("events", NOBODY), Exit.NOT_FOUND, NOBODY),
    (("document", NOBODY, "--out", "x.pdf"), Exit.NOT_FOUND, NOBODY),
    (("document", NOBODY), Exit.USAGE, "--out"),
    (("list", "--state", "odd"), Exit.USAGE, "--state"),
    (("list", "--limit", "0"), Exit.USAGE, "--limit"),
)


def test_bad_input_is_named(here: Run) -> None:
    # One installation for all of them: making it takes longer than they do.
    for words, code, said in WRONG:
        ran = here("contract", *words)
        assert (ran.code, ran.out) == (code, ""), words
        assert said in ran.err


def test_a_revision_or_a_folder_that_is_not_there_is_named(
    here: Run, contract: Contract, tmp_path: Path
) -> None:
    words = ("contract", "document", contract.contract_id)
    missing = here(*words, "--revision", "9", "--out", tmp_path / "x.pdf")
    assert (missing.code, "9" in missing.err) == (Exit.NOT_FOUND, True)
    nowhere = here(*words, "--out", tmp_path / "nowhere" / "x.pdf")
    assert (nowhere.code, "nowhere" in nowhere.err) == (Exit.USAGE, True)


def test_the_simulator_serves_until_it_is_told_to_stop(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("a-secret-of-the-tests\n", encoding="ascii")
    secret.chmod(0o600)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [str(XINQIAN), "simulator", "serve", "--port", str(port), "--secret-file", str(secret)]
    running = subprocess.Popen(command, env=environment(), stderr=subprocess.PIPE, text=True)
    try:
        transport = httpx.HTTPTransport(retries=8)  # until it listens: waits 0, 0.5, 1, 2, 4… seconds
        with httpx.Client(transport=transport, base_url=f"http://127.0.0.1:{port}") as client:
            assert client.get("/").json()["simulator"] is True
            rights = {"Authorization": "Bearer a-secret-of-the-tests"}
            assert client.get("/control/messages", headers=rights).json() == []
    finally:
        running.terminate()
        _, said = running.communicate(timeout=30)
    assert f"http://127.0.0.1:{port}" in said


def test_a_simulator_without_a_usable_secret_does_not_start(xinqian: Run, tmp_path: Path) -> None:
    weak = tmp_path / "weak"
    weak.write_text("short\n", encoding="ascii")
    weak.chmod(0o600)
    for path in (weak, tmp_path / "nothing"):
        ran = xinqian("simulator", "serve", "--secret-file", path)
        assert (ran.code, "--secret-file" in ran.err) == (Exit.USAGE, True)
