"""Findings as frozen data without a language: values, blocks of them, the nineteen sections, the answers.

What people read is said by key; the texts of each language stand in `texts/`. The machine JSON is this
data, so that every number of the pages is in it.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone

from evidence.canonical import JSON
from evidence.clock import rfc3339

CHINA = timezone(timedelta(hours=8))
"""Standard time of the People's Republic of China; the courts that read the report live by it."""
MINUS = "-"


class Kind(enum.StrEnum):
    """What a value is."""

    TEXT = "text"
    """Verbatim."""
    CODE = "code"
    """A code of the product, said in words by the texts."""
    HEX = "hex"
    TIME = "time"
    SAID = "said"
    """A sentence of the texts with values."""
    ABSENT = "absent"
    """Nothing, and the sentence that says why."""
    LINES = "lines"
    """Several, one below the other."""


@dataclass(frozen=True, slots=True)
class Item:
    """One value as it is shown."""

    kind: Kind
    value: str
    values: tuple[tuple[str, Item], ...] = ()
    """Of a sentence, by name."""

    def as_json(self) -> JSON:
        """As the machine JSON has it."""
        if self.kind in (Kind.TEXT, Kind.HEX):
            return self.value
        if self.kind is Kind.TIME:
            local, utc = self.value.split("|")
            return {"local": local, "utc": utc}
        if self.kind is Kind.LINES:
            return [one.as_json() for _, one in self.values]
        found: dict[str, JSON] = {self.kind.value: self.value}
        if self.values:
            found["values"] = {name: one.as_json() for name, one in self.values}
        return found


def text(value: object) -> Item:
    """Verbatim."""
    return Item(Kind.TEXT, str(value))


def code(group: str, name: str) -> Item:
    """`group.name` of the texts' codes."""
    return Item(Kind.CODE, f"{group}.{name}")


def digits(value: str) -> Item:
    """Hexadecimal, which may break across lines."""
    return Item(Kind.HEX, value)


def moment(at: datetime) -> Item:
    """To the millisecond, in China's time and in UTC."""
    local = at.astimezone(CHINA).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
    return Item(Kind.TIME, f"{local} +08:00|{rfc3339(at)}")


def said(key: str, **values: Item) -> Item:
    """A sentence."""
    return Item(Kind.SAID, key, tuple(values.items()))


def absent(key: str) -> Item:
    """Why there is nothing."""
    return Item(Kind.ABSENT, key)


def lines(*items: Item) -> Item:
    """One below the other."""
    return Item(Kind.LINES, "", tuple((str(place), one) for place, one in enumerate(items)))


@dataclass(frozen=True, slots=True)
class Facts:
    """Labels with their values."""

    rows: tuple[tuple[str, Item], ...]

    def as_json(self) -> JSON:
        """By label."""
        return {"facts": {name: one.as_json() for name, one in self.rows}}


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under column labels; `widths` are shares of the page."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[Item, ...], ...]
    widths: tuple[int, ...]

    def as_json(self) -> JSON:
        """A map a row, by column."""
        rows: list[JSON] = [
            {name: one.as_json() for name, one in zip(self.columns, row, strict=True)} for row in self.rows
        ]
        return {"table": self.title, "rows": rows}


@dataclass(frozen=True, slots=True)
class Note:
    """A paragraph."""

    item: Item

    def as_json(self) -> JSON:
        """The sentence."""
        return {"note": self.item.as_json()}


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawing by name, of nodes: each a list of values."""

    name: str
    nodes: tuple[tuple[Item, ...], ...]

    def as_json(self) -> JSON:
        """Its nodes."""
        return {"figure": self.name, "nodes": [[one.as_json() for one in node] for node in self.nodes]}


Block = Facts | Table | Note | Figure


@dataclass(frozen=True, slots=True)
class Section:
    """One of the nineteen."""

    number: int
    blocks: tuple[Block, ...]

    def as_json(self) -> JSON:
        """Number and blocks."""
        return {"section": self.number, "blocks": [one.as_json() for one in self.blocks]}


class Answer(enum.StrEnum):
    """To one question; ordered by gravity in `worst`."""

    YES = "yes"
    UNKNOWN = "unknown"
    NO = "no"


_GRAVITY = (Answer.YES, Answer.UNKNOWN, Answer.NO)


def worst(answers: Sequence[Answer]) -> Answer:
    """The gravest; of none it is unknown."""
    return max(answers, key=_GRAVITY.index, default=Answer.UNKNOWN)


class Question(enum.StrEnum):
    """The six of the first page."""

    WHO = "who"
    WILLING = "willing"
    WHAT = "what"
    WHEN = "when"
    UNALTERED = "unaltered"
    COMPLETE = "complete"


SECTIONS: Mapping[Question, int] = {
    Question.WHO: 6,
    Question.WILLING: 8,
    Question.WHAT: 5,
    Question.WHEN: 13,
    Question.UNALTERED: 12,
    Question.COMPLETE: 14,
}
"""Where the facts of a question stand."""


@dataclass(frozen=True, slots=True)
class Ruling:
    """What one rule found: the answer, the reason, and whether it decides or only reserves."""

    rule_id: str
    question: Question | None
    citation: str
    decides: bool
    answer: Answer
    reason: Item

    def as_json(self) -> JSON:
        """All of it."""
        return {
            "answer": self.answer.value,
            "citation": self.citation,
            "decides": self.decides,
            "question": None if self.question is None else self.question.value,
            "reason": self.reason.as_json(),
            "rule": self.rule_id,
        }


@dataclass(frozen=True, slots=True)
class Conclusion:
    """One of the six questions, answered by its rules."""

    question: Question
    answer: Answer
    rulings: tuple[Ruling, ...]

    @property
    def section(self) -> int:
        """Where the facts stand."""
        return SECTIONS[self.question]

    def as_json(self) -> JSON:
        """The answer and the rules that gave it."""
        return {
            "answer": self.answer.value,
            "question": self.question.value,
            "rules": [one.rule_id for one in self.rulings],
            "section": self.section,
        }


@dataclass(frozen=True, slots=True)
class Anomaly:
    """Something out of the ordinary, never left out: what, and in which event."""

    kind: str
    item: Item
    seq: int | None = None

    def as_json(self) -> JSON:
        """All of it."""
        return {"anomaly": self.kind, "said": self.item.as_json(), "seq": self.seq}
