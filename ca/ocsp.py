"""OCSP requests and certificate identifiers (RFC 6960 4.1, profile RFC 5019, nonce RFC 9654)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from cryptography.hazmat import asn1

from ca.certificate import Certificate
from ca.errors import EncodingInvalid
from ca.statusextension import OCSP_NONCE, Extension, parse_extensions
from evidence.digest import sha256, sm3
from keys import der

MAX_REQUEST_SIZE = 2_048  # octets; one identifier and a nonce take under 250
MAX_NONCE_SIZE = 128  # octets, RFC 9654 2.1
MAX_SERIAL_BITS = 160  # RFC 5280 4.1.2.2: 20 octets

_OID_SHA1 = "1.3.14.3.2.26"
_OID_SHA256 = "2.16.840.1.101.3.4.2.1"
_OID_SM3 = "1.2.156.10197.1.401"
_EXPLICIT_0, _EXPLICIT_1, _EXPLICIT_2 = 0xA0, 0xA1, 0xA2
_VERSION_1 = b"\x02\x01\x00"


def _sha1(data: bytes) -> bytes:
    """What most requesters name certificates by; a collision gains nothing, serials are ours and random."""
    return hashlib.sha1(data, usedforsecurity=False).digest()


IDENTIFIER_DIGESTS: dict[str, Callable[[bytes], bytes]] = {
    _OID_SHA1: _sha1,
    _OID_SHA256: sha256,
    _OID_SM3: sm3,
}
_DIGEST_BY_IDENTIFIER = {
    der.sequence(der.oid(oid), parameters): oid
    for oid in IDENTIFIER_DIGESTS
    for parameters in (b"", der.NULL)
}


class Element(NamedTuple):
    """One DER element with a tag of one octet."""

    tag: int
    content: bytes
    raw: bytes


@asn1.sequence
class _Elements:
    elements: list[asn1.TLV]


def elements(content: bytes, *, limit: int) -> list[Element]:
    """The elements inside a constructed value's content; raises `DerInvalid`."""
    found = der.decode(_Elements, der.sequence(der.sequence(content)), limit=limit + 16).elements
    return [_element(one) for one in found]


def _element(value: asn1.TLV) -> Element:
    tag = bytes(value.tag_bytes)
    if len(tag) != 1:
        raise der.DerInvalid("has a tag number over 30")
    content = bytes(value.data)
    return Element(tag[0], content, tag + der.length(len(content)) + content)


def one_element(data: bytes, *, limit: int) -> Element:
    """The only element of `data`, which is nothing else; raises `DerInvalid`."""
    found = elements(data, limit=limit)
    if len(found) != 1:
        raise der.DerInvalid("is not one DER value")
    return found[0]


@dataclass(frozen=True, slots=True)
class CertId:
    """Which certificate is asked about (RFC 6960 4.1.1)."""

    digest_oid: str
    issuer_name_hash: bytes
    issuer_key_hash: bytes
    serial: int
    encoded: bytes
    """As asked: the answer repeats it octet for octet."""

    def is_of(self, issuer: Certificate) -> bool:
        """Whether both digests are the issuer's."""
        digest = IDENTIFIER_DIGESTS[self.digest_oid]
        same_name = self.issuer_name_hash == digest(issuer.subject_der)
        return same_name and self.issuer_key_hash == digest(issuer.public.key_bits)


def certificate_id(issuer: Certificate, serial: int, digest_oid: str = _OID_SHA1) -> CertId:
    """The identifier of an issuer's serial."""
    digest = IDENTIFIER_DIGESTS[digest_oid]
    name, key = digest(issuer.subject_der), digest(issuer.public.key_bits)
    encoded = der.sequence(
        der.sequence(der.oid(digest_oid), der.NULL if digest_oid == _OID_SHA1 else b""),
        der.octets(name),
        der.octets(key),
        der.encode(serial),
    )
    return CertId(digest_oid, name, key, serial, encoded)


def parse_certificate_id(element: Element) -> CertId:
    """From the DER of a CertID; raises `DerInvalid`."""
    parts = elements(element.content, limit=MAX_REQUEST_SIZE)
    if element.tag != der.SEQUENCE or [one.tag for one in parts] != [
        der.SEQUENCE,
        der.OCTET_STRING,
        der.OCTET_STRING,
        0x02,
    ]:
        raise der.DerInvalid("has no certificate identifier")
    digest_oid = _DIGEST_BY_IDENTIFIER.get(parts[0].raw)
    if digest_oid is None:
        raise der.DerInvalid("names its issuer by a digest other than SHA-1, SHA-256 and SM3")
    serial = der.decode(int, parts[3].raw, limit=64)
    if not serial > 0 or serial.bit_length() >= MAX_SERIAL_BITS:
        raise der.DerInvalid("has a serial number out of range")
    size = len(IDENTIFIER_DIGESTS[digest_oid](b""))
    if len(parts[1].content) != size or len(parts[2].content) != size:
        raise der.DerInvalid("has a digest of the wrong length")
    return CertId(digest_oid, parts[1].content, parts[2].content, serial, element.raw)


@dataclass(frozen=True, slots=True)
class OcspRequest:
    """A request for the status of one certificate."""

    certificate: CertId
    nonce: bytes | None


def load_request(data: bytes) -> OcspRequest:
    """Parse DER of an OCSPRequest for exactly one certificate (RFC 5019 2.1.1).

    A signature on the request is ignored, as anyone may ask. Raises `EncodingInvalid`.
    """
    if len(data) > MAX_REQUEST_SIZE:
        raise EncodingInvalid("ocsp request", f"is over {MAX_REQUEST_SIZE} octets")
    try:
        return _request(one_element(data, limit=MAX_REQUEST_SIZE))
    except (ValueError, TypeError, OverflowError) as error:
        raise EncodingInvalid("ocsp request", str(error)) from error


def _request(outer: Element) -> OcspRequest:
    parts = elements(outer.content, limit=MAX_REQUEST_SIZE)
    tags = [one.tag for one in parts]
    if outer.tag != der.SEQUENCE or tags not in ([der.SEQUENCE], [der.SEQUENCE, _EXPLICIT_0]):
        raise der.DerInvalid("is not an OCSPRequest")
    fields = elements(parts[0].content, limit=MAX_REQUEST_SIZE)
    if fields and fields[0].tag == _EXPLICIT_0:
        raise der.DerInvalid(
            "writes out the default version, which DER leaves out"
            if fields[0].content == _VERSION_1
            else "is of a version other than 1"
        )
    if fields and fields[0].tag == _EXPLICIT_1:  # requestorName: of no use to us
        fields = fields[1:]
    if not fields or fields[0].tag != der.SEQUENCE:
        raise der.DerInvalid("has no list of requests")
    extensions = _extensions(fields[1:], _EXPLICIT_2)
    requests = elements(fields[0].content, limit=MAX_REQUEST_SIZE)
    if len(requests) != 1:
        raise der.DerInvalid(f"asks about {len(requests)} certificates; one is answered")
    asked = elements(requests[0].content, limit=MAX_REQUEST_SIZE)
    if requests[0].tag != der.SEQUENCE or not asked:
        raise der.DerInvalid("has a malformed request in its list")
    single = _extensions(asked[1:], _EXPLICIT_0)
    if critical := [
        oid for oid, one in {**single, **extensions}.items() if one.critical and oid != OCSP_NONCE
    ]:
        raise der.DerInvalid(f"has critical extensions that are not understood: {', '.join(critical)}")
    return OcspRequest(parse_certificate_id(asked[0]), nonce_of(extensions))


def _extensions(rest: list[Element], tag: int) -> dict[str, Extension]:
    if not rest:
        return {}
    if len(rest) != 1 or rest[0].tag != tag:
        raise der.DerInvalid("has elements that do not belong there")
    found = parse_extensions(rest[0].content, limit=MAX_REQUEST_SIZE)
    if not found:
        raise der.DerInvalid("has an empty list of extensions")
    return found


def nonce_of(extensions: dict[str, Extension]) -> bytes | None:
    """The nonce (RFC 9654 2.1: 1 to 128 octets); raises `DerInvalid`."""
    one = extensions.get(OCSP_NONCE)
    if one is None:
        return None
    nonce: bytes = der.decode(bytes, one.value, limit=MAX_NONCE_SIZE + 8)
    if not 1 <= len(nonce) <= MAX_NONCE_SIZE:
        raise der.DerInvalid(f"has a nonce of {len(nonce)} octets; 1 to {MAX_NONCE_SIZE} are allowed")
    return nonce


def encode_request(certificate: CertId, nonce: bytes | None = None) -> bytes:
    """OCSPRequest, DER, unsigned."""
    request_list = der.sequence(der.sequence(certificate.encoded))
    extensions = b"" if nonce is None else der.explicit(2, der.sequence(nonce_extension(nonce)))
    return der.sequence(der.sequence(request_list, extensions))


def nonce_extension(nonce: bytes) -> bytes:
    """The nonce as an Extension, DER."""
    return der.sequence(der.oid(OCSP_NONCE), der.octets(der.octets(nonce)))
