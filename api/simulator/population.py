"""Invented people and firms, the same for the same seed: numbers that check, names that print."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property
from hashlib import sha256

from signing.valuesidentity import credit_check, person_check

DEFAULT_SEED = "xinqian"
PEOPLE = 500
FIRMS = 50

_SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾"
_FIRST = "明秀建晓文志丽永海春国玉桂振雅思子浩佳嘉宇欣梓一若俊"
_SECOND = "华英军芳平强敏杰伟静勇艳涛娟超磊娜洋琳峰鹏瑶晨轩怡涵博睿"
_AREAS = ("110105", "310104", "320505", "330106", "330205", "340104", "350203", "420106", "440305", "510107")
"""County codes of GB/T 2260."""
_PLACES = ("北京", "上海", "苏州", "杭州", "宁波", "合肥", "厦门", "武汉", "深圳", "成都")
_STEMS = ("启明", "汇川", "嘉禾", "远景", "同泰", "恒信", "瑞丰", "云海", "中正", "蓝湾")
_TRADES = ("科技", "商贸", "机械", "食品", "医药", "新材料", "物流", "信息技术")
_OLDEST = date(1960, 1, 1)
_DAYS = (date(2002, 12, 31) - _OLDEST).days
_ORGANISATION_WEIGHTS = (3, 7, 9, 10, 5, 8, 4, 2)  # GB 11714-1997
ORDINARY_ORDERS = 900  # order numbers from here on name special cases


class Case(enum.Enum):
    """What becomes of questions about somebody, by the order number in the identity number.

    Digits 15 to 17 of a resident identity number; digits 9 to 11 of a unified social credit code.
    """

    MISMATCH = "990"
    """No name fits."""
    NOT_FOUND = "991"
    DOCUMENT_LOST = "992"
    LOW_SCORE = "993"
    """Two, three and four elements match; the face does not."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who does not exist."""

    name: str
    id_number: str
    mobile: str
    card: str
    face_token: str
    """What a phone's face capture would return."""


@dataclass(frozen=True, slots=True)
class Firm:
    """A firm that does not exist."""

    name: str
    credit_code: str
    representative: Person


class Population:
    """People and firms by number, and by what they are looked up by."""

    def __init__(self, seed: str = DEFAULT_SEED) -> None:
        self._seed = seed

    def person(self, number: int) -> Person:
        """The `number`-th, from 0, without end."""
        return self._person(f"person/{number}", None)

    def special(self, case: Case) -> Person:
        """One of whom the bureau says something else than that all is well."""
        return self._person(f"special/{case.value}", case)

    def firm(self, number: int) -> Firm:
        """The `number`-th, from 0."""
        return self._firm(f"firm/{number}", number, None)

    def special_firm(self, case: Case) -> Firm:
        """One with which something is wrong."""
        return self._firm(f"special-firm/{case.value}", len(_STEMS) + list(Case).index(case), case)

    @cached_property
    def people(self) -> dict[str, Person]:
        """Those that the bureau holds names of, by identity number."""
        found = [self.person(number) for number in range(PEOPLE)]
        return {one.id_number: one for one in (*found, *map(self.special, Case))}

    @cached_property
    def firms(self) -> dict[str, Firm]:
        """Those that the bureau holds names of, by credit code."""
        found = [self.firm(number) for number in range(FIRMS)]
        return {one.credit_code: one for one in (*found, *map(self.special_firm, Case))}

    def _person(self, key: str, case: Case | None) -> Person:
        draw = _Draw(f"{self._seed}/{key}")
        name = draw.of(_SURNAMES) + draw.of(_FIRST) + (draw.of(_SECOND) if draw.below(4) else "")
        born = _OLDEST + timedelta(days=draw.below(_DAYS))
        order = f"{draw.below(ORDINARY_ORDERS):03}" if case is None else case.value
        id_number = with_check(f"{draw.of(_AREAS)}{born:%Y%m%d}{order}")
        mobile = f"1{draw.of(('38', '39', '50', '86', '33', '89'))}{1 + draw.below(99_999_998):08}"
        # 9 stands in card numbers for national use (ISO/IEC 7812-1 annex A): no bank's.
        card = with_luhn(f"9{draw.below(10**14):014}")
        return Person(name, id_number, mobile, card, f"face-{sha256(id_number.encode()).hexdigest()[:24]}")

    def _firm(self, key: str, number: int, case: Case | None) -> Firm:
        draw = _Draw(f"{self._seed}/{key}")
        place, stem = draw.below(len(_PLACES)), _STEMS[number % len(_STEMS)]
        name = f"{_PLACES[place]}{stem}{draw.of(_TRADES)}有限公司"
        head = f"{draw.below(900_00000):08}" if case is None else f"{case.value}{draw.below(100_000):05}"
        code = credit_code(f"91{_AREAS[place]}", head)
        return Firm(name, code, self._person(f"{key}/representative", None))


class _Draw:
    """Numbers that follow from a text."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._drawn = 0

    def below(self, end: int) -> int:
        self._drawn += 1
        return int.from_bytes(sha256(f"{self._text}/{self._drawn}".encode()).digest()) % end

    def of(self, things: str | tuple[str, ...]) -> str:
        return things[self.below(len(things))]


def with_check(digits: str) -> str:
    """17 digits with the check character of GB 11643-1999 (ISO 7064 MOD 11-2)."""
    return digits + person_check(digits)


def with_luhn(digits: str) -> str:
    """Digits with the check digit of ISO/IEC 7812-1 annex B."""
    doubled = (int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(digits)))
    return digits + str(-sum(value // 10 + value % 10 for value in doubled) % 10)


def credit_code(head: str, organisation: str) -> str:
    """A unified social credit code (GB 32100-2015): 8 digits, 8 of the organisation, two check characters."""
    weighed = sum(int(digit) * by for digit, by in zip(organisation, _ORGANISATION_WEIGHTS, strict=True))
    check = (11 - weighed % 11) % 11
    body = f"{head}{organisation}{'X' if check == 10 else check}"  # noqa: PLR2004  (the eleventh residue)
    return body + credit_check(body)


def is_card(text: str) -> bool:
    """Whether it is the number of a payment card."""
    return 12 <= len(text) <= 19 and text.isascii() and text.isdigit() and with_luhn(text[:-1]) == text  # noqa: PLR2004  (ISO/IEC 7812-1)
