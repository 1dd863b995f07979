from __future__ import annotations

import pytest

from signing.errors import DocumentRefused, PlacementInvalid
from signing.pdf.locate import locate
from signing.place import Keyword
from tests.support.pdfsamples import pages

WIDE = "".join(chr(ord(one) + 0xFEE0) for one in "BORROWERSign")
"""In characters of full width."""
CONTENT = (
    b"BT /F1 10 Tf 30 40 Td (Lender sign) Tj ET BT /F1 10 Tf 30 150 Td (Borrower sign) Tj ET"
    b" BT /F1 10 Tf 200 150.5 Td (sign HERE) Tj ET"
)


def test_occurrences_count_in_reading_order() -> None:
    data = pages([b"", b""], content=CONTENT)
    found = [locate(data, Keyword("sign", 10, 10, occurrence=one)) for one in (1, 2, 3, 4, -1)]
    assert [one.page for one in found] == [1, 1, 1, 2, 2]
    first, second, third, fourth, last = (one.rect for one in found)
    assert first.left < second.left  # one line, though the right one stands a hair higher
    assert third.bottom < 60 < first.bottom
    assert fourth == first
    assert last == third


@pytest.mark.parametrize(
    ("keyword", "found"),
    [
        (Keyword("here", 9, 9), False),
        (Keyword("here", 9, 9, exact=False), True),
        (Keyword(WIDE, 9, 9), False),
        (Keyword(WIDE, 9, 9, exact=False), True),
        (Keyword("BorrowerSign", 9, 9, exact=False), True),
        (Keyword("sign", 9, 9, first_page=2), False),
        (Keyword("sign", 9, 9, occurrence=4), False),
        (Keyword("sign", 9, 9, occurrence=-4), False),
        (Keyword("sign", 9, 9, occurrence=0), False),
        (Keyword("", 9, 9), False),
        (Keyword("  ", 9, 9, exact=False), False),
        (Keyword("s" * 300, 9, 9), False),
    ],
)
def test_words_are_found_exactly_or_not(keyword: Keyword, *, found: bool) -> None:
    data = pages(content=CONTENT)
    if found:
        assert locate(data, keyword).page == 1
        return
    with pytest.raises(PlacementInvalid) as caught:
        locate(data, keyword, field="Borrower")
    assert caught.value.field == "Borrower"


def test_a_reason_says_how_many_were_found() -> None:
    with pytest.raises(PlacementInvalid, match=r"“sign” were found 3 times on pages 1 to 1; number 7"):
        locate(pages(content=CONTENT), Keyword("sign", 9, 9, occurrence=7))


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
def test_a_place_is_on_the_page_as_displayed(rotation: int) -> None:
    data = pages([b"/Rotate %d /CropBox [10 20 290 180]" % rotation], content=CONTENT)
    rect = locate(data, Keyword("Borrower", 9, 9)).rect
    # The words' lower edge in user space is at 150, their ends at 30 and some 72.
    expected = {0: (62, 130), 90: (140, 218), 180: (260, 20), 270: (30, 20)}[rotation]
    assert (rect.left, rect.bottom) == pytest.approx(expected, abs=14)


def test_what_is_no_pdf_is_refused() -> None:
    with pytest.raises(DocumentRefused):
        locate(b"%PDF-1.7 nothing", Keyword("sign", 9, 9))
