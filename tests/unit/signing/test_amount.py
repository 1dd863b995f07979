"""Amounts and rates in words: vectors from the rules for filling in bills, and one inverse."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signing.amount import MAX_FEN, in_figures, in_words, percent, percent_in_words

# The first five are the examples of 《正确填写票据和结算凭证的基本规定》 (支付结算办法附一); the optional 零
# before 角 that it allows is left out, as in its second form.
VECTORS = [
    (140_950, "人民币壹仟肆佰零玖元伍角整"),
    (600_714, "人民币陆仟零柒元壹角肆分"),
    (168_032, "人民币壹仟陆佰捌拾元叁角贰分"),
    (10_700_053, "人民币壹拾万柒仟元伍角叁分"),
    (1_640_902, "人民币壹万陆仟肆佰零玖元零贰分"),
    (32_504, "人民币叁佰贰拾伍元零肆分"),
    (0, "人民币零元整"),
    (1, "人民币壹分"),
    (10, "人民币壹角整"),
    (100, "人民币壹元整"),
    (101, "人民币壹元零壹分"),
    (1_000, "人民币壹拾元整"),
    (5_000_000, "人民币伍万元整"),
    (10_000_000, "人民币壹拾万元整"),
    (10_000_100, "人民币壹拾万零壹元整"),
    (1_000_000_000, "人民币壹仟万元整"),
    (10_000_000_100, "人民币壹亿零壹元整"),
    (10_100_000_000, "人民币壹亿零壹佰万元整"),
    (1_000_000_050_000, "人民币壹佰亿零伍佰元整"),
    (MAX_FEN, "人民币玖仟玖佰玖拾玖亿玖仟玖佰玖拾玖万玖仟玖佰玖拾玖元玖角玖分"),
]


@pytest.mark.parametrize(("fen", "words"), VECTORS)
def test_amounts_in_words(fen: int, words: str) -> None:
    assert in_words(fen) == words


def read(words: str) -> int:
    """What a person reads: the inverse, written another way."""
    digits = {one: value for value, one in enumerate("零壹贰叁肆伍陆柒捌玖")}
    places = {"拾": 10, "佰": 100, "仟": 1_000}
    total = group = digit = fen = 0
    for one in words.removeprefix("人民币").removesuffix("整"):
        if one in digits:
            digit = digits[one]
        elif one in places:
            group, digit = group + digit * places[one], 0
        elif one in "万亿":
            total, group, digit = (total + group + digit) * (10_000 if one == "万" else 10**8), 0, 0
            fen, total = fen + total * 100, 0
        elif one == "元":
            fen, group, digit = fen + (group + digit) * 100, 0, 0
        else:
            fen, digit = fen + digit * {"角": 10, "分": 1}[one], 0
    return fen


@given(st.integers(0, MAX_FEN))
def test_what_is_written_reads_as_the_amount(fen: int) -> None:
    words = in_words(fen)
    assert read(words) == fen
    assert "零零" not in words
    assert re.search("零[万亿元整]", words.removeprefix("人民币零元")) is None


@pytest.mark.parametrize("fen", [-1, MAX_FEN + 1])
def test_amounts_that_have_no_words(fen: int) -> None:
    with pytest.raises(ValueError, match="is from"):
        in_words(fen)


def test_figures() -> None:
    assert in_figures(123_456_789) == "1,234,567.89"
    assert in_figures(5) == "0.05"
    assert in_figures(-5) == "-0.05"


@pytest.mark.parametrize(
    ("value", "digits", "figures", "words"),
    [
        (435, 2, "4.35%", "百分之四点三五"),
        (720, 2, "7.20%", "百分之七点二"),
        (1200, 2, "12.00%", "百分之十二"),
        (2400, 2, "24.00%", "百分之二十四"),
        (10000, 2, "100.00%", "百分之一百"),
        (10500, 2, "105.00%", "百分之一百零五"),
        (1000, 2, "10.00%", "百分之十"),
        (0, 2, "0.00%", "百分之零"),
        (5, 2, "0.05%", "百分之零点零五"),
        (-50, 2, "-0.50%", "负百分之零点五"),
        (74_424, 4, "7.4424%", "百分之七点四四二四"),
    ],
)
def test_rates(value: int, digits: int, figures: str, words: str) -> None:
    assert percent(value, digits) == figures
    assert percent_in_words(value, digits) == words
