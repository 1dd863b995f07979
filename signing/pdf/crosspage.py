"""骑缝章: one seal cut into slices over the right edges of the pages.

A signature field has one widget (ISO 32000-2 12.7.5.5), so that the slices are content of the pages, drawn
before anyone signs. The seal is one object; each page shows its part of it.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise

import pikepdf

from signing.errors import PlacementInvalid
from signing.form import Form
from signing.pdf import syntax
from signing.pdf.formobject import form_object
from signing.pdf.geometry import PageInfo
from signing.pdf.increment import Increment
from signing.pdf.pageedit import PageEdit
from signing.place import CrossPage

MIN_EDGE = 0.12
"""Share of the seal's width on the first and the last page of a seal: 12% of a circle's width holds 7% of its
area and arcs 65% as high as the seal; a twentieth would hold 2%, which a fold or a printer's margin eats."""
MIN_PAGES = 2


def shares(pages: int, slices: int) -> list[tuple[float, float]]:
    """For each page, from where to where of the seal's width it shows.

    More pages than `slices` are divided into seals as evenly as possible; a seal takes one page more where
    that page would be left alone.
    """
    seals = min(math.ceil(pages / max(slices, MIN_PAGES)), pages // MIN_PAGES)
    found: list[tuple[float, float]] = []
    for place in range(seals):
        count = pages * (place + 1) // seals - pages * place // seals
        edge = max(1 / count, MIN_EDGE) if count > MIN_PAGES else 1 / count
        inner = (1 - 2 * edge) / (count - 2) if count > MIN_PAGES else 0.0
        cuts = [0.0, *(edge + inner * one for one in range(count - 1)), 1.0]
        found += pairwise(cuts)
    return found


def draw_slices(
    increment: Increment, field: str, cross: CrossPage, seal: Form, edit_of: Callable[[int], PageEdit]
) -> None:
    """Draws the seal's slices. Raises `PlacementInvalid`."""
    source = increment.source
    if source.page_count < MIN_PAGES:
        raise PlacementInvalid(field, "a seal across pages needs two pages or more")
    if source.signatures:
        raise PlacementInvalid(field, "a seal across pages would change what others have signed")
    if cross.slices < MIN_PAGES or not 0 <= cross.centre <= 1 or min(cross.width, cross.height) <= 0:
        raise PlacementInvalid(field, "the seal across pages needs two slices or more, a size and a height")
    form = form_object(increment, seal)
    for number, (first, last) in enumerate(shares(source.page_count, cross.slices), 1):
        info = source.page(number)
        width = (last - first) * cross.width
        if cross.height > info.height or width > info.width:
            raise PlacementInvalid(field, f"the seal across pages is larger than page {number}")
        edit = edit_of(number)
        name = edit.draw(form)
        source.check_read()
        before, after = _balance(field, source.page_dictionary(number), number)
        source.pdf.get_warnings()  # faults of the content are the page's own, and change nothing here
        slice_ = _slice(info, cross, seal, first, width)
        opened = increment.stream(b"<<>>", b"q " * before, compress=False)
        closed = increment.stream(b"<<>>", b"\n" + b"Q " * after + slice_ % name)
        edit.surround(opened, closed)


def _slice(info: PageInfo, cross: CrossPage, seal: Form, first: float, width: float) -> bytes:
    """Operators for one page, with a place for the seal's name; an artifact: no text of the page."""
    left = info.width - width
    middle = cross.centre * info.height
    bottom = min(max(middle - cross.height / 2, 0.0), info.height - cross.height)
    shift = left - first * cross.width
    scale = cross.width / seal.width, cross.height / seal.height
    return b"".join(
        (
            b"/Artifact BMC q ",
            syntax.numbers(info.to_user),
            b" cm ",
            syntax.numbers((left, bottom, width, cross.height)),
            b" re W n ",
            syntax.numbers((scale[0], 0, 0, scale[1], shift, bottom)),
            b" cm /%s Do Q EMC\n",
        )
    )


def _balance(field: str, page: pikepdf.Dictionary, number: int) -> tuple[int, int]:
    """How often the state has to be saved before the page's content, and restored after it."""
    depth = 0
    if page.get("/Contents") is None:
        return 1, 1
    try:
        operators = pikepdf.parse_content_stream(page, "q Q")
    except (pikepdf.PdfError, pikepdf.PdfParsingError, RuntimeError, ValueError, TypeError):
        raise PlacementInvalid(field, f"the content of page {number} cannot be read") from None
    for one in operators:
        depth += 1 if str(one.operator) == "q" else -1
        if depth < 0:
            # What such a page shows hangs on how a reader takes the fault: nothing can be drawn surely on it.
            raise PlacementInvalid(field, f"page {number} restores a state that it never saved")
    return 1, 1 + depth
