"""Verify timestamp tokens (RFC 3161 2.3, 2.4.2; RFC 5816), and what a timestamping certificate must be."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from hmac import compare_digest

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from ca.certificate import Certificate
from ca.errors import EncodingInvalid, TimestampInvalid
from ca.timestamp import OID_TST_INFO, Imprint, TstInfo, parse_tst_info
from keys import cms, cms_verify
from keys.cms import SignerIdentity
from keys.errors import CmsInvalid
from keys.suites import Algorithm

MAX_TOKEN_SIZE = 262_144  # octets; RSA chains and embedded CRLs of foreign authorities stay under it


@dataclass(frozen=True, slots=True)
class VerifiedToken:
    """A token whose signature and imprint hold; its signer's path is judged at `info.gen_time` by others."""

    info: TstInfo
    certificate: Certificate
    """The timestamping unit's certificate, whose key verified the signature."""
    certificates: tuple[bytes, ...]
    """What the token carries to build its path with; nobody vouches for these."""
    algorithm: Algorithm


def read_certificate(data: bytes) -> Certificate:
    """As `keys.cms_verify` wants certificates read: raises `CmsInvalid`."""
    try:
        certificate = known_certificate(data)
        _ = certificate.public, certificate.issuer_der
    except EncodingInvalid as error:
        raise CmsInvalid("certificates", str(error)) from error
    return certificate


@lru_cache(maxsize=1_024)  # a message's candidates are read again for each message
def known_certificate(data: bytes) -> Certificate:
    """The certificate, read once however often it comes; raises `EncodingInvalid`."""
    return Certificate(data)


def identity_of(certificate: Certificate) -> SignerIdentity:
    """How a SignerInfo names this certificate."""
    return SignerIdentity(certificate.data, certificate.issuer_der, certificate.serial)


def check_timestamping_certificate(certificate: Certificate) -> None:
    """RFC 3161 2.3: extended key usage critical and timeStamping alone; no CA; digital signatures only.

    Unknown purposes beside timeStamping count as purposes. Raises `TimestampInvalid`.
    """
    field = "certificate"
    try:
        usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    except x509.ExtensionNotFound as error:
        raise TimestampInvalid(field, "has no extended key usage") from error
    if not usage.critical:
        raise TimestampInvalid(field, "has an extended key usage that is not critical")
    if list(usage.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise TimestampInvalid(field, "has another extended key usage than timeStamping alone")
    for extension in certificate.extensions:
        value = extension.value
        if isinstance(value, x509.BasicConstraints) and value.ca:
            raise TimestampInvalid(field, "is an authority's")
        if isinstance(value, x509.KeyUsage) and not _signs_only(value):
            raise TimestampInvalid(field, "has a key usage other than signatures")


def _signs_only(usage: x509.KeyUsage) -> bool:
    signs = usage.digital_signature or usage.content_commitment
    others = usage.key_encipherment or usage.data_encipherment or usage.key_agreement
    return signs and not (others or usage.key_cert_sign or usage.crl_sign)


def verify_token(
    token: bytes,
    *,
    data: bytes | None = None,
    imprints: Iterable[Imprint] = (),
    nonce: int | None = None,
    policy: str | None = None,
    certificates: Iterable[bytes] = (),
    read: cms_verify.ReadCertificate = read_certificate,
) -> VerifiedToken:
    """Verify a TimeStampToken over `data`, or over one of `imprints` where the data is elsewhere.

    `nonce` and `policy` are compared when given. `certificates` are known from elsewhere, for tokens
    that carry none. Raises `TimestampInvalid`, `keys.errors.CmsInvalid` or
    `keys.errors.SignatureInvalid`. The certification path is not judged here.
    """
    #   1. one SignedData around a TSTInfo, one signer, ESSCertIDv2 present
    #   2. signature, attributes and ESSCertIDv2, under the certificate returned
    #   3. that certificate is a timestamping unit's, and was valid at genTime
    #   4. TSTInfo is well formed and over the data; nonce and policy are those asked for
    signed = cms.parse(token, limit=MAX_TOKEN_SIZE)  # 1
    if signed.content_type != OID_TST_INFO:
        raise TimestampInvalid("token", f"holds content of type {signed.content_type}, not TSTInfo")
    if signed.content is None:
        raise TimestampInvalid("token", "holds no content")
    if len(signed.signers) != 1:
        raise TimestampInvalid("token", f"has {len(signed.signers)} signers, not one")
    (signer,) = cms_verify.verify(signed, read, certificates=certificates)  # 2
    if not signer.signing_certificate_named:
        raise TimestampInvalid("token", "does not name its certificate by ESSCertIDv2")
    certificate = signer.certificate
    if not isinstance(certificate, Certificate):
        raise TypeError("certificates of tokens are read as ca.certificate.Certificate")
    check_timestamping_certificate(certificate)  # 3
    info = parse_tst_info(signed.content)
    if not certificate.valid_at(info.gen_time):
        raise TimestampInvalid("genTime", "is outside the validity of the certificate")
    check_imprint(info.imprint, data, imprints)  # 4
    if nonce is not None and info.nonce != nonce:
        raise TimestampInvalid("tstInfo.nonce", "is not the one that was sent")
    if policy is not None and info.policy != policy:
        raise TimestampInvalid("tstInfo.policy", f"is {info.policy}, not {policy}")
    return VerifiedToken(info, certificate, signed.certificates, signer.algorithm)


def check_imprint(found: Imprint, data: bytes | None, imprints: Iterable[Imprint]) -> None:
    """The token's imprint is of the data, recomputed, or one of those given; raises `TimestampInvalid`."""
    if data is not None:
        if not compare_digest(found.digest.of(data), found.value):
            raise TimestampInvalid("tstInfo.messageImprint", "is of other data")
        return
    if not any(found.matches(one.digest, one.value) for one in imprints):
        raise TimestampInvalid("tstInfo.messageImprint", "is not the digest that was asked for")
