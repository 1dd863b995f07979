"""The CMS message inside a signature: taken apart, its one signer checked (ETSI EN 319 102-1 5.2.2 to 5.2.7).

What is merely not supported here (other algorithms, other ways to name a signer) is told apart from what is
broken: the former leaves the verdict open, the latter does not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass

from ca.certificate import Certificate
from ca.errors import EncodingInvalid
from ca.indication import SubIndication
from ca.ocsp import Element, elements, one_element
from ca.token import known_certificate, read_certificate
from keys import cms, cms_verify, der
from keys.cms import SignedData
from keys.cms_verify import VerifiedSigner
from keys.errors import CmsInvalid, SignatureInvalid
from keys.suites import DIGEST_BY_OID, Digest
from signing.validity.attack import Attack

_CONTEXT_0, _OID = 0xA0, 0x06
_INDEFINITE = 0x80
_LONG = 0x80
_DIGEST_FIELD = "signedAttrs.messageDigest"
_ESS_FIELD = "signedAttrs.signingCertificateV2"
_ALGORITHM_FIELDS = frozenset({"digestAlgorithm", "signatureAlgorithm"})


class MessageRefused(Exception):
    """A message, or a part of it, that does not hold; `attack` where it has a name."""

    def __init__(self, step: str, sub: SubIndication, detail: str, attack: Attack | None = None) -> None:
        super().__init__(detail)
        self.step = step
        self.sub = sub
        self.detail = detail
        self.attack = attack


@dataclass(frozen=True, slots=True)
class Message:
    """A message with exactly one signer, who is not checked yet."""

    data: bytes
    signed: SignedData
    digest: Digest


def without_padding(contents: bytes) -> bytes:
    """The message in /Contents, behind which zeros alone may stand; raises `MessageRefused`."""
    broken = SubIndication.FORMAT_FAILURE
    if len(contents) < 2 or contents[0] != der.SEQUENCE:  # noqa: PLR2004  (tag and length)
        raise MessageRefused("format", broken, "/Contents is no CMS message", Attack.UNIVERSAL_FORGERY)
    first = contents[1]
    if first == _INDEFINITE:
        detail = "/Contents is in BER of indefinite length, which PAdES does not allow"
        raise MessageRefused("format", broken, detail)
    size, header = first, 2
    if first & _LONG:
        header += first & 0x7F
        size = int.from_bytes(contents[2:header], "big")
    end = header + size
    if end > len(contents):
        detail = "/Contents is shorter than the CMS message in it"
        raise MessageRefused("format", broken, detail, Attack.UNIVERSAL_FORGERY)
    if contents[end:].strip(b"\0"):
        detail = "/Contents holds other octets than zeros behind the CMS message"
        raise MessageRefused("format", broken, detail, Attack.BYTE_RANGE_GAP)
    return contents[:end]


def read_message(contents: bytes) -> Message:
    """Take /Contents apart; raises `MessageRefused`."""
    data = without_padding(contents)
    outline = _outline(data)
    if outline.signers != 1:
        detail = f"the message has {outline.signers} signers, not one"
        attack = Attack.SEVERAL_SIGNER_INFOS if outline.signers else Attack.UNIVERSAL_FORGERY
        raise MessageRefused("format", SubIndication.FORMAT_FAILURE, detail, attack)
    if outline.attached:
        detail = "the message holds content of its own, so it does not sign the document"
        raise MessageRefused("format", SubIndication.FORMAT_FAILURE, detail, Attack.FOREIGN_SIGNER_INFO)
    digest = DIGEST_BY_OID.get(outline.digest)
    if digest is None:
        detail = f"digest algorithm {outline.digest} is not accepted"
        raise MessageRefused("cryptography", SubIndication.CRYPTO_CONSTRAINTS_FAILURE, detail)
    if outline.by_key:
        detail = "the signer is named by a key identifier, which is not read"
        raise MessageRefused("certificate", SubIndication.SIG_CONSTRAINTS_FAILURE, detail)
    try:
        signed = cms.parse(data)
    except CmsInvalid as error:
        raise MessageRefused("format", SubIndication.FORMAT_FAILURE, str(error)) from error
    if signed.signers[0].signed_bytes is None:
        detail = "the signer signed no attributes, and such signatures are not read"
        raise MessageRefused("certificate", SubIndication.SIG_CONSTRAINTS_FAILURE, detail)
    return Message(data, signed, digest)


@dataclass(frozen=True, slots=True)
class _Outline:
    signers: int
    attached: bool
    by_key: bool
    digest: str


def _outline(data: bytes) -> _Outline:
    try:
        return _read_outline(data)
    except der.DerInvalid as error:
        broken = SubIndication.FORMAT_FAILURE
        raise MessageRefused("format", broken, f"/Contents {error}", Attack.UNIVERSAL_FORGERY) from error


def _read_outline(data: bytes) -> _Outline:
    limit = cms.MAX_SIGNED_DATA_SIZE
    info = elements(one_element(data, limit=limit).content, limit=limit)
    if [one.tag for one in info] != [_OID, _CONTEXT_0]:
        raise der.DerInvalid("is no ContentInfo")
    parts = elements(one_element(info[1].content, limit=limit).content, limit=limit)
    if len(parts) < 4 or parts[-1].tag != der.SET or parts[2].tag != der.SEQUENCE:  # noqa: PLR2004
        raise der.DerInvalid("is no SignedData")
    signers = elements(parts[-1].content, limit=limit)
    attached = len(elements(parts[2].content, limit=limit)) > 1
    by_key, digest = _signer(signers[0]) if len(signers) == 1 else (False, "")
    return _Outline(len(signers), attached, by_key, digest)


def _signer(element: Element) -> tuple[bool, str]:
    parts = elements(element.content, limit=cms.MAX_SIGNED_DATA_SIZE)
    if len(parts) < 5 or parts[2].tag != der.SEQUENCE:  # noqa: PLR2004  (RFC 5652 5.3)
        raise der.DerInvalid("holds no SignerInfo")
    algorithm = elements(parts[2].content, limit=256)
    if not algorithm or algorithm[0].tag != _OID:
        raise der.DerInvalid("holds no SignerInfo")
    return parts[1].tag != der.SEQUENCE, _dotted(algorithm[0].content)


def _dotted(content: bytes) -> str:
    """Text of an OBJECT IDENTIFIER's content (X.690 8.19)."""
    arcs: list[int] = []
    value = 0
    for octet in content[:32]:
        value = value << 7 | octet & 0x7F
        if not octet & _LONG:
            arcs.append(value)
            value = 0
    if not arcs:
        return ""
    top = min(arcs[0] // 40, 2)
    return ".".join(map(str, (top, arcs[0] - 40 * top, *arcs[1:])))


def verify_message(message: Message, digest: bytes, known: Sequence[Certificate]) -> VerifiedSigner:
    """The signer, once digest, signature and ESSCertIDv2 hold; raises `MessageRefused`.

    `digest` is of the byte range; one of the `known` certificates serves where the message has none.
    """
    certificate = _certificate(message.signed, known)
    beside = () if certificate.data in message.signed.certificates else (certificate.data,)
    try:
        (signer,) = cms_verify.verify(
            message.signed, read_certificate, digests={message.digest: digest}, certificates=beside
        )
    except SignatureInvalid as error:
        raise MessageRefused("signature", SubIndication.SIG_CRYPTO_FAILURE, str(error)) from error
    except CmsInvalid as error:
        raise _refusal(error) from error
    return signer


def _refusal(error: CmsInvalid) -> MessageRefused:
    if error.field == _DIGEST_FIELD:
        return MessageRefused("digest", SubIndication.HASH_FAILURE, str(error))
    if error.field == _ESS_FIELD:
        sub = SubIndication.NO_SIGNING_CERTIFICATE_FOUND
        return MessageRefused("signing-certificate", sub, str(error), Attack.FOREIGN_SIGNER_INFO)
    if error.field in _ALGORITHM_FIELDS:
        return MessageRefused("cryptography", SubIndication.CRYPTO_CONSTRAINTS_FAILURE, str(error))
    return MessageRefused("format", SubIndication.FORMAT_FAILURE, str(error))


def _certificate(signed: SignedData, known: Sequence[Certificate]) -> Certificate:
    """The signer's certificate, with a key that can be used; raises `MessageRefused`."""
    (signer,) = signed.signers
    for certificate in (*_inside(signed), *known):
        if (certificate.serial, certificate.issuer_der) != (signer.serial, signer.issuer_der):
            continue
        try:
            _ = certificate.public
        except EncodingInvalid as error:
            sub = SubIndication.CRYPTO_CONSTRAINTS_FAILURE
            raise MessageRefused("cryptography", sub, str(error)) from error
        return certificate
    detail = "the message does not hold the certificate that its signer names"
    raise MessageRefused(
        "certificate", SubIndication.NO_SIGNING_CERTIFICATE_FOUND, detail, Attack.FOREIGN_SIGNER_INFO
    )


def _inside(signed: SignedData) -> Iterator[Certificate]:
    for data in signed.certificates:
        with suppress(EncodingInvalid):
            yield known_certificate(data)
