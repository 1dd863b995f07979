"""What the values of a document must agree on among themselves."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations, pairwise

from evidence.canonical import JSON
from signing.errors import ValuesInvalid
from signing.templateschema import (
    BalanceRule,
    DistinctRule,
    NeedRule,
    NumberedRule,
    OrderRule,
    RisingRule,
    RowSumRule,
    Rule,
    SumRule,
)

_Row = Mapping[str, JSON]


def check_rules(rules: Iterable[Rule], values: Mapping[str, JSON]) -> None:
    """Raises `ValuesInvalid` naming the first field that contradicts another; types were checked before."""
    for rule in rules:
        match rule:
            case RowSumRule() | BalanceRule() | NumberedRule() | RisingRule():
                _check_table(rule, values)
            case SumRule():
                _check_sum(rule, values)
            case OrderRule():
                _check_order(rule, values)
            case NeedRule():
                _check_need(rule, values)
            case DistinctRule():
                _check_distinct(rule, values)


def _check_table(
    rule: RowSumRule | BalanceRule | NumberedRule | RisingRule, values: Mapping[str, JSON]
) -> None:
    match rule:
        case RowSumRule():
            for place, row in enumerate(_rows(values, rule.rows)):
                total = sum(_number(row.get(term)) for term in rule.terms)
                _check_total(_number(row[rule.column]), total, f"{rule.rows}[{place}].{rule.column}")
        case BalanceRule():
            _check_balance(rule, values)
        case NumberedRule():
            _check_numbers(rule, values)
        case RisingRule():
            _check_rising(rule, values)


def at(values: Mapping[str, JSON], way: str) -> JSON:
    """The value under a dotted name; None where it, or the group around it, is not given."""
    found: JSON = values
    for step in way.split("."):
        found = found.get(step) if isinstance(found, Mapping) else None
    return found


def _rows(values: Mapping[str, JSON], way: str) -> Sequence[_Row]:
    found = at(values, way)
    if not isinstance(found, list | tuple):
        return ()
    return [row for row in found if isinstance(row, Mapping)]


def _number(value: JSON) -> int:
    return value if isinstance(value, int) else 0


def _check_total(given: int, total: int, way: str) -> None:
    if given != total:
        raise ValuesInvalid(way, f"is {given}, but its parts add up to {total}")


def _check_sum(rule: SumRule, values: Mapping[str, JSON]) -> None:
    total = sum(_number(at(values, term)) for term in rule.terms)
    if rule.rows is not None and rule.column is not None:
        total += sum(_number(row.get(rule.column)) for row in _rows(values, rule.rows))
    if at(values, rule.field) is not None:
        _check_total(_number(at(values, rule.field)), total, rule.field)


def _check_balance(rule: BalanceRule, values: Mapping[str, JSON]) -> None:
    left = _number(at(values, rule.field))
    rows = _rows(values, rule.rows)
    for place, row in enumerate(rows):
        left -= _number(row.get(rule.term))
        if _number(row.get(rule.column)) != left:
            way = f"{rule.rows}[{place}].{rule.column}"
            raise ValuesInvalid(way, f"is {row.get(rule.column)}, but {left} is left")
    if rows and left:
        raise ValuesInvalid(rule.rows, f"leaves {left} at the end")


def _check_numbers(rule: NumberedRule, values: Mapping[str, JSON]) -> None:
    rows = _rows(values, rule.rows)
    if len(rows) != at(values, rule.field):
        reason = f"has {len(rows)} rows, but {rule.field} is {at(values, rule.field)}"
        raise ValuesInvalid(rule.rows, reason)
    for place, row in enumerate(rows):
        if row.get(rule.column) != place + 1:
            way = f"{rule.rows}[{place}].{rule.column}"
            raise ValuesInvalid(way, f"is {row.get(rule.column)}, but the rows count from 1 without gaps")


def _check_rising(rule: RisingRule, values: Mapping[str, JSON]) -> None:
    first, last = at(values, rule.first), at(values, rule.last)
    days = [str(row.get(rule.column)) for row in _rows(values, rule.rows)]
    if not days or first is None or last is None:
        return
    for place, (earlier, later) in enumerate(pairwise([str(first), *days])):
        if earlier >= later:
            way = f"{rule.rows}[{place}].{rule.column}"
            raise ValuesInvalid(way, f"is {later}, which is not after {earlier}")
    if days[-1] != last:
        way = f"{rule.rows}[{len(days) - 1}].{rule.column}"
        raise ValuesInvalid(way, f"is {days[-1]}, but {rule.last} is {last}")


def _check_order(rule: OrderRule, values: Mapping[str, JSON]) -> None:
    field, limit = at(values, rule.field), at(values, rule.limit)
    if field is None or limit is None:
        return
    if isinstance(field, int) and isinstance(limit, int):
        fits = field < limit or (rule.equal and field == limit)
    else:
        fits = str(field) < str(limit) or (rule.equal and field == limit)
    if not fits:
        if rule.equal:
            raise ValuesInvalid(rule.field, f"is {field}, more than {rule.limit}, {limit}")
        raise ValuesInvalid(rule.field, f"is {field}, not less than {rule.limit}, {limit}")


def _check_need(rule: NeedRule, values: Mapping[str, JSON]) -> None:
    chosen = str(at(values, rule.choice))
    given = at(values, rule.field) is not None
    if chosen in rule.options and not given:
        raise ValuesInvalid(rule.field, f"is needed where {rule.choice} is {chosen}")
    if chosen not in rule.options and given:
        raise ValuesInvalid(rule.field, f"does not belong where {rule.choice} is {chosen}")


def _check_distinct(rule: DistinctRule, values: Mapping[str, JSON]) -> None:
    given = [(way, at(values, way)) for way in rule.fields]
    for (one, value), (other, again) in combinations(given, 2):
        if value is not None and value == again:
            raise ValuesInvalid(other, f"is the same as {one}")
