"""The values of a document as its pages show them: figures beside words, days in Chinese, codes spelt out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from evidence.canonical import JSON
from signing.amount import in_figures, in_words, percent, percent_in_words
from signing.template import TemplateVersion
from signing.templateschema import (
    ChoiceField,
    DateField,
    Declared,
    FormField,
    GroupField,
    MoneyField,
    RateField,
    RowsField,
    TextField,
)
from signing.values import Values, day

_TAIL = 4  # characters of a number that a masked copy keeps
_STAR = "*"


def shown(template: TemplateVersion, values: Values, *, masked: bool = False) -> dict[str, JSON]:
    """What the template's source is given; `values` have been checked.

    Every declared field is there, null where it was not given. Text and whole numbers stay as they are;
    money becomes {figures, words}, a rate {figures, words}, a day {text}, a choice {code, text}. `masked`
    hides what is personal (JR/T 0171 annex A), for copies that strangers see.
    """
    return _map(template.schema.fields, values, masked=masked)


def texts(value: JSON, way: str = "") -> Iterator[tuple[str, str]]:
    """Every text in values, with its dotted name; a key that is a number of a row stands in brackets."""
    if isinstance(value, str):
        yield way, value
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from texts(item, f"{way}.{name}" if way else name)
    elif isinstance(value, list | tuple):
        for place, item in enumerate(value):
            yield from texts(item, f"{way}[{place}]")


def _map(fields: Mapping[str, Declared], values: Mapping[str, JSON], *, masked: bool) -> dict[str, JSON]:
    found: dict[str, JSON] = {}
    for name, declared in fields.items():
        value = values.get(name)
        found[name] = None if value is None else _one(declared, value, masked=masked)
    return found


def _one(declared: Declared, value: JSON, *, masked: bool) -> JSON:
    match declared:
        case GroupField() if isinstance(value, Mapping):
            return _map(declared.fields, value, masked=masked)
        case RowsField() if isinstance(value, list | tuple):
            return [_map(declared.fields, row, masked=masked) for row in value if isinstance(row, Mapping)]
        case MoneyField() | RateField() if isinstance(value, int):
            return _figures(declared, value)
        case DateField() | ChoiceField() | TextField() | FormField() if isinstance(value, str):
            return _written(declared, value, masked=masked)
        case _:
            return value


def _figures(declared: MoneyField | RateField, value: int) -> JSON:
    if isinstance(declared, MoneyField):
        return {"figures": in_figures(value), "words": in_words(value)}
    digits = declared.digits
    return {"figures": percent(value, digits), "words": percent_in_words(value, digits)}


def _written(declared: DateField | ChoiceField | TextField | FormField, value: str, *, masked: bool) -> JSON:
    match declared:
        case DateField():
            found = day(value, declared.label)
            return {"text": f"{found.year}年{found.month}月{found.day}日"}
        case ChoiceField():
            return {"code": value, "text": declared.options[value]}
        case _:
            text = _masked(declared, value) if masked and declared.personal else value
            return _spaced(declared, text)


def _spaced(declared: TextField | FormField, value: str) -> str:
    """An account number in groups of four, as on the card: easier to compare, and lines may break in it."""
    if isinstance(declared, TextField) or declared.type != "account":
        return value
    return " ".join(value[place : place + _TAIL] for place in range(0, len(value), _TAIL))


def _masked(declared: TextField | FormField, value: str) -> str:
    if isinstance(declared, TextField) or declared.type == "email":
        return value[:1] + _STAR * (len(value) - 1)
    head = 3 if declared.type in {"mobile", "person-id", "identity"} else 0
    return value[:head] + _STAR * (len(value) - head - _TAIL) + value[-_TAIL:]
