from __future__ import annotations

import pytest
import rfc8785
from hypothesis import given
from hypothesis import strategies as st

from evidence.canonical import JSON, MAX_DEPTH, MAX_SAFE_INTEGER, MAX_STRING, canonical, quoted
from evidence.errors import EventInvalid

text = st.text(st.characters(exclude_categories=["Cs"]))
keys = st.text(st.characters(max_codepoint=127))
values: st.SearchStrategy[JSON] = st.recursive(
    st.none() | st.booleans() | st.integers(-MAX_SAFE_INTEGER, MAX_SAFE_INTEGER) | text,
    lambda inner: st.lists(inner) | st.dictionaries(keys, inner),
    max_leaves=20,
)


@given(values)
def test_it_is_what_the_other_implementation_writes(value: JSON) -> None:
    assert canonical(value) == rfc8785.dumps(value)


@given(text)
def test_a_string_alone_too(value: str) -> None:
    assert quoted(value).encode() == rfc8785.dumps(value)


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ({"b": 1, "a": 2, "B": 3}, b'{"B":3,"a":2,"b":1}'),
        ('\u20ac$\u000f\nA\'B"\\\\"/', b'"\xe2\x82\xac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"'),  # RFC 8785 3.2.2
        ("\x7f\u2028<>&", b'"\x7f\xe2\x80\xa8<>&"'),
        ((1, (2,)), b"[1,[2]]"),
        (MAX_SAFE_INTEGER, b"9007199254740991"),
        ({}, b"{}"),
    ],
)
def test_known_values(value: JSON, written: bytes) -> None:
    assert canonical(value) == written


@pytest.mark.parametrize(
    ("value", "field"),
    [
        (1.0, "$"),
        (float("nan"), "$"),
        (b"bytes", "$"),
        ({"a": {"b": [1, 2.5]}}, "$.a.b[1]"),
        ({"a": MAX_SAFE_INTEGER + 1}, "$.a"),
        (-MAX_SAFE_INTEGER - 1, "$"),
        ({1: "a"}, "$.1"),
        ({"ключ": "a"}, "$.ключ"),
        ({"a": ["\ud800"]}, "$"),
        ("x" * (MAX_STRING + 1), "$"),
        ({"a": "x" * (MAX_STRING + 1)}, "$.a"),
        ({"a": {1, 2}}, "$.a"),
    ],
)
def test_what_has_no_one_form_is_refused_by_its_path(value: JSON, field: str) -> None:
    with pytest.raises(EventInvalid) as caught:
        canonical(value)
    assert caught.value.field == field


@pytest.mark.parametrize("kind", ["list", "map"])
def test_nesting_is_bounded(kind: str) -> None:
    def nested(depth: int) -> JSON:
        value: JSON = 1
        for _ in range(depth):
            value = [value] if kind == "list" else {"a": value}
        return value

    canonical(nested(MAX_DEPTH))
    for depth in (MAX_DEPTH + 1, 10_000):
        with pytest.raises(EventInvalid, match="deeper"):
            canonical(nested(depth))
