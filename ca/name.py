"""Distinguished names (RFC 5280 4.1.2.4): ordered attributes, one encoding each, all of it visible."""

from __future__ import annotations

import enum
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from ca.errors import RequestInvalid
from ca.identity import IdentityRecord, SubjectKind
from keys import der

_PRINTABLE = 0x13
_UTF8 = 0x0C
_PRINTABLE_TEXT = re.compile(r"[A-Za-z0-9 '()+,\-./:=?]+\Z")  # X.680 table 10
_COUNTRY = re.compile(r"[A-Z]{2}\Z")  # ISO 3166-1 alpha-2
_CREDIT_CODE = re.compile(r"[0-9A-HJ-NP-RTUWXY]{18}\Z")  # GB 32100-2015 4: the alphabet has no I, O, S, V, Z
_BLANK_LETTERS = frozenset("\u115f\u1160\u3164\uffa0")  # Hangul fillers: letters that draw nothing
# Ideographs newer than this Python's tables are unassigned to it, and yet in people's names.
_IDEOGRAPHIC_PLANES = range(0x20000, 0x3FFFE)
_NONCHARACTERS = 0xFFFE

MAX_ATTRIBUTES = 16  # far above any real subject
MAX_ORGANISATION_IDENTIFIER = 128  # X.520 sets none


class AttributeType(enum.Enum):
    """Attributes a name of ours may hold: text name, OID, upper bound in characters (RFC 5280 A.1)."""

    COUNTRY = ("C", "2.5.4.6", 2)
    STATE = ("ST", "2.5.4.8", 128)
    LOCALITY = ("L", "2.5.4.7", 128)
    ORGANISATION = ("O", "2.5.4.10", 64)
    ORGANISATIONAL_UNIT = ("OU", "2.5.4.11", 64)
    COMMON_NAME = ("CN", "2.5.4.3", 64)
    SERIAL_NUMBER = ("serialNumber", "2.5.4.5", 64)
    ORGANISATION_IDENTIFIER = ("organizationIdentifier", "2.5.4.97", MAX_ORGANISATION_IDENTIFIER)

    def __init__(self, text: str, oid: str, bound: int) -> None:
        self.text = text
        self.oid = oid
        self.bound = bound
        self.encoded_oid = der.oid(oid)
        self.printable = text in {"C", "serialNumber"}


ATTRIBUTE_BY_TEXT = {kind.text: kind for kind in AttributeType}


@dataclass(frozen=True, slots=True)
class Attribute:
    """One relative distinguished name. `value` is NFC text that shows what it holds."""

    kind: AttributeType
    value: str

    def __post_init__(self) -> None:
        value = unicodedata.normalize("NFC", self.value)
        if value is not self.value:
            object.__setattr__(self, "value", value)
        kind = self.kind
        if not value:
            raise _invalid(kind, "is empty")
        if len(value) > kind.bound:
            raise _invalid(kind, f"has {len(value)} characters; RFC 5280 allows {kind.bound}")
        if value[0] == " " or value[-1] == " ":
            raise _invalid(kind, "begins or ends with a space")
        hidden = visible(value)
        if hidden is not None:
            raise _invalid(kind, hidden)
        if kind.printable and not _PRINTABLE_TEXT.match(value):
            raise _invalid(kind, "holds characters outside PrintableString")
        if kind is AttributeType.COUNTRY and not _COUNTRY.match(value):
            raise _invalid(kind, "is not two capital letters")

    @property
    def parts(self) -> tuple[str, int, bytes]:
        """OID, tag and content: PrintableString where RFC 5280 says so, UTF8String elsewhere."""
        kind = self.kind
        return kind.oid, _PRINTABLE if kind.printable else _UTF8, self.value.encode()

    @property
    def der(self) -> bytes:
        """SET of one AttributeTypeAndValue."""
        _, tag, content = self.parts
        return der.wrap(der.SET, der.sequence(self.kind.encoded_oid, der.wrap(tag, content)))


def _invalid(kind: AttributeType, reason: str) -> RequestInvalid:
    return RequestInvalid(f"subject.{kind.text}", reason)


def visible(text: str) -> str | None:
    """What hides in a text: controls, bidirectional overrides, invisible or private characters; or None."""
    if text.isprintable() and _BLANK_LETTERS.isdisjoint(text):
        return None
    for place, character in enumerate(text):
        if character in _BLANK_LETTERS or not (character.isprintable() or _new_ideograph(character)):
            return f"holds U+{ord(character):04X} at {place}, which a reader cannot see"
    return None


def _new_ideograph(character: str) -> bool:
    point = ord(character)
    return (
        point in _IDEOGRAPHIC_PLANES
        and point & 0xFFFF < _NONCHARACTERS
        and unicodedata.category(character) == "Cn"
    )


@dataclass(frozen=True, slots=True)
class Name:
    """An RDNSequence of single-valued RDNs, in order. Equality is equality of the encoding."""

    attributes: tuple[Attribute, ...]

    def __post_init__(self) -> None:
        if not 1 <= len(self.attributes) <= MAX_ATTRIBUTES:
            raise RequestInvalid("subject", f"has no attributes, or more than {MAX_ATTRIBUTES}")

    @classmethod
    def of(cls, pairs: Iterable[tuple[str, str]]) -> Name:
        """From pairs as ("CN", "…"); raises `RequestInvalid` naming the attribute."""
        attributes = []
        for text, value in pairs:
            if text not in ATTRIBUTE_BY_TEXT:
                raise RequestInvalid(f"subject.{text}", f"is none of {', '.join(ATTRIBUTE_BY_TEXT)}")
            attributes.append(Attribute(ATTRIBUTE_BY_TEXT[text], value))
        return cls(tuple(attributes))

    @property
    def der(self) -> bytes:
        """The Name."""
        return der.wrap(der.SEQUENCE, b"".join([attribute.der for attribute in self.attributes]))

    def get(self, kind: AttributeType) -> str | None:
        """The first value of that kind."""
        return next((one.value for one in self.attributes if one.kind is kind), None)

    def rfc4514(self) -> str:
        """RFC 4514 text: last attribute first, escaped."""
        return ",".join(f"{one.kind.text}={_escape(one.value)}" for one in reversed(self.attributes))

    def __str__(self) -> str:
        return self.rfc4514()


_ESCAPED = re.compile(r'([",+;<>\\])')


def _escape(value: str) -> str:
    escaped = _ESCAPED.sub(r"\\\1", value)  # RFC 4514 2.4
    return "\\" + escaped if escaped[0] == "#" else escaped


_CN = Attribute(AttributeType.COUNTRY, "CN")
REGISTER_PREFIX = "NTRCN-"  # ETSI EN 319 412-1 5.1.4: a national trade register, that of China


def subject_of(record: IdentityRecord) -> Name:
    """The subject of a certificate from its verified identity record and nothing else.

    Raises `RequestInvalid` naming the attribute, for a record that makes no valid name.
    """
    if record.kind is SubjectKind.PERSON:
        return Name(
            (
                _CN,
                Attribute(AttributeType.COMMON_NAME, record.name),
                Attribute(AttributeType.SERIAL_NUMBER, record.pseudonym),
            )
        )
    code = record.organisation_id or ""
    if not _CREDIT_CODE.match(code):
        raise RequestInvalid(
            "subject.organizationIdentifier", "is not a unified social credit code of 18 characters"
        )
    return Name(
        (
            _CN,
            Attribute(AttributeType.ORGANISATION, record.name),
            Attribute(AttributeType.ORGANISATION_IDENTIFIER, REGISTER_PREFIX + code),
            Attribute(AttributeType.COMMON_NAME, record.name),
        )
    )
