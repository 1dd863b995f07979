"""Words on the pages of a PDF, and the places beside them."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import pypdfium2
from pypdfium2 import raw

from signing.document import Buffer
from signing.errors import PlacementInvalid
from signing.pdf.geometry import RIGHT_ANGLE, PageInfo
from signing.pdf.pdfium import opened
from signing.place import Box, Keyword, Rect

MAX_KEYWORD = 200
"""Characters: longer than any line of a contract."""
MAX_CHARACTERS = 200_000
"""Of one page that are looked at: fifty times a dense page of Chinese text."""
MAX_FOUND = 10_000
"""Occurrences in one document: two a page at the most pages allowed."""
_LINE = 0.5
"""Words whose lower edges differ by less than this share of their height stand on one line."""


@dataclass(frozen=True, slots=True)
class Characters:
    """The text of one page, a code point an entry, and for each its index with PDFium."""

    text: str
    indices: Sequence[int]


class WordFinder:
    """Finds words in one document; reads each page once. Not to be used outside `finder`'s block."""

    def __init__(self, document: pypdfium2.PdfDocument) -> None:
        self._document = document
        self._pages: dict[int, Characters] = {}

    def find(self, keyword: Keyword, field: str) -> tuple[Box, str]:
        """The place that `keyword` asks for, and the words as they stand there. Raises `PlacementInvalid`."""
        wanted = keyword.text if keyword.exact else _loose(keyword.text)
        if not wanted.strip() or len(keyword.text) > MAX_KEYWORD:
            raise PlacementInvalid(field, f"the words to look for have 1 to {MAX_KEYWORD} characters")
        if keyword.occurrence == 0:
            raise PlacementInvalid(field, "occurrences count from 1, or from -1 at the end")
        count = len(self._document)
        last = count if keyword.last_page is None else min(keyword.last_page, count)
        if keyword.first_page < 1 or keyword.first_page > last:
            raise PlacementInvalid(field, f"there are no pages {keyword.first_page} to {last} of {count}")
        found: list[tuple[int, Rect, str]] = []
        place = keyword.occurrence
        for page in range(keyword.first_page, last + 1):
            found += self._on_page(page, wanted, exact=keyword.exact)
            if len(found) > MAX_FOUND or 0 < place <= len(found):
                break
        if (place if place > 0 else -place) > len(found):
            raise PlacementInvalid(
                field,
                f"the words “{keyword.text}” were found {len(found)} times on pages"
                f" {keyword.first_page} to {last}; number {place} was asked for",
            )
        page, words, matched = found[place - 1 if place > 0 else place]
        left, bottom = words.left + words.width + keyword.dx, words.bottom + keyword.dy
        return Box(page, Rect(left, bottom, keyword.width, keyword.height)), matched

    def _on_page(self, number: int, wanted: str, *, exact: bool) -> list[tuple[int, Rect, str]]:
        """Every occurrence on the page in reading order: line by line from above, each from the left."""
        characters = self._characters(number)
        spans = list(_spans(characters, wanted, exact=exact))
        if not spans:
            return []
        page = self._document[number - 1]
        try:
            info = _info(page)
            text = page.get_textpage()
            try:
                boxed = [
                    (number, _box(text, info, characters, span), _words(characters, span)) for span in spans
                ]
            finally:
                text.close()
        finally:
            page.close()
        return _in_reading_order(boxed)

    def _characters(self, number: int) -> Characters:
        if number not in self._pages:
            page = self._document[number - 1]
            try:
                text = page.get_textpage()
                try:
                    self._pages[number] = _read(text)
                finally:
                    text.close()
            finally:
                page.close()
        return self._pages[number]


def locate(data: Buffer, keyword: Keyword, *, field: str = "keyword") -> Box:
    """The place that `keyword` asks for.

    Raises `PlacementInvalid` naming `field` and how many were found, `DocumentRefused` for a PDF whose pages
    cannot be displayed.
    """
    with opened(data) as document:
        return WordFinder(document).find(keyword, field)[0]


def _read(text: pypdfium2.PdfTextPage) -> Characters:
    found: list[str] = []
    indices: list[int] = []
    for index in range(min(text.count_chars(), MAX_CHARACTERS)):
        code = raw.FPDFText_GetUnicode(text, index)
        # Characters beyond U+FFFF may come as two halves.
        if 0xDC00 <= code < 0xE000 and found and 0xD800 <= ord(found[-1]) < 0xDC00:  # noqa: PLR2004  (UTF-16)
            found[-1] = chr(0x10000 + ((ord(found[-1]) - 0xD800) << 10) + (code - 0xDC00))
            continue
        found.append(chr(code) if code <= 0x10FFFF else "�")  # noqa: PLR2004  (the last code point)
        indices.append(index)
    return Characters("".join(found), indices)


def _spans(characters: Characters, wanted: str, *, exact: bool) -> Iterator[tuple[int, int]]:
    """Where `wanted` stands in the text: from the first character to the one after the last."""
    text, origin = characters.text, range(len(characters.text))
    if not exact:
        loose: list[str] = []
        places: list[int] = []
        for place, one in enumerate(text):
            folded = _loose(one)
            loose.append(folded)
            places += [place] * len(folded)
        text, origin = "".join(loose), places  # type: ignore[assignment]  # both are sequences of places
    start = text.find(wanted)
    while start >= 0:
        yield origin[start], origin[start + len(wanted) - 1] + 1
        start = text.find(wanted, start + len(wanted))


def _loose(text: str) -> str:
    """Without blanks, and without what tells width and case apart (NFKC)."""
    return "".join(unicodedata.normalize("NFKC", text).casefold().split())


def _box(text: pypdfium2.PdfTextPage, info: PageInfo, characters: Characters, span: tuple[int, int]) -> Rect:
    """Around the words as displayed; around their last line where they are broken over two."""
    shown: list[Rect] = []
    for place in range(*span):
        one = characters.text[place]
        if one in "\r\n":
            shown.clear()
        elif not one.isspace():
            shown.append(info.shown_rect(*text.get_charbox(characters.indices[place])))
    left = min(one.left for one in shown)
    bottom = min(one.bottom for one in shown)
    right = max(one.left + one.width for one in shown)
    top = max(one.bottom + one.height for one in shown)
    return Rect(left, bottom, right - left, top - bottom)


def _words(characters: Characters, span: tuple[int, int]) -> str:
    return " ".join(characters.text[span[0] : span[1]].split())


def _in_reading_order(found: list[tuple[int, Rect, str]]) -> list[tuple[int, Rect, str]]:
    found.sort(key=lambda one: -one[1].bottom)
    ordered: list[tuple[int, Rect, str]] = []
    line: list[tuple[int, Rect, str]] = []
    for one in found:
        if line and line[0][1].bottom - one[1].bottom > _LINE * line[0][1].height:
            ordered += sorted(line, key=lambda word: word[1].left)
            line = []
        line.append(one)
    return ordered + sorted(line, key=lambda word: word[1].left)


def _info(page: pypdfium2.PdfPage) -> PageInfo:
    """As PDFium sees the page; its object's number is not known here, nor needed."""
    left, bottom, right, top = page.get_bbox()
    return PageInfo(0, 0, left, bottom, right, top, page.get_rotation() // RIGHT_ANGLE * RIGHT_ANGLE % 360)
