"""Values against what their template declares: every field that is missing or wrong is named."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from signing.errors import ValuesInvalid
from signing.template import TemplateVersion, load_templates
from signing.templateschema import Declared, GroupField, RowsField
from signing.values import check_values
from signing.valuesidentity import is_credit_code, is_person_id
from signing.valuesshown import shown, texts
from tests.support.contracts import (
    BORROWER,
    SAMPLES,
    SPOUSE,
    Values,
    changed,
    guarantee_values,
    loan_values,
    schedule,
)

WRONG: list[Any] = [True, 1.5, -1, [], {}, "", " x", "x\x00", "一\u202e二", b"x", ["x"], 10**18]
TEMPLATES = list(load_templates())
LOAN = load_templates().get("personal-loan")


def full(template: TemplateVersion) -> Values:
    """Sample values with every optional party."""
    if template.name == "personal-loan":
        return loan_values(months=3, co_borrower=True, spouse=True)
    if template.name == "guarantee":
        return guarantee_values(organisation=True, spouse=True)
    return SAMPLES[template.name]()


def leaves(
    fields: Mapping[str, Declared], values: Values, way: str = ""
) -> Iterator[tuple[Declared, Values, str, str]]:
    """Every field that is given: what declares it, what holds it, its key there, its dotted name."""
    for name, declared in fields.items():
        value = values.get(name)
        if value is None:
            continue
        yield declared, values, name, f"{way}{name}"
        if isinstance(declared, GroupField):
            yield from leaves(declared.fields, value, f"{way}{name}.")
        elif isinstance(declared, RowsField):
            for place, row in enumerate(value[:1]):
                yield from leaves(declared.fields, row, f"{way}{name}[{place}].")


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda one: one.id)
def test_every_field_that_is_needed_is_missed_by_name(template: TemplateVersion) -> None:
    values = changed(full(template))
    check_values(template, values)
    count = 0
    for declared, holder, name, way in leaves(template.schema.fields, values):
        kept = holder.pop(name)
        for absent in ({}, {name: None}):
            holder.update(absent)
            if declared.required:
                with pytest.raises(ValuesInvalid) as caught:
                    check_values(template, values)
                assert caught.value.field == way
                assert caught.value.reason == "is needed"
                count += 1
        holder[name] = kept
    check_values(template, values)
    assert count > 20


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda one: one.id)
@pytest.mark.parametrize("wrong", WRONG, ids=repr)
def test_every_field_of_a_wrong_type_is_named(template: TemplateVersion, wrong: object) -> None:
    values = changed(full(template))
    for declared, holder, name, way in leaves(template.schema.fields, values):
        if isinstance(declared, RowsField) and wrong == [] and declared.minimum == 0:
            continue
        if getattr(declared, "minimum", 0) < 0 and wrong == -1:
            continue
        kept = holder[name]
        holder[name] = wrong
        with pytest.raises(ValuesInvalid) as caught:
            check_values(template, values)
        assert caught.value.field.startswith(way), (way, wrong)
        holder[name] = kept


REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"extra": 1}, "extra"),
    ({"borrower__nickname": "x"}, "borrower.nickname"),
    ({"number": "三"}, "number"),
    ({"number": "编号 1"}, "number"),
    ({"borrower__name": "张" * 61}, "borrower.name"),
    ({"borrower__name": "张\n三"}, "borrower.name"),
    ({"borrower__name": "张\ue000"}, "borrower.name"),
    ({"borrower__name": "\ud842"}, "borrower.name"),
    ({"borrower__id_number": "330106198803150019"}, "borrower.id_number"),
    ({"borrower__id_number": "33010619880315001x"}, "borrower.id_number"),
    ({"borrower__mobile": "1380000000"}, "borrower.mobile"),
    ({"borrower__mobile": "1380000000\uff11"}, "borrower.mobile"),
    ({"borrower__email": "a@b"}, "borrower.email"),
    ({"lender__credit_code": "91330106MA2H1XQ011"}, "lender.credit_code"),
    ({"lender__phone": "call us"}, "lender.phone"),
    ({"repayment_account__number": "6230 9100"}, "repayment_account.number"),
    ({"loan__amount": 99}, "loan.amount"),
    ({"loan__amount": "100000"}, "loan.amount"),
    ({"loan__currency": "USD"}, "loan.currency"),
    ({"loan__purpose": "stocks"}, "loan.purpose"),
    ({"loan__starts_on": "2026-02-30"}, "loan.starts_on"),
    ({"loan__starts_on": "2026-2-3"}, "loan.starts_on"),
    ({"loan__starts_on": "20260203"}, "loan.starts_on"),
    ({"rate__annual": 2401}, "rate.annual"),
    ({"penalty__overdue_markup": 5001}, "penalty.overdue_markup"),
    ({"cooling_off_hours": 169}, "cooling_off_hours"),
    ({"vouchers": [{}]}, "vouchers[0].name"),
    ({"vouchers": ["x"]}, "vouchers[0]"),
    ({"vouchers": {}}, "vouchers"),
    ({"repayment__schedule": []}, "repayment.schedule"),
]
CONTRADICTIONS: list[tuple[dict[str, Any], str]] = [
    ({"loan__starts_on": "2029-01-01"}, "loan.starts_on"),
    ({"rate__spread": 421}, "rate.annual"),
    ({"cost__total": 1}, "cost.total"),
    ({"repayment__instalments": 23}, "repayment.schedule"),
    ({"repayment__total_interest": 1}, "repayment.total_interest"),
    ({"repayment__total": 1}, "repayment.total"),
    ({"penalty__misuse_markup": 4999}, "penalty.overdue_markup"),
    ({"loan__payment": "entrusted"}, "payee"),
    ({"guarantor": None}, "guarantor"),
    ({"guarantee__kind": "none"}, "guarantor"),
    ({"guarantee__years": None}, "guarantee.years"),
    ({"guarantor__id_number": BORROWER["id_number"]}, "guarantor.id_number"),
    ({"spouse": {**SPOUSE, "id_number": BORROWER["id_number"]}}, "spouse.id_number"),
    ({"loan__ends_on": "2028-11-26"}, "repayment.schedule[23].due_on"),
]


@pytest.mark.parametrize(("changes", "field"), [*REFUSED, *CONTRADICTIONS])
def test_the_field_that_is_wrong_is_named(changes: dict[str, Any], field: str) -> None:
    check_values(LOAN, loan_values())
    with pytest.raises(ValuesInvalid) as caught:
        check_values(LOAN, changed(loan_values(), **changes))
    assert caught.value.field == field


@pytest.mark.parametrize("field", ["principal", "interest", "total", "remaining", "due_on", "number"])
def test_a_schedule_that_does_not_add_up_is_refused(field: str) -> None:
    rows = schedule(10_000_000, 720, 24)
    value = rows[4][field]
    rows[4][field] = rows[3]["due_on"] if field == "due_on" else value + 1
    with pytest.raises(ValuesInvalid, match=r"repayment\.schedule\[4\]"):
        check_values(LOAN, loan_values(repayment__schedule=rows))


def test_a_schedule_that_leaves_something_is_refused() -> None:
    rows = schedule(10_000_000, 720, 24)
    rows[-1]["principal"] -= 1
    rows[-1]["total"] -= 1
    rows[-1]["remaining"] = 1
    with pytest.raises(ValuesInvalid, match="leaves 1 at the end"):
        check_values(LOAN, loan_values(repayment__schedule=rows))


@pytest.mark.parametrize("values", [None, [], "x", 1])
def test_values_that_are_no_group_are_refused(values: Any) -> None:  # noqa: ANN401  (of any wrong type)
    with pytest.raises(ValuesInvalid, match="values: is not a group of fields"):
        check_values(LOAN, values)


@pytest.mark.parametrize(
    ("number", "valid"),
    [
        ("11010519491231002X", True),  # the example of GB 11643-1999
        ("440524188001010014", True),
        ("110105194912310021", False),
        ("11010519491331002X", False),
        ("1101051949123100", False),
        ("", False),
        ("一1010519491231002X", False),
    ],
)
def test_resident_identity_numbers(number: str, valid: bool) -> None:  # noqa: FBT001  (a column of the table)
    assert is_person_id(number) is valid


@pytest.mark.parametrize(
    ("code", "valid"),
    [
        ("91350100M000100Y43", True),  # the example of GB 32100-2015
        ("91350100M000100Y44", False),
        ("91350100M000100I43", False),
        ("91350100m000100y43", False),
        ("", False),
    ],
)
def test_unified_social_credit_codes(code: str, valid: bool) -> None:  # noqa: FBT001  (a column of the table)
    assert is_credit_code(code) is valid


def test_what_pages_show() -> None:
    found: Any = shown(LOAN, loan_values())
    assert found["loan"]["amount"] == {"figures": "100,000.00", "words": "人民币壹拾万元整"}
    assert found["rate"]["annual"] == {"figures": "7.20%", "words": "百分之七点二"}
    assert found["rate"]["apr"]["figures"] == "7.2000%"
    assert found["loan"]["starts_on"] == {"text": "2026年11月25日"}
    assert found["loan"]["purpose"] == {"code": "renovation", "text": "住房装修"}
    assert found["disbursement"]["number"] == "6230 9100 0000 0000 017"
    assert found["co_borrower"] is None
    assert found["vouchers"] == []


def test_a_masked_copy_shows_nothing_personal() -> None:
    values = loan_values(co_borrower=True, spouse=True)
    found = dict(texts(shown(LOAN, values, masked=True)))
    assert found["borrower.name"] == "张*"
    assert found["borrower.id_number"] == "330***********0018"
    assert found["borrower.mobile"] == "138****0001"
    assert found["repayment_account.number"] == "**** **** **** ***0 017"
    assert found["lender.name"] == values["lender"]["name"]
    everything = "\n".join(found.values())
    for party in ("borrower", "co_borrower", "spouse", "guarantor"):
        for field in ("name", "id_number", "mobile", "address"):
            assert values[party][field] not in everything
