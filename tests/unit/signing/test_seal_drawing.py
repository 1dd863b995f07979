"""Seals as they are drawn: nothing overlaps, everything is inside, and every form says the same."""

from __future__ import annotations

import io
import itertools
import json
import math
import xml.etree.ElementTree as ET

import pytest
from PIL import Image

from signing.adapters.seal_png import render_png
from signing.errors import DocumentUnavailable, GlyphMissing, ValuesInvalid
from signing.outline import Typeface
from signing.place import MM
from signing.seal_drawing import Drawing, Mark, parse_drawing
from signing.seal_person import PersonSeal, Shape, Suffix, draw_person_seal
from signing.seal_round import RoundSeal, draw_round_seal
from tests.support.typeface import typeface
from tests.unit.signing.test_outline import RARE

CODE = "3101150012345"
LONG = "新疆维吾尔自治区巴音郭楞蒙古自治州信签村镇银行股份有限公司乌鲁木齐分"
LENGTHS = range(4, 29)


@pytest.fixture(scope="module")
def bold() -> Typeface:
    return typeface(bold=True)


def corners(mark: Mark, face: Typeface, character: str) -> list[tuple[float, float]]:
    """Of a glyph's ink on the drawing."""
    bounds = face.glyph(character).bounds
    assert bounds is not None
    a, b, c, d, e, f = mark.matrix
    left, bottom, right, top = bounds
    return [
        (a * x + c * y + e, b * x + d * y + f)
        for x, y in ((left, bottom), (right, bottom), (right, top), (left, top))
    ]


def apart(one: list[tuple[float, float]], other: list[tuple[float, float]]) -> bool:
    """Whether two convex quadrangles do not overlap: some side of either has the other all beyond it."""
    for first, second in ((one, other), (other, one)):
        for (px, py), (qx, qy) in itertools.pairwise([*first, first[0]]):
            nx, ny = qy - py, px - qx
            if max(nx * x + ny * y for x, y in first) <= min(nx * x + ny * y for x, y in second) + 1e-6:
                return True
    return False


@pytest.mark.parametrize("purpose", ["", "合同专用章", "贷款合同专用章"])
@pytest.mark.parametrize("code", ["", CODE])
@pytest.mark.parametrize("length", LENGTHS)
def test_nothing_on_a_round_seal_overlaps(bold: Typeface, length: int, code: str, purpose: str) -> None:
    seal = RoundSeal(LONG[:length], purpose, code, 42)
    drawing = draw_round_seal(seal, bold)
    centre = drawing.width / 2
    text = seal.name + purpose + code
    ink = [corners(mark, bold, one) for mark, one in zip(drawing.marks[2:], text, strict=True)]
    for one, other in itertools.combinations(ink, 2):
        assert apart(one, other)
    rim = centre * 18.8 / 20
    radii = [math.dist((x, y), (centre, centre)) for quadrangle in ink for x, y in quadrangle]
    assert max(radii) < rim
    star = centre * (6 if purpose else 7) / 20
    assert min(radii[: 4 * length]) > star


@pytest.mark.parametrize("length", LENGTHS)
def test_a_name_is_spaced_evenly_and_stands_in_the_middle(bold: Typeface, length: int) -> None:
    drawing = draw_round_seal(RoundSeal(LONG[:length], code=CODE), bold)
    turns = [
        math.degrees(math.atan2(mark.matrix[1], mark.matrix[0])) for mark in drawing.marks[2 : 2 + length]
    ]
    assert turns[0] == pytest.approx(-turns[-1])
    steps = [one - other for one, other in itertools.pairwise(turns)]
    assert steps == pytest.approx([steps[0]] * len(steps))
    assert 0 < steps[0] * length <= 268.001


def test_the_star_stands_upright(bold: Typeface) -> None:
    star = draw_round_seal(RoundSeal("信签银行股份有限公司"), bold).marks[1]
    points = [
        tuple(map(float, one.split()[:2])) for one in star.path.decode().replace("m", "l").split("l")[:-1]
    ]
    top = max(points, key=lambda one: one[1])
    assert len(points) == 10
    assert top == pytest.approx((0, 7))


def test_rare_characters_stand_on_seals(bold: Typeface) -> None:
    drawing = draw_round_seal(RoundSeal(RARE + "有限公司"), bold)
    assert [mark.path for mark in drawing.marks[2:14]] == [bold.glyph(one).path for one in RARE]
    for name in (RARE[:4], RARE[4:8], RARE[8:]):
        assert draw_person_seal(PersonSeal(name), bold).text == name


@pytest.mark.parametrize(
    ("seal", "field"),
    [
        (RoundSeal("信签行"), "name"),
        (RoundSeal("信" * 37), "name"),
        (RoundSeal("信签 银行"), "name"),
        (RoundSeal("信签银行", "很长很长的合同专用章"), "purpose"),
        (RoundSeal("信签银行", code="310115001234"), "code"),
        (RoundSeal("信签银行", code="31011500123\uff145"), "code"),
        (RoundSeal("信签银行", diameter=58), "diameter"),
        (PersonSeal("张"), "name"),
        (PersonSeal("阿依古丽·买买提"), "name"),
        (PersonSeal("张 三"), "name"),
        (PersonSeal("张三", side=50), "side"),
    ],
)
def test_what_cannot_stand_on_a_seal_is_named(
    bold: Typeface, seal: RoundSeal | PersonSeal, field: str
) -> None:
    with pytest.raises(ValuesInvalid) as caught:
        draw_round_seal(seal, bold) if isinstance(seal, RoundSeal) else draw_person_seal(seal, bold)
    assert caught.value.field == field


def test_a_character_that_no_font_has_is_named(bold: Typeface) -> None:
    with pytest.raises(GlyphMissing) as caught:
        draw_round_seal(RoundSeal("信签银行\U000e0fff\ue000"), bold)
    assert caught.value.characters == "\U000e0fff\ue000"


NAMES = [("张三", Suffix.NONE), ("张三", Suffix.SEAL), ("王小一", Suffix.NONE), ("欧阳修文", Suffix.SEAL)]
NAMES += [("李晓明", Suffix.SEAL_OF), ("欧阳修文", Suffix.SEAL_OF), ("欧阳修文", Suffix.NONE)]


@pytest.mark.parametrize("shape", Shape)
@pytest.mark.parametrize(("name", "suffix"), NAMES)
def test_nothing_on_a_persons_seal_overlaps(bold: Typeface, name: str, suffix: Suffix, shape: Shape) -> None:
    seal = PersonSeal(name, suffix, shape)
    drawing = draw_person_seal(seal, bold)
    ink = [corners(mark, bold, one) for mark, one in zip(drawing.marks[1:], seal.text, strict=True)]
    assert all(apart(one, other) for one, other in itertools.combinations(ink, 2))
    frame = 0.055 * drawing.height
    for quadrangle in ink:
        assert all(frame < x < drawing.width - frame for x, _ in quadrangle)
        assert all(frame < y < drawing.height - frame for _, y in quadrangle)


def test_columns_are_read_from_right_to_left(bold: Typeface) -> None:
    drawing = draw_person_seal(PersonSeal("李晓明", Suffix.SEAL), bold)
    middles = []
    for mark, one in zip(drawing.marks[1:], "李晓明印", strict=True):
        ink = corners(mark, bold, one)
        middles.append((sum(x for x, _ in ink) / 4, sum(y for _, y in ink) / 4))
    (x1, y1), (x2, y2), (x3, y3), (x4, y4) = middles
    assert min(x1, x2) > max(x3, x4)
    assert y1 > y2
    assert y3 > y4


def test_a_long_name_stands_in_a_row(bold: Typeface) -> None:
    drawing = draw_person_seal(PersonSeal("阿依古丽·买买提", shape=Shape.OBLONG, side=12), bold)
    assert drawing.height == pytest.approx(12 * MM, abs=1e-4)
    lefts = [
        min(x for x, _ in corners(mark, bold, one))
        for mark, one in zip(drawing.marks[1:], "阿依古丽·买买提", strict=True)
    ]
    assert lefts == sorted(lefts)


def test_a_drawing_is_its_bytes(bold: Typeface) -> None:
    drawing = draw_round_seal(RoundSeal("信签银行股份有限公司", "合同专用章", CODE, 42), bold)
    again = parse_drawing(drawing.data, "x")
    assert again.data == drawing.data
    assert again.digests == drawing.digests
    assert again.form == drawing.form
    assert (again.text, again.width) == ("信签银行股份有限公司 合同专用章 3101150012345", 119.0551)


@pytest.mark.parametrize(
    "change",
    [
        {"version": 2},
        {"marks": [["1 1 m (x) Tj", "1 0 0 1 0 0", "000000"]]},
        {"marks": [["1 1 m", "1 0 0 1 0", "000000"]]},
        {"marks": [["1 1 m"]]},
        {"width": "wide"},
        {"width": "inf"},
        {"height": "nan"},
        {"marks": [["1 1 m", "1 0 0 1 0 inf", "000000"]]},
        {"png": ["!"]},
        {"png": ["AAAA"]},
    ],
)
def test_bytes_that_are_no_drawing_are_refused(bold: Typeface, change: dict[str, object]) -> None:
    read = json.loads(draw_round_seal(RoundSeal("信签银行"), bold).data)
    with pytest.raises(DocumentUnavailable):
        _ = parse_drawing(json.dumps({**read, **change}).encode(), "x").form


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"\xff", b"[" * 5000])
def test_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(DocumentUnavailable):
        parse_drawing(data, "x")


def test_a_form_holds_paths_and_no_text_operators(bold: Typeface) -> None:
    form = draw_round_seal(RoundSeal("信签银行股份有限公司", code=CODE), bold).form
    operators = {one for one in form.content.split() if not one.lstrip(b"-").replace(b".", b"").isdigit()}
    assert operators == {b"q", b"Q", b"/Multiply", b"gs", b"rg", b"cm", b"m", b"l", b"c", b"h", b"f"}
    assert form.content.count(b"q ") == form.content.count(b"Q")


def test_svg_has_real_dimensions_and_says_what_it_shows(bold: Typeface) -> None:
    drawing = draw_round_seal(RoundSeal("信签<银行>&公司", diameter=40), bold)
    root = ET.fromstring(drawing.svg)  # noqa: S314  (our own)
    assert (root.get("width"), root.get("height")) == ("40mm", "40mm")
    assert root.get("aria-label") == "信签<银行>&公司"
    assert len(root.findall(".//{http://www.w3.org/2000/svg}path")) == 2 + len("信签<银行>&公司")


@pytest.mark.parametrize(("mm", "pixels"), [(42, 496), (40, 472), (30, 354)])
def test_a_picture_has_300_dpi_and_nothing_behind_it(bold: Typeface, mm: float, pixels: int) -> None:
    drawing = draw_round_seal(RoundSeal("信签银行股份有限公司", "合同专用章", CODE, mm), bold)
    with Image.open(io.BytesIO(render_png(drawing))) as image:
        assert pixels == round(mm / 25.4 * 300)
        assert (image.size, image.mode, image.format) == ((pixels, pixels), "RGBA", "PNG")
        assert image.info["dpi"] == pytest.approx((300, 300), abs=0.01)
        alpha = image.getchannel("A")
        middle = pixels // 2
        assert alpha.getpixel((0, 0)) == 0
        assert alpha.getpixel((middle, round(pixels * 0.28))) == 0  # between the name and the star
        assert image.getpixel((middle, middle)) == (0xC8, 0x14, 0x1E, 255)  # the star
        assert image.getpixel((middle, 4)) == (0xC8, 0x14, 0x1E, 255)  # the ring


def test_a_drawing_of_a_picture_shows_it() -> None:
    image = Image.new("RGBA", (100, 100), (0, 0, 0, 0))
    image.paste((200, 20, 30, 255), (20, 20, 80, 80))
    out = io.BytesIO()
    image.save(out, "PNG")
    drawing = Drawing(42 * MM, 42 * MM, "信签", png=out.getvalue())
    again = parse_drawing(drawing.data, "x")
    assert again.form.pictures[0].alpha == image.getchannel("A").tobytes()
    assert b"/Picture0 Do" in again.form.content
    with Image.open(io.BytesIO(render_png(again))) as shown:
        assert (shown.size, shown.getpixel((248, 248))) == ((496, 496), (200, 20, 30, 255))
        assert shown.getpixel((2, 2)) == (0, 0, 0, 0)
