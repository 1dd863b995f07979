"""A drawing: filled paths, or one picture, in real dimensions; as a form, as SVG, as bytes to keep."""

from __future__ import annotations

import base64
import json
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from xml.sax.saxutils import escape, quoteattr

from evidence.canonical import JSON, MAX_STRING, canonical
from evidence.digest import DigestPair
from signing.errors import DocumentUnavailable, ValuesInvalid
from signing.form import Form, Picture
from signing.outline import Matrix, number, svg_path
from signing.place import MM
from signing.seal_picture import decode_png

VERMILION = 0xC8141E
"""The red of seals, as printed and as seen on a screen."""
INK = 0x14182A
GREY = 0x8A8F98
_VERSION = 1
_PATH = re.compile(r"[-0-9. mlch]*\Z")
_CIRCLE = 0.5522847498  # control points of a quarter circle as one cubic curve: off by 0.03 % at most


@dataclass(frozen=True, slots=True)
class Mark:
    """One filled path: its operators (m, l, c, h; nonzero winding), where it stands, and its colour."""

    path: bytes
    matrix: Matrix
    colour: int
    """0xRRGGBB."""


@dataclass(frozen=True)
class Drawing:
    """Marks, or a picture that fills it, in a box of `width` by `height` points from its lower left."""

    width: float
    height: float
    text: str
    """What it says, for those who cannot see it."""
    marks: tuple[Mark, ...] = ()
    png: bytes | None = None
    """A picture of our own encoding, with transparency; instead of marks."""

    def __post_init__(self) -> None:
        """Sides have the decimals that `data` has, so that a drawing read back is the same."""
        object.__setattr__(self, "width", float(number(self.width)))
        object.__setattr__(self, "height", float(number(self.height)))

    @cached_property
    def pictures(self) -> tuple[Picture, ...]:
        """The picture, decoded; empty where there are marks."""
        return () if self.png is None else (decode_png(self.png),)

    @cached_property
    def form(self) -> Form:
        """As a form XObject's content, multiplied into what lies below so that it hides nothing."""
        content = b"q /Multiply gs\n" + self.operators + b"Q"
        return Form(self.width, self.height, content, self.text, self.pictures)

    @cached_property
    def operators(self) -> bytes:
        """What is drawn alone, each piece within q and Q."""
        if self.png is not None:
            return b"q %b 0 0 %b 0 0 cm /Picture0 Do Q\n" % (_octets(self.width), _octets(self.height))
        pieces = []
        colour = -1
        for mark in self.marks:
            if mark.colour != colour:
                colour = mark.colour
                pieces.append(b" ".join(b"%.3f" % part for part in _rgb(colour)) + b" rg\n")
            pieces.append(b"q %b cm\n%b f Q\n" % (_matrix(mark.matrix), mark.path))
        return b"".join(pieces)

    @cached_property
    def svg(self) -> bytes:
        """SVG 1.1, transparent, its size in millimetres, its text as the title."""
        width, height = _octets(self.width / MM), _octets(self.height / MM)
        sides = _octets(self.width), _octets(self.height)
        title = escape(self.text).encode()
        inner = b"".join(self._shapes())
        return _SVG % (width, height, *sides, quoteattr(self.text).encode(), title, inner)

    def _shapes(self) -> Iterator[bytes]:
        if self.png is not None:
            address = b"data:image/png;base64," + base64.b64encode(self.png)
            yield b'<image width="%b" height="%b" xlink:href="%b"/>' % (
                _octets(self.width),
                _octets(self.height),
                address,
            )
            return
        yield b'<g transform="matrix(1 0 0 -1 0 %b)">' % _octets(self.height)
        for mark in self.marks:
            given = mark.colour, _matrix(mark.matrix), svg_path(mark.path).encode()
            yield b'<path fill="#%06x" transform="matrix(%b)" d="%b"/>' % given
        yield b"</g>"

    @cached_property
    def data(self) -> bytes:
        """Canonical JSON (RFC 8785) of all of it: what is kept, and what its digest is of."""
        return canonical(
            {
                "version": _VERSION,
                "width": number(self.width),
                "height": number(self.height),
                "text": self.text,
                "marks": [
                    [one.path.decode(), " ".join(map(number, one.matrix)), f"{one.colour:06x}"]
                    for one in self.marks
                ],
                "png": _chunks("" if self.png is None else base64.b64encode(self.png).decode()),
            },
            field="drawing",
        )

    @property
    def digests(self) -> DigestPair:
        """Of `data`."""
        return DigestPair.of(self.data)


def parse_drawing(data: bytes, name: str) -> Drawing:
    """The inverse of `Drawing.data`; raises `DocumentUnavailable` for bytes that are none of ours."""
    try:
        read = json.loads(data)
        if read["version"] != _VERSION:
            raise DocumentUnavailable(name, "holds a drawing of another version")
        drawing = Drawing(
            width=float(read["width"]),
            height=float(read["height"]),
            text=str(read["text"]),
            marks=tuple(_mark(*one) for one in read["marks"]),
            png=base64.b64decode("".join(read["png"]), validate=True) or None,
        )
        _ = drawing.pictures  # decoded now, so that a damaged one is found here
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError, ValuesInvalid) as error:
        raise DocumentUnavailable(name, "holds no drawing that can be read") from error
    return drawing


def circle(x: float, y: float, radius: float, *, reverse: bool = False) -> bytes:
    """Counter-clockwise, as four cubic curves; `reverse` for the inside of a ring."""
    turn = -1 if reverse else 1
    bow = radius * _CIRCLE
    pieces = [f"{number(x + radius)} {number(y)} m"]
    for quarter in range(4):
        c, s = _QUARTERS[quarter]
        points = [
            (radius * c - bow * s, radius * s + bow * c),
            (bow * c - radius * s, bow * s + radius * c),
            (-radius * s, radius * c),
        ]
        pieces.append(" ".join(f"{number(x + px)} {number(y + turn * py)}" for px, py in points) + " c")
    return (" ".join(pieces) + " h").encode()


def polygon(points: Iterable[tuple[float, float]]) -> bytes:
    """Closed, through the points."""
    corners = " l ".join(f"{number(x)} {number(y)}" for x, y in points)
    return (corners.replace(" l ", " m ", 1) + " l h").encode()


def box(left: float, bottom: float, right: float, top: float, *, reverse: bool = False) -> bytes:
    """A rectangle, counter-clockwise; `reverse` for the inside of a frame."""
    points = [(left, bottom), (right, bottom), (right, top), (left, top)]
    return polygon(reversed(points) if reverse else points)


def _octets(value: float) -> bytes:
    return number(value).encode("ascii")


def _matrix(matrix: Matrix) -> bytes:
    return " ".join(map(number, matrix)).encode("ascii")


_SVG = (
    b'<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" '
    b'width="%bmm" height="%bmm" viewBox="0 0 %b %b" role="img" aria-label=%b><title>%b</title>%b</svg>\n'
)
_QUARTERS = ((1, 0), (0, 1), (-1, 0), (0, -1))


def _mark(path: str, matrix: str, colour: str) -> Mark:
    a, b, c, d, e, f = map(float, matrix.split())
    if _PATH.match(path) is None or not all(map(math.isfinite, (a, b, c, d, e, f))):
        raise ValueError(path)
    return Mark(path.encode("ascii"), (a, b, c, d, e, f), int(colour, 16))


def _chunks(text: str) -> list[JSON]:
    """Pieces that canonical JSON takes."""
    return [text[at : at + MAX_STRING] for at in range(0, len(text), MAX_STRING)]


def _rgb(colour: int) -> tuple[float, float, float]:
    return (colour >> 16) / 255, (colour >> 8 & 0xFF) / 255, (colour & 0xFF) / 255
