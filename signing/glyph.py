"""Whether the fonts have every character of the values: one that none has would be printed as a box."""

from __future__ import annotations

from collections.abc import Container, Iterable

from signing.errors import GlyphMissing


def check_glyphs(texts: Iterable[tuple[str, str]], covered: Container[int]) -> None:
    """Raises `GlyphMissing` naming the first field with characters outside `covered`, and all of them.

    `texts` are dotted names of fields with their text, `covered` code points.
    """
    for field, text in texts:
        if missing := missing_glyphs(text, covered):
            raise GlyphMissing(field, missing)


def missing_glyphs(text: str, covered: Container[int]) -> str:
    """The characters of `text` that are not covered, each once, in their order; a line break needs none."""
    if text.isascii():  # most are, and every font here has them
        return ""
    return "".join(dict.fromkeys(one for one in text if ord(one) not in covered and one != "\n"))
