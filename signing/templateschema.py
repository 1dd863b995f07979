"""The fields of a template: what each takes, which places it keeps for signatures, what must agree."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import AfterValidator, ConfigDict, Field, StringConstraints
from pydantic.dataclasses import dataclass

from signing.amount import MAX_FEN

MAX_TEXT = 2_000  # characters of one value: a clause of its own, not a document
MAX_ROWS = 600  # of one table: fifty years of monthly instalments

_STRICT = ConfigDict(extra="forbid", strict=True)

FieldName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
DottedName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$")]
TemplateName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{1,62}$")]
SharedName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,62}\.typ$")]


def _filled(value: Mapping[str, object]) -> Mapping[str, object]:
    if not value:
        raise ValueError("must hold at least one")
    return value


@dataclass(frozen=True, slots=True, config=_STRICT)
class TextField:
    """Characters; `lines` allows line breaks."""

    type: Literal["text"]
    label: str
    required: bool = True
    minimum: Annotated[int, Field(ge=1)] = 1
    maximum: Annotated[int, Field(ge=1, le=MAX_TEXT)] = 100
    lines: bool = False
    pattern: str | None = None
    personal: bool = False


@dataclass(frozen=True, slots=True, config=_STRICT)
class FormField:
    """Text of a form with rules of its own.

    person-id: GB 11643, credit-code: GB 32100, identity: either; mobile: eleven digits of a Chinese
    mobile number; phone: any telephone number; account: 8 to 32 digits; email.
    """

    type: Literal["person-id", "credit-code", "identity", "mobile", "phone", "account", "email"]
    label: str
    required: bool = True
    personal: bool = True


@dataclass(frozen=True, slots=True, config=_STRICT)
class MoneyField:
    """An amount in 分."""

    type: Literal["money"]
    label: str
    required: bool = True
    minimum: Annotated[int, Field(ge=0)] = 0
    maximum: Annotated[int, Field(ge=0, le=MAX_FEN)] = MAX_FEN


@dataclass(frozen=True, slots=True, config=_STRICT)
class RateField:
    """A rate in basis points (`digits` 2) or hundredths of them (4)."""

    type: Literal["rate"]
    label: str
    minimum: int
    maximum: int
    required: bool = True
    digits: Literal[2, 4] = 2


@dataclass(frozen=True, slots=True, config=_STRICT)
class IntegerField:
    """A whole number."""

    type: Literal["integer"]
    label: str
    minimum: int
    maximum: int
    required: bool = True


@dataclass(frozen=True, slots=True, config=_STRICT)
class DateField:
    """A day, as 2026-11-24."""

    type: Literal["date"]
    label: str
    required: bool = True


@dataclass(frozen=True, slots=True, config=_STRICT)
class ChoiceField:
    """One of `options`: a code, and the words that the template shows for it."""

    type: Literal["choice"]
    label: str
    options: Annotated[Mapping[str, str], AfterValidator(_filled)]
    required: bool = True


@dataclass(frozen=True, slots=True, config=_STRICT)
class GroupField:
    """Several fields under one name, as a party."""

    type: Literal["group"]
    label: str
    fields: Annotated[Mapping[FieldName, Declared], AfterValidator(_filled)]
    required: bool = True


@dataclass(frozen=True, slots=True, config=_STRICT)
class RowsField:
    """A table: from `minimum` to `maximum` rows of the same fields."""

    type: Literal["rows"]
    label: str
    fields: Annotated[Mapping[FieldName, Declared], AfterValidator(_filled)]
    required: bool = True
    minimum: Annotated[int, Field(ge=0)] = 1
    maximum: Annotated[int, Field(ge=1, le=MAX_ROWS)] = MAX_ROWS


Declared = Annotated[
    TextField
    | FormField
    | MoneyField
    | RateField
    | IntegerField
    | DateField
    | ChoiceField
    | GroupField
    | RowsField,
    Field(discriminator="type"),
]


@dataclass(frozen=True, slots=True, config=_STRICT)
class Place:
    """Room for a party's signature or seal, by the party's role."""

    name: FieldName
    when: DottedName | None = None
    """The place is only there if this field is given."""
    role: DottedName | None = None
    """A choice whose code names the place instead, where the role differs from document to document."""


@dataclass(frozen=True, slots=True, config=_STRICT)
class SumRule:
    """The rows' `column` adds up to `field`; or, without `rows`, the fields `terms` do."""

    rule: Literal["sum"]
    field: DottedName
    rows: DottedName | None = None
    column: FieldName | None = None
    terms: tuple[DottedName, ...] = ()


@dataclass(frozen=True, slots=True, config=_STRICT)
class RowSumRule:
    """In each of `rows`, `terms` add up to `column`."""

    rule: Literal["row-sum"]
    rows: DottedName
    column: FieldName
    terms: tuple[FieldName, ...]


@dataclass(frozen=True, slots=True, config=_STRICT)
class BalanceRule:
    """`column` of each row is what the `term`s so far leave of `field`; the last leaves nothing."""

    rule: Literal["balance"]
    rows: DottedName
    column: FieldName
    term: FieldName
    field: DottedName


@dataclass(frozen=True, slots=True, config=_STRICT)
class NumberedRule:
    """`column` counts the rows from 1, and there are as many as `field` says."""

    rule: Literal["numbered"]
    rows: DottedName
    column: FieldName
    field: DottedName


@dataclass(frozen=True, slots=True, config=_STRICT)
class RisingRule:
    """`column` rises from row to row, from after `first` to `last`."""

    rule: Literal["rising"]
    rows: DottedName
    column: FieldName
    first: DottedName
    last: DottedName


@dataclass(frozen=True, slots=True, config=_STRICT)
class OrderRule:
    """`field` is less than `limit`, or with `equal` not more."""

    rule: Literal["order"]
    field: DottedName
    limit: DottedName
    equal: bool = False


@dataclass(frozen=True, slots=True, config=_STRICT)
class NeedRule:
    """`field` has to be given where `choice` is one of `options`, and may not be elsewhere."""

    rule: Literal["need"]
    field: DottedName
    choice: DottedName
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True, config=_STRICT)
class DistinctRule:
    """No two of `fields` that are given are the same: a guarantor is not the borrower."""

    rule: Literal["distinct"]
    fields: tuple[DottedName, ...]


Rule = Annotated[
    SumRule | RowSumRule | BalanceRule | NumberedRule | RisingRule | OrderRule | NeedRule | DistinctRule,
    Field(discriminator="rule"),
]


@dataclass(frozen=True, slots=True, config=_STRICT)
class Title:
    """What the document is called."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True, config=_STRICT)
class Schema:
    """What a template declares beside its text."""

    name: TemplateName
    version: Annotated[int, Field(ge=1, le=9_999)]
    kind: Literal["contract", "authorisation", "consent"]
    title: Title
    number: DottedName
    """The field that holds the document's number, shown on every page."""
    shared: tuple[SharedName, ...]
    """Files of `shared/` that the template imports."""
    fields: Annotated[Mapping[FieldName, Declared], AfterValidator(_filled)]
    places: tuple[Place, ...]
    terms: tuple[DottedName, ...]
    """Fields that are recorded in the clear as the document's terms; none of them is personal."""
    rules: tuple[Rule, ...] = ()
