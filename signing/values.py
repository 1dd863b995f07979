"""The values of a document, checked against what its template declares."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from typing import assert_never

from evidence.canonical import JSON
from signing.errors import ValuesInvalid
from signing.template import TemplateVersion
from signing.templateschema import (
    ChoiceField,
    DateField,
    Declared,
    FormField,
    GroupField,
    IntegerField,
    MoneyField,
    RateField,
    RowsField,
    TextField,
)
from signing.valuesidentity import is_credit_code, is_person_id
from signing.valuesrule import check_rules

Values = Mapping[str, JSON]

NEEDED = "is needed"
HIDDEN = frozenset({"Cc", "Cf", "Co", "Cs", "Zl", "Zp"})
"""Unicode categories that print nothing, turn the writing's direction, or mean what each reader likes."""
MAX_EMAIL = 254  # RFC 5321 4.5.3.1.3, less the brackets

_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_PHONE = re.compile(r"\+?[0-9][0-9 -]{3,18}[0-9]")
_ACCOUNT = re.compile(r"[0-9]{8,32}")
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def check_values(template: TemplateVersion, values: Values) -> None:
    """Raises `ValuesInvalid` naming the first field that is wrong.

    That is one that is missing, unknown, of the wrong type, out of its limits, or contradicts another.
    """
    _check_map(template.schema.fields, values, "")
    check_rules(template.schema.rules, values)


def _check_map(fields: Mapping[str, Declared], values: object, way: str) -> None:
    if not isinstance(values, Mapping):
        raise ValuesInvalid(way or "values", "is not a group of fields")
    for name, declared in fields.items():
        value = values.get(name)
        if value is None:
            if declared.required:
                raise ValuesInvalid(f"{way}{name}", NEEDED)
        else:
            _check(declared, value, f"{way}{name}")
    for name in values:
        if name not in fields:
            raise ValuesInvalid(f"{way}{name}"[:200], "is no field of the template")


def _check(declared: Declared, value: object, way: str) -> None:
    match declared:
        case GroupField():
            _check_map(declared.fields, value, f"{way}.")
        case RowsField():
            _check_rows(declared, value, way)
        case MoneyField() | RateField() | IntegerField():
            _check_number(declared, value, way)
        case _:
            _check_written(declared, value, way)


def _check_written(
    declared: TextField | FormField | DateField | ChoiceField, value: object, way: str
) -> None:
    if not isinstance(value, str):
        raise ValuesInvalid(way, "is not text")
    match declared:
        case TextField():
            _check_text(declared, value, way)
        case FormField():
            _check_form(declared, value, way)
        case DateField():
            day(value, way)
        case ChoiceField():
            if value not in declared.options:
                raise ValuesInvalid(way, f"is not one of {', '.join(declared.options)}")


def _check_rows(declared: RowsField, value: object, way: str) -> None:
    if not isinstance(value, list | tuple):
        raise ValuesInvalid(way, "is not a list of rows")
    if not declared.minimum <= len(value) <= declared.maximum:
        reason = f"has {len(value)} rows; {declared.minimum} to {declared.maximum} are allowed"
        raise ValuesInvalid(way, reason)
    for place, row in enumerate(value):
        if not isinstance(row, Mapping):
            raise ValuesInvalid(f"{way}[{place}]", "is not a group of fields")
        _check_map(declared.fields, row, f"{way}[{place}].")


def _check_number(declared: MoneyField | RateField | IntegerField, value: object, way: str) -> None:
    if isinstance(value, bool) or not isinstance(value, int):
        raise ValuesInvalid(way, NOT_NUMBER[declared.type])
    if not declared.minimum <= value <= declared.maximum:
        raise ValuesInvalid(way, f"is {value}; {declared.minimum} to {declared.maximum} is allowed")


def _check_text(declared: TextField, value: str, way: str) -> None:
    if not declared.minimum <= len(value.strip()) or len(value) > declared.maximum:
        reason = f"has {len(value)} characters; {declared.minimum} to {declared.maximum} are allowed"
        raise ValuesInvalid(way, reason)
    if value != value.strip():
        raise ValuesInvalid(way, "begins or ends with a blank")
    for one in value:
        if unicodedata.category(one) in HIDDEN and not (declared.lines and one == "\n"):
            raise ValuesInvalid(way, f"holds U+{ord(one):04X}, which cannot be printed")
    if declared.pattern is not None and not re.fullmatch(declared.pattern, value):
        raise ValuesInvalid(way, f"is not of the form {declared.pattern}")


def _check_form(declared: FormField, value: str, way: str) -> None:
    match declared.type:
        case "person-id":
            fits = is_person_id(value)
        case "credit-code":
            fits = is_credit_code(value)
        case "identity":
            fits = is_person_id(value) or is_credit_code(value)
        case "mobile":
            fits = _MOBILE.fullmatch(value) is not None
        case "phone":
            fits = _PHONE.fullmatch(value) is not None
        case "account":
            fits = _ACCOUNT.fullmatch(value) is not None
        case "email":
            fits = len(value) <= MAX_EMAIL and _EMAIL.fullmatch(value) is not None
        case _:
            assert_never(declared.type)
    if not fits:
        raise ValuesInvalid(way, WRONG_FORM[declared.type])


NOT_NUMBER = {
    "money": "is not an amount in fen, a whole number",
    "rate": "is not a rate as a whole number of basis points or of their hundredths",
    "integer": "is not a whole number",
}
WRONG_FORM = {
    "person-id": "is not a resident identity number (GB 11643) with its check digit",
    "credit-code": "is not a unified social credit code (GB 32100) with its check character",
    "identity": "is neither a resident identity number nor a unified social credit code",
    "mobile": "is not a mobile number of eleven digits",
    "phone": "is not a telephone number",
    "account": "is not an account number of 8 to 32 digits",
    "email": "is not an email address",
}


def day(value: object, way: str) -> date:
    """A day from its text; raises `ValuesInvalid`."""
    if not isinstance(value, str) or not _DAY.fullmatch(value):
        raise ValuesInvalid(way, "is not a day as 2026-11-24")
    try:
        return date.fromisoformat(value)
    except ValueError as error:
        raise ValuesInvalid(way, "is a day that no calendar has") from error
