"""Amounts and rates in words, as contracts and bills write them beside the figures."""

from __future__ import annotations

_CAPITALS = "零壹贰叁肆伍陆柒捌玖"
_NUMERALS = "零一二三四五六七八九"
_PLACES = ("", "拾", "佰", "仟")
_GROUPS = ("", "万", "亿")
FEN_PER_YUAN = 100
MAX_FEN = 10**12 * FEN_PER_YUAN - 1
"""Three groups of four digits of 元: a bank's contract with a person is far below it."""


def in_words(fen: int) -> str:
    """An amount in 分 in capital numerals: 人民币伍万元整, 人民币壹仟零伍元零叁分.

    As the rules for filling in bills say (《支付结算办法》 annex 1, 正确填写票据和结算凭证的基本规定): 整
    after 元 and after 角, not after 分; one 零 for zeros between figures, also for a missing 角 before 分.
    """
    if not 0 <= fen <= MAX_FEN:
        raise ValueError("an amount in words is from 0.00 to 999,999,999,999.99")
    yuan, rest = divmod(fen, FEN_PER_YUAN)
    jiao, cents = divmod(rest, 10)
    words = "人民币"
    if yuan or not rest:
        words += f"{_whole(yuan)}元"
    if not rest:
        return words + "整"
    if jiao:
        words += f"{_CAPITALS[jiao]}角"
    elif yuan:
        words += "零"
    return words + (f"{_CAPITALS[cents]}分" if cents else "整")


def in_figures(fen: int) -> str:
    """An amount in 分 with separators: 50,000.00."""
    yuan, rest = divmod(abs(fen), FEN_PER_YUAN)
    return f"{'-' if fen < 0 else ''}{yuan:,}.{rest:02d}"


def percent(value: int, digits: int) -> str:
    """A rate in units of 10^-`digits` percent: 435 with 2 digits (basis points) is 4.35%."""
    whole, rest = divmod(abs(value), 10**digits)
    return f"{'-' if value < 0 else ''}{whole}.{rest:0{digits}d}%"


def percent_in_words(value: int, digits: int) -> str:
    """The same in words: 百分之四点三五; zeros at the end of the fraction are not spoken."""
    whole, rest = divmod(abs(value), 10**digits)
    fraction = f"{rest:0{digits}d}".rstrip("0")
    words = ("负" if value < 0 else "") + "百分之" + _spoken(whole)
    return words + ("点" + "".join(_NUMERALS[int(one)] for one in fraction) if fraction else "")


def _whole(number: int) -> str:
    """A whole number in capital numerals, group by group of four digits."""
    if number == 0:
        return _CAPITALS[0]
    text = ""
    gap = False
    for place in range(len(_GROUPS) - 1, -1, -1):
        group = number // 10_000**place % 10_000
        if group == 0:
            gap = bool(text)
            continue
        if text and (gap or group < 1_000):  # noqa: PLR2004  (its highest digit is a zero)
            text += _CAPITALS[0]
        text += _group(group) + _GROUPS[place]
        gap = False
    return text


def _group(number: int) -> str:
    text = ""
    gap = False
    for place in range(3, -1, -1):
        digit = number // 10**place % 10
        if digit == 0:
            gap = bool(text)
            continue
        text += (_CAPITALS[0] if gap else "") + _CAPITALS[digit] + _PLACES[place]
        gap = False
    return text


def _spoken(number: int) -> str:
    """A whole number below ten thousand as it is spoken: 二十四, 十二, 一百零五."""
    text = _group(number) if number else _CAPITALS[0]
    plain = text.translate(str.maketrans(_CAPITALS + "拾佰仟", _NUMERALS + "十百千"))
    return plain.removeprefix("一") if plain.startswith("一十") else plain
