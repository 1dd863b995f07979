"""PDFs that nobody here wrote: each can be prepared, or is refused with a reason."""

from __future__ import annotations

import io
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pikepdf
import pytest
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.fields import enumerate_sig_fields

from api.messages.reasons import reason
from signing.errors import DocumentRefused
from signing.pdf.prepare import FieldPlan, prepare
from signing.pdf.repair import repair
from signing.pdf.source import open_source
from signing.place import Box, CrossPage, Rect
from tests.support import services
from tests.support.pdfsamples import MARK, SEAL, STRANGERS, stranger, strangers

REFUSED = {
    "broken-objstream1.pdf": "broken",
    "circular-page-tree.pdf": "circular",
    "form-tree-circular-ref-input.pdf": "circular",
    "malformed-encrypt-dict1.pdf": "encrypted",
    "malformed-xref-space-padded.pdf": "broken",
    "minimal-aes256.pdf": "encrypted",
    "minimal-annotless.pdf": "broken",
    "minimal-badxref.pdf": "broken",
    "minimal-broken-xref-size.pdf": "broken",
    "minimal-hybrid-xref-mswordstyle.pdf": "hybrid",
    "minimal-hybrid-xref.pdf": "hybrid",
    "minimal-illegal-header.pdf": "broken",
    "minimal-rc4.pdf": "encrypted",
    "minimal-startxref-hopeless.pdf": "broken",
    "page-tree-direct-kid.pdf": "broken",
}
"""Everything else is taken as it is."""
BEYOND_REPAIR = {
    "broken-objstream1.pdf": "broken",
    "circular-page-tree.pdf": "broken",
    "form-tree-circular-ref-input.pdf": "circular",
    "malformed-encrypt-dict1.pdf": "encrypted",
    "minimal-aes256.pdf": "encrypted",
    "minimal-rc4.pdf": "encrypted",
}
NAMES = [one.relative_to(STRANGERS).as_posix() for one in strangers()]
SOUND = [one for one in NAMES if one not in REFUSED]
SIGNED = [
    "extensions-direct.pdf",
    "minimal-signed-twice-second-created.pdf",
    "minimal-two-fields-signed-twice.pdf",
    "pdf-sig-with-econtent.pdf",
    "sig-no-signed-attrs.pdf",
    "sig-with-ski-sid.pdf",
]


@dataclass(frozen=True, slots=True)
class Done:
    """A file with one revision more."""

    before: bytes
    after: bytes
    repaired: bool


def plans(data: bytes) -> list[FieldPlan]:
    with open_source(data) as source:
        page = source.page(1)
        rect = Rect(page.width * 0.1, page.height * 0.1, min(100.0, page.width * 0.5), 30)
        wanted = [
            FieldPlan("XqBorrower", Box(1, rect), MARK, "借款人签名"),
            FieldPlan("XqBank", None, None, "银行"),
        ]
        if source.page_count > 1 and not source.signatures:
            wanted.append(FieldPlan("XqSeal", None, None, "骑缝章", CrossPage(90, 90), SEAL))
    return wanted


def done(name: str) -> Done:
    data = stranger(name)
    repaired = name in REFUSED
    if repaired:
        data = repair(data).data
    with open_source(data) as source:
        return Done(data, data + prepare(source, plans(data)).data, repaired)


def test_the_strangers_are_there() -> None:
    if not NAMES:
        pytest.skip(f"{STRANGERS} is not here: the PDFs of strangers lie beside the repository")
    assert set(REFUSED) <= set(NAMES)


@pytest.mark.parametrize("name", [one for one in NAMES if one in REFUSED])
def test_what_is_refused_has_a_reason_in_both_languages(name: str) -> None:
    data = stranger(name)
    with pytest.raises(DocumentRefused) as caught:
        open_source(data)
    assert caught.value.cause == REFUSED[name]
    assert reason(caught.value.reason, "zh-CN") != caught.value.reason
    if name in BEYOND_REPAIR:
        with pytest.raises(DocumentRefused) as again:
            repair(data)
        assert again.value.cause == BEYOND_REPAIR[name]


@pytest.mark.parametrize("name", [one for one in NAMES if one not in BEYOND_REPAIR])
def test_what_is_taken_is_read_by_others(name: str) -> None:
    made = done(name)
    reader = PdfFileReader(io.BytesIO(made.after))
    assert {"XqBorrower", "XqBank"} <= {one[0] for one in enumerate_sig_fields(reader)}
    with pikepdf.open(io.BytesIO(made.after), attempt_recovery=False) as pdf:
        names = [str(one.get("/T", "")) for one in pdf.Root.AcroForm.Fields]
    assert len(names) == len(set(names))
    with open_source(made.after) as source:
        assert {"XqBorrower", "XqBank"} <= set(source.fields)


@pytest.mark.interop
@pytest.mark.parametrize("name", [one for one in NAMES if one not in BEYOND_REPAIR])
def test_qpdf_finds_no_more_to_complain_of(name: str, tmp_path: Path) -> None:
    qpdf = services.require("qpdf")
    made = done(name)
    codes = []
    for label, data in (("before", made.before), ("after", made.after)):
        path = tmp_path / f"{label}.pdf"
        path.write_bytes(data)
        codes.append(subprocess.run([qpdf, "--check", path], capture_output=True, check=False).returncode)
    assert codes[1] <= codes[0]
    assert codes[1] in {0, 3}  # 3 is a warning


@pytest.mark.parametrize("name", [one for one in NAMES if one in SIGNED])
def test_signatures_that_are_there_stay_valid_under_the_strictest_policy(name: str) -> None:
    reader = PdfFileReader(io.BytesIO(done(name).after), strict=False)
    assert reader.embedded_signatures
    for signature in reader.embedded_signatures:
        signature.compute_integrity_info()
        assert signature.coverage.name == "ENTIRE_REVISION"
        assert signature.diff_result.modification_level <= ModificationLevel.FORM_FILLING
