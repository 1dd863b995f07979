"""What a signature shows: who, when, by which certificate; inside its place, hiding nothing."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest

from signing.errors import GlyphMissing, PlacementInvalid
from signing.form import Form
from signing.outline import Typeface
from signing.seal_drawing import Drawing
from signing.seal_round import RoundSeal, draw_round_seal
from signing.stamp import (
    Size,
    StampLanguage,
    StampText,
    beijing,
    compose_placeholder,
    compose_stamp,
)
from tests.support.typeface import typeface
from tests.unit.signing.test_outline import RARE

SERIAL = "4f2c9a01b7d3e65501c2fe8812ab90cd"
AT = datetime(2026, 11, 24, 16, 3, 5, 999_999, tzinfo=UTC)
TEXT = StampText("王小明", AT, SERIAL, "7KQM-2X9D-4TRA")
SIZES = [Size(130, 170), Size(220, 119), Size(180, 60), Size(100, 90), Size(400, 40), Size(90, 300)]
_OPERATION = re.compile(rb"((?:[-0-9.]+ )*)(q|Q|cm|m|l|c|h|f|re|S|w|gs|rg|RG|d|BDC|EMC)(?:\s|\Z)")


@pytest.fixture(scope="module")
def face() -> Typeface:
    return typeface()


@pytest.fixture(scope="module")
def seal() -> Drawing:
    return draw_round_seal(
        RoundSeal("信签银行股份有限公司", "合同专用章", "3101150012345", 42), typeface(bold=True)
    )


def extent(form: Form) -> tuple[float, float, float, float]:
    """Of every point that the content names, by its matrices: left, bottom, right, top."""
    matrix = (1.0, 0.0, 0.0, 1.0, 0.0, 0.0)
    stack, xs, ys = [], [], []
    for numbers, operator in _OPERATION.findall(
        re.sub(rb"/Span <<.*?>> |\[[^]]*\]|/\w+ ", b"", form.content)
    ):
        values = list(map(float, numbers.split()))
        if operator == b"q":
            stack.append(matrix)
        elif operator == b"Q":
            matrix = stack.pop()
        elif operator == b"cm":
            a, b, c, d, e, f = values
            p, q, r, s, t, u = matrix
            matrix = (
                a * p + b * r,
                a * q + b * s,
                c * p + d * r,
                c * q + d * s,
                e * p + f * r + t,
                e * q + f * s + u,
            )
        elif operator in {b"m", b"l", b"c"}:
            for x, y in zip(values[::2], values[1::2], strict=True):
                xs.append(matrix[0] * x + matrix[2] * y + matrix[4])
                ys.append(matrix[1] * x + matrix[3] * y + matrix[5])
    assert not stack
    return min(xs), min(ys), max(xs), max(ys)


def spoken(form: Form) -> list[str]:
    """Every /ActualText."""
    return [
        bytes.fromhex(one.decode()).decode("utf-16-be")
        for one in re.findall(rb"/ActualText <FEFF([0-9A-F]+)>", form.content)
    ]


@pytest.mark.parametrize("language", StampLanguage)
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size.width:g}x{size.height:g}")
@pytest.mark.parametrize("shown", ["seal", "name"])
def test_everything_is_inside_its_place(
    face: Typeface, seal: Drawing, size: Size, language: StampLanguage, shown: str
) -> None:
    form = compose_stamp(TEXT, size, face, drawing=seal if shown == "seal" else None, language=language)
    left, bottom, right, top = extent(form)
    assert (form.width, form.height) == (size.width, size.height)
    assert 0 < left < right < size.width
    assert 0 < bottom < top < size.height


def test_it_says_who_when_by_what_and_how_to_check_it(face: Typeface, seal: Drawing) -> None:
    form = compose_stamp(TEXT, Size(130, 170), face, drawing=seal)
    assert spoken(form) == [
        "信签银行股份有限公司 合同专用章 3101150012345",
        "签署人：王小明",
        "签署时间：2026-11-25 00:03:05 +08:00",
        f"证书序列号：{SERIAL}",
        "验证码：7KQM-2X9D-4TRA",
    ]
    assert form.text == "\n".join(spoken(form))


def test_without_a_seal_the_name_stands_large(face: Typeface) -> None:
    form = compose_stamp(TEXT, Size(180, 60), face, language=StampLanguage.BILINGUAL)
    assert spoken(form)[0] == "王小明"
    assert spoken(form)[1:] == list(TEXT.lines(StampLanguage.BILINGUAL))
    assert spoken(form)[1] == "签署人 Signer：王小明"


def test_it_multiplies_into_what_lies_below_and_needs_no_font(face: Typeface, seal: Drawing) -> None:
    content = compose_stamp(TEXT, Size(130, 170), face, drawing=seal).content
    assert content.startswith(b"q /Multiply gs\n")
    assert content.endswith(b"Q")
    for operator in (b"BT", b"Tf", b"Tj", b"Do"):
        assert re.search(rb"\b" + operator + rb"\b", re.sub(rb"<[0-9A-F]+>", b"", content)) is None
    assert content.count(b"BDC") == content.count(b"EMC")


def test_a_seal_keeps_its_real_size_where_there_is_room(face: Typeface, seal: Drawing) -> None:
    left, _, right, top = extent(compose_stamp(TEXT, Size(300, 400), face, drawing=seal))
    form = compose_stamp(TEXT, Size(500, 300), face, drawing=seal)
    assert b"\nq 1 0 0 1 " in form.content
    assert right - left < 300
    assert top < 400


def test_a_place_too_small_to_read_is_refused_by_name(face: Typeface, seal: Drawing) -> None:
    for size in (Size(40, 40), Size(300, 10), Size(10, 300), Size(0, 0), Size(-5, 90)):
        with pytest.raises(PlacementInvalid) as caught:
            compose_stamp(TEXT, size, face, drawing=seal, field="borrower-1")
        assert caught.value.field == "borrower-1"
        with pytest.raises(PlacementInvalid):
            compose_placeholder("借款人", "王小明王小明王小明", Size(size.width / 2, size.height / 2), face)


def test_rare_names_come_out_and_others_are_refused_by_name(face: Typeface) -> None:
    for name in RARE:
        assert spoken(compose_stamp(StampText(name, AT, SERIAL, "X"), Size(180, 60), face))[0] == name
    with pytest.raises(GlyphMissing) as caught:
        compose_stamp(StampText("王\ue000", AT, SERIAL, "X"), Size(180, 60), face, field="borrower-1")
    assert (caught.value.field, caught.value.characters) == ("borrower-1", "\ue000")


@pytest.mark.parametrize("language", StampLanguage)
@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size.width:g}x{size.height:g}")
def test_a_placeholder_says_who_is_still_to_sign(face: Typeface, size: Size, language: StampLanguage) -> None:
    form = compose_placeholder("借款人", "王小明", size, face, language=language)
    left, bottom, right, top = extent(form)
    assert 0 < left < right < size.width
    assert 0 < bottom < top < size.height
    assert spoken(form)[0].startswith("待签署")
    assert spoken(form)[1] == "借款人 王小明"
    assert b"[3 2.4] 0 d" in form.content


def test_the_time_is_beijings_whatever_zone_it_comes_in() -> None:
    for hours in (-11, 0, 8, 14):
        assert beijing(AT.astimezone(timezone(timedelta(hours=hours)))) == "2026-11-25 00:03:05 +08:00"
