"""Validation material kept inside an outgoing token, where the timestamp that renews it covers it.

RFC 4998 names cryptoInfos for such data, but no timestamp covers that field, so whoever holds the record
could change or drop it unseen. The unsigned attributes certificate-values and revocation-values of
CAdES (RFC 5126 6.3.3, 6.3.4) are part of the timeStamp field, which a renewal digests whole. Bouncy
Castle reads tokens with them like any other. From records of strangers, cryptoInfos with the same
attributes and CRLs inside the CMS are read too: nothing found there is an anchor.
"""

# No `from __future__ import annotations`: the declarations below are read as types, not as text.
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, TypeVar

from cryptography.hazmat import asn1

from ca.certificate import Certificate
from ca.crl import Crl, load_crl
from ca.errors import EncodingInvalid
from ca.ocspresponse import BasicResponse, load_response
from ca.token import MAX_TOKEN_SIZE, known_certificate
from forensics.errors import RecordInvalid, RenewalRefused
from forensics.preservation.record import canonical_token
from keys import cms, der
from keys.cms import Attribute
from keys.cms_build import with_unsigned
from keys.errors import CmsInvalid
from signing.ports import ValidationMaterial

T = TypeVar("T")

OID_CERTIFICATE_VALUES = "1.2.840.113549.1.9.16.2.23"  # RFC 5126 6.3.3
OID_REVOCATION_VALUES = "1.2.840.113549.1.9.16.2.24"  # RFC 5126 6.3.4
_BASIC_RESPONSE = der.oid("1.3.6.1.5.5.7.48.1.1")  # RFC 6960 4.2.1: id-pkix-ocsp-basic
_SUCCESSFUL = b"\x0a\x01\x00"
MAX_OBJECTS = 64  # of each kind in one token; a path has 3 certificates and as many pieces of evidence


@asn1.sequence
class _CertificateValues:  # a holder, since SEQUENCE OF is no structure of its own
    certificates: list[asn1.TLV]


@asn1.sequence
class _RevocationValues:
    crls: Annotated[list[asn1.TLV] | None, asn1.Explicit(0)]
    responses: Annotated[list[asn1.TLV] | None, asn1.Explicit(1)]


@asn1.sequence
class _ResponseBytes:  # RFC 6960 4.2.1
    kind: asn1.TLV
    response: bytes


@asn1.sequence
class _Response:
    status: asn1.TLV
    body: Annotated[_ResponseBytes, asn1.Explicit(0)]


@dataclass(frozen=True, slots=True)
class Kept:
    """What was found beside a token, parsed; nobody vouches for it."""

    certificates: tuple[Certificate, ...] = ()
    crls: tuple[Crl, ...] = ()
    responses: tuple[BasicResponse, ...] = ()


def keep(token: bytes, material: ValidationMaterial) -> bytes:
    """The token with the material inside, sorted and each once; the same token for no material.

    Raises `RenewalRefused` when the token carries material already or becomes too large, and for an
    OCSP answer that is none.
    """
    added = []
    if material.certificates:
        added.append(Attribute(OID_CERTIFICATE_VALUES, (der.sequence(*sorted(set(material.certificates))),)))
    parts = []
    if material.crls:
        parts.append(der.explicit(0, der.sequence(*sorted(set(material.crls)))))
    if material.responses:
        basic = sorted({_basic(one) for one in material.responses})
        parts.append(der.explicit(1, der.sequence(*basic)))
    if parts:
        added.append(Attribute(OID_REVOCATION_VALUES, (der.sequence(*parts),)))
    if not added:
        return token
    try:
        return canonical_token(with_unsigned(token, added))
    except (CmsInvalid, RecordInvalid) as error:
        raise RenewalRefused(f"the material cannot be kept in the token: {error}") from error


def kept_in(token: bytes, infos: Iterable[Attribute] = ()) -> Kept:
    """Material of a token and of cryptoInfos; raises `RecordInvalid` for what does not parse."""
    try:
        signed = cms.parse(token, limit=MAX_TOKEN_SIZE)
    except CmsInvalid as error:
        raise RecordInvalid("timeStamp", str(error)) from error
    unsigned = [one for signer in signed.signers for one in signer.unsigned_attributes]
    certificates: list[bytes] = []
    crls: list[bytes] = list(signed.crls)
    responses: list[bytes] = []
    for one in (*unsigned, *infos):
        if one.oid == OID_CERTIFICATE_VALUES:
            certificates += map(der.raw, _values(one, _CertificateValues, wrapped=True).certificates)
        elif one.oid == OID_REVOCATION_VALUES:
            found = _values(one, _RevocationValues)
            crls += map(der.raw, found.crls or ())
            responses += map(der.raw, found.responses or ())
    if max(len(certificates), len(crls), len(responses)) > MAX_OBJECTS:
        raise RecordInvalid("revocationValues", f"holds more than {MAX_OBJECTS} objects of a kind")
    try:
        return Kept(
            tuple(map(known_certificate, certificates)),
            tuple(map(load_crl, crls)),
            tuple(load_response(_whole(one)) for one in responses),
        )
    except EncodingInvalid as error:
        raise RecordInvalid("revocationValues", str(error)) from error


def _values(attribute: Attribute, kind: type[T], *, wrapped: bool = False) -> T:
    try:
        value = attribute.single()
        return der.decode(kind, der.sequence(value) if wrapped else value, limit=MAX_TOKEN_SIZE)
    except (CmsInvalid, der.DerInvalid) as error:
        raise RecordInvalid(f"attribute {attribute.oid}", str(error)) from error


def _basic(response: bytes) -> bytes:
    """The BasicOCSPResponse inside an OCSPResponse."""
    try:
        load_response(response)
        inside = der.decode(_Response, response, limit=MAX_TOKEN_SIZE)
    except (EncodingInvalid, der.DerInvalid) as error:
        raise RenewalRefused(f"the material cannot be kept in the token: {error}") from error
    return inside.body.response


def _whole(basic: bytes) -> bytes:
    """An OCSPResponse around its BasicOCSPResponse."""
    return der.sequence(_SUCCESSFUL, der.explicit(0, der.sequence(_BASIC_RESPONSE, der.octets(basic))))
