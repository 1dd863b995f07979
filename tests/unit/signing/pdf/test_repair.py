from __future__ import annotations

import pytest

from signing.errors import DocumentRefused
from signing.pdf.prepare import prepare
from signing.pdf.repair import repair
from signing.pdf.source import open_source
from tests.support.pdfsamples import pages
from tests.unit.signing.pdf.test_prepare import PLAN

SIGNED = {6: b"<</Type /Sig /Contents <00> /ByteRange [0 1 2 3]>>"}


@pytest.mark.parametrize(
    "data",
    [
        pages().replace(b"startxref", b"startxxxx"),
        b"\n\n" + pages(),
        pages() + b"junk",
        pages()[:-40],
        pages([b"", b""]).replace(b"[10 0 R 11 0 R]", b"[10 0 R 10 0 R]"),
    ],
)
def test_a_broken_file_is_rewritten_and_people_are_told(data: bytes) -> None:
    with pytest.raises(DocumentRefused):
        open_source(data)
    repaired = repair(data)
    assert repaired == repair(data)
    assert repaired.notes == ("was broken and has been rewritten: what is signed is the new file",)
    with open_source(repaired.data) as source:
        assert prepare(source, [PLAN]).fields[0].page == 1


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (pages(objects=SIGNED)[:-40], "signed"),
        (b"nothing", "not-pdf"),
        (b"%PDF-1.7\nnothing", "broken"),
    ],
)
def test_what_cannot_be_rewritten_is_refused(data: bytes, cause: str) -> None:
    with pytest.raises(DocumentRefused) as caught:
        repair(data)
    assert caught.value.cause == cause
