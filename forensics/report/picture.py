"""Pictures of the signed pages, with the places of the signatures."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field

from signing.contract import Contract
from signing.document import Buffer
from signing.party import Party
from signing.pdf.pdfium import opened
from signing.place import Rect

POINTS_PER_INCH = 72
RESOLUTION = 80  # dots per inch: text stays legible at the size at which a report shows a page
MAX_PICTURES = 12  # pages; a contract of a hundred signed pages is better looked at itself


@dataclass(frozen=True, slots=True)
class Mark:
    """A signature's place on a page, in points from the page's lower left corner."""

    number: int
    """Of the party."""
    field: str
    rect: Rect


@dataclass(frozen=True, slots=True)
class PagePicture:
    """A page; without a picture (masked editions) its outline alone is drawn."""

    page: int
    width: float
    height: float
    marks: tuple[Mark, ...]
    png: bytes | None = field(default=None, repr=False)


def marks_by_page(contract: Contract) -> dict[int, list[Mark]]:
    """Places of signatures by page."""
    found: dict[int, list[Mark]] = {}
    parties: Sequence[Party] = contract.parties
    for number, party in enumerate(parties):
        for spot in party.spots:
            if spot.rect.width > 0:
                found.setdefault(spot.page, []).append(Mark(number + 1, spot.field, spot.rect))
    return found


def page_pictures(data: Buffer, contract: Contract, *, blank: bool) -> tuple[PagePicture, ...]:
    """The pages that carry signatures, in order; `blank` for outlines.

    Raises `signing.errors.DocumentRefused`.
    """
    made = []
    with opened(data) as document:
        document.init_forms()  # or signatures would not be drawn
        for number, marks in sorted(marks_by_page(contract).items())[:MAX_PICTURES]:
            page = document[number - 1]
            width, height = page.get_size()
            png = None
            if not blank:
                image = page.render(scale=RESOLUTION / POINTS_PER_INCH, may_draw_forms=True).to_pil()
                out = io.BytesIO()
                image.save(out, "PNG")
                png = out.getvalue()
            made.append(PagePicture(number, round(width, 3), round(height, 3), tuple(marks), png))
    return tuple(made)
