"""Names of any text: refused by field, or encoded so that others read the same."""

from __future__ import annotations

import unicodedata

from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from ca.errors import RequestInvalid
from ca.name import AttributeType, Name
from ca.view import name_attributes

TEXTS = st.text(max_size=70) | st.text(alphabet='甲乙丙 #,+"\\<>;=\u202e\u0301é', max_size=70)
OCTETS_THE_LIBRARY_READS = 64  # of a commonName, where RFC 5280 means characters
KINDS = st.sampled_from([kind.text for kind in AttributeType])


def attempt(pairs: list[tuple[str, str]]) -> Name | RequestInvalid:
    try:
        return Name.of(pairs)
    except RequestInvalid as refused:
        return refused


@given(st.lists(st.tuples(KINDS, TEXTS), min_size=1, max_size=5))
def test_a_name_is_refused_or_read_back_as_it_was_meant(pairs: list[tuple[str, str]]) -> None:
    name = attempt(pairs)
    if isinstance(name, RequestInvalid):
        assert name.field.removeprefix("subject.") in {text for text, _ in pairs}
        return
    read = name_attributes(name.der)
    assert [one.value.decode() for one in read] == [unicodedata.normalize("NFC", value) for _, value in pairs]


@given(TEXTS)
def test_rfc_4514_text_reads_back(value: str) -> None:
    try:
        name = Name.of([("CN", value)])
    except RequestInvalid:
        return
    if len(name.attributes[0].value.encode()) > OCTETS_THE_LIBRARY_READS:
        return
    (read,) = x509.Name.from_rfc4514_string(name.rfc4514())
    assert read.value == name.attributes[0].value


@given(TEXTS)
def test_nothing_invisible_passes(value: str) -> None:
    try:
        name = Name.of([("O", value)])
    except RequestInvalid:
        return
    categories = {unicodedata.category(one) for one in name.attributes[0].value}
    assert categories.isdisjoint({"Cc", "Cf", "Cs", "Co", "Zl", "Zp"})
