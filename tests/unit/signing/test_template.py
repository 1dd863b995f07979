"""Templates: what is shipped, what pins it, and what is refused."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest
import rfc8785

from evidence.digest import DigestPair
from signing.errors import NotFound, TemplateInvalid
from signing.template import (
    MAX_SOURCE,
    TemplateVersion,
    collect,
    load_templates,
    parse_template,
    pinned_digests,
    shipped_templates,
)
from tests.support.contracts import SAMPLES

SHIPPED = list(shipped_templates())
LOAN = next(one for one in SHIPPED if one.name == "personal-loan")
SMALL: dict[str, Any] = {
    "name": "small",
    "version": 1,
    "kind": "contract",
    "title": {"zh": "小", "en": "Small"},
    "number": "number",
    "shared": ["page-1.typ"],
    "fields": {
        "number": {"type": "text", "label": "编号"},
        "amount": {"type": "money", "label": "金额"},
        "name": {"type": "text", "label": "姓名", "personal": True},
        "party": {"type": "group", "label": "方", "fields": {"name": {"type": "text", "label": "姓名"}}},
        "rows": {"type": "rows", "label": "表", "fields": {"part": {"type": "money", "label": "金额"}}},
    },
    "places": [{"name": "borrower", "when": "party"}],
    "terms": ["amount"],
    "rules": [{"rule": "sum", "field": "amount", "rows": "rows", "column": "part"}],
}
SHARED = {"page-1.typ": b"#let x = 1", "other.typ": b"#let y = 1"}


def small(
    change: Callable[[dict[str, Any]], object] = lambda _: None, source: bytes = b"x"
) -> TemplateVersion:
    schema = json.loads(json.dumps(SMALL))
    change(schema)
    return parse_template(json.dumps(schema).encode(), source, SHARED)


def test_what_is_shipped() -> None:
    assert {one.name for one in load_templates()} == {
        "personal-loan",
        "guarantee",
        "maximum-pledge",
        "credit-query",
        "personal-information",
        "e-signature-consent",
    }
    assert {one.name for one in load_templates()} == set(SAMPLES)


@pytest.mark.parametrize("template", SHIPPED, ids=lambda one: one.id)
def test_a_shipped_version_never_changes(template: TemplateVersion) -> None:
    """To change one, add a version beside it and a line to `pinned.json`; lines are never edited."""
    assert pinned_digests()[template.id] == template.digests.sha256.hex()


def test_nothing_pinned_is_gone() -> None:
    assert set(pinned_digests()) == {one.id for one in SHIPPED}


def test_the_digest_covers_schema_source_and_shared_files() -> None:
    template = small()
    form = {
        "schema": SMALL,
        "source": DigestPair.of(b"x").as_json(),
        "shared": {"page-1.typ": DigestPair.of(SHARED["page-1.typ"]).as_json()},
    }
    assert template.digests == DigestPair.of(rfc8785.dumps(form))
    assert small(source=b"y").digests != template.digests
    assert small(lambda schema: schema.update(version=2)).digests != template.digests


def test_a_change_of_a_pinned_version_is_refused() -> None:
    pinned = {"small@1": small().digests.sha256.hex()}
    assert collect([small()], pinned).get("small").id == "small@1"
    with pytest.raises(TemplateInvalid, match="small@1: is not what was pinned"):
        collect([small(source=b"y")], pinned)
    with pytest.raises(TemplateInvalid, match="has no pinned digest"):
        collect([small()], {})
    with pytest.raises(TemplateInvalid, match="is there twice"):
        collect([small(), small()], pinned)


def test_versions_are_found_by_name_and_number() -> None:
    one, two = small(), small(lambda schema: schema.update(version=2))
    store = collect([two, one], {each.id: each.digests.sha256.hex() for each in (one, two)})
    assert store.get("small") is two
    assert store.get("small", 1) is one
    for name, number in (("small", 3), ("tall", None), ("small", 0)):
        with pytest.raises(NotFound) as caught:
            store.get(name, number)
        assert caught.value.kind == "template"


REFUSED = [
    (lambda s: s.update(surprise=1), "surprise"),
    (lambda s: s.pop("title"), "title"),
    (lambda s: s.update(name="Small"), "name"),
    (lambda s: s.update(version=0), "version"),
    (lambda s: s.update(version="1"), "version"),
    (lambda s: s.update(kind="novel"), "kind"),
    (lambda s: s.update(fields={}), "must hold at least one"),
    (lambda s: s["fields"].update(other={"type": "blob", "label": "x"}), "fields.other"),
    (lambda s: s.update(number="nothing"), "names nothing, which is no field"),
    (lambda s: s.update(terms=["name"]), "records name in the clear"),
    (lambda s: s.update(terms=["party"]), "records party in the clear"),
    (lambda s: s.update(places=[{"name": "a", "when": "b.c"}]), "names b.c, which is no field"),
    (lambda s: s.update(places=[{"name": "a", "role": "b"}]), "names b, which is no field"),
    (lambda s: s.update(places=[{"name": "a"}, {"name": "a"}]), "has two places of one name"),
    (lambda s: s["rules"][0].update(column="whole"), "names rows.whole, which is no column"),
    (lambda s: s["rules"][0].update(rows="party"), "names party.part, which is no column"),
    (lambda s: s["rules"][0].update(rule="magic"), "rules"),
    (lambda s: s.update(shared=["gone.typ"]), "imports gone.typ, which is not there"),
    (lambda s: s.update(shared=["../x.typ"]), "shared"),
]


@pytest.mark.parametrize(("change", "reason"), REFUSED, ids=[reason for _, reason in REFUSED])
def test_schemas_that_are_refused(change: Callable[[dict[str, Any]], object], reason: str) -> None:
    with pytest.raises(TemplateInvalid, match=re.escape(reason)):
        small(change)


@pytest.mark.parametrize(
    "source",
    [
        b'#import "@preview/cetz:0.3.0"',
        b'#image("seal.png")',
        b'#read ("x")',
        b'#eval("1")',
        b'#plugin("x.wasm")',
        b'#link("https://example.com")',
    ],
)
def test_a_source_that_reaches_outside_is_refused(source: bytes) -> None:
    with pytest.raises(TemplateInvalid, match="reaches outside itself"):
        small(source=source)


def test_files_that_are_too_long_or_no_json_are_refused() -> None:
    with pytest.raises(TemplateInvalid, match=r"template\.typ of more than"):
        small(source=bytes(MAX_SOURCE + 1))
    for data in (b"", b"{", b"[1]", b'{"name": "a", "name": "b"}', b"[" * 100_000, bytes(MAX_SOURCE + 1)):
        with pytest.raises(TemplateInvalid):
            parse_template(data, b"", {})


def test_the_loan_contract_declares_what_the_law_asks_for() -> None:
    """民法典第六百六十八条: 借款种类、币种、用途、数额、利率、期限和还款方式."""
    assert {
        "loan.kind",
        "loan.currency",
        "loan.purpose",
        "loan.amount",
        "rate.annual",
        "loan.term_months",
        "repayment.method",
    } <= set(LOAN.schema.terms)
    assert [place.name for place in LOAN.places] == [
        "borrower",
        "co_borrower",
        "spouse",
        "guarantor",
        "lender",
    ]
