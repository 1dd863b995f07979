from __future__ import annotations

import io

import pikepdf
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signing.pdf.increment import Appended, Increment
from signing.pdf.source import open_source
from tests.support.pdfsamples import pages, written

STREAMS = [False, True]


def append(data: bytes, body: bytes = b"(first)") -> tuple[Appended, int]:
    with open_source(data) as source:
        increment = Increment(source)
        number = increment.add(body)
        increment.put(1, b"<</Type /Catalog /Pages 2 0 R /Xq %d 0 R>>" % number)
        return increment.render(), number


@pytest.mark.parametrize("stream", STREAMS)
def test_each_revision_is_read_by_others(*, stream: bool) -> None:
    data = pages(stream=stream)
    for turn in range(3):
        appended, number = append(data, b"(turn %d)" % turn)
        data += appended.data
        with pikepdf.open(io.BytesIO(data), attempt_recovery=False) as pdf:
            assert str(pdf.Root.Xq) == f"turn {turn}"
            assert pdf.Root.Xq.objgen == (number, 0)
            assert not pdf.get_warnings()
            assert pdf.trailer.Size > number


@pytest.mark.parametrize("stream", STREAMS)
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"", b" \n\n"])
def test_offsets_count_from_the_beginning_of_the_file(end: bytes, *, stream: bool) -> None:
    data = pages(stream=stream).rstrip() + end
    appended, number = append(data, b"(here)")
    whole = data + appended.data
    assert whole[appended.offsets[number] :].startswith(b"(here)\nendobj")
    assert whole[appended.offsets[1] :].startswith(b"<</Type /Catalog")
    with open_source(whole) as source:
        assert source.page_count == 1


@pytest.mark.parametrize("stream", STREAMS)
def test_the_same_revision_comes_out_twice(*, stream: bool) -> None:
    data = pages(stream=stream)
    assert append(data)[0].data == append(data)[0].data
    assert append(data)[0].data != append(data, b"(other)")[0].data


@pytest.mark.parametrize("stream", STREAMS)
def test_the_first_half_of_the_identifier_stays_and_the_second_does_not(*, stream: bool) -> None:
    objects = {1: b"<</Type /Catalog /Pages 2 0 R>>", 2: b"<</Type /Pages /Kids [3 0 R] /Count 1>>"}
    page = {3: b"<</Type /Page /Parent 2 0 R /MediaBox [0 0 9 9]>>"}
    data = written({**objects, **page}, stream=stream, trailer=b"/ID [(ab\\)c) <313233>]")
    seen = {b"123"}
    for _ in range(2):
        data += append(data)[0].data
        with pikepdf.open(io.BytesIO(data)) as pdf:
            first, second = (bytes(one) for one in pdf.trailer.ID)
        assert first == b"ab)c"
        assert second not in seen
        assert len(second) == 16
        seen.add(second)


def test_a_generation_is_kept() -> None:
    data = pages(objects={5: b"(old)"}).replace(b"5 0 obj", b"5 3 obj")
    entry = b"%010d 00000 n" % data.index(b"5 3 obj")
    data = data.replace(entry, entry.replace(b"00000 n", b"00003 n"))
    with open_source(data) as source:
        increment = Increment(source)
        increment.put(5, b"(new)")
        assert increment.reference(5) == b"5 3 R"
        data += increment.render().data
    with pikepdf.open(io.BytesIO(data), attempt_recovery=False) as pdf:
        assert str(pdf.get_object(5, 3)) == "new"


@given(st.binary(max_size=200), st.booleans())
def test_a_stream_is_read_as_it_was_written(content: bytes, compress: bool) -> None:  # noqa: FBT001
    data = pages()
    with open_source(data) as source:
        increment = Increment(source)
        number = increment.stream(b"<</Xq true>>", content, compress=compress)
        data += increment.render().data
    with pikepdf.open(io.BytesIO(data), attempt_recovery=False) as pdf:
        assert pdf.get_object(number, 0).read_bytes() == content


def test_numbers_are_never_given_twice() -> None:
    with open_source(pages()) as source:
        increment = Increment(source)
        assert [increment.reserve(), increment.add(b"1"), increment.reserve()] == [11, 12, 13]
        increment.put(11, b"2")
        data = source.data + increment.render().data  # type: ignore[operator]  # bytes they are
    with open_source(data) as source:
        assert Increment(source).reserve() == 14
