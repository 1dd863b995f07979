"""The demonstration leaves what was promised, keeps secrets, and can be run again, whatever lay there."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import stat
from pathlib import Path

import pytest
from asn1crypto import cms, tsp
from cryptography import x509

from api.demo.parties import BANK, BORROWER, GUARANTOR, WITHDRAWN
from api.settings import Settings
from api.wiring import bare_centre, master_key_ring
from ca.oids import TSA_POLICY_TEST
from keys.adapters.software import SoftwareSigner
from keys.key import KeyState
from tests.support.demonstration import LEAVES, ROLES, SUITES, Demonstration, run

PER_SUITE = (
    *(f"trust/{{suite}}-{role}.crl" for role in ROLES),
    "trust/{suite}-root.pem",
    "trust/{suite}-chain.pem",
    "{suite}/ocsp.der",
    "{suite}/timestamp.tst",
    "{suite}/timestamp.data",
    "{suite}/contract.pdf",
    *(f"{{suite}}/{name}.pem" for name in (*LEAVES, "withdrawn")),
)


def test_every_check_held(demonstration: Demonstration) -> None:
    summary = demonstration.summary()
    assert summary["failed"] == 0
    checks = [check for step in summary["steps"] for check in step["checks"]]
    assert summary["checks"] == len(checks) > 80
    assert all(check["ok"] for check in checks)
    assert {check["by"] for check in checks} >= {"xinqian", "openssl", "gmssl", "cryptography"}


def test_each_step_was_printed_with_its_files_and_time(demonstration: Demonstration) -> None:
    said = demonstration.said
    for step in demonstration.summary()["steps"]:
        assert step["seconds"] >= 0
        for name in step["files"]:
            assert str(demonstration.out / name) in said
    assert said.count(" ms\n") == len(demonstration.summary()["steps"])
    assert "✗" not in said


@pytest.mark.parametrize("suite", SUITES)
def test_the_promised_files_are_there(demonstration: Demonstration, suite: str) -> None:
    for name in PER_SUITE:
        assert (demonstration.out / name.format(suite=suite)).stat().st_size > 0, name


def test_the_summary_names_every_file_by_its_digests(demonstration: Demonstration) -> None:
    files = demonstration.summary()["files"]
    here = {str(one.relative_to(demonstration.out)) for one in demonstration.out.rglob("*") if one.is_file()}
    unnamed = {name for name in here - set(files) if not name.startswith("state/")}
    assert unnamed == {"summary.json"}
    assert set(files) <= here
    for name, found in files.items():
        data = (demonstration.out / name).read_bytes()
        assert found["sha256"] == hashlib.sha256(data).hexdigest(), name
        assert found["sm3"] == hashlib.new("sm3", data).hexdigest(), name
        assert int(found["size"]) == len(data)


def test_the_summary_names_versions(demonstration: Demonstration) -> None:
    assert set(demonstration.summary()["versions"]) >= {
        "xinqian",
        "cryptography",
        "gmssl",
        "python",
        "sqlite",
    }


@pytest.mark.parametrize("suite", SUITES)
def test_the_summary_names_serials(demonstration: Demonstration, suite: str) -> None:
    step = demonstration.step("certificates", suite)
    for name in LEAVES:
        certificate = x509.load_der_x509_certificate(demonstration.leaf(suite, name))
        assert int(step[name]["serial"], 16) == certificate.serial_number
        assert step[name]["subject"] == certificate.subject.rfc4514_string()
    token = cms.ContentInfo.load(demonstration.file(suite, "timestamp.tst"))
    info = token["content"]["encap_content_info"]["content"].parsed
    assert isinstance(info, tsp.TSTInfo)
    step = demonstration.step("timestamp", suite)
    assert int(step["serial"], 16) == info["serial_number"].native
    assert step["gen_time"] == info["gen_time"].native.isoformat()
    assert info["policy"].dotted == TSA_POLICY_TEST


def test_no_name_stands_in_the_clear_in_what_is_kept(demonstration: Demonstration) -> None:
    searched = 0
    for file in sorted(one for one in demonstration.state.rglob("*") if one.is_file()):
        data = file.read_bytes()
        searched += len(data)
        assert b"%PDF-" not in data, file.name
        for party in (BORROWER, GUARANTOR, WITHDRAWN, BANK):
            # The bank's own code is on its public register, and what its seals are found by.
            numbers = () if party is BANK else (party.number, party.mobile)
            for text in filter(None, (party.name, *numbers)):
                for encoding in ("utf-8", "utf-16-be", "utf-16-le", "gb18030"):
                    assert text.encode(encoding) not in data, (file.name, text, encoding)
                assert json.dumps(text)[1:-1].encode() not in data
    assert searched > 100_000
    kept = (demonstration.state / "xinqian.sqlite").read_bytes()
    assert b"Xinqian TEST" in kept  # a name that is nobody's secret: the search would find another


def test_no_private_key_stands_in_the_clear_in_what_is_kept(
    demonstration: Demonstration, tmp_path: Path
) -> None:
    """Each key is opened by the product itself, on a copy, and its number is looked for in every file."""
    kept = {one.name: one.read_bytes() for one in demonstration.state.rglob("*") if one.is_file()}
    state = tmp_path / "state"
    shutil.copytree(demonstration.state, state)
    settings = Settings(state_dir=state)
    numbers = []
    with bare_centre(settings, master_key_ring(settings)) as centre, centre.database.reading() as unit:
        for key in unit.keys.list(state=KeyState.ACTIVE):
            signer = centre.software.open(key)
            assert isinstance(signer, SoftwareSigner)
            scalar = signer._private.pkcs8().partition(b"\x02\x01\x01\x04\x20")[2][:32]  # RFC 5915 3
            assert len(scalar) == 32
            numbers.append(scalar)
            assert any(
                key.public.spki in data for data in kept.values()
            )  # the search would find what is there
    assert len(set(numbers)) == len(numbers) > 20
    for name, data in kept.items():
        assert not re.search(rb"PRIVATE KEY", data), name
        text = data.lower()
        for number in numbers:
            assert number not in data, name
            assert number.hex().encode() not in text, name


def test_what_is_kept_is_for_its_owner_alone(demonstration: Demonstration) -> None:
    assert stat.S_IMODE(demonstration.state.stat().st_mode) == 0o700
    assert stat.S_IMODE((demonstration.state / "master.key").stat().st_mode) == 0o600


def test_the_folder_it_ran_in_twice_before_holds_one_run(demonstration: Demonstration) -> None:
    """The fixture ran to the end, was killed in the middle, and ran again; nothing of those runs is left."""
    with_state = demonstration.step("install")
    assert with_state["certificates"] == 26
    log = demonstration.step("log")
    assert log["events"] < 330
    number = r"CRL (\d+): signature"
    numbers = {
        int(found[1])
        for step in demonstration.summary()["steps"]
        for check in step["checks"]
        if (found := re.search(number, check["what"]))
    }
    assert numbers <= {2, 3}  # the first is of the installation, and a delta takes a number too


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_folder_with_a_strangers_file_is_refused_and_left_alone(tmp_path: Path, kind: str) -> None:
    out = tmp_path / "mine"
    (out / "state").mkdir(parents=True)
    (out / "state/master.key").write_text("mine")
    stranger = out / "letter.txt"
    stranger.write_text("mine") if kind == "file" else stranger.mkdir()
    code, printed, said = run(out, "http://127.0.0.1:1")
    assert code == 2
    assert printed == ""
    assert "letter.txt" in said
    assert "Traceback" not in said
    assert (out / "state/master.key").read_text() == "mine"
    assert stranger.exists()
    assert not (out / "summary.json").exists()


@pytest.mark.parametrize("kind", ["a file", "not writable"])
def test_a_folder_that_cannot_be_is_refused(tmp_path: Path, kind: str) -> None:
    out = tmp_path / "file" if kind == "a file" else Path("/proc/demonstration")
    if kind == "a file":
        out.write_text("mine")
    code, _, said = run(out, "http://127.0.0.1:1")
    assert code == 2, said
    assert f"--out: {out}" in said
