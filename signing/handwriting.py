"""Handwriting: strokes of a pen as recorded, as a smooth path whose breadth follows pressure and speed."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from evidence.canonical import canonical
from evidence.digest import DigestPair
from signing.errors import ValuesInvalid
from signing.outline import Matrix
from signing.seal_drawing import INK, Drawing, Mark, circle, polygon

MAX_STROKES = 128  # a name of five full-form characters has some 100
MAX_POINTS = 8_192  # of all strokes: two minutes at 60 a second
MAX_DATA = 512 * 1_024  # octets as JSON: 8,192 points take some 200,000
MAX_COORDINATE = 32_767  # of a canvas, in its own units
MAX_DURATION = 600_000  # ms: whoever takes ten minutes over a name begins anew
MAX_PRESSURE = 1_000
MIN_POINTS = 8  # in all; less is a slip of the finger
MIN_EXTENT = 16  # units that the ink must span
MAX_SEGMENTS = 4_000  # of the drawing; bounds its size to some 300,000 octets

_NO_PRESSURE = 0  # a finger or a mouse reports none
_STEP = 7.0  # of 1,000: how finely curves are cut, below a pixel at 300 dpi and 20 mm
_THICK, _THIN = 26.0, 7.0  # of 1,000: the pen's breadth, fully pressed and barely
_FAST = 3.0  # of 1,000 a millisecond: the speed at which a pen without pressure is thinnest
_SMOOTH = 0.35  # share of a new breadth in the running one, so that it never jumps
_STEADIED = 2  # times that the points are averaged
_SHAKE = 4.0  # of 1,000: as far as it moves a point at once; a true corner of few points stays
_SHARP = math.cos(math.radians(40))  # a turn past it gets a round joint
_FRAME = 30.0  # of 1,000: room around the ink


@dataclass(frozen=True, slots=True)
class Point:
    """Where the pen was: x to the right, y downwards as screens count, both in units of the canvas."""

    x: int
    y: int
    at: int
    """Milliseconds since the first point."""
    pressure: int = _NO_PRESSURE
    """1 to 1,000; 0 where the device reports none."""


@dataclass(frozen=True, slots=True)
class Handwriting:
    """Strokes in the order in which they were drawn.

    Rhythm and pressure tell writers apart: they are personal data of a sensitive kind, kept sealed, and in
    the evidence stands their digest alone.
    """

    strokes: tuple[tuple[Point, ...], ...] = field(repr=False)

    def __post_init__(self) -> None:
        """Raises `ValuesInvalid` naming the stroke."""
        if not 0 < len(self.strokes) <= MAX_STROKES:
            raise ValuesInvalid("strokes", f"are {len(self.strokes)}; 1 to {MAX_STROKES} are taken")
        count = sum(map(len, self.strokes))
        if not MIN_POINTS <= count <= MAX_POINTS:
            raise ValuesInvalid("strokes", f"have {count} points; {MIN_POINTS} to {MAX_POINTS} are taken")
        before = 0
        for number, stroke in enumerate(self.strokes):
            if not stroke:
                raise ValuesInvalid(f"strokes.{number}", "has no point")
            for point in stroke:
                _check(point, before, f"strokes.{number}")
                before = point.at
        left, top, right, bottom = self.extent
        if max(right - left, bottom - top) < MIN_EXTENT:
            raise ValuesInvalid("strokes", "are a dot, not a name")

    @property
    def extent(self) -> tuple[int, int, int, int]:
        """Left, top, right, bottom of all points."""
        xs = [point.x for stroke in self.strokes for point in stroke]
        ys = [point.y for stroke in self.strokes for point in stroke]
        return min(xs), min(ys), max(xs), max(ys)

    @property
    def data(self) -> bytes:
        """Canonical JSON: an array a stroke, of x, y, milliseconds and pressure."""
        return canonical(
            [[[one.x, one.y, one.at, one.pressure] for one in stroke] for stroke in self.strokes],
            field="strokes",
        )

    @property
    def digests(self) -> DigestPair:
        """Of `data`: what the evidence holds."""
        return DigestPair.of(self.data)


def _check(point: Point, before: int, name: str) -> None:
    numbers = (point.x, point.y, point.at, point.pressure)
    if any(isinstance(one, bool) or not isinstance(one, int) for one in numbers):
        raise ValuesInvalid(name, "holds what is no integer")
    if not (-MAX_COORDINATE <= point.x <= MAX_COORDINATE and -MAX_COORDINATE <= point.y <= MAX_COORDINATE):
        raise ValuesInvalid(name, f"leaves the canvas of {MAX_COORDINATE} units")
    if not 0 <= point.pressure <= MAX_PRESSURE:
        raise ValuesInvalid(name, f"has a pressure that is not 0 to {MAX_PRESSURE}")
    if not before <= point.at <= MAX_DURATION:
        raise ValuesInvalid(name, f"has times that go back, or beyond {MAX_DURATION} ms")


def parse_strokes(data: bytes) -> Handwriting:
    """Strokes as a page sends them: a JSON array a stroke, of [x, y, milliseconds, pressure].

    The pressure may be left out. Raises `ValuesInvalid`.
    """
    if len(data) > MAX_DATA:
        raise ValuesInvalid("strokes", f"are longer than {MAX_DATA} octets")
    try:
        read = json.loads(data)
        return Handwriting(tuple(tuple(Point(*point) for point in stroke) for stroke in read))
    except (ValueError, TypeError, RecursionError) as error:
        raise ValuesInvalid("strokes", "are not arrays of points as JSON") from error


@dataclass(frozen=True, slots=True)
class _Sample:
    x: float
    y: float
    half: float
    """Half the pen's breadth."""


def draw_handwriting(writing: Handwriting, width: float, height: float, text: str) -> Drawing:
    """The strokes as large as a box of `width` by `height` points allows; `text` is the writer's name."""
    left, top, right, bottom = writing.extent
    unit = 1000 / max(right - left, bottom - top)
    step = _STEP
    length = unit * sum(
        math.dist((a.x, a.y), (b.x, b.y)) for stroke in writing.strokes for a, b in pairwise(stroke)
    )
    step = max(step, length / MAX_SEGMENTS)
    across, up = (right - left) * unit + 2 * _FRAME, (bottom - top) * unit + 2 * _FRAME
    scale = min(width / across, height / up)
    whole: Matrix = (scale, 0, 0, scale, (width - across * scale) / 2, (height - up * scale) / 2)
    marks = []
    for stroke in writing.strokes:
        placed = [
            ((one.x - left) * unit + _FRAME, (bottom - one.y) * unit + _FRAME, float(one.at), one.pressure)
            for one in stroke
        ]
        samples = list(_samples(placed, step))
        pieces = list(_pieces(samples))
        marks += [Mark(b" ".join(part), whole, INK) for part in _parts(pieces)]
    return Drawing(width, height, text, tuple(marks))


_Placed = tuple[float, float, float, int]


def _breadths(points: Sequence[_Placed]) -> list[float]:
    """Half the pen's breadth at each point: by pressure, or the thinner the faster; smoothed."""
    found: list[float] = []
    running = 0.0
    for place, (x, y, at, pressure) in enumerate(points):
        if pressure != _NO_PRESSURE:
            press = pressure / MAX_PRESSURE
        elif place == 0:
            press = 0.6
        else:
            before = points[place - 1]
            speed = math.dist((x, y), before[:2]) / max(at - before[2], 1.0)
            press = 1 - min(speed / _FAST, 1)
        breadth = (_THIN + (_THICK - _THIN) * press) / 2
        running = breadth if place == 0 else running + _SMOOTH * (breadth - running)
        found.append(running)
    return found


def _samples(points: Sequence[_Placed], step: float) -> Iterator[_Sample]:
    """Along a Hermite spline through the points: through each of them, and smooth."""
    kept = _steadied([points[0], *(b for a, b in pairwise(points) if a[:2] != b[:2])])
    halves = _breadths(kept)
    ways = list(_ways(kept))
    yield _Sample(kept[0][0], kept[0][1], halves[0])
    for place, ((ax, ay, *_), (bx, by, *_)) in enumerate(pairwise(kept)):
        (ux, uy), (vx, vy) = ways[place], ways[place + 1]
        count = max(1, math.ceil(math.dist((ax, ay), (bx, by)) / step))
        for number in range(1, count + 1):
            share = number / count
            x, y = _spline(ax, ux, bx, vx, share), _spline(ay, uy, by, vy, share)
            yield _Sample(x, y, halves[place] + share * (halves[place + 1] - halves[place]))


def _ways(points: Sequence[_Placed]) -> Iterator[tuple[float, float]]:
    """Where the pen goes at each point: as its neighbours lie (Catmull and Rom).

    And no further than the nearer of them is, or the curve would swing out of the strokes' extent.
    """
    for place, here in enumerate(points):
        before, after = points[max(place - 1, 0)], points[min(place + 1, len(points) - 1)]
        x, y = (after[0] - before[0]) / 2, (after[1] - before[1]) / 2
        near = min(math.dist(here[:2], one[:2]) for one in (before, after))
        scale = min(1.0, near / (math.hypot(x, y) or 1.0))
        yield x * scale, y * scale


def _steadied(points: Sequence[_Placed]) -> list[_Placed]:
    """Without the shake of whole units: each point goes a little towards its neighbours."""
    found = list(points)
    for _ in range(_STEADIED):
        for place in range(1, len(found) - 1):
            (ax, ay, *_), (bx, by, at, pressure), (cx, cy, *_) = found[place - 1 : place + 2]
            x, y = _within(ax + cx - 2 * bx), _within(ay + cy - 2 * by)
            found[place] = (bx + x, by + y, at, pressure)
    return found


def _within(bend: float) -> float:
    return max(-_SHAKE, min(_SHAKE, bend / 4))


def _spline(a: float, u: float, b: float, v: float, t: float) -> float:
    """From `a`, leaving with `u`, to `b`, arriving with `v`."""
    rest = 1 - t
    return a * rest * rest * (1 + 2 * t) + u * t * rest * rest + b * t * t * (3 - 2 * t) - v * t * t * rest


def _pieces(samples: Sequence[_Sample]) -> Iterator[bytes]:
    """Round ends and joints, and a quadrangle between any two samples, all turning the same way.

    One outline around the whole stroke would cross itself where the pen turns, and leave holes.
    """
    for place, (a, b) in enumerate(pairwise(samples)):
        before = samples[place - 1] if place else None
        after = samples[place + 2] if place + 2 < len(samples) else None
        if before is None or _is_sharp(before, a, b):
            yield _joint(a)
            before = None
        if after is not None and _is_sharp(a, b, after):
            after = None
        (ax, ay), (bx, by) = _normal(before or a, b), _normal(a, after or b)
        corners = [
            (a.x + ax * a.half, a.y + ay * a.half),
            (b.x + bx * b.half, b.y + by * b.half),
            (b.x - bx * b.half, b.y - by * b.half),
            (a.x - ax * a.half, a.y - ay * a.half),
        ]
        if _turn(corners) < 0:
            corners.reverse()
        yield polygon((_tidy(x), _tidy(y)) for x, y in corners)
    yield _joint(samples[-1])


def _joint(at: _Sample) -> bytes:
    return circle(_tidy(at.x), _tidy(at.y), _tidy(at.half))


def _normal(a: _Sample, b: _Sample) -> tuple[float, float]:
    """Across the way from `a` to `b`; of length one."""
    length = math.dist((a.x, a.y), (b.x, b.y)) or 1.0
    return -(b.y - a.y) / length, (b.x - a.x) / length


def _is_sharp(a: _Sample, b: _Sample, c: _Sample) -> bool:
    one, other = (b.x - a.x, b.y - a.y), (c.x - b.x, c.y - b.y)
    lengths = math.hypot(*one) * math.hypot(*other)
    return lengths > 0 and (one[0] * other[0] + one[1] * other[1]) / lengths < _SHARP


def _turn(corners: Sequence[tuple[float, float]]) -> float:
    """Twice the area, positive counter-clockwise."""
    following = [*corners[1:], corners[0]]
    return sum(x * v - u * y for (x, y), (u, v) in zip(corners, following, strict=True))


def _tidy(value: float) -> float:
    return round(value, 1)


def _parts(pieces: Sequence[bytes], most: int = 400) -> Iterator[Sequence[bytes]]:
    """So many pieces a path that each stays below what one string of JSON holds."""
    for at in range(0, len(pieces), most):
        yield pieces[at : at + most]
