"""Fuzz target of strangers' PDFs: read, repaired, prepared and searched, or refused by our own errors."""

from __future__ import annotations

import io

import pikepdf

from signing.errors import SigningError
from signing.pdf.locate import locate
from signing.pdf.prepare import FieldPlan, prepare
from signing.pdf.repair import repair
from signing.pdf.source import open_source
from signing.place import Box, CrossPage, Keyword, Rect
from tests.fuzz.target import Target
from tests.support.pdfsamples import MARK, SEAL, pages, strangers

MAX_SAMPLE = 8_192  # octets: larger samples spend the time on what is in their streams
PLANS = [
    FieldPlan("XqBorrower", Box(1, Rect(1, 1, 20, 10)), MARK, "borrower"),
    FieldPlan("XqBank", None, None, "bank"),
]
ACROSS = FieldPlan("XqSeal", None, None, "seal", CrossPage(20, 20), SEAL)


def source(data: bytes) -> None:
    """What is taken can be appended to, and is then read again by us and by qpdf."""
    with open_source(data) as found:
        plans = [*PLANS, ACROSS] if found.page_count > 1 else PLANS
        after = data + prepare(found, plans).data
    with open_source(after) as again:
        assert {one.name for one in plans} <= set(again.fields)
    with pikepdf.open(io.BytesIO(after), attempt_recovery=False) as pdf:
        assert "/AcroForm" in pdf.Root


def rewritten(data: bytes) -> None:
    """What is repaired can be opened."""
    with open_source(repair(data).data):
        pass


def words(data: bytes) -> None:
    """Words are found, or not."""
    locate(data, Keyword("sign", 10, 10, exact=False))


def targets() -> tuple[Target, ...]:
    """Of this module."""
    objects = {6: b"<</T (Old) /FT /Sig /Rect [1 2 3 4]>>"}
    samples = (
        pages([b"", b"/Rotate 90 /CropBox [10 20 110 220]"]),
        pages([b"", b""], stream=True),
        pages(objects=objects, catalogue=b"/AcroForm <</Fields [6 0 R]>>"),
        *(one.read_bytes() for one in strangers() if one.stat().st_size <= MAX_SAMPLE),
    )
    modules = ("signing.pdf.lexer", "signing.pdf.sections", "signing.pdf.source", "signing.pdf.prepare")
    return (
        Target("pdf_source", source, (SigningError,), samples, modules),
        Target("pdf_repair", rewritten, (SigningError,), samples, modules),
        Target("pdf_words", words, (SigningError,), samples, ("signing.pdf.locate",)),
    )
