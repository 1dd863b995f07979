"""Certificate extensions (RFC 5280 4.2) as DER, and typed encoders for extensions of a profile's own."""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from ca import oids
from keys import der
from keys.suites import Digest, digest_identifier

_TRUE = b"\x01\x01\xff"
_FALSE = b"\x01\x01\x00"
_IA5 = 0x16
_UTF8 = 0x0C
_URI = 0x86  # GeneralName uniformResourceIdentifier [6]
_DNS = 0x82  # GeneralName dNSName [2]
_DIRECTORY = 4  # GeneralName directoryName [4], explicit for being a CHOICE

KEY_USAGE_BITS = (
    "digitalSignature",
    "nonRepudiation",
    "keyEncipherment",
    "dataEncipherment",
    "keyAgreement",
    "keyCertSign",
    "cRLSign",
)
"""RFC 5280 4.2.1.3, those a certificate of ours may have, by bit number."""


def extension(oid: str, value: bytes, *, critical: bool = False) -> bytes:
    """Extension; FALSE is the default and therefore absent in DER."""
    return der.sequence(der.oid(oid), _TRUE if critical else b"", der.octets(value))


def basic_constraints(*, ca: bool, path_length: int | None) -> bytes:
    """RFC 5280 4.2.1.9."""
    length = b"" if path_length is None else der.encode(path_length)
    return der.sequence(_TRUE if ca else b"", length)


def key_usage(names: Iterable[str]) -> bytes:
    """RFC 5280 4.2.1.3: a named bit string, trailing zero bits removed (X.690 11.2.2)."""
    numbers = [KEY_USAGE_BITS.index(name) for name in names]
    content = sum(0x80 >> number for number in numbers)
    return der.wrap(der.BIT_STRING, bytes((7 - max(numbers), content)))


def extended_key_usage(purposes: Iterable[str]) -> bytes:
    """RFC 5280 4.2.1.12."""
    return der.sequence(*map(der.oid, purposes))


def certificate_policies(policies: Iterable[str], cps: str | None) -> bytes:
    """RFC 5280 4.2.1.4, each policy with the address of the practice statement when there is one."""
    qualifiers = b""
    if cps is not None:
        qualifier = der.sequence(der.oid(oids.QUALIFIER_CPS), der.wrap(_IA5, cps.encode("ascii")))
        qualifiers = der.sequence(qualifier)
    return der.sequence(*[der.sequence(der.oid(policy), qualifiers) for policy in policies])


def crl_distribution_point(uri: str) -> bytes:
    """RFC 5280 4.2.1.13: one point with one address."""
    full_name = der.wrap(0xA0, der.wrap(_URI, uri.encode("ascii")))
    return der.sequence(der.sequence(der.wrap(0xA0, full_name)))


def authority_info_access(*, ocsp: str, issuer: str) -> bytes:
    """RFC 5280 4.2.2.1: the status responder and the issuer's certificate."""
    return der.sequence(
        der.sequence(der.oid(oids.AD_OCSP), der.wrap(_URI, ocsp.encode("ascii"))),
        der.sequence(der.oid(oids.AD_CA_ISSUERS), der.wrap(_URI, issuer.encode("ascii"))),
    )


def authority_key_identifier(key_identifier: bytes) -> bytes:
    """RFC 5280 4.2.1.1: keyIdentifier alone, which survives the issuer's renewal."""
    return der.sequence(der.wrap(0x80, key_identifier))


def name_constraints(permitted: Iterable[bytes]) -> bytes:
    """RFC 5280 4.2.1.10: permitted directoryName subtrees, each an encoded Name."""
    subtrees = [der.sequence(der.explicit(_DIRECTORY, name)) for name in permitted]
    return der.sequence(der.wrap(0xA0, b"".join(subtrees)))


def dns_names(names: Iterable[str]) -> bytes:
    """SubjectAltName (RFC 5280 4.2.1.6) of host names."""
    return der.sequence(*[der.wrap(_DNS, name.encode("ascii")) for name in names])


@dataclass(frozen=True, slots=True)
class DigestInfo:
    """A digest with its algorithm (RFC 8017 9.2)."""

    digest: Digest
    value: bytes

    def __post_init__(self) -> None:
        if len(self.value) != self.digest.size:
            raise ValueError(f"a {self.digest.value} digest has {self.digest.size} octets")

    @property
    def der(self) -> bytes:
        """SEQUENCE { AlgorithmIdentifier, OCTET STRING }."""
        return der.sequence(digest_identifier(self.digest), der.octets(self.value))


class ValueType(enum.StrEnum):
    """How a value of an extension is encoded."""

    UTF8 = "utf8"
    IA5 = "ia5"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    OID = "oid"
    OCTETS_HEX = "octets-hex"
    DIGEST = "digest"
    SEQUENCE = "sequence"


Value = str | int | bool | DigestInfo | Sequence["Value"]
"""What a typed value is made from; hexadecimal text for octets."""

MAX_TEXT = 1_024  # characters: a certificate is no place for documents
MAX_OCTETS = 1_024
MAX_INTEGER_BITS = 160
_OID_TEXT = re.compile(r"(?:[01]\.[0-9]{1,2}|2\.[0-9]{1,39})(?:\.[0-9]{1,39}){0,30}\Z")


def encode_value(kind: ValueType, value: object) -> bytes:
    """DER of one value that is no sequence; raises ValueError saying what it must be."""
    if kind is ValueType.BOOLEAN and isinstance(value, bool):
        return _TRUE if value else _FALSE
    if kind is ValueType.INTEGER and isinstance(value, int) and not isinstance(value, bool):
        if value.bit_length() > MAX_INTEGER_BITS:
            raise ValueError(f"must have at most {MAX_INTEGER_BITS} bits")
        size = value.bit_length() // 8 + 1
        return der.wrap(0x02, value.to_bytes(size, "big", signed=True)) if value >= 0 else _negative(value)
    if kind is ValueType.DIGEST and isinstance(value, DigestInfo):
        return value.der
    if isinstance(value, str) and len(value) <= MAX_TEXT:
        return _encode_text(kind, value)
    raise ValueError(f"must be a value of type {kind.value}, and not too long")


def _negative(value: int) -> bytes:
    size = (value + 1).bit_length() // 8 + 1
    return der.wrap(0x02, value.to_bytes(size, "big", signed=True))


def _encode_text(kind: ValueType, value: str) -> bytes:
    if kind is ValueType.UTF8:
        return der.wrap(_UTF8, value.encode())
    if kind is ValueType.IA5 and value.isascii():
        return der.wrap(_IA5, value.encode())
    if kind is ValueType.OID:
        return oid_der(value)
    if kind is ValueType.OCTETS_HEX:
        octets = bytes.fromhex(value)
        if len(octets) <= MAX_OCTETS:
            return der.octets(octets)
    raise ValueError(f"must be a value of type {kind.value}")


def oid_der(text: str) -> bytes:
    """DER of dotted text, or of a name of `ca.oids.BY_NAME`; raises ValueError."""
    dotted = oids.BY_NAME.get(text, text)
    if not _OID_TEXT.match(dotted):
        raise ValueError("must be an object identifier in dotted text")
    return der.oid(dotted)


def parameter_value(values: Mapping[str, Value], name: str) -> Value:
    """The caller's value of a parameter; raises ValueError when it was not given."""
    try:
        return values[name]
    except KeyError:
        raise ValueError("was not given") from None
