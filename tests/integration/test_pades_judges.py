"""Judges of other makes on PDFs that we signed: pyHanko, poppler, qpdf, PDFBox with Bouncy Castle."""

from __future__ import annotations

import subprocess
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from pyhanko.sign.diff_analysis import ModificationLevel

from keys.suites import Algorithm
from signing.pdf.increment import Increment
from signing.pdf.source import open_source
from tests.support import chains, pyhankojudge, services
from tests.support.judge import Refused
from tests.support.pdfjudge import PdfBox
from tests.support.signing import LATER, blank_document, person, sign_one, signed_document

pytestmark = pytest.mark.interop
INTL = (Algorithm.P256, Algorithm.RSA3072)
SIGNERS = 3


@cache
def revisions(algorithm: Algorithm, signers: int = SIGNERS) -> list[bytes]:
    """Prepared, each signature, validation data, document timestamp, and both again for the renewal."""
    return signed_document(algorithm, signers, renewals=1)[0]


def root(algorithm: Algorithm) -> bytes:
    return chains.root(algorithm).party.certificate.data


@pytest.mark.parametrize("algorithm", INTL)
def test_pyhanko_accepts_every_signature_at_every_revision(algorithm: Algorithm) -> None:
    for signed, data in enumerate(revisions(algorithm)[1:], 1):
        found = pyhankojudge.accept(data, root(algorithm), LATER)
        assert len(found) == min(signed, SIGNERS) + max(0, signed - SIGNERS) // 2
        assert all(one.timestamped for one in found)
        last = found[-1]
        archived_after = signed in {SIGNERS + 1, SIGNERS + 3}  # a revision of validation data alone
        assert last.coverage is (pyhankojudge.REVISION if archived_after else pyhankojudge.WHOLE)
        assert last.modification <= ModificationLevel.LTA_UPDATES


@pytest.mark.parametrize("algorithm", INTL)
def test_what_the_file_holds_is_enough_for_pyhanko(algorithm: Algorithm) -> None:
    """B-LT and B-LTA: with revocation required, and nothing but the file to take it from."""
    for data in revisions(algorithm)[SIGNERS + 1 :]:
        pyhankojudge.accept(data, root(algorithm), LATER, long_term=True)


def test_ten_signers_with_validation_data_and_document_timestamps() -> None:
    data = revisions(Algorithm.P256, 10)[-1]
    found = pyhankojudge.accept(data, root(Algorithm.P256), LATER, long_term=True)
    assert [one.field for one in found] == [
        *(f"party-{number}" for number in range(1, 11)),
        "ArchiveTimestamp1",
        "ArchiveTimestamp2",
    ]
    # All that came after a signature are other signatures and the archive's data.
    assert {one.modification for one in found[:9]} == {ModificationLevel.FORM_FILLING}
    assert {one.modification for one in found[9:]} <= {ModificationLevel.LTA_UPDATES, ModificationLevel.NONE}


def test_pyhanko_finds_a_page_that_changed_after_the_certification() -> None:
    """The judge is one that refuses."""
    data = revisions(Algorithm.P256)[1]
    with open_source(data) as source:
        increment = Increment(source)
        page = source.leaves[0].number
        increment.put(page, source.pdf.get_object(page, 0).unparse(resolved=True).replace(b"842", b"841"))
        changed = data + increment.render().data
    with pytest.raises(AssertionError):
        pyhankojudge.accept(changed, root(Algorithm.P256), LATER)


@pytest.mark.parametrize("algorithm", Algorithm)
def test_pdfbox_and_bouncy_castle_accept_signatures_attributes_and_tokens(
    algorithm: Algorithm, pdfbox: PdfBox, tmp_path: Path
) -> None:
    path = tmp_path / "signed.pdf"
    path.write_bytes(revisions(algorithm)[-1])
    verdict = pdfbox.pdf(path, anchors=[root(algorithm)], at=LATER)
    assert verdict.detail("signatures") == str(SIGNERS + 2)
    names = [one.name for one in verdict.checks if one.outcome == "passed"]
    assert names.count("signed-attributes") == SIGNERS
    assert names.count("token") == SIGNERS + 2
    assert verdict.detail("signature-timestamp") == "present"


def test_pdfbox_refuses_another_octet(pdfbox: PdfBox, tmp_path: Path) -> None:
    path = tmp_path / "changed.pdf"
    data = bytearray(revisions(Algorithm.SM2)[1])
    place = data.index(b"/MediaBox")
    data[place + 1 : place + 9] = b"Mediabox"
    path.write_bytes(data)
    with pytest.raises(Refused, match="signature: refused"):
        pdfbox.pdf(path, anchors=[root(Algorithm.SM2)], at=LATER)


@pytest.mark.parametrize("algorithm", INTL)
def test_poppler_accepts(algorithm: Algorithm, tmp_path: Path) -> None:
    services.require("pdfsig")
    path = tmp_path / "signed.pdf"
    path.write_bytes(revisions(algorithm)[SIGNERS])
    done = subprocess.run(["pdfsig", "-nocert", path], capture_output=True, text=True, check=False)
    assert done.stdout.count("Signature Validation: Signature is Valid.") == SIGNERS, done.stdout
    assert done.stdout.count("Signature Type: ETSI.CAdES.detached") == SIGNERS
    assert done.stdout.count("Not total document signed") == SIGNERS - 1
    assert done.stdout.count("Total document signed") == 1


@pytest.mark.parametrize("algorithm", Algorithm)
def test_qpdf_finds_nothing_wrong(algorithm: Algorithm, tmp_path: Path) -> None:
    services.require("qpdf")
    for number, data in enumerate(revisions(algorithm)):
        path = tmp_path / f"{number}.pdf"
        path.write_bytes(data)
        done = subprocess.run(["qpdf", "--check", path], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("streams", [False, True])
def test_files_of_others_with_either_kind_of_cross_references(
    *, streams: bool, pdfbox: PdfBox, tmp_path: Path
) -> None:
    data = blank_document(2, pages=2, streams=streams)
    for field in ("party-2", "party-1"):
        data = sign_one(data, field, person(Algorithm.P256))
    pyhankojudge.accept(data, root(Algorithm.P256), LATER)
    path = tmp_path / "signed.pdf"
    path.write_bytes(data)
    pdfbox.pdf(path, anchors=[root(Algorithm.P256)], at=LATER)
    services.require("qpdf")
    subprocess.run(["qpdf", "--check", path], check=True, capture_output=True)


@pytest.mark.parametrize("algorithm", Algorithm)
def test_every_revision_is_a_prefix_of_the_later(algorithm: Algorithm) -> None:
    for before, after in pairwise(revisions(algorithm)):
        assert after.startswith(before)
        assert len(after) > len(before)
