"""A document's pages as pictures and as text, for a page that shows them."""

from __future__ import annotations

import io

from pydantic import BaseModel

from api.errors import InputInvalid
from signing.document import Buffer
from signing.pdf.pdfium import opened

MAX_PIXELS = 4_000_000  # of one picture: an A4 page at 200 dpi has 3.9 million
MAX_TEXT = 100_000  # characters of one page


class PageText(BaseModel):
    """What stands on one page."""

    page: int
    text: str


def page_count(data: Buffer) -> int:
    """How many there are; raises `DocumentRefused`."""
    with opened(data) as document:
        return len(document)


def page_texts(data: Buffer, first: int, count: int) -> list[PageText]:
    """Text of the pages from `first` (from 1); raises `DocumentRefused`."""
    found = []
    with opened(data) as document:
        for number in range(first, min(first + count, len(document) + 1)):
            page = document[number - 1]
            text = page.get_textpage()
            found.append(PageText(page=number, text=text.get_text_bounded()[:MAX_TEXT]))
            text.close()
            page.close()
    return found


def page_picture(data: Buffer, number: int, width: int) -> bytes:
    """Page `number` (from 1) as PNG, `width` pixels wide.

    Raises `InputInvalid` for a page that is not there, `DocumentRefused`.
    """
    with opened(data) as document:
        if not 1 <= number <= len(document):
            raise InputInvalid("page", f"is none of the {len(document)} pages")
        document.init_forms()  # before the page is opened: signatures of others are shown too
        page = document[number - 1]
        wide, high = page.get_size()
        scale = min(width / max(wide, 1.0), (MAX_PIXELS / max(wide * high, 1.0)) ** 0.5)
        bitmap = page.render(scale=scale, may_draw_forms=True)
        picture = bitmap.to_pil()
        out = io.BytesIO()
        picture.save(out, "PNG", optimize=False)
        bitmap.close()
        page.close()
    return out.getvalue()
