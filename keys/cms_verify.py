"""Verify CMS SignedData (RFC 5652 5.4, 5.6): one function, which returns the certificate it used."""

# No `from __future__ import annotations`: the declarations below are read as types, not as text.
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from hmac import compare_digest

from cryptography.hazmat import asn1

from keys import der
from keys.cms import (
    DATA_TYPES,
    OID_CONTENT_TYPE,
    OID_MESSAGE_DIGEST,
    OID_SIGNING_CERTIFICATE_V2,
    OID_SIGNING_TIME,
    Attribute,
    AttributesStructure,
    SignedData,
    SignerCertificate,
    SignerInfo,
    read_signing_time,
)
from keys.errors import CmsInvalid
from keys.suites import OID_RSA, Algorithm, Digest

ReadCertificate = Callable[[bytes], SignerCertificate]
"""Reads a certificate's DER; raises `CmsInvalid` for bytes that are none."""

MAX_ESS_SIZE = 16_384  # octets; a chain of ESSCertIDs with long names
MAX_ESS_CERTIFICATES = 16
_EITHER_PARAMETERS = (b"", der.NULL)  # RFC 5754 2: receivers take absent parameters and NULL alike
_DIGESTS = {
    der.sequence(der.oid(digest.oid), parameters): digest
    for digest in Digest
    for parameters in _EITHER_PARAMETERS
}
_RSA_KEY_IDENTIFIERS = frozenset(der.sequence(der.oid(OID_RSA), tail) for tail in _EITHER_PARAMETERS)
_SIGNATURES = {
    **{algorithm.info.signature_identifier: algorithm for algorithm in Algorithm},
    # Receivers meet SM2 with NULL parameters too; and RFC 3370 3.2 names RSA by its key's identifier.
    der.sequence(der.oid(Algorithm.SM2.info.signature_oid), der.NULL): Algorithm.SM2,
    **dict.fromkeys(_RSA_KEY_IDENTIFIERS, Algorithm.RSA3072),
}


@asn1.sequence
class _IssuerSerial:  # RFC 5035 5
    issuer: list[asn1.TLV]
    serial: int


@asn1.sequence
class _EssCertificate:  # RFC 5035 4: ESSCertIDv2; without an algorithm it is SHA-256
    algorithm: list[asn1.TLV] | None
    digest: bytes
    issuer_serial: _IssuerSerial | None


@asn1.sequence
class _SigningCertificateV2:  # RFC 5035 3
    certificates: list[_EssCertificate]
    policies: list[asn1.TLV] | None


@dataclass(frozen=True, slots=True)
class VerifiedSigner:
    """A signer whose signature holds; whether its certificate may be trusted is for others to judge."""

    certificate: SignerCertificate
    """The certificate whose key verified the signature; every later check must take this one."""
    algorithm: Algorithm
    content_type: str
    content_digest: bytes
    signed_attributes: tuple[Attribute, ...]
    unsigned_attributes: tuple[Attribute, ...]
    signing_certificate_named: bool
    """Whether an ESSCertIDv2, which then matched, binds the certificate."""

    def attribute(self, oid: str) -> Attribute | None:
        """A signed attribute."""
        return next((one for one in self.signed_attributes if one.oid == oid), None)

    @property
    def signing_time(self) -> datetime | None:
        """What the signer claims; raises `CmsInvalid` when it is not a Time."""
        found = self.attribute(OID_SIGNING_TIME)
        return None if found is None else read_signing_time(found)


def verify(
    signed: SignedData,
    read: ReadCertificate,
    *,
    content: bytes | None = None,
    digests: Mapping[Digest, bytes] | None = None,
    certificates: Iterable[bytes] = (),
) -> tuple[VerifiedSigner, ...]:
    """Verify every signer; all hold or this raises.

    For a detached message give `content` or, for something large, its `digests`. `certificates` are
    known from elsewhere and looked at beside those inside.

    Raises `CmsInvalid` naming the field, or `SignatureInvalid`.
    """
    if not signed.signers:
        raise CmsInvalid("signerInfos", "hold no signer")
    if signed.content is not None:
        if content is not None or digests is not None:
            raise CmsInvalid("encapContentInfo", "holds the content; none may be given beside it")
        content = signed.content
    elif content is None and digests is None:
        raise CmsInvalid("encapContentInfo", "is detached, and no content was given")
    known = (*signed.certificates, *certificates)
    return tuple(_verify_signer(signed, one, known, read, content, digests or {}) for one in signed.signers)


def _verify_signer(
    signed: SignedData,
    signer: SignerInfo,
    known: tuple[bytes, ...],
    read: ReadCertificate,
    content: bytes | None,
    digests: Mapping[Digest, bytes],
) -> VerifiedSigner:
    #   1. one digest algorithm, announced, and the signature algorithm's own
    #   2. the signer's certificate, exactly one
    #   3. signed attributes: content type and digest of the content are those it signed
    #   4. the signature, under that certificate's key
    #   5. ESSCertIDv2 names that certificate
    algorithm = _algorithms(signed, signer)  # 1
    certificate = _certificate_of(signer, known, read)  # 2
    public = certificate.public
    if public.algorithm is not algorithm:
        raise CmsInvalid("signatureAlgorithm", f"is {algorithm.value}; the key is {public.algorithm.value}")
    content_digest = _content_digest(algorithm.digest, content, digests)
    if signer.signed_bytes is None:  # 3
        to_verify = _direct(signed, content)
    else:
        _check_attributes(signed.content_type, signer, content_digest)
        to_verify = signer.signed_bytes
    public.verify(signer.signature, to_verify)  # 4
    named = next((one for one in signer.signed_attributes if one.oid == OID_SIGNING_CERTIFICATE_V2), None)
    if named is not None:  # 5
        check_signing_certificate(named.single(), certificate)
    return VerifiedSigner(
        certificate=certificate,
        algorithm=algorithm,
        content_type=signed.content_type,
        content_digest=content_digest,
        signed_attributes=signer.signed_attributes,
        unsigned_attributes=signer.unsigned_attributes,
        signing_certificate_named=named is not None,
    )


def _algorithms(signed: SignedData, signer: SignerInfo) -> Algorithm:
    digest = _DIGESTS.get(signer.digest_identifier)
    if digest is None:
        raise CmsInvalid("digestAlgorithm", "is not accepted")
    if digest not in {_DIGESTS.get(one) for one in signed.digest_identifiers}:
        raise CmsInvalid("digestAlgorithms", "do not announce the signer's digest algorithm")
    algorithm = _SIGNATURES.get(signer.signature_identifier)
    if algorithm is None:
        raise CmsInvalid("signatureAlgorithm", "is not accepted")
    if algorithm.digest is not digest:
        raise CmsInvalid("digestAlgorithm", f"is {digest.value}; the signature's is {algorithm.digest.value}")
    return algorithm


def _certificate_of(signer: SignerInfo, known: tuple[bytes, ...], read: ReadCertificate) -> SignerCertificate:
    found: SignerCertificate | None = None
    unread = ""
    for data in known:
        try:
            candidate = read(data)
        except CmsInvalid as error:
            unread = f"; one that may be the signer's: {error.reason}"
            continue  # not the signer's as far as anyone can tell; another may be
        if candidate.serial == signer.serial and candidate.issuer_der == signer.issuer_der:
            if found is not None and found.data != data:
                raise CmsInvalid("certificates", "hold two that the signer's name and serial fit")
            found = candidate
    if found is None:
        raise CmsInvalid("certificates", f"hold none that the signer's name and serial fit{unread}")
    return found


def _content_digest(digest: Digest, content: bytes | None, digests: Mapping[Digest, bytes]) -> bytes:
    if content is not None:
        return digest.of(content)
    try:
        return digests[digest]
    except KeyError as error:
        raise CmsInvalid("digestAlgorithm", f"no {digest.value} digest of the content was given") from error


def _direct(signed: SignedData, content: bytes | None) -> bytes:
    """What a signature without signed attributes covers (RFC 5652 5.4)."""
    if signed.content_type not in DATA_TYPES:
        raise CmsInvalid("signedAttrs", f"are missing, which content of type {signed.content_type} needs")
    if content is None:
        raise CmsInvalid("signedAttrs", "are missing, so the content itself is needed, not its digest")
    try:
        der.decode(AttributesStructure, der.sequence(content), limit=MAX_ESS_SIZE)
    except der.DerInvalid:
        return content
    # Signed attributes shown as content: the signature would be valid, and never meant this.
    raise CmsInvalid("encapContentInfo", "is a set of signed attributes, which nobody signs as content")


def _check_attributes(content_type: str, signer: SignerInfo, content_digest: bytes) -> None:
    by_oid = {one.oid: one for one in signer.signed_attributes}
    try:
        typed, digested = by_oid[OID_CONTENT_TYPE], by_oid[OID_MESSAGE_DIGEST]
    except KeyError as error:
        raise CmsInvalid("signedAttrs", f"lack attribute {error.args[0]}") from error
    if typed.single() != der.oid(content_type):
        raise CmsInvalid("signedAttrs.contentType", "is not the content's type")
    if not compare_digest(digested.single(), der.octets(content_digest)):
        raise CmsInvalid("signedAttrs.messageDigest", "is not the content's digest")


def check_signing_certificate(value: bytes, certificate: SignerCertificate) -> None:
    """SigningCertificateV2 whose first entry is this certificate (RFC 5035 3); raises `CmsInvalid`."""
    field = "signedAttrs.signingCertificateV2"
    try:
        named = der.decode(_SigningCertificateV2, value, limit=MAX_ESS_SIZE).certificates
    except der.DerInvalid as error:
        raise CmsInvalid(field, str(error)) from error
    if not 1 <= len(named) <= MAX_ESS_CERTIFICATES:
        raise CmsInvalid(field, f"names {len(named)} certificates; 1 to {MAX_ESS_CERTIFICATES} are accepted")
    first = named[0]
    digest: Digest | None = Digest.SHA256
    if first.algorithm is not None:
        digest = _DIGESTS.get(der.sequence(*map(der.raw, first.algorithm)))
    if digest is None:
        raise CmsInvalid(field, "uses a digest that is not accepted")
    if not compare_digest(digest.of(certificate.data), first.digest):
        raise CmsInvalid(field, "names another certificate than the one that verifies the signature")
    if first.issuer_serial is not None:
        names = [der.raw(name) for name in first.issuer_serial.issuer]
        directory_name = der.explicit(4, certificate.issuer_der)  # GeneralName
        if names != [directory_name] or first.issuer_serial.serial != certificate.serial:
            raise CmsInvalid(field, "has another issuer or serial than the certificate")
