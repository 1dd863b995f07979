"""A person's seal: the name in columns from right to left in a square, or in one row in an oblong."""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from signing.errors import ValuesInvalid
from signing.outline import Bounds, Glyph, Matrix, Typeface
from signing.place import MM
from signing.seal_drawing import VERMILION, Drawing, Mark, box

MIN_SIDE, MAX_SIDE = 12.0, 30.0  # mm; persons' seals have 18 to 20
MIN_NAME, MAX_SQUARE_NAME = 2, 4  # characters in a square; more are not read at its size
MAX_ROW_NAME = 20  # characters in one row, as names with a middle dot have
_FRAME = 0.055  # of the side: the frame's breadth
_MARGIN = 0.055  # of the side: from the frame to the characters
_GAP = 0.04  # of the side: between characters
_ROW_SHAPE = 2.6  # width by height of the oblong, for up to four characters
_WIDER = 0.42  # of the height, for each character after the fourth
_LEAST, _MOST = 0.45, 2.2  # how far a character may be stretched, its width against its height
_FLAT = 560  # of 1,000: ink lower or narrower than this is a stroke (一) or a dot, not to be drawn out


class Shape(enum.StrEnum):
    """Outline of a person's seal."""

    SQUARE = "square"
    OBLONG = "oblong"
    """One row from left to right, for names of any length."""


class Suffix(enum.StrEnum):
    """What follows the name."""

    NONE = ""
    SEAL = "印"
    SEAL_OF = "之印"


# Characters in each column, from the right, by how many there are: three stand as one and two, so that the
# surname has a column of its own; five and six have the name at the right.
_COLUMNS = {2: (1, 1), 3: (1, 2), 4: (2, 2), 5: (2, 3), 6: (3, 3)}
_SINGLE_COLUMN = {2: (2,)}


@dataclass(frozen=True, slots=True)
class PersonSeal:
    """What stands on it; `name` as the authoritative source has it."""

    name: str
    suffix: Suffix = Suffix.NONE
    shape: Shape = Shape.SQUARE
    side: float = 18.0
    """Height in millimetres; of a square its width too."""

    @property
    def text(self) -> str:
        """As read."""
        return self.name + self.suffix.value


def draw_person_seal(seal: PersonSeal, face: Typeface) -> Drawing:
    """Raises `ValuesInvalid` for what cannot stand on a seal, `GlyphMissing` for what no font has."""
    square = seal.shape is Shape.SQUARE
    most = MAX_SQUARE_NAME if square else MAX_ROW_NAME
    if not MIN_NAME <= len(seal.name) <= most:
        reason = f"has {len(seal.name)} characters; {MIN_NAME} to {most} stand on a seal of this shape"
        raise ValuesInvalid("name", reason)
    if not MIN_SIDE <= seal.side <= MAX_SIDE:
        raise ValuesInvalid("side", f"is not {MIN_SIDE:g} to {MAX_SIDE:g} mm")
    face.require(seal.text, "name")
    if any(face.glyph(character).bounds is None for character in seal.text):
        raise ValuesInvalid("name", "holds blanks, which a seal cannot show")
    height = seal.side * MM
    count = len(seal.text)
    width = height if square else height * (_ROW_SHAPE + _WIDER * max(count - 4, 0))
    frame = _FRAME * height
    edge = box(0, 0, width, height) + b" "
    edge += box(frame, frame, width - frame, height - frame, reverse=True)
    plain: Matrix = (1, 0, 0, 1, 0, 0)
    marks = [Mark(edge, plain, VERMILION)]
    inset = frame + _MARGIN * height
    inside = (inset, inset, width - inset, height - inset)
    cells = _columns(count, inside, _GAP * height) if square else _row(count, inside, _GAP * height)
    marks += [
        Mark(glyph.path, _into(glyph, cell), VERMILION)
        for glyph, cell in zip(map(face.glyph, seal.text), cells, strict=True)
    ]
    return Drawing(width, height, seal.text, tuple(marks))


def _columns(count: int, inside: Bounds, gap: float) -> Iterator[Bounds]:
    """Cells in the order of reading: down the right column, then down the next to its left."""
    left, bottom, right, top = inside
    counts = _COLUMNS[count]
    widths = _split(right - left, [1] * len(counts), gap)
    edge = right
    for many, width in zip(counts, widths, strict=True):
        cells = _split(top - bottom, [1] * many, gap)
        upper = top
        for height in cells:
            yield edge - width, upper - height, edge, upper
            upper -= height + gap
        edge -= width + gap


def _row(count: int, inside: Bounds, gap: float) -> Iterator[Bounds]:
    left, bottom, right, top = inside
    edge = left
    for width in _split(right - left, [1] * count, gap):
        yield edge, bottom, edge + width, top
        edge += width + gap


def _split(length: float, shares: Sequence[float], gap: float) -> list[float]:
    free = length - gap * (len(shares) - 1)
    return [free * share / sum(shares) for share in shares]


def _into(glyph: Glyph, cell: Bounds) -> Matrix:
    """Stretch a glyph's ink over its cell as a seal cutter does; a stroke or a dot keeps its thickness."""
    assert glyph.bounds is not None  # noqa: S101  (the caller refused blanks)
    left, bottom, right, top = glyph.bounds
    room_x, room_y = cell[2] - cell[0], cell[3] - cell[1]
    across = room_x / (right - left if right - left >= _FLAT else 940)
    up = room_y / (top - bottom if top - bottom >= _FLAT else 940)
    across, up = min(across, up * _MOST), min(up, across / _LEAST)
    x = (cell[0] + cell[2]) / 2 - (left + right) / 2 * across
    y = (cell[1] + cell[3]) / 2 - (bottom + top) / 2 * up
    return (across, 0, 0, up, x, y)
