"""Pages of rendered documents: every field on them, nothing out of its cell, room where it is promised."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import pypdfium2
import pytest

from signing.place import MM
from signing.template import TemplateVersion, load_templates
from signing.templateschema import Declared, FormField, GroupField, RowsField, TextField
from signing.valuesshown import shown, texts
from tests.integration.test_render import AT, TEMPLATES, render, text_of
from tests.support.contracts import SAMPLES, Values, changed, guarantee_values, loan_values, renderer, shelf


@pytest.mark.parametrize("months", [12, 36, 60])
def test_places_are_where_the_record_says_and_empty(months: int) -> None:
    rendered = render(loan_values(months=months, co_borrower=True, spouse=True))
    assert [one.name for one in rendered.anchors] == [
        "borrower",
        "co_borrower",
        "spouse",
        "guarantor",
        "lender",
    ]
    assert {one.page for one in rendered.anchors} == {rendered.pages}
    with pypdfium2.PdfDocument(rendered.pdf) as document:
        page = document[rendered.pages - 1]
        text = page.get_textpage()
        boxes = [one.get_bounds() for one in page.get_objects() if one.type == 2]  # paths
        for anchor in rendered.anchors:
            rect = anchor.rect
            bounds = (rect.left, rect.bottom, rect.left + rect.width, rect.bottom + rect.height)
            assert text.get_text_bounded(*bounds).strip() == ""
            size = (42, 42) if anchor.name == "lender" else (60, 25)
            assert (rect.width / MM, rect.height / MM) == pytest.approx(size, abs=0.01)
            near = [box for box in boxes if box == pytest.approx(bounds, abs=0.6)]
            assert near, f"the frame of {anchor.name} is drawn elsewhere"
            above = text.get_text_bounded(rect.left, bounds[3], rect.left + rect.width, bounds[3] + 60)
            label = {"borrower": "借款人：张三", "lender": "贷款人：", "guarantor": "保证人：李四"}
            assert label.get(anchor.name, "") in above


def test_an_organisation_gets_room_for_a_seal() -> None:
    template = load_templates().get("guarantee")
    anchors = {one.name: one.rect for one in render(guarantee_values(organisation=True), template).anchors}
    assert anchors["guarantor"].width == pytest.approx(42 * MM, abs=0.01)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("personal-loan", loan_values(guarantor=False)),
        ("personal-loan", loan_values(guarantee__kind="general")),
        ("personal-loan", loan_values(guarantor=False, guarantee__kind="pledge", guarantee__contract="Q999")),
        (
            "personal-loan",
            loan_values(
                loan__payment="entrusted",
                payee={"name": "杭州示范装饰有限公司", "bank": "示范银行", "number": "33010000000000001"},
                vouchers=[{"name": "利率优惠券", "terms": "首期有效", "value": "首期利息减免 10 元"}],
                cooling_off_hours=0,
                rate__form="floating",
                rate__adjusts="january",
            ),
        ),
        ("guarantee", guarantee_values(kind="general", organisation=True, spouse=True)),
    ],
)
def test_every_variant_is_rendered(name: str, values: Values) -> None:
    rendered = render(values, load_templates().get(name))
    assert rendered.pages > 3
    contract = values["guarantee"].get("contract")
    assert contract is None or contract in text_of(rendered.pdf)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda one: one.id)
def test_every_declared_field_is_on_the_pages(template: TemplateVersion) -> None:
    """A field that the text does not use would be agreed to by nobody; one it uses undeclared fails above."""
    assert _unseen(template, variants(template)) == []


def variants(template: TemplateVersion) -> Values:
    """Values that give every field that can be given together."""
    if template.name == "personal-loan":
        payee = {"name": "装饰公司", "bank": "示范银行", "number": "33010000000000001"}
        voucher = {"name": "优惠券", "terms": "首期有效", "value": "减免"}
        return loan_values(
            months=2,
            co_borrower=True,
            spouse=True,
            loan__payment="entrusted",
            payee=payee,
            vouchers=[voucher],
        )
    if template.name == "guarantee":
        return guarantee_values(organisation=True, spouse=True)
    if template.name == "maximum-pledge":
        return changed(SAMPLES[template.name](), secured__earlier="信签借字2025第000009号项下债权")
    return SAMPLES[template.name]()


def _unseen(template: TemplateVersion, values: Values) -> list[str]:
    """Fields none of whose parts shows on the pages, when every text is a mark of its own."""
    marked = shown(template, values)
    marks: dict[str, str] = {}
    _mark(marked, "", marks)
    pdf, _ = renderer()._compile(template, marked, shelf().families[:1], at=AT, masked=False)
    text = text_of(pdf)
    seen = {_field(way) for way, mark in marks.items() if mark in text}
    return sorted({_field(way) for way in [*marks, *(way for way, _ in texts(marked))]} - seen)


def _field(way: str) -> str:
    return re.sub(r"\.(figures|words|text|code)$", "", way)


def _mark(value: Any, way: str, marks: dict[str, str]) -> None:  # noqa: ANN401  (as JSON)
    for name, item in value.items() if isinstance(value, dict) else enumerate(value):
        below = f"{way}[{name}]" if isinstance(name, int) else f"{way}.{name}" if way else name
        if isinstance(item, dict | list):
            _mark(item, below, marks)
        elif isinstance(item, str) and name != "code":
            value[name] = marks[below] = f"Q{len(marks):03d}Q"
        elif isinstance(item, int) and name != "number":  # rows count theirs
            value[name] = 7000 + len(marks)
            marks[below] = str(value[name])


@pytest.mark.parametrize("letter", ["国", "W"])
@pytest.mark.parametrize("template", TEMPLATES, ids=lambda one: one.id)
def test_the_longest_values_stay_in_their_cells(template: TemplateVersion, letter: str) -> None:
    values = changed(variants(template))
    _stretch(template.schema.fields, values, letter)
    rendered = render(values, template)
    with pypdfium2.PdfDocument(rendered.pdf) as document:
        for number in range(rendered.pages):
            boxes = _character_boxes(document[number])
            assert min(box[0] for box in boxes) > 24 * MM
            assert max(box[2] for box in boxes) < (210 - 24) * MM
            assert min(box[1] for box in boxes) > 10 * MM
            assert _overlapping(boxes) == []


def _stretch(fields: Mapping[str, Declared], values: Values, letter: str) -> None:
    for name, declared in fields.items():
        value = values[name]
        if isinstance(declared, GroupField) and value is not None:
            _stretch(declared.fields, value, letter)
        elif isinstance(declared, RowsField):
            for row in value:
                _stretch(declared.fields, row, letter)
        elif isinstance(declared, TextField) and value is not None:
            values[name] = letter * declared.maximum
        elif isinstance(declared, FormField) and declared.type == "email":
            values[name] = f"{'W' * 64}@{'w' * 60}.example.com"


def _character_boxes(page: pypdfium2.PdfPage) -> list[tuple[float, float, float, float]]:
    text = page.get_textpage()
    boxes = [text.get_charbox(place) for place in range(text.count_chars())]
    return [box for box in boxes if box[2] - box[0] > 0.1 and box[3] - box[1] > 0.1]


def _overlapping(boxes: list[tuple[float, float, float, float]]) -> list[tuple[float, ...]]:
    """Neighbours on a line that lie over each other by more than a point and a half."""
    lines: dict[int, list[tuple[float, float, float, float]]] = {}
    for box in boxes:
        lines.setdefault(round((box[1] + box[3]) / 8), []).append(box)
    return [
        one
        for line in lines.values()
        for one, other in pairwise(sorted(line))
        if one[2] - other[0] > 1.5 and min(one[3], other[3]) - max(one[1], other[1]) > 1.5
    ]
