"""Objects of PDF syntax, read strictly."""

from __future__ import annotations

import pytest

from signing.validity.syntax import Name, Ref, Spans, Stream, SyntaxInvalid, Value, indirect, parse


def no_length(_: Ref) -> int:
    raise SyntaxInvalid("has no length")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"null", None),
        (b" true", True),
        (b"false", False),
        (b"12", 12),
        (b"-3", -3),
        (b"+.5", 0.5),
        (b"4.", 4.0),
        (b"/A#20b", Name(b"A b")),
        (b"/", Name(b"")),
        (b"(a(b)\\)\\\\c)", b"a(b)\\c".replace(b"\\c", b")\\c")),
        (b"(\\101\\7\\n\\\nx)", b"A\x07\nx"),
        (b"(a\r\nb)", b"a\nb"),
        (b"<41 4>", b"A@"),
        (b"[1 0 R 2]", [Ref(1, 0), 2]),
        (b"[1\x000\0R 2]", [Ref(1, 0), 2]),
        (b"<4\x001>", b"A"),
        (b"<</A<</B[]>>/C(x)>>", {b"A": {b"B": []}, b"C": b"x"}),
        (b"% comment\n 7", 7),
        (b"[1 2 3]", [1, 2, 3]),
    ],
)
def test_a_value(text: bytes, value: Value) -> None:
    assert parse(text, 0)[0] == value


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"]",
        b"[1",
        b"<<1 2>>",
        b"<</A>>",
        b"<</A 1/A 2>>",
        b"(open",
        b"<4x>",
        b"word",
        b"[" * 101 + b"]" * 101,
        b"9" * 5_000,
        b"[>>",
    ],
)
def test_what_is_no_value(text: bytes) -> None:
    with pytest.raises(SyntaxInvalid):
        parse(text, 0)


def test_where_entries_stand() -> None:
    text = b"<</A [1 2] /B (x) /C <00> /D <</E 1>>>>"
    spans: Spans = {}
    parse(text, 0, spans)
    shown = {key: text[start:end] for key, (start, end) in spans.items()}
    assert shown == {b"A": b"[1 2]", b"B": b"(x)", b"C": b"<00>", b"D": b"<</E 1>>"}


def test_a_stream() -> None:
    held = indirect(b"5 0 obj\n<</Length 3>>\nstream\nabc\nendstream\nendobj\n", 0, no_length)
    assert (held.number, held.generation) == (5, 0)
    assert isinstance(held.value, Stream)
    assert held.value.end - held.value.start == 3


@pytest.mark.parametrize(
    "text",
    [
        b"5 0 obj 1",
        b"5 obj 1 endobj",
        b"5 0 obj<</Length 2>>stream\nabc\nendstream endobj",
        b"5 0 obj<</Length 99>>stream\nabc\nendstream endobj",
        b"5 0 obj<<>>stream\nabc\nendstream endobj",
        b"5 0 obj<</Length 7 0 R>>stream\nabc\nendstream endobj",
        b"5 0 obj 1 2 endobj",
    ],
)
def test_what_is_no_object(text: bytes) -> None:
    with pytest.raises(SyntaxInvalid):
        indirect(text, 0, no_length)
