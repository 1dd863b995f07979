"""Distinguished names."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography import x509

from ca.errors import RequestInvalid
from ca.name import ATTRIBUTE_BY_TEXT, AttributeType, Name, subject_of
from tests.support.chains import FIRM, PERSON


def test_a_person_is_named_by_the_record_alone() -> None:
    subject = subject_of(PERSON)
    assert [(one.kind.text, one.value) for one in subject.attributes] == [
        ("C", "CN"),
        ("CN", "欧阳娜娜"),
        ("serialNumber", PERSON.pseudonym),
    ]


def test_a_firm_is_named_with_its_credit_code() -> None:
    subject = subject_of(FIRM)
    assert [(one.kind.text, one.value) for one in subject.attributes] == [
        ("C", "CN"),
        ("O", FIRM.name),
        ("organizationIdentifier", "NTRCN-91330100MA2ABCDE0X"),
        ("CN", FIRM.name),
    ]


@pytest.mark.parametrize("code", [None, "", "9133010", "91330100MA2ABCDEOX", "91330100MA2ABCDE0X\n"])
def test_a_firm_without_a_credit_code_has_no_name(code: str | None) -> None:
    with pytest.raises(RequestInvalid) as refused:
        subject_of(replace(FIRM, organisation_id=code))
    assert refused.value.field == "subject.organizationIdentifier"


def test_the_encoding_is_printable_for_country_and_serial_number_and_utf8_elsewhere() -> None:
    encoded = subject_of(PERSON).der
    assert bytes.fromhex("0603550406") + b"\x13\x02CN" in encoded
    assert bytes.fromhex("0603550403") + b"\x0c\x0c" + "欧阳娜娜".encode() in encoded
    assert bytes.fromhex("0603550405") + b"\x13\x22" + PERSON.pseudonym.encode() in encoded


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("CN", "", "empty"),
        ("CN", "甲" * 65, "65 characters"),
        ("O", "甲" * 65, "65 characters"),
        ("OU", "a" * 65, "65 characters"),
        ("C", "CHN", "3 characters"),
        ("C", "cn", "capital"),
        ("serialNumber", "甲", "PrintableString"),
        ("serialNumber", "a@b", "PrintableString"),
        ("CN", " 李", "space"),
        ("CN", "李 ", "space"),
        ("CN", "李\n雷", "U+000A at 1"),
        ("CN", "李\x00", "U+0000 at 1"),
        ("CN", "a\u202egnp.exe", "U+202E at 1"),
        ("CN", "\u2067abc", "U+2067 at 0"),
        ("CN", "a\u200bb", "U+200B at 1"),
        ("CN", "a\u3164", "U+3164 at 1"),
        ("CN", "a\ue000", "U+E000 at 1"),
        ("CN", "a\ud800", "U+D800 at 1"),
        ("CN", "a\U0002fffe", "U+2FFFE at 1"),
        ("CN", "a\U000e0041", "U+E0041 at 1"),
    ],
)
def test_a_value_is_refused_by_field(field: str, value: str, reason: str) -> None:
    with pytest.raises(RequestInvalid) as refused:
        Name.of([(field, value)])
    assert refused.value.field == f"subject.{field}"
    assert reason in refused.value.reason


def test_sixty_four_characters_fit_however_many_octets_they_take() -> None:
    assert len(Name.of([("CN", "𠀀" * 64)]).der) > 256


def test_an_ideograph_newer_than_the_tables_is_a_character() -> None:
    assert Name.of([("CN", "\U00031350")]).get(AttributeType.COMMON_NAME) == "\U00031350"


def test_values_are_normalised() -> None:
    assert Name.of([("CN", "e\u0301")]) == Name.of([("CN", "\u00e9")])


def test_an_unknown_attribute_is_refused() -> None:
    with pytest.raises(RequestInvalid) as refused:
        Name.of([("emailAddress", "a@b")])
    assert refused.value.field == "subject.emailAddress"


def test_a_name_has_attributes() -> None:
    with pytest.raises(RequestInvalid):
        Name(())
    with pytest.raises(RequestInvalid):
        Name.of([("OU", "x")] * 17)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a,b", "CN=a\\,b"),
        ('"+;<>\\', 'CN=\\"\\+\\;\\<\\>\\\\'),
        ("#1", "CN=\\#1"),
        ("a#", "CN=a#"),
        ("李雷", "CN=李雷"),
    ],
)
def test_rfc_4514_text(value: str, text: str) -> None:
    name = Name.of([("CN", value)])
    assert name.rfc4514() == text
    assert (
        x509.Name.from_rfc4514_string(text).get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value == value
    )


def test_rfc_4514_text_begins_with_the_last() -> None:
    assert str(Name.of([("C", "CN"), ("O", "甲"), ("CN", "乙")])) == "CN=乙,O=甲,C=CN"


def test_every_attribute_can_be_named() -> None:
    assert len(ATTRIBUTE_BY_TEXT) == len(AttributeType)
