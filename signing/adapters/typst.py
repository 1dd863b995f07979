"""Rendering by typst, a typesetting engine that comes whole in its wheel."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from typing import Any

import typst

from evidence.canonical import JSON
from signing.adapters.fonts import Family, FontShelf
from signing.errors import TemplateInvalid
from signing.glyph import check_glyphs
from signing.place import AnchorPlace, Rect
from signing.render import Rendered, check_places, record_of
from signing.template import SOURCE, TemplateVersion
from signing.values import Values, check_values
from signing.valuesshown import shown, texts

ENGINE = " ".join(("typst", version("typst")))
STANDARD = "a-2a"  # PDF/A-2 (ISO 19005-2) level A: tagged, every character with its meaning
CARRYING = "a-3a"  # PDF/A-3 (ISO 19005-3) level A: the same, and files may be attached
MARK = "<xinqian>"
"""The label of what templates tell of their layout: `(name, page, left, top, width, height)` in points of a
place, `(pages, width, height)` of the whole."""
NOWHERE = "/dev/null/xinqian"
"""Package folders that cannot exist: whatever a template asks for beside its own files is missing."""

_Source = dict[str, bytes]


@dataclass(frozen=True, slots=True)
class TypstRenderer:
    """Implements `Renderer`.

    The engine remembers layouts between calls, so that asking it where the places are costs one more
    millisecond, not one more rendering.
    """

    shelf: FontShelf

    @property
    def engine(self) -> str:
        return ENGINE

    def render(
        self, template: TemplateVersion, values: Values, *, at: datetime, masked: bool = False
    ) -> Rendered:
        check_values(template, values)
        check_glyphs(texts(values), self.shelf)
        pages = shown(template, values, masked=masked)
        families = self.shelf.needed(_characters(texts(pages)))
        pdf, told = self._compile(template, pages, families, at=at, masked=masked)
        whole = next(one for one in told if "pages" in one)
        anchors = tuple(_anchor(one, whole["height"]) for one in told if "name" in one)
        check_places(template, values, anchors)
        count = int(whole["pages"])
        fonts = {name: digests for family in families for name, digests in family.digests.items()}
        record = record_of(template, values, pdf, count, engine=ENGINE, fonts=fonts, at=at)
        return Rendered(pdf, count, anchors, record)

    def typeset(
        self,
        files: Mapping[str, bytes],
        values: Mapping[str, JSON],
        characters: frozenset[int],
        *,
        at: datetime,
    ) -> bytes:
        """A PDF/A-3 of a document that is no template for contracts, and that may carry files.

        `files` hold `main` and whatever it reads, all of it UTF-8. Raises `TemplateInvalid`.
        """
        families = self.shelf.needed(characters)
        given: dict[str, JSON] = {"values": dict(values), "fonts": [family.name for family in families]}
        try:
            pdf, warnings = typst.compile_with_warnings(
                **self._common(dict(files), given), **_output(CARRYING, at)
            )
        except typst.TypstError as error:
            raise TemplateInvalid("report", f"is not taken by {ENGINE}: {_first(error)}") from error
        if warnings:
            raise TemplateInvalid("report", f"makes {ENGINE} warn: {_first(warnings[0])}")
        if not isinstance(pdf, bytes):
            raise TemplateInvalid("report", f"gives no PDF in {SOURCE}")
        return pdf

    def _common(self, source: _Source, given: Mapping[str, JSON]) -> dict[str, Any]:
        # The library's types know of a path or one file alone; it takes a dictionary of files too.
        return {
            "input": source,
            "font_paths": self.shelf.fonts,
            "ignore_system_fonts": True,
            # One input: of several, the library shuffles the order, and the engine then remembers nothing.
            "sys_inputs": {"document": json.dumps(given, ensure_ascii=False)},
            "package_path": NOWHERE,
            "package_cache_path": NOWHERE,
        }

    def _compile(
        self,
        template: TemplateVersion,
        pages: Mapping[str, JSON],
        families: Iterable[Family],
        *,
        at: datetime,
        masked: bool,
    ) -> tuple[bytes, list[dict[str, Any]]]:
        source: _Source = {"main": template.source, **template.shared}
        given: dict[str, JSON] = {
            "values": dict(pages),
            "fonts": [family.name for family in families],
            "masked": masked,
        }
        common = self._common(source, given)
        output = _output(STANDARD, at)
        try:
            pdf, warnings = typst.compile_with_warnings(**common, **output)
            told = json.loads(typst.query(**common, selector=MARK, field="value"))
        except typst.TypstError as error:
            raise TemplateInvalid(template.id, f"is not taken by {ENGINE}: {_first(error)}") from error
        if warnings:
            raise TemplateInvalid(template.id, f"makes {ENGINE} warn: {_first(warnings[0])}")
        if not isinstance(pdf, bytes):
            raise TemplateInvalid(template.id, f"gives no PDF in {SOURCE}")
        return pdf, told


def _output(standard: str, at: datetime) -> dict[str, Any]:
    return {"format": "pdf", "pdf_standards": [standard], "timestamp": int(at.timestamp())}


def _characters(given: Iterable[tuple[str, str]]) -> frozenset[int]:
    return frozenset(ord(one) for _, text in given for one in text if one != "\n")


def _anchor(told: Mapping[str, Any], page_height: float) -> AnchorPlace:
    """Typst measures from the upper left corner, PDF from the lower left."""
    bottom = page_height - told["top"] - told["height"]
    rect = Rect(*(round(one, 3) for one in (told["left"], bottom, told["width"], told["height"])))
    return AnchorPlace(str(told["name"]), int(told["page"]), rect)


def _first(found: typst.TypstError | typst.TypstWarning) -> str:
    return found.message.strip().partition("\n")[0][:200]
