"""CMS SignedData (RFC 5652) as structures and values; building and verifying are in the modules beside."""

# No `from __future__ import annotations`: the declarations below are read as types, not as text.
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Protocol

from cryptography.hazmat import asn1
from cryptography.x509 import ObjectIdentifier

from keys import der
from keys.errors import CmsInvalid
from keys.public import PublicKey
from keys.suites import Digest

MAX_SIGNED_DATA_SIZE = 16 * 1024 * 1024  # octets; content is inside only for small things, CRLs may be too
MAX_CERTIFICATES = 64  # a chain has 3; foreign messages carry whole cross-certified bridges
MAX_SIGNERS = 16
MAX_ATTRIBUTES = 64  # a signer; CAdES defines about 20
LAST_UTC_YEAR = 2049  # RFC 5652 11.3: UTCTime through 2049, GeneralizedTime after

OID_CONTENT_TYPE = "1.2.840.113549.1.9.3"
OID_MESSAGE_DIGEST = "1.2.840.113549.1.9.4"
OID_SIGNING_TIME = "1.2.840.113549.1.9.5"
OID_SIGNING_CERTIFICATE_V2 = "1.2.840.113549.1.9.16.2.47"
OID_TIMESTAMP_TOKEN = "1.2.840.113549.1.9.16.2.14"  # noqa: S105  (RFC 3161 appendix A, an unsigned attribute)


@dataclass(frozen=True, slots=True)
class ContentTypes:
    """The pair of identifiers a family of receivers expects around plain data."""

    data: str
    signed_data: str


RFC5652 = ContentTypes("1.2.840.113549.1.7.1", "1.2.840.113549.1.7.2")
GBT35275 = ContentTypes("1.2.156.10197.6.1.4.2.1", "1.2.156.10197.6.1.4.2.2")
SIGNED_DATA_TYPES = frozenset({RFC5652.signed_data, GBT35275.signed_data})
DATA_TYPES = frozenset({RFC5652.data, GBT35275.data})


@asn1.sequence
class AttributeStructure:
    """Attribute (RFC 5652 5.3)."""

    type: ObjectIdentifier
    values: asn1.SetOf[asn1.TLV]


@asn1.sequence
class AttributesStructure:
    """A holder, since SET OF is no structure of its own."""

    attributes: asn1.SetOf[AttributeStructure]


@asn1.sequence
class IssuerAndSerialStructure:
    """IssuerAndSerialNumber (RFC 5652 10.2.4)."""

    issuer: asn1.TLV
    serial: int


@asn1.sequence
class SignerInfoStructure:
    """SignerInfo (RFC 5652 5.3) with sid as issuerAndSerialNumber, the form every profile of ours wants."""

    version: int
    sid: IssuerAndSerialStructure
    digest_algorithm: asn1.TLV
    signed_attributes: Annotated[asn1.SetOf[AttributeStructure] | None, asn1.Implicit(0)]
    signature_algorithm: asn1.TLV
    signature: bytes
    unsigned_attributes: Annotated[asn1.SetOf[AttributeStructure] | None, asn1.Implicit(1)]


@asn1.sequence
class EncapsulatedStructure:
    """EncapsulatedContentInfo (RFC 5652 5.2)."""

    content_type: ObjectIdentifier
    content: Annotated[bytes | None, asn1.Explicit(0)]


@asn1.sequence
class SignedDataStructure:
    """SignedData (RFC 5652 5.1).

    Certificates and CRLs are read as a list: widespread producers do not sort them, and no signature
    covers their order.
    """

    version: int
    digest_algorithms: asn1.SetOf[asn1.TLV]
    encapsulated: EncapsulatedStructure
    certificates: Annotated[list[asn1.TLV] | None, asn1.Implicit(0)]
    crls: Annotated[list[asn1.TLV] | None, asn1.Implicit(1)]
    signers: asn1.SetOf[SignerInfoStructure]


@asn1.sequence
class ContentInfoStructure:
    """ContentInfo (RFC 5652 3) that holds SignedData."""

    content_type: ObjectIdentifier
    content: Annotated[SignedDataStructure, asn1.Explicit(0)]


@asn1.sequence
class SigningTimeStructure:
    """Holds Time (RFC 5652 11.3)."""

    time: asn1.UTCTime | asn1.GeneralizedTime


@dataclass(frozen=True, slots=True)
class Attribute:
    """An attribute: its type, and its values in DER."""

    oid: str
    values: tuple[bytes, ...]

    def encoded(self) -> bytes:
        """DER."""
        return der.sequence(der.oid(self.oid), der.set_of(*self.values))

    def single(self) -> bytes:
        """The one value; raises `CmsInvalid` for none or several."""
        if len(self.values) != 1:
            raise CmsInvalid(f"attribute {self.oid}", f"has {len(self.values)} values, not one")
        return self.values[0]


class SignerCertificate(Protocol):
    """What verification needs of a certificate, which this package cannot read itself."""

    @property
    def data(self) -> bytes:
        """DER."""
        ...

    @property
    def issuer_der(self) -> bytes:
        """The exact bytes of the issuer's Name."""
        ...

    @property
    def serial(self) -> int:
        """The serial number."""
        ...

    @property
    def public(self) -> PublicKey:
        """The subject's key."""
        ...


@dataclass(frozen=True, slots=True)
class SignerIdentity:
    """The signer's certificate, and the issuer's Name (DER) and serial number that stand in it."""

    certificate: bytes
    issuer_der: bytes
    serial: int


def signing_time(moment: datetime) -> Attribute:
    """The signing-time attribute, in whole seconds (RFC 5652 11.3)."""
    whole = moment.astimezone(UTC).replace(microsecond=0)
    time = asn1.UTCTime(whole) if whole.year <= LAST_UTC_YEAR else asn1.GeneralizedTime(whole)
    return Attribute(OID_SIGNING_TIME, (der.encode(time),))


def read_signing_time(attribute: Attribute) -> datetime:
    """The inverse of `signing_time`; raises `CmsInvalid`."""
    try:
        holder = der.decode(SigningTimeStructure, der.sequence(attribute.single()), limit=64)
    except der.DerInvalid as error:
        raise CmsInvalid("signingTime", str(error)) from error
    moment = holder.time.as_datetime()
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def signing_certificate_v2(identity: SignerIdentity, digest: Digest) -> Attribute:
    """ESS signing-certificate-v2 (RFC 5035 3), with issuerSerial; SHA-256 is the default and left out."""
    parts = [] if digest is Digest.SHA256 else [der.sequence(der.oid(digest.oid))]
    parts.append(der.octets(digest.of(identity.certificate)))
    general_names = der.sequence(der.explicit(4, identity.issuer_der))  # GeneralName: directoryName
    parts.append(der.sequence(general_names, der.integer(identity.serial)))
    return Attribute(OID_SIGNING_CERTIFICATE_V2, (der.sequence(der.sequence(der.sequence(*parts))),))


@dataclass(frozen=True, slots=True)
class SignerInfo:
    """One signer as the message has it; nothing in it is verified yet."""

    issuer_der: bytes
    serial: int
    digest_identifier: bytes
    """AlgorithmIdentifier, DER."""
    signature_identifier: bytes
    """AlgorithmIdentifier, DER."""
    signature: bytes
    signed_attributes: tuple[Attribute, ...]
    signed_bytes: bytes | None
    """What the signature covers: the DER of the SET OF signed attributes; None without attributes."""
    unsigned_attributes: tuple[Attribute, ...]


@dataclass(frozen=True, slots=True)
class SignedData:
    """A SignedData taken apart strictly; `signers` are claims until `keys.cms_verify` has judged them."""

    content_types: str
    """The ContentInfo's type, of RFC 5652 or GB/T 35275."""
    content_type: str
    content: bytes | None
    """None when detached."""
    digest_identifiers: tuple[bytes, ...]
    certificates: tuple[bytes, ...]
    crls: tuple[bytes, ...]
    signers: tuple[SignerInfo, ...]


def parse(data: bytes, *, limit: int = MAX_SIGNED_DATA_SIZE) -> SignedData:
    """Take a ContentInfo with SignedData apart; strict DER but for the order of certificates and CRLs.

    Raises `CmsInvalid` for anything else: BER, trailing bytes, unknown versions, duplicate
    attributes, a signer named by key identifier, too many of anything.
    """
    structure = decode(data, limit=limit)
    signed = structure.content
    content_type = signed.encapsulated.content_type.dotted_string
    _check_version(signed.version, content_type)
    signers = signed.signers.as_list()
    if len(signers) > MAX_SIGNERS:
        raise CmsInvalid("signerInfos", f"hold more than {MAX_SIGNERS} signers")
    certificates = signed.certificates
    if certificates is not None and len(certificates) > MAX_CERTIFICATES:
        raise CmsInvalid("certificates", f"are more than {MAX_CERTIFICATES}")
    return SignedData(
        content_types=structure.content_type.dotted_string,
        content_type=content_type,
        content=signed.encapsulated.content,
        digest_identifiers=tuple(map(der.raw, signed.digest_algorithms.as_list())),
        certificates=tuple(map(der.raw, certificates)) if certificates else (),
        crls=tuple(map(der.raw, signed.crls)) if signed.crls else (),
        signers=tuple(_signer(info) for info in signers),
    )


def decode(data: bytes, *, limit: int = MAX_SIGNED_DATA_SIZE) -> ContentInfoStructure:
    """The declared structure; raises `CmsInvalid`."""
    try:
        structure = der.decode(ContentInfoStructure, data, limit=limit)
    except der.DerInvalid as error:
        raise CmsInvalid("signedData", str(error)) from error
    if structure.content_type.dotted_string not in SIGNED_DATA_TYPES:
        raise CmsInvalid("contentType", f"{structure.content_type.dotted_string} is not SignedData")
    return structure


def _check_version(version: int, content_type: str) -> None:
    # RFC 5652 5.1: 1 around id-data, 3 around anything else. GB/T 35275 8.1 has 1 around its own data type.
    expected = {1} if content_type == RFC5652.data else {1, 3} if content_type == GBT35275.data else {3}
    if version not in expected:
        raise CmsInvalid("version", f"is {version} around {content_type}")


def _signer(info: SignerInfoStructure) -> SignerInfo:
    if info.version != 1:
        raise CmsInvalid(
            "signerInfo.version", f"is {info.version}; a signer named by issuer and serial has 1"
        )
    signed: tuple[Attribute, ...] = ()
    signed_bytes = None
    if info.signed_attributes is not None:
        # Strict DER has one encoding: what is encoded again is what stood there, under the SET tag that
        # the signature covers (RFC 5652 5.4).
        holder = AttributesStructure(attributes=info.signed_attributes)
        signed_bytes = _content(der.encode(holder))
        signed = attributes("signedAttrs", info.signed_attributes.as_list())
    unsigned: tuple[Attribute, ...] = ()
    if info.unsigned_attributes is not None:
        unsigned = attributes("unsignedAttrs", info.unsigned_attributes.as_list())
    return SignerInfo(
        issuer_der=der.raw(info.sid.issuer),
        serial=info.sid.serial,
        digest_identifier=der.raw(info.digest_algorithm),
        signature_identifier=der.raw(info.signature_algorithm),
        signature=info.signature,
        signed_attributes=signed,
        signed_bytes=signed_bytes,
        unsigned_attributes=unsigned,
    )


def _content(encoded: bytes) -> bytes:
    """The content of one element whose length octets are of any form."""
    header = 2 + (encoded[1] & 0x7F if encoded[1] & 0x80 else 0)
    return encoded[header:]


def attributes(field: str, found: Iterable[AttributeStructure]) -> tuple[Attribute, ...]:
    """Attributes as values; raises `CmsInvalid` for duplicates, empty ones, or too many."""
    result = tuple(
        Attribute(one.type.dotted_string, tuple(map(der.raw, one.values.as_list()))) for one in found
    )
    if not 1 <= len(result) <= MAX_ATTRIBUTES:
        raise CmsInvalid(field, f"are {len(result)}; 1 to {MAX_ATTRIBUTES} are accepted")
    if len({one.oid for one in result}) != len(result):
        raise CmsInvalid(field, "hold an attribute twice")
    if not all(one.values for one in result):
        raise CmsInvalid(field, "hold an attribute without a value")
    return result
