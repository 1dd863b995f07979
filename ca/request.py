"""Certification requests, PKCS #10 (RFC 2986): a public key and the proof of holding it, no more."""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Protocol

from cryptography.hazmat import asn1
from cryptography.x509 import ObjectIdentifier

from ca.errors import ProofOfPossessionInvalid, RequestInvalid
from ca.goodkey import weakness
from ca.name import AttributeType, Name
from ca.view import name_attributes
from keys import der
from keys.errors import KeyEncodingInvalid, SignatureInvalid
from keys.public import PublicKey
from keys.suites import Algorithm

MAX_REQUEST_SIZE = 16_384  # octets, DER or PEM; an RSA-4096 request takes 1,700
FIELD = "csr"
EXTENSION_REQUEST = "1.2.840.113549.1.9.14"  # RFC 2985 5.4.2
PEM_LABEL = "CERTIFICATE REQUEST"

_BLOCK = re.compile(
    rb"-----BEGIN (?P<label>(?:NEW )?CERTIFICATE REQUEST)-----\r?\n"
    rb"(?P<body>[A-Za-z0-9+/=\r\n]+)"
    rb"-----END (?P=label)-----"
)
_SEQUENCE = 0x30


@asn1.sequence
class _Request:
    info: asn1.TLV
    algorithm: asn1.TLV
    signature: asn1.BitString


@asn1.sequence
class _Info:
    version: int
    subject: asn1.TLV
    spki: asn1.TLV
    attributes: asn1.TLV


@asn1.sequence
class _Attribute:
    kind: ObjectIdentifier
    values: asn1.SetOf[asn1.TLV]


@asn1.sequence
class _Items:
    items: list[asn1.TLV]


class Holder(Protocol):
    """A key pair that can sign."""

    @property
    def public(self) -> PublicKey:
        """Its public half."""
        ...

    def sign(self, data: bytes) -> bytes:
        """A signature over `data`."""
        ...


@dataclass(frozen=True, slots=True)
class CertificationRequest:
    """A request whose proof of possession holds."""

    public: PublicKey
    ignored: tuple[str, ...]
    """What else it asked for, and got nothing by: subject attributes, extensions, other attributes."""


def parse_request(data: bytes) -> CertificationRequest:
    """A request in DER or PEM.

    Raises `RequestInvalid` (field `csr…`) for anything that is no well-formed request with an accepted
    and strong key, `ProofOfPossessionInvalid` when the key did not sign it.
    """
    if len(data) > MAX_REQUEST_SIZE:
        raise RequestInvalid(FIELD, f"is {len(data)} octets; {MAX_REQUEST_SIZE} are allowed")
    encoded = _from_pem(data) if data[:1] != bytes((_SEQUENCE,)) else data
    try:
        outer = der.decode(_Request, encoded, limit=MAX_REQUEST_SIZE)
        info_der = der.raw(outer.info)
        info = der.decode(_Info, info_der, limit=MAX_REQUEST_SIZE)
        if info.attributes.tag_bytes != b"\xa0":
            raise der.DerInvalid("has no attributes [0]")
        ignored = (*_subject(info.subject), *_attributes(info.attributes))
    except (ValueError, OverflowError) as error:
        raise RequestInvalid(FIELD, "is not a PKCS #10 request in DER or PEM") from error
    if info.version != 0:
        raise RequestInvalid(f"{FIELD}.version", "is not 0 (RFC 2986 4.1)")
    public = _key(der.raw(info.spki))
    if der.raw(outer.algorithm) != public.algorithm.info.signature_identifier:
        raise ProofOfPossessionInvalid(
            f"{FIELD}.algorithm", f"is not that of {public.algorithm.value}, the one its key is used with"
        )
    if outer.signature.padding_bits() != 0:
        raise ProofOfPossessionInvalid(f"{FIELD}.signature", "does not fill whole octets")
    try:
        public.verify(outer.signature.as_bytes(), info_der)
    except SignatureInvalid as error:
        reason = str(error)
        if public.algorithm is Algorithm.SM2:
            reason = f"{reason}; SM2 signs with the identity 1234567812345678"
        raise ProofOfPossessionInvalid(f"{FIELD}.signature", reason) from error
    return CertificationRequest(public, ignored)


def _from_pem(data: bytes) -> bytes:
    blocks = list(_BLOCK.finditer(data))
    if len(blocks) != 1 or data.count(b"-----BEGIN ") != 1:
        raise RequestInvalid(FIELD, f"is neither DER nor one PEM block of {PEM_LABEL}")
    body = blocks[0]["body"].replace(b"\r", b"").replace(b"\n", b"")
    try:
        decoded = base64.b64decode(body, validate=True)
    except binascii.Error as error:
        raise RequestInvalid(FIELD, "is PEM with a body that is not base64") from error
    if base64.b64encode(decoded) != body:  # the library overlooks padding in excess
        raise RequestInvalid(FIELD, "is PEM with a body that is not base64")
    return decoded


def _key(spki: bytes) -> PublicKey:
    try:
        public = PublicKey.from_spki(spki)
    except KeyEncodingInvalid as error:
        raise RequestInvalid(f"{FIELD}.public_key", str(error)) from error
    weak = weakness(public)
    if weak is not None:
        raise RequestInvalid(f"{FIELD}.public_key", f"is weak: {weak}")
    return public


_TEXT_BY_OID = {kind.oid: kind.text for kind in AttributeType}


def _subject(name: asn1.TLV) -> list[str]:
    found = name_attributes(der.raw(name))
    return [f"subject.{_TEXT_BY_OID.get(attribute.oid, attribute.oid)}" for attribute in found]


def _attributes(attributes: asn1.TLV) -> list[str]:
    found: list[str] = []
    for item in _items(bytes(attributes.data)):
        attribute = der.decode(_Attribute, der.raw(item), limit=MAX_REQUEST_SIZE)
        kind = attribute.kind.dotted_string
        if kind != EXTENSION_REQUEST:
            found.append(f"attribute.{kind}")
            continue
        for value in attribute.values.as_list():
            found += [f"extension.{_first_oid(one)}" for one in _items(bytes(value.data))]
    return found


def _items(content: bytes) -> list[asn1.TLV]:
    return der.decode(_Items, der.sequence(der.sequence(content)), limit=MAX_REQUEST_SIZE + 16).items


def _first_oid(extension: asn1.TLV) -> str:
    first = _items(bytes(extension.data))[0]
    oid: ObjectIdentifier = asn1.decode_der(ObjectIdentifier, der.raw(first))
    return oid.dotted_string


def build_request(holder: Holder, subject: Name | None = None) -> bytes:
    """A request in DER, signed by the key it carries; the subject is for people, no authority uses it."""
    name = subject.der if subject is not None else der.sequence()
    info = der.sequence(der.encode(0), name, holder.public.spki, der.wrap(0xA0, b""))
    algorithm = holder.public.algorithm.info.signature_identifier
    return der.sequence(info, algorithm, der.bits(holder.sign(info)))
