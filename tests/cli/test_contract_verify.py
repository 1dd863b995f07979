"""`xinqian contract verify`: offline, by the verifier's own trust."""

from __future__ import annotations

from pathlib import Path

import pytest

from api.cli.exits import Exit
from ca.certificate import pem_bundle
from keys.suites import Algorithm
from tests.cli.conftest import Ran, Run
from tests.support import chains
from tests.support.attacks.contract import NOW, contract, setting
from tests.support.attacks.reveal import with_annotation

AT = NOW.isoformat()


def write_trust(folder: Path, algorithm: Algorithm, *, crls: bool = True) -> Path:
    folder.mkdir()
    store = setting(algorithm).trust
    (folder / "root.pem").write_text(pem_bundle(store.anchors), encoding="ascii")
    (folder / "chain.pem").write_text(pem_bundle(store.intermediates), encoding="ascii")
    for place, one in enumerate(store.revocation.crls if crls else ()):
        (folder / f"{place}.crl").write_bytes(one.data)
    return folder


def verify(run: Run, folder: Path, data: bytes, trust: Path, *more: str) -> Ran:
    path = folder / "contract.pdf"
    path.write_bytes(data)
    return run("contract", "verify", path, "--trust", trust, "--at", AT, *more)


@pytest.mark.parametrize("algorithm", chains.DEFAULTS)
def test_a_signed_contract_passes(xinqian: Run, tmp_path: Path, algorithm: Algorithm) -> None:
    trust = write_trust(tmp_path / "trust", algorithm)
    ran = verify(xinqian, tmp_path, contract(algorithm), trust, "--format", "json")
    assert ran.code == Exit.DONE, ran.err
    assert ran.json["indication"] == "TOTAL-PASSED"
    first = ran.json["signatures"][0]
    assert (first["field"], first["suite"], first["level"]) == ("borrower", algorithm.suite.value, "B-T")
    assert first["signing_time_proved_by"] == "signature-timestamp"
    assert first["covers_whole_revision"] is True
    assert list(first["modifications"]) == ["signature"]
    assert ran.json["attacks"] == []


@pytest.mark.parametrize(("language", "word"), [("en", "Certification attack"), ("zh-CN", "认证攻击")])
def test_an_attack_fails_in_plain_words(xinqian: Run, tmp_path: Path, language: str, word: str) -> None:
    trust = write_trust(tmp_path / "trust", Algorithm.P256)
    data = with_annotation(contract(Algorithm.P256), b"/FreeText")
    ran = verify(xinqian, tmp_path, data, trust, "--lang", language)
    assert ran.code == Exit.INVALID
    assert word in ran.out


def test_other_roots_leave_it_open(xinqian: Run, tmp_path: Path) -> None:
    trust = write_trust(tmp_path / "trust", Algorithm.SM2)
    ran = verify(xinqian, tmp_path, contract(Algorithm.P256), trust, "--format", "json")
    assert (ran.code, ran.json["sub_indication"]) == (Exit.INDETERMINATE, "NO_CERTIFICATE_CHAIN_FOUND")


def test_without_revocation_data_it_says_what_is_missing(xinqian: Run, tmp_path: Path) -> None:
    trust = write_trust(tmp_path / "trust", Algorithm.P256, crls=False)
    ran = verify(xinqian, tmp_path, contract(Algorithm.P256), trust)
    assert ran.code == Exit.INDETERMINATE
    assert "xinqian crl show" in ran.err


@pytest.mark.parametrize("data", [b"", b"%PDF-1.7", b"text", bytes(100), b"%PDF-1.7\nstartxref\n0\n%%EOF\n"])
def test_what_cannot_be_read_fails_without_a_traceback(xinqian: Run, tmp_path: Path, data: bytes) -> None:
    trust = write_trust(tmp_path / "trust", Algorithm.P256)
    ran = verify(xinqian, tmp_path, data, trust, "--format", "json")
    assert (ran.code, ran.json["sub_indication"]) == (Exit.INVALID, "FORMAT_FAILURE")
    assert "Traceback" not in ran.err


def test_a_missing_file_fails_as_one_that_cannot_be_read(xinqian: Run, tmp_path: Path) -> None:
    trust = write_trust(tmp_path / "trust", Algorithm.P256)
    ran = xinqian(
        "contract", "verify", tmp_path / "none.pdf", "--trust", trust, "--at", AT, "--format", "json"
    )
    assert (ran.code, ran.json["sub_indication"]) == (Exit.INVALID, "FORMAT_FAILURE")


def test_unsigned_is_open(xinqian: Run, tmp_path: Path) -> None:
    from tests.support.attacks.contract import unsigned  # noqa: PLC0415

    trust = write_trust(tmp_path / "trust", Algorithm.P256)
    ran = verify(xinqian, tmp_path, unsigned(), trust, "--format", "json")
    assert (ran.code, ran.json["sub_indication"]) == (Exit.INDETERMINATE, "SIGNED_DATA_NOT_FOUND")
