"""Handwriting: within limits, the same strokes the same digest, drawn inside its box and without holes."""

from __future__ import annotations

import io
import math

import pytest
from PIL import Image

from signing.adapters.seal_png import render_png
from signing.errors import ValuesInvalid
from signing.handwriting import MAX_POINTS, MAX_STROKES, Handwriting, Point, draw_handwriting

BOX = (170.0, 70.0)


def curve(count: int = 40, start: int = 0, *, pressure: int = 0) -> tuple[Point, ...]:
    return tuple(
        Point(60 + 8 * k, round(100 + 60 * math.sin(k / 4)), start + 10 * k, pressure) for k in range(count)
    )


def line(*places: tuple[int, int], start: int = 0, pressure: int = 500) -> tuple[Point, ...]:
    return tuple(Point(x, y, start + 20 * k, pressure) for k, (x, y) in enumerate(places))


@pytest.mark.parametrize(
    ("strokes", "reason"),
    [
        ((), "1 to"),
        ((curve(),) * (MAX_STROKES + 1), "1 to"),
        ((curve(7),), "points"),
        ((curve(), ()), "no point"),
        ((tuple(Point(k, 0, 0) for k in range(MAX_POINTS + 1)),), "points"),
        ((line(*[(5, 5)] * 9),), "dot"),
        ((curve(), curve(start=10)), "go back"),
        ((curve(start=10**6),), "go back, or beyond"),
        ((curve(start=-1),), "go back"),
        ((curve(pressure=1001),), "pressure"),
        ((curve(pressure=-1),), "pressure"),
        ((line(*[(40_000, 0)] * 9),), "canvas"),
        (((*curve(), Point(1.5, 0, 900)),), "integer"),  # type: ignore[arg-type]  # what a caller may send
        (((*curve(), Point(x=True, y=0, at=900)),), "integer"),
    ],
)
def test_what_is_no_handwriting_is_refused(strokes: tuple[tuple[Point, ...], ...], reason: str) -> None:
    with pytest.raises(ValuesInvalid, match=reason):
        Handwriting(strokes)


def test_the_digest_is_of_every_number() -> None:
    strokes = (curve(), curve(start=1000))
    assert Handwriting(strokes).digests == Handwriting(strokes).digests
    others = [
        (curve(pressure=1), curve(start=1000)),
        (curve(), curve(start=1001)),
        (curve() + curve(start=1000),),
    ]
    assert len({Handwriting(one).digests.sha256 for one in [strokes, *others]}) == 4


def test_strokes_are_in_no_representation() -> None:
    """They may come into a log through an error's locals."""
    assert repr(Handwriting((curve(),))) == "Handwriting()"


def test_it_stays_inside_its_box_and_keeps_its_proportions() -> None:
    drawing = draw_handwriting(Handwriting((curve(pressure=1000),)), *BOX, "张三")
    with Image.open(io.BytesIO(render_png(drawing))) as image:
        alpha = image.getchannel("A")
        left, top, right, bottom = alpha.getbbox() or (0, 0, 0, 0)
        assert left > 0
        assert top > 0
        assert right < image.width
        assert bottom < image.height
        assert (right - left) / (bottom - top) == pytest.approx(312 / 120, rel=0.1)


@pytest.mark.parametrize(
    "places",
    [
        [(0, 0), (50, 50), (100, 100), (150, 150), (100, 100), (50, 50), (0, 0), (50, 50)],  # there and back
        [(0, 0), (100, 0), (100, 100), (0, 100), (0, 0), (100, 0), (100, 100), (0, 100)],  # round twice
        [(0, 0), (100, 100), (0, 100), (100, 0), (50, 120), (0, 0), (60, 60), (1, 1)],  # a star
        [(0, 0), (0, 0), (1, 0), (0, 0), (200, 3), (200, 3), (0, 3), (200, 0)],
    ],
)
def test_a_pen_that_turns_leaves_no_holes(places: list[tuple[int, int]]) -> None:
    drawing = draw_handwriting(Handwriting((line(*places),)), 100, 100, "x")
    with Image.open(io.BytesIO(render_png(drawing))) as image:
        alpha = image.getchannel("A")
        scale = image.width / drawing.width
        for mark in drawing.marks:
            a, _, _, d, e, f = mark.matrix
            for joint in mark.path.split(b" h"):
                if b"c" in joint:  # a round joint: its first point is its middle plus its radius
                    x, y = map(float, joint.split()[:2])
                    pixel = (round((a * (x - 3) + e) * scale), image.height - round((d * y + f) * scale))
                    assert alpha.crop((*pixel, pixel[0] + 1, pixel[1] + 1)).tobytes() > b"\xc8"


def test_pressure_makes_it_broader_and_speed_thinner() -> None:
    def ink(stroke: tuple[Point, ...]) -> int:
        drawing = draw_handwriting(Handwriting((stroke,)), *BOX, "x")
        with Image.open(io.BytesIO(render_png(drawing))) as image:
            return sum(image.getchannel("A").histogram()[128:])

    assert ink(curve(pressure=900)) > 1.5 * ink(curve(pressure=200))
    slow = tuple(Point(one.x, one.y, one.at * 8) for one in curve())
    assert ink(slow) > 1.2 * ink(curve())


def test_the_longest_handwriting_is_drawn_in_bounded_size() -> None:
    strokes = tuple(
        tuple(
            Point((k * 997 + s * 31) % 32_000, (k * 613 + s * 77) % 32_000, s * 4_000 + k * 60)
            for k in range(MAX_POINTS // MAX_STROKES)
        )
        for s in range(MAX_STROKES)
    )
    drawing = draw_handwriting(Handwriting(strokes), *BOX, "x")
    assert len(drawing.form.content) < 2_000_000
    assert drawing.data
