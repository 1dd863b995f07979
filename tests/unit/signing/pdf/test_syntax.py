from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signing.errors import DocumentRefused
from signing.pdf import syntax
from signing.pdf.lexer import entries

TEXT = st.text(st.characters(exclude_categories=["Cs"]))


@given(TEXT)
def test_a_text_is_read_as_it_was_written(value: str) -> None:
    read = pikepdf.Object.parse(syntax.text(value))
    assert str(read) == value


@given(st.binary())
def test_octets_are_read_as_they_were_written(value: bytes) -> None:
    assert bytes(pikepdf.Object.parse(syntax.literal(value))) == value
    assert bytes(pikepdf.Object.parse(syntax.hexadecimal(value))) == value


@given(st.binary(min_size=1).filter(lambda one: b"\0" not in one))
def test_a_name_is_read_as_it_was_written(value: bytes) -> None:
    found, end = entries(syntax.dictionary({value: b"1"}))
    assert found == {value: b"1"}
    assert end == len(syntax.dictionary({value: b"1"}))


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e9, max_value=1e9))
def test_a_number_is_read_as_it_was_written(value: float) -> None:
    written = syntax.number(value)
    assert b"e" not in written
    assert float(written) == pytest.approx(value, abs=1e-5)
    assert float(pikepdf.Object.parse(b"[" + written + b"]")[0]) == float(written)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_number_is_not_written(value: float) -> None:
    with pytest.raises(ValueError, match=r"nan|inf"):
        syntax.number(value)


def test_a_date_is_in_utc() -> None:
    beijing = timezone(timedelta(hours=8))
    assert syntax.date(datetime(2026, 3, 1, 7, 5, 9, tzinfo=beijing)) == b"(D:20260228230509+00'00')"
    assert syntax.date(datetime(2026, 3, 1, tzinfo=UTC)) == b"(D:20260301000000+00'00')"
    with pytest.raises(ValueError, match="2026"):
        syntax.date(datetime(2026, 3, 1))  # noqa: DTZ001  (the defect)


VALUES = st.recursive(
    st.one_of(
        st.integers(-(10**9), 10**9).map(lambda one: b"%d" % one),
        st.binary(max_size=20).map(syntax.literal),
        st.binary(max_size=20).map(syntax.hexadecimal),
        TEXT.filter(bool).filter(lambda one: "\0" not in one).map(syntax.name),
        st.just(b"12 0 R"),
        st.just(b"null"),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4).map(syntax.array),
        st.dictionaries(st.sampled_from([b"A", b"B b", b"C#"]), inner, max_size=3).map(syntax.dictionary),
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.binary(min_size=1, max_size=8).filter(lambda one: b"\0" not in one), VALUES))
def test_a_dictionary_is_taken_apart_as_it_was_put_together(values: dict[bytes, bytes]) -> None:
    written = syntax.dictionary(values)
    assert entries(b"%  comment\n " + written + b" trailing") == (values, len(written) + 12)


@given(st.binary(max_size=60))
def test_octets_that_are_no_dictionary_are_refused(data: bytes) -> None:
    try:
        found, end = entries(b"<<" + data)
    except DocumentRefused:
        return
    assert end <= len(data) + 2
    assert all(isinstance(one, bytes) for one in found.values())


def test_nesting_without_end_is_refused() -> None:
    with pytest.raises(DocumentRefused):
        entries(b"<</A " * 10_000)


def test_an_object_is_serialised_with_its_references() -> None:
    with pikepdf.new() as pdf:
        inner = pdf.make_indirect(pikepdf.Dictionary(A=1))
        outer = pikepdf.Dictionary(Inner=inner, Text=pikepdf.String("借款"))
        taken = syntax.taken_apart(outer)
        assert taken[b"Inner"] == b"%d 0 R" % inner.objgen[0]
        assert str(pikepdf.Object.parse(taken[b"Text"])) == "借款"
