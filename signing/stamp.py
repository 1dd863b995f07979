"""What a signature shows on the page: the seal or the name, and beneath it who, when, and how to check it.

All of it is drawn as outlines and multiplied into what lies below, so that it needs no font and hides no
text; marked content with /ActualText (ISO 32000-2 14.9.4) says it to those who cannot see it.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from signing.errors import PlacementInvalid
from signing.form import Form
from signing.outline import Line, Typeface, number
from signing.seal_drawing import Drawing

BEIJING = timezone(timedelta(hours=8))
"""China's one time; it has had no summer time since 1992."""
SMALLEST, LARGEST = 3.0, 9.0  # points of the text: below 3 it is not read in print, above 9 it shouts
_LEADING = 1.3  # of the size, from line to line
_INSET = 1.0  # points: what is drawn to the very edge is cut off by some viewers
_GAP = 4.0  # points between the drawing and the text
_WIDE = 1.5  # of the height: from this width on the text stands beside a drawing that is not as wide
_DRAWING_BESIDE = 0.42  # of the width, at most
_TEXT_BELOW = 0.45  # of the height, at most
_NAME_SIZE = 4.0  # of the text's size at most, of a name that stands for a seal: it is read at arm's length
_DESCENT = 0.14  # of the size: below the baseline
_INK = b"0.078 0.094 0.165 rg\n"
_GREY = b"0.541 0.561 0.596 rg 0.541 0.561 0.596 RG\n"
_DASHES = b"0.6 w [3 2.4] 0 d"


class StampLanguage(enum.StrEnum):
    """Language of the labels."""

    CHINESE = "zh-CN"
    BILINGUAL = "zh-CN+en"
    """Chinese, with English after it."""


_WHO, _WHEN = ("签署人", "Signer"), ("签署时间", "Time")
_CERTIFICATE, _CODE = ("证书序列号", "Certificate"), ("验证码", "Code")
_WAITING = ("待签署", "Unsigned")


def _label(label: tuple[str, str], language: StampLanguage) -> str:
    return label[0] if language is StampLanguage.CHINESE else " ".join(label)


@dataclass(frozen=True, slots=True)
class StampText:
    """What a signature says of itself."""

    name: str
    """The signer's, as in the certificate."""
    at: datetime
    serial: str
    """The certificate's serial number in hexadecimal."""
    code: str
    """Under which the contract is looked up and checked."""

    def lines(self, language: StampLanguage) -> tuple[str, ...]:
        """As printed: Beijing time, to the second."""
        said = (
            (_WHO, self.name),
            (_WHEN, beijing(self.at)),
            (_CERTIFICATE, self.serial),
            (_CODE, self.code),
        )
        return tuple(f"{_label(label, language)}：{value}" for label, value in said)


def beijing(moment: datetime) -> str:
    """`2026-11-23 20:00:00 +08:00`; `moment` is aware."""
    return f"{moment.astimezone(BEIJING):%Y-%m-%d %H:%M:%S} +08:00"


@dataclass(frozen=True, slots=True)
class Size:
    """Of the place on the page, in points."""

    width: float
    height: float


def compose_stamp(
    text: StampText,
    size: Size,
    face: Typeface,
    *,
    drawing: Drawing | None = None,
    language: StampLanguage = StampLanguage.CHINESE,
    field: str = "appearance",
) -> Form:
    """The appearance of a signature in a place of that size: `drawing`, or else the name, and the lines.

    The drawing keeps its real size where there is room, and is made smaller where there is not. Raises
    `PlacementInvalid` naming `field` when the place is too small for text that can be read, `GlyphMissing`
    for a name with a character that the font lacks.
    """
    lines = [face.line(one, field) for one in text.lines(language)]
    widest = max(line.width for line in lines) / 1000
    width, height = size.width - 2 * _INSET, size.height - 2 * _INSET
    # A name and a handwriting are wide themselves: beside one the text would be too small to be read.
    square = drawing is not None and drawing.width < _WIDE * drawing.height
    beside = square and width >= _WIDE * height
    name = face.line(text.name, field) if drawing is None else None
    share = (
        min(height * drawing.width / drawing.height, _DRAWING_BESIDE * width) if beside and drawing else 0.0
    )
    if beside:
        points = min((width - share - _GAP) / widest, height / (len(lines) * _LEADING), LARGEST)
    else:
        points = min(width / widest, _TEXT_BELOW * height / (len(lines) * _LEADING), LARGEST)
    _check(points, size, field)
    block = points * _LEADING * len(lines)
    if beside:
        area = (_INSET, _INSET, _INSET + share, _INSET + height)
        left, top = _INSET + share + _GAP, (size.height + block) / 2
    else:
        area = (_INSET, _INSET + block, _INSET + width, _INSET + height)
        left, top = _INSET, _INSET + block
    pieces = [b"q /Multiply gs\n"]
    pieces += _drawn(drawing, area) if drawing is not None else _named(name, area, points)
    pieces.append(_INK)
    pieces += _set(lines, left, top, points)
    pieces.append(b"Q")
    said = "\n".join(one.text for one in lines)
    if drawing is not None:
        said = f"{drawing.text}\n{said}"
    pictures = () if drawing is None else drawing.pictures
    return Form(size.width, size.height, b"".join(pieces), said, pictures)


def compose_placeholder(
    role: str,
    name: str,
    size: Size,
    face: Typeface,
    *,
    language: StampLanguage = StampLanguage.CHINESE,
    field: str = "appearance",
) -> Form:
    """What stands where somebody is still to sign: a dashed box that says so, with role and name."""
    first = face.line(_label(_WAITING, language), field)
    second = face.line(f"{role} {name}".strip(), field)
    lines = [first, second]
    room = (size.width - 4 * _INSET, size.height - 4 * _INSET)
    widest = max(line.width for line in lines) / 1000
    points = min(room[0] / widest, room[1] / (len(lines) * _LEADING), LARGEST)
    _check(points, size, field)
    top = (size.height + points * _LEADING * len(lines)) / 2
    box = b"0.5 0.5 %b %b re S\n" % (_octets(size.width - 1), _octets(size.height - 1))
    pieces = [b"q /Multiply gs\n", _GREY, b"q ", _DASHES, b"\n", box, b"Q\n"]
    for row, line in enumerate(lines):
        left = (size.width - line.width / 1000 * points) / 2
        pieces += _set([line], left, top - row * points * _LEADING, points)
    pieces.append(b"Q")
    return Form(size.width, size.height, b"".join(pieces), "\n".join(one.text for one in lines))


def actual_text(text: str) -> bytes:
    """The opening of marked content that reads as `text`; EMC ends it."""
    return b"/Span <</ActualText <FEFF%b>>> BDC\n" % text.encode("utf-16-be").hex().upper().encode("ascii")


def _check(points: float, size: Size, field: str) -> None:
    if points < SMALLEST:
        reason = f"{size.width:.0f} by {size.height:.0f} points are too small for what a signature shows"
        raise PlacementInvalid(field, reason)


def _drawn(drawing: Drawing, area: tuple[float, float, float, float]) -> Iterator[bytes]:
    left, bottom, right, top = area
    scale = min((right - left) / drawing.width, (top - bottom) / drawing.height, 1.0)
    x = (left + right - drawing.width * scale) / 2
    y = (bottom + top - drawing.height * scale) / 2
    yield actual_text(drawing.text)
    yield b"q %b 0 0 %b %b %b cm\n" % (_octets(scale), _octets(scale), _octets(x), _octets(y))
    yield drawing.operators
    yield b"Q EMC\n"


def _named(name: Line | None, area: tuple[float, float, float, float], points: float) -> Iterator[bytes]:
    """The name large, where there is no seal; the line below says it again with its label."""
    if name is None:
        return
    left, bottom, right, top = area
    size = min((right - left) / name.width * 1000, (top - bottom) / _LEADING, points * _NAME_SIZE)
    x = left + (right - left - name.width / 1000 * size) / 2
    y = (bottom + top + size * _LEADING) / 2
    yield _INK
    yield from _set([name], x, y, size)


def _set(lines: Sequence[Line], left: float, top: float, points: float) -> Iterator[bytes]:
    """Lines below each other from `top`, in 1/1000 of the size, one glyph after the other."""
    scale = _octets(points / 1000)
    for row, line in enumerate(lines):
        base = top - (row + 1) * points * _LEADING + (_LEADING - 1) / 2 * points + _DESCENT * points
        yield actual_text(line.text)
        yield b"q %b 0 0 %b %b %b cm\n" % (scale, scale, _octets(left), _octets(base))
        before = 0.0
        for at, glyph in line.glyphs:
            if glyph.path:
                if at != before:
                    yield b"1 0 0 1 %b 0 cm\n" % _octets(at - before)
                    before = at
                yield glyph.path
                yield b" f\n"
        yield b"Q EMC\n"


def _octets(value: float) -> bytes:
    return number(value).encode("ascii")
