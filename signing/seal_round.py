"""The round seal of an organisation: ring, star, its registered name on the arc, its purpose, its number.

Dimensions follow GA 241.1 and State Council document 1999 No. 25: a diameter of 40 mm for enterprises (42 mm
for banks), a ring of 1.2 mm, a five-pointed star of 14 mm, the name around it from left to right.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from signing.errors import ValuesInvalid
from signing.outline import Glyph, Matrix, Typeface, times
from signing.place import MM
from signing.seal_drawing import VERMILION, Drawing, Mark, circle, polygon

MIN_DIAMETER, MAX_DIAMETER = 30.0, 50.0  # mm; 58 mm and more are those of the State's highest organs
MIN_NAME, MAX_NAME = 4, 36  # characters; the longest registered names have some forty with the branch
MAX_PURPOSE = 8  # characters, as 合同专用章, 贷款业务专用章
CODE_DIGITS = 13  # GA 241.2: six of the place, seven in order

_RING = 1.2  # mm, for a diameter of 40
_GAP = 0.75  # mm between the ring and the name
_STAR_RADIUS = 7.0  # mm, for a diameter of 40
_INNER_STAR = 0.381966  # of a regular pentagram: its inner radius by the outer
_TALLEST = 6.4  # mm: height of a name's characters
_PITCH = 1.35  # of a character's width, from one to the next where there is room
_SLIMMEST = 0.5  # width by height of a character: below it strokes run together
_WIDEST = 0.86
_FILLED = 0.9  # of the room on the arc's inner side
_ARC_WITH_CODE = 268.0  # degrees of the arc that a name may take; the rest is the code's
_ARC = 290.0
_CODE_HEIGHT = 1.9  # mm
_CODE_PITCH = 1.75  # mm from one digit to the next
_PURPOSE_HEIGHT, _PURPOSE_LOW = 3.7, 3.2  # mm
_FEW = 6  # characters of a purpose that stand at full height
_CLEAR = 0.9  # mm between the purpose and whatever is beside it
_STEP = 0.1  # mm, in which its room is sought
_EM_BOTTOM, _EM_TOP = -105, 865  # the ink of ideographs in 1/1000 of their size
_CAP_TOP = 735  # of digits


@dataclass(frozen=True, slots=True)
class RoundSeal:
    """What stands on it."""

    name: str
    """Registered name, as on the business licence."""
    purpose: str = ""
    """Below the star; empty on the organisation's chief seal."""
    code: str = ""
    """Thirteen digits under which the public security organ filed it; empty where there is none."""
    diameter: float = 40.0
    """Millimetres."""

    @property
    def text(self) -> str:
        """As read."""
        return " ".join(part for part in (self.name, self.purpose, self.code) if part)


def draw_round_seal(seal: RoundSeal, face: Typeface) -> Drawing:
    """Raises `ValuesInvalid` for what cannot stand on a seal, `GlyphMissing` for what no font has."""
    _check(seal, face)
    unit = seal.diameter / 40 * MM  # points a millimetre of a seal of 40 mm
    centre = seal.diameter / 2 * MM
    outer = 20.0
    whole: Matrix = (unit, 0, 0, unit, centre, centre)
    ring = circle(0, 0, outer) + b" " + circle(0, 0, outer - _RING, reverse=True)
    marks = [Mark(ring, whole, VERMILION), Mark(_star(_star_radius(seal)), whole, VERMILION)]
    marks += _name(seal, face, whole)
    if seal.purpose:
        marks += _purpose(seal, face, whole)
    if seal.code:
        marks += _code(seal, face, whole)
    side = seal.diameter * MM
    return Drawing(side, side, seal.text, tuple(marks))


def _check(seal: RoundSeal, face: Typeface) -> None:
    if not MIN_NAME <= len(seal.name) <= MAX_NAME:
        reason = f"has {len(seal.name)} characters; {MIN_NAME} to {MAX_NAME} stand on a seal"
        raise ValuesInvalid("name", reason)
    if len(seal.purpose) > MAX_PURPOSE:
        reason = f"has {len(seal.purpose)} characters; at most {MAX_PURPOSE} stand below the star"
        raise ValuesInvalid("purpose", reason)
    if seal.code and not (len(seal.code) == CODE_DIGITS and seal.code.isascii() and seal.code.isdigit()):
        raise ValuesInvalid("code", f"is not {CODE_DIGITS} digits")
    if not MIN_DIAMETER <= seal.diameter <= MAX_DIAMETER:
        reason = f"is not {MIN_DIAMETER:g} to {MAX_DIAMETER:g} mm"
        raise ValuesInvalid("diameter", reason)
    for field, text in (("name", seal.name), ("purpose", seal.purpose), ("code", seal.code)):
        face.require(text, field)
        if any(face.glyph(character).bounds is None for character in text):
            raise ValuesInvalid(field, "holds blanks, which a seal cannot show")


def _star_radius(seal: RoundSeal) -> float:
    return _STAR_RADIUS - 1.0 if seal.purpose else _STAR_RADIUS


def _star(radius: float) -> bytes:
    """One point upwards."""
    corners = []
    for corner in range(10):
        length = radius if corner % 2 == 0 else radius * _INNER_STAR
        angle = math.radians(90 + 36 * corner)
        corners.append((length * math.cos(angle), length * math.sin(angle)))
    return polygon(corners)


@dataclass(frozen=True, slots=True)
class _Arc:
    """How a name stands: height and width of its characters in mm, degrees from one to the next."""

    height: float
    width: float
    step: float
    inner: float
    """Radius of the baseline, in mm."""


def _fit(seal: RoundSeal) -> _Arc:
    """Wide letters far apart for a short name; narrower, then lower ones for a long name."""
    rim = 20.0 - _RING - _GAP
    span = _ARC_WITH_CODE if seal.code else _ARC
    count = len(seal.name)
    widest = math.radians(span / count)
    # Width is _FILLED of the room at the baseline, whose radius is the rim's less the height; where that is
    # slimmer than _SLIMMEST of the height, the height gives way: h s = f t (R - h), solved for h.
    height = min(_TALLEST, _FILLED * widest * rim / (_SLIMMEST + _FILLED * widest))
    inner = rim - height
    width = min(_WIDEST * height, _FILLED * widest * inner)
    step = min(math.degrees(_PITCH * width / inner), span / count)
    return _Arc(height, width, step, inner)


def _name(seal: RoundSeal, face: Typeface, whole: Matrix) -> Iterator[Mark]:
    arc = _fit(seal)
    first = 90 + arc.step * (len(seal.name) - 1) / 2
    for place, character in enumerate(seal.name):
        glyph = face.glyph(character)
        angle = math.radians(first - arc.step * place)
        upright = _cell(glyph, arc.width, arc.height)
        turned = (math.sin(angle), -math.cos(angle), math.cos(angle), math.sin(angle))
        at = (arc.inner * math.cos(angle), arc.inner * math.sin(angle))
        yield Mark(glyph.path, times(upright, times((*turned, *at), whole)), VERMILION)


def _purpose(seal: RoundSeal, face: Typeface, whole: Matrix) -> Iterator[Mark]:
    height = _PURPOSE_HEIGHT if len(seal.purpose) <= _FEW else _PURPOSE_LOW
    top = -_star_radius(seal) * math.cos(math.radians(36)) - 1.5
    room = 2 * _half_room(seal, top, top - height)
    pitch = min(room / len(seal.purpose), height * 0.98)
    width = min(pitch * 0.92, height * _WIDEST)
    first = -pitch * (len(seal.purpose) - 1) / 2
    for place, character in enumerate(seal.purpose):
        glyph = face.glyph(character)
        at: Matrix = (1, 0, 0, 1, first + pitch * place, top - height)
        yield Mark(glyph.path, times(_cell(glyph, width, height), times(at, whole)), VERMILION)


def _half_room(seal: RoundSeal, top: float, bottom: float) -> float:
    """How far from the middle, in mm, text between these heights may go: clear of name, number and ring."""
    arc = _fit(seal)
    rim = 20.0 - _RING - _GAP - _CLEAR - (_CODE_HEIGHT if seal.code else 0.0)
    end = (
        math.radians(arc.step * len(seal.name) / 2) + _CLEAR / arc.inner
    )  # from the top, where the name ends
    half = rim
    while half > 0 and not all(
        math.hypot(half, y) <= (rim if math.pi - math.atan2(half, -y) >= end else arc.inner - _CLEAR)
        for y in (top, (top + bottom) / 2, bottom)
    ):
        half -= _STEP
    return half


def _code(seal: RoundSeal, face: Typeface, whole: Matrix) -> Iterator[Mark]:
    """Along the lower edge, feet to the ring, so that it is read from left to right."""
    radius = 20.0 - _RING - _GAP
    step = math.degrees(_CODE_PITCH / radius)
    first = 270 - step * (len(seal.code) - 1) / 2
    size = _CODE_HEIGHT / _CAP_TOP
    for place, digit in enumerate(seal.code):
        glyph = face.glyph(digit)
        angle = math.radians(first + step * place)
        upright: Matrix = (size, 0, 0, size, -glyph.advance / 2 * size, 0)
        turned = (-math.sin(angle), math.cos(angle), -math.cos(angle), -math.sin(angle))
        at = (radius * math.cos(angle), radius * math.sin(angle))
        yield Mark(glyph.path, times(upright, times((*turned, *at), whole)), VERMILION)


def _cell(glyph: Glyph, width: float, height: float) -> Matrix:
    """A glyph into a cell of that size, standing in the middle of its lower side."""
    up = height / (_EM_TOP - _EM_BOTTOM)
    across = width / 940  # the ink of an ideograph's 1,000
    return (across, 0, 0, up, -glyph.advance / 2 * across, -_EM_BOTTOM * up)
