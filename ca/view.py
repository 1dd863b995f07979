"""A certificate taken apart for lints: also one that no strict parser would accept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Self

from cryptography.hazmat import asn1
from cryptography.x509 import ObjectIdentifier

from ca.certificate import MAX_CERTIFICATE_SIZE
from ca.errors import EncodingInvalid
from keys import der
from keys.errors import KeyEncodingInvalid
from keys.public import PublicKey

_VERSION, _EXTENSIONS = b"\xa0", b"\xa3"
_FIXED_FIELDS = 6  # serial, signature, issuer, validity, subject, subjectPublicKeyInfo


@asn1.sequence
class _Outer:
    tbs: asn1.TLV
    algorithm: asn1.TLV
    signature: asn1.BitString


@asn1.sequence
class _Many:
    items: list[asn1.TLV]


@asn1.sequence
class _Attribute:
    kind: ObjectIdentifier
    value: asn1.TLV


@asn1.sequence
class _Extension:
    oid: ObjectIdentifier
    critical: Annotated[bool, asn1.Default(value=False)]
    value: bytes


@dataclass(frozen=True, slots=True)
class ExtensionView:
    """One extension; `value` is the content of its OCTET STRING."""

    oid: str
    critical: bool
    value: bytes


@dataclass(frozen=True, slots=True)
class AttributeView:
    """One attribute of a name; `tag` is that of its string type."""

    oid: str
    tag: int
    value: bytes


@dataclass(frozen=True, slots=True)
class TimeView:
    """A Time: its tag, its text, and the moment it means (None when it means none)."""

    tag: int
    text: bytes
    moment: datetime | None


@dataclass(frozen=True, slots=True)
class IssuerView:
    """What lints compare with; taken from the issuer's certificate or context."""

    subject_der: bytes
    signature_identifier: bytes
    """AlgorithmIdentifier that signatures of its key have."""
    key_identifier: bytes
    not_before: datetime | None
    not_after: datetime | None
    path_length: int | None
    permitted: tuple[bytes, ...]


@dataclass(slots=True)
class CertificateView:
    """The parts of one certificate."""

    version: int
    serial: bytes
    """Content octets of the INTEGER."""
    inner_algorithm: bytes
    outer_algorithm: bytes
    issuer_der: bytes
    subject_der: bytes
    subject: tuple[AttributeView, ...]
    not_before: TimeView
    not_after: TimeView
    spki: bytes
    public: PublicKey | None
    """None for a key that we do not accept."""
    extensions: tuple[ExtensionView, ...]
    issuer: IssuerView | None

    @property
    def is_self_issued(self) -> bool:
        """RFC 5280 6.1: subject and issuer are the same."""
        return self.issuer_der == self.subject_der

    def extension(self, oid: str) -> ExtensionView | None:
        """The first of that identifier."""
        for one in self.extensions:
            if one.oid == oid:
                return one
        return None

    @classmethod
    def parse(cls, data: bytes, issuer: IssuerView | None = None) -> Self:
        """Take DER apart; raises `EncodingInvalid` when it is no certificate at all."""
        try:
            return cls._parse(data, issuer)
        except (ValueError, IndexError, OverflowError) as error:
            raise EncodingInvalid("certificate", f"is not an X.509 certificate in DER ({error})") from error

    @classmethod
    def _parse(cls, data: bytes, issuer: IssuerView | None) -> Self:
        outer = der.decode(_Outer, data, limit=MAX_CERTIFICATE_SIZE)
        fields = _items(der.raw(outer.tbs))
        version = 0
        if bytes(fields[0].tag_bytes) == _VERSION:
            version = asn1.decode_der(int, bytes(fields.pop(0).data))
        serial, algorithm, issuer_name, validity, subject, spki = fields[:_FIXED_FIELDS]
        extensions: tuple[ExtensionView, ...] = ()
        for more in fields[_FIXED_FIELDS:]:
            if bytes(more.tag_bytes) == _EXTENSIONS:
                extensions = tuple(_extension(one) for one in _items(bytes(more.data)))
        not_before, not_after = (_time(one) for one in _items(der.raw(validity)))
        key = der.raw(spki)
        try:
            public: PublicKey | None = PublicKey.from_spki(key)
        except KeyEncodingInvalid:
            public = None
        return cls(
            version,
            bytes(serial.data),
            der.raw(algorithm),
            der.raw(outer.algorithm),
            der.raw(issuer_name),
            der.raw(subject),
            name_attributes(der.raw(subject)),
            not_before,
            not_after,
            key,
            public,
            extensions,
            issuer,
        )


def _items(sequence: bytes) -> list[asn1.TLV]:
    return der.decode(_Many, der.sequence(sequence), limit=2 * MAX_CERTIFICATE_SIZE).items


def _extension(item: asn1.TLV) -> ExtensionView:
    found = der.decode(_Extension, der.raw(item), limit=MAX_CERTIFICATE_SIZE)
    return ExtensionView(found.oid.dotted_string, found.critical, found.value)


def name_attributes(name: bytes) -> tuple[AttributeView, ...]:
    """Attributes of an encoded Name, in order; raises ValueError."""
    found = []
    for relative in _items(name):
        for pair in _items(der.wrap(der.SEQUENCE, bytes(relative.data))):
            one = der.decode(_Attribute, der.raw(pair), limit=MAX_CERTIFICATE_SIZE)
            found.append(AttributeView(one.kind.dotted_string, one.value.tag_bytes[0], bytes(one.value.data)))
    return tuple(found)


UTC_TIME, GENERALIZED_TIME = 0x17, 0x18
_CENTURY_PIVOT = 50  # RFC 5280 4.1.2.5.1: YY from 50 on is 19YY


def _time(item: asn1.TLV) -> TimeView:
    tag, text = item.tag_bytes[0], bytes(item.data)
    return TimeView(tag, text, _moment(tag, text))


def _moment(tag: int, text: bytes) -> datetime | None:
    digits = text[:-1].decode("ascii", "replace")
    if text[-1:] != b"Z" or not digits.isdecimal():
        return None
    if tag == UTC_TIME and len(digits) == len("YYMMDDHHMMSS"):
        digits = ("19" if int(digits[:2]) >= _CENTURY_PIVOT else "20") + digits
    if len(digits) != len("YYYYMMDDHHMMSS"):
        return None
    try:
        return datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None
