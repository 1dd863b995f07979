"""Text as outlines: glyphs of a TrueType or OpenType font as paths, so that a drawing needs no font."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from threading import Lock
from typing import Any

from fontTools.pens.basePen import BasePen
from fontTools.ttLib import TTFont, TTLibError

from signing.errors import GlyphMissing, TemplateInvalid, ValuesInvalid

MAX_FONT_SIZE = 64 * 1_048_576  # octets; a whole Chinese weight has 15 million, a collection of four 27
MAX_TEXT = 512  # characters of one line; a registered name has at most some forty

Bounds = tuple[float, float, float, float]
"""Left, bottom, right, top."""
Matrix = tuple[float, float, float, float, float, float]
"""a b c d e f of ISO 32000-2 8.3.3: x' = ax + cy + e, y' = bx + dy + f."""

_SVG_OPERATORS = {"m": "M", "l": "L", "c": "C", "h": "Z"}
_OPERATION = re.compile(r"([-+0-9. ]*)\s*([mlch])\s*")


@dataclass(frozen=True, slots=True)
class Glyph:
    """One character's outline in units of 1/1000 of the font's size."""

    path: bytes
    """PDF path operators m, l, c, h (ISO 32000-2 8.5.2), to be filled by the nonzero winding rule."""
    advance: float
    bounds: Bounds | None
    """Of the ink; None for a blank."""


@dataclass(frozen=True, slots=True)
class Line:
    """Text set on one line: each glyph with its origin, in 1/1000 of the size."""

    text: str
    glyphs: tuple[tuple[float, Glyph], ...]
    width: float


def times(inner: Matrix, outer: Matrix) -> Matrix:
    """First `inner`, then `outer`."""
    a, b, c, d, e, f = inner
    p, q, r, s, t, u = outer
    return (a * p + b * r, a * q + b * s, c * p + d * r, c * q + d * s, e * p + f * r + t, e * q + f * s + u)


def number(value: float) -> str:
    """As PDF and SVG both write it: no exponent, no needless zero.

    Four decimals are a thousandth of a pixel; below one it is a scale, which multiplies, and has seven.
    """
    if value == int(value):
        return str(int(value))
    text = (f"{value:.4f}" if abs(value) >= 1 else f"{value:.7f}").rstrip("0").rstrip(".")
    return "0" if text in {"-0", ""} else text


def svg_path(path: bytes) -> str:
    """The path data (SVG 1.1 8.3) of PDF path operators."""
    found = _OPERATION.findall(path.decode("ascii"))
    return "".join(_SVG_OPERATORS[operator] + numbers.strip() for numbers, operator in found)


class Typeface:
    """A font from its bytes; parsed once, glyphs read when first asked for and kept.

    Safe for threads: a glyph is read under a lock, and what was read is immutable.
    """

    def __init__(
        self, data: bytes, name: str = "font", index: int = 0, beside: Callable[[], Typeface] | None = None
    ) -> None:
        """`index` is the font's place in a collection; `beside` opens another for what this one lacks.

        Raises `TemplateInvalid` for bytes that are no font.
        """
        if len(data) > MAX_FONT_SIZE:
            raise TemplateInvalid(name, f"the font file is longer than {MAX_FONT_SIZE} octets")
        self.name = name
        self._lock = Lock()
        self._glyphs: dict[str, Glyph] = {}
        self._beside = beside
        try:
            self._font: Any = TTFont(BytesIO(data), lazy=True, fontNumber=index)
            self._scale = 1000 / self._font["head"].unitsPerEm
            self._names: dict[int, str] = self._font.getBestCmap() or {}
            whole = all(one.offset + one.length <= len(data) for one in self._font.reader.tables.values())
        except (TTLibError, KeyError, ValueError, AssertionError, ZeroDivisionError) as error:
            raise TemplateInvalid(name, "holds no font that can be read") from error
        if not whole:  # tables are read when they are needed, which is too late to find this out
            raise TemplateInvalid(name, "holds no font that can be read")

    @cached_property
    def _set(self) -> Any:  # noqa: ANN401  (fontTools names no type for it)
        return self._font.getGlyphSet()

    def missing(self, text: str) -> str:
        """The characters of `text` that no font has, each once, in order."""
        lacking = "".join(dict.fromkeys(one for one in text if ord(one) not in self._names))
        return lacking if not lacking or self._beside is None else self._beside().missing(lacking)

    def require(self, text: str, field: str) -> None:
        """Raises `GlyphMissing` naming the field and every character that no font has."""
        if lacking := self.missing(text):
            raise GlyphMissing(field, lacking)

    def glyph(self, character: str, field: str = "text") -> Glyph:
        """One character's outline; raises `GlyphMissing`."""
        found = self._glyphs.get(character)
        if found is None:
            if (name := self._names.get(ord(character))) is None:
                if self._beside is None:
                    raise GlyphMissing(field, character)
                return self._beside().glyph(character, field)
            with self._lock:
                found = self._glyphs[character] = self._read(name)
        return found

    def line(self, text: str, field: str = "text") -> Line:
        """`text` on one line, without kerning: no pair of ideographs has any.

        Raises `GlyphMissing`, `ValuesInvalid` for a text over `MAX_TEXT`.
        """
        if len(text) > MAX_TEXT:
            raise ValuesInvalid(field, f"has {len(text)} characters; {MAX_TEXT} are drawn on one line")
        self.require(text, field)
        placed = []
        at = 0.0
        for character in text:
            glyph = self.glyph(character, field)
            placed.append((at, glyph))
            at += glyph.advance
        return Line(text, tuple(placed), at)

    def _read(self, name: str) -> Glyph:
        pen = _PathPen(self._set, self._scale)
        drawn = self._set[name]
        drawn.draw(pen)
        return Glyph(" ".join(pen.pieces).encode("ascii"), drawn.width * self._scale, pen.bounds)


class _PathPen(BasePen):  # type: ignore[misc]  # fontTools is not typed
    """Writes path operators; the base class turns quadratic curves into cubic ones and opens composites."""

    def __init__(self, glyphs: Any, scale: float) -> None:  # noqa: ANN401  (as `Typeface._set`)
        super().__init__(glyphs)
        self.pieces: list[str] = []
        self._scale = scale
        self._xs: list[float] = []
        self._ys: list[float] = []

    @property
    def bounds(self) -> Bounds | None:
        """Of the points, control points among them: never less than the ink."""
        if not self._xs:
            return None
        return min(self._xs), min(self._ys), max(self._xs), max(self._ys)

    def _add(self, operator: str, *points: tuple[float, float]) -> None:
        # 1/1000 of the size is a hundredth of a point in the largest character of a seal.
        scaled = [(round(x * self._scale), round(y * self._scale)) for x, y in points]
        self._xs += [x for x, _ in scaled]
        self._ys += [y for _, y in scaled]
        self.pieces.append(" ".join(f"{x} {y}" for x, y in scaled) + f" {operator}")

    def _moveTo(self, pt: tuple[float, float]) -> None:  # noqa: N802  (the library's name)
        self._add("m", pt)

    def _lineTo(self, pt: tuple[float, float]) -> None:  # noqa: N802
        self._add("l", pt)

    def _curveToOne(  # noqa: N802
        self, pt1: tuple[float, float], pt2: tuple[float, float], pt3: tuple[float, float]
    ) -> None:
        self._add("c", pt1, pt2, pt3)

    def _closePath(self) -> None:  # noqa: N802
        self.pieces.append("h")

    def _endPath(self) -> None:  # noqa: N802
        self.pieces.append("h")
