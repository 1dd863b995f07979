"""Coverage: characters that no font has are named with their field."""

from __future__ import annotations

import pytest

from signing.errors import GlyphMissing
from signing.glyph import check_glyphs, missing_glyphs
from tests.support.contracts import RARE, shelf

KLINGON = "\U0001f596"


def test_what_is_covered_is_accepted() -> None:
    check_glyphs(
        [("borrower.name", "张三"), ("number", "A-1"), ("note", "一\n二")], {ord(c) for c in "张三一二"}
    )


def test_all_missing_characters_of_the_first_field_are_named_once() -> None:
    with pytest.raises(GlyphMissing) as caught:
        check_glyphs([("a", "张"), ("borrower.name", "张𠅤䶮𠅤"), ("c", "㛃")], {ord("张")})
    assert caught.value.field == "borrower.name"
    assert caught.value.characters == "𠅤䶮"
    assert str(caught.value) == "borrower.name: no font has 𠅤 (U+20164), 䶮 (U+4DAE)"


def test_the_fonts_have_the_rare_characters_of_names() -> None:
    assert missing_glyphs(RARE, shelf()) == ""
    assert all(ord(one) in shelf().families[0].covered for one in RARE)


def test_the_fonts_have_everything_of_gb2312() -> None:
    """Levels 1 and 2: 6,763 characters."""
    found = [
        bytes((high, low)).decode("gb2312", errors="ignore")
        for high in range(0xB0, 0xF8)
        for low in range(0xA1, 0xFF)
    ]
    text = "".join(found)
    assert len(text) == 6_763
    assert missing_glyphs(text, shelf()) == ""


def test_no_font_has_everything() -> None:
    assert missing_glyphs(f"张{KLINGON}", shelf()) == KLINGON
