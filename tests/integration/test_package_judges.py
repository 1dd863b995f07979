"""Packages before judges of other makes: openssl, Bouncy Castle, the printed recipe, XML canonicalisation."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from forensics.package.asic import ALL_META, SIGNATURES, TIMESTAMPS
from forensics.package.asicmanifest import SHA256, XMLDSIG
from forensics.package.container import read_container
from forensics.package.entryname import uri_of
from forensics.package.instructions import NAMES, commands
from keys.suites import Algorithm
from tests.support import chains
from tests.support.judge import BouncyCastle, Refused
from tests.support.openssl import OpenSSL, OpenSSLRefused, pem
from tests.support.packaging import SEALS, masked_package, package
from tests.support.signing import LATER

pytestmark = pytest.mark.interop

SIGNED, SM2_SIGNED = SIGNATURES
STAMPED, SM2_STAMPED = TIMESTAMPS


def root(algorithm: Algorithm) -> bytes:
    return chains.root(algorithm).party.certificate.data


def test_openssl_verifies_the_signature(openssl: OpenSSL) -> None:
    files = read_container(package())
    content = files[SIGNED.manifest]
    anchors = [root(Algorithm.P256)]
    signature = files[SIGNED.proof]
    assert openssl.cms_verify(signature, anchors=anchors, content=content, at=LATER) == content
    with pytest.raises(OpenSSLRefused):
        openssl.cms_verify(signature, anchors=anchors, content=content + b" ", at=LATER)


@pytest.mark.parametrize("algorithm", SEALS)
def test_bouncy_castle_verifies_signatures_and_timestamps(
    bouncycastle: BouncyCastle, algorithm: Algorithm
) -> None:
    files = read_container(package())
    place = SEALS.index(algorithm)
    anchors = [root(algorithm)]
    slot, stamp = SIGNATURES[place], TIMESTAMPS[place]
    bouncycastle.cms(files[slot.proof], content=files[slot.manifest], anchors=anchors, at=LATER)
    bouncycastle.timestamp(files[stamp.proof], data=files[stamp.manifest], anchors=anchors)
    with pytest.raises(Refused):
        bouncycastle.cms(files[slot.proof], content=files[stamp.manifest], anchors=anchors, at=LATER)


def test_manifests_are_canonical_xml_that_another_reader_agrees_with() -> None:
    """Canonical XML 1.0 by libxml2, and the elements by a parser that knows nothing of ours."""
    lxml = pytest.importorskip("lxml.etree")
    files = read_container(package())
    for slot in (*SIGNATURES, *TIMESTAMPS):
        data = files[slot.manifest]
        assert lxml.tostring(lxml.fromstring(data), method="c14n", exclusive=False) == data
        top = ET.fromstring(data)  # noqa: S314  (made above)
        methods = {one.get("Algorithm") for one in top.iter(f"{{{XMLDSIG}}}DigestMethod")}
        assert methods == {SHA256}
        named = {one.get("URI") for one in top if one.tag.endswith("DataObjectReference")}
        assert named >= {uri_of(path) for path in files if path not in {*ALL_META, "mimetype"}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The package unpacked by unzip, with the roots that the reader brought."""
    if shutil.which("unzip") is None:
        pytest.skip("no unzip")
    (tmp_path / "package.asice").write_bytes(package())
    subprocess.run(["unzip", "-q", "package.asice"], cwd=tmp_path, check=True)
    for name, algorithm in (("intl", Algorithm.P256), ("guomi", Algorithm.SM2)):
        (tmp_path / f"root-{name}.pem").write_bytes(pem("CERTIFICATE", root(algorithm)))
    return tmp_path


def typed(folder: Path, text: str) -> list[tuple[str, str]]:
    """Every command of the text with what it printed; raises when one fails."""
    made = []
    for command in commands(text):
        done = subprocess.run(
            ["sh", "-c", command], cwd=folder, check=False, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        made.append((command, done.stdout + done.stderr))
    return made


def halves(text: str) -> list[str]:
    """Chinese and English."""
    return re.split(r"(?m)^How to verify", text)


@pytest.mark.parametrize("language", [0, 1])
def test_the_printed_recipe_works_when_typed(openssl: OpenSSL, folder: Path, language: int) -> None:
    printed = typed(folder, halves((folder / NAMES[0]).read_text(encoding="utf-8"))[language])
    assert len(printed) == 18
    said = [output for _, output in printed]
    assert "CMS Verification successful" in said[2]
    assert "Verification: OK" in said[3]
    for digest, shown in ((said[10], said[11]), (said[12], said[13])):
        assert digest.rpartition("= ")[2].strip().upper() in shown
    assert "Verified OK" in said[15]
    assert said[16] == "trust/tsa/guomi-unit.pem: OK\n"
    assert said[17] == "trust/tsa/guomi-issuer-1.pem: OK\n"


def test_the_recipe_fails_for_another_token(openssl: OpenSSL, folder: Path) -> None:
    token = folder / SM2_STAMPED.proof
    data = token.read_bytes()
    token.write_bytes(data[:-1] + bytes((data[-1] ^ 1,)))
    with pytest.raises(AssertionError, match=r"(?i)verification failure"):
        typed(folder, halves((folder / NAMES[0]).read_text(encoding="utf-8"))[0])


def test_instructions_name_every_file_and_nothing_outside() -> None:
    for data in (package(), masked_package()):
        files = read_container(data)
        text, page = (files[name].decode() for name in NAMES)
        for half in halves(text):
            missing = [path for path in files if path not in half and path not in {*NAMES, "mimetype"}]
            assert missing == []
        assert "http" not in page.replace("https://", "http")
        assert "${" not in text
    assert "contract/loan-signed.pdf" in read_container(masked_package())[NAMES[0]].decode()
