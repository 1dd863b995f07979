"""Whether a template's declarations agree among themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from signing.errors import TemplateInvalid
from signing.templateschema import (
    BalanceRule,
    ChoiceField,
    DateField,
    Declared,
    DistinctRule,
    GroupField,
    IntegerField,
    MoneyField,
    NeedRule,
    NumberedRule,
    OrderRule,
    RateField,
    RisingRule,
    RowsField,
    RowSumRule,
    Rule,
    Schema,
    SumRule,
)

PLAIN_TERMS = (MoneyField, RateField, IntegerField, DateField, ChoiceField)
"""What may be recorded in the clear: figures, days and codes say nothing of who somebody is."""


def check_schema(schema: Schema) -> None:
    """Raises `TemplateInvalid` where a rule, place or term names a field that is not there or cannot be."""
    name = f"{schema.name}@{schema.version}"
    for way in _named(schema):
        if field_at(schema.fields, way) is None:
            raise TemplateInvalid(name, f"names {way}, which is no field")
    for term in schema.terms:
        if not isinstance(field_at(schema.fields, term), PLAIN_TERMS):
            raise TemplateInvalid(name, f"records {term} in the clear, which may be personal")
    if len({place.name for place in schema.places}) != len(schema.places):
        raise TemplateInvalid(name, "has two places of one name")
    for rule in schema.rules:
        for rows, column in _columns(rule):
            table = field_at(schema.fields, rows)
            if not isinstance(table, RowsField) or column not in table.fields:
                raise TemplateInvalid(name, f"names {rows}.{column}, which is no column")


def field_at(fields: Mapping[str, Declared], way: str) -> Declared | None:
    """The field under a dotted name."""
    first, _, rest = way.partition(".")
    found = fields.get(first)
    if not rest:
        return found
    return field_at(found.fields, rest) if isinstance(found, GroupField) else None


def _named(schema: Schema) -> Iterator[str]:
    yield schema.number
    yield from schema.terms
    for place in schema.places:
        yield from (way for way in (place.when, place.role) if way is not None)
    for rule in schema.rules:
        yield from _fields(rule)


def _fields(rule: Rule) -> Iterator[str]:
    match rule:
        case SumRule():
            yield rule.field
            yield from rule.terms
        case BalanceRule() | NumberedRule():
            yield rule.field
        case RisingRule():
            yield from (rule.first, rule.last)
        case OrderRule():
            yield from (rule.field, rule.limit)
        case NeedRule():
            yield from (rule.field, rule.choice)
        case DistinctRule():
            yield from rule.fields
        case RowSumRule():
            pass


def _columns(rule: Rule) -> Iterator[tuple[str, str]]:
    match rule:
        case SumRule() if rule.rows is not None and rule.column is not None:
            yield rule.rows, rule.column
        case RowSumRule():
            yield from ((rule.rows, one) for one in (rule.column, *rule.terms))
        case BalanceRule():
            yield from ((rule.rows, one) for one in (rule.column, rule.term))
        case NumberedRule() | RisingRule():
            yield rule.rows, rule.column
        case _:
            pass
