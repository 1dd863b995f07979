"""Outlines of text: what a font has, what it lacks by name, and the same path in PDF and in SVG."""

from __future__ import annotations

import io
import re
from concurrent.futures import ThreadPoolExecutor

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen

from signing.errors import GlyphMissing, TemplateInvalid, ValuesInvalid
from signing.outline import MAX_TEXT, Typeface, number, svg_path, times
from tests.support.typeface import typeface

RARE = "䶮㛃𬭼𫖯喆犇堃玥㙓𠅤𬱖𫍽"


def font_of(character: str, units: int = 2000) -> bytes:
    """A font of one glyph: a square from the origin to the middle of the em, with one quadratic side."""
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    pen.qCurveTo((units // 4, -units // 8), (units // 2, 0))
    pen.lineTo((units // 2, units // 2))
    pen.lineTo((0, units // 2))
    pen.closePath()
    square, blank = pen.glyph(), TTGlyphPen(None).glyph()
    builder = FontBuilder(units, isTTF=True)
    builder.setupGlyphOrder([".notdef", "square", "space"])
    builder.setupCharacterMap({ord(character): "square", 0x20: "space"})
    builder.setupGlyf({".notdef": blank, "square": square, "space": blank})
    builder.setupHorizontalMetrics({".notdef": (0, 0), "square": (units, 0), "space": (units // 4, 0)})
    builder.setupHorizontalHeader()
    builder.setupPost()
    out = io.BytesIO()
    builder.save(out)
    return out.getvalue()


@pytest.fixture
def small() -> Typeface:
    return Typeface(font_of("口"), "small")


def test_a_glyph_is_a_cubic_path_in_thousandths_whatever_the_fonts_units(small: Typeface) -> None:
    glyph = small.glyph("口")
    assert glyph.advance == 1000
    assert glyph.path == b"0 0 m 167 -83 333 -83 500 0 c 500 500 l 0 500 l h"
    assert glyph.bounds == (0, -83, 500, 500)
    assert svg_path(glyph.path) == "M0 0C167 -83 333 -83 500 0L500 500L0 500Z"


def test_a_blank_has_width_and_no_ink(small: Typeface) -> None:
    assert (small.glyph(" ").path, small.glyph(" ").bounds, small.glyph(" ").advance) == (b"", None, 250)


def test_a_line_is_set_from_left_to_right(small: Typeface) -> None:
    line = small.line("口 口")
    assert [at for at, _ in line.glyphs] == [0, 1000, 1250]
    assert line.width == 2250


def test_what_the_font_lacks_is_named_with_its_field(small: Typeface) -> None:
    assert small.missing("口吃口吃𬭼") == "吃𬭼"
    with pytest.raises(GlyphMissing, match="U\\+2CB7C") as caught:
        small.line("口吃𬭼", "borrower.name")
    assert (caught.value.field, caught.value.characters) == ("borrower.name", "吃𬭼")
    with pytest.raises(GlyphMissing):
        small.glyph("吃")


def test_another_font_stands_in_for_what_one_lacks() -> None:
    opened = []

    def beside() -> Typeface:
        opened.append(1)
        return Typeface(font_of("吃", 1000), "beside")

    face = Typeface(font_of("口"), "first", beside=beside)
    assert face.line("口").width == 1000
    assert not opened
    assert face.line("口吃").width == 2000
    assert face.missing("口吃喝") == "喝"


@pytest.mark.parametrize("cut", [0, 1, 12, 60, 300, -40])
def test_what_is_no_whole_font_is_refused(cut: int) -> None:
    with pytest.raises(TemplateInvalid):
        Typeface(font_of("口")[:cut])


def test_a_text_that_is_no_line_is_refused(small: Typeface) -> None:
    with pytest.raises(ValuesInvalid, match="characters"):
        small.line("口" * (MAX_TEXT + 1))


def test_threads_read_the_same_glyphs() -> None:
    face = Typeface(font_of("口"))
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: face.glyph("口"), range(64)))
    assert len({one.path for one in found}) == 1


@pytest.mark.parametrize(
    ("value", "text"),
    [(0, "0"), (-0.00000001, "0"), (1.5, "1.5"), (0.0052684, "0.0052684"), (12.34567, "12.3457"), (3.0, "3")],
)
def test_numbers_have_no_exponent(value: float, text: str) -> None:
    assert number(value) == text


def test_matrices_apply_from_left_to_right() -> None:
    move, scale = (1, 0, 0, 1, 5, 7), (2, 0, 0, 3, 0, 0)
    assert times(move, scale) == (2, 0, 0, 3, 10, 21)
    assert times(scale, move) == (2, 0, 0, 3, 5, 7)


def test_rare_characters_have_outlines_of_their_own() -> None:
    face = typeface()
    assert face.missing(RARE) == ""
    paths = {face.glyph(one).path for one in RARE}
    assert len(paths) == len(RARE)
    assert all(re.fullmatch(rb"[-0-9. mlch]+", path) for path in paths)


def test_the_fonts_are_opened_once_a_process() -> None:
    assert typeface() is typeface()
    assert typeface(bold=True) is not typeface()
