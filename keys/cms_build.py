"""Build CMS SignedData (RFC 5652) in two phases: bytes to sign out, signature in.

What a signer's messages share is encoded once, so that a timestamp authority pays a token's own
octets only.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cryptography.hazmat import asn1
from cryptography.x509 import ObjectIdentifier

from keys import der
from keys.cms import (
    DATA_TYPES,
    OID_CONTENT_TYPE,
    OID_MESSAGE_DIGEST,
    OID_SIGNING_CERTIFICATE_V2,
    RFC5652,
    Attribute,
    AttributeStructure,
    ContentTypes,
    SignerIdentity,
    attributes,
    decode,
    signing_certificate_v2,
)
from keys.errors import CmsInvalid
from keys.ports import Signer
from keys.suites import Algorithm, digest_identifier

_VERSION_1 = der.encode(1)
_VERSION_3 = der.encode(3)
_MESSAGE_DIGEST = der.oid(OID_MESSAGE_DIGEST)
_SIGNED_ATTRIBUTES = b"\xa0"
_UNSIGNED_ATTRIBUTES = 0xA1
_CERTIFICATES = 0xA0


class SignedDataBuilder:
    """Makes SignedData of one signer, one content type and one set of certificates."""

    def __init__(
        self,
        identity: SignerIdentity,
        algorithm: Algorithm,
        *,
        content_type: str | None = None,
        content_types: ContentTypes = RFC5652,
        certificates: Sequence[bytes] | None = None,
    ) -> None:
        """`certificates` are those the message carries; None for the signer's alone.

        `content_type` None stands for the family's plain data; `content_types` chooses the family.
        """
        self.content_type = content_type or content_types.data
        self._content_type_oid = der.oid(self.content_type)
        self._digest = algorithm.digest
        held = (identity.certificate,) if certificates is None else tuple(certificates)
        plain = self.content_type in DATA_TYPES
        algorithm_of_digest = digest_identifier(algorithm.digest)
        self._before = (_VERSION_1 if plain else _VERSION_3) + der.set_of(algorithm_of_digest)
        # SET OF in DER order (X.690 11.6), though CMS lets a signer leave certificates unsorted.
        self._certificates = der.wrap(_CERTIFICATES, b"".join(sorted(set(held)))) if held else b""
        self._signer_head = (
            _VERSION_1 + der.sequence(identity.issuer_der, der.encode(identity.serial)) + algorithm_of_digest
        )
        self._signature_identifier = algorithm.info.signature_identifier
        self._signed_data_oid = der.oid(content_types.signed_data)
        self._fixed = (
            Attribute(OID_CONTENT_TYPE, (self._content_type_oid,)).encoded(),
            signing_certificate_v2(identity, algorithm.digest).encoded(),
        )

    def prepare(self, content_digest: bytes, signed_attributes: Iterable[Attribute] = ()) -> Prepared:
        """The bytes to sign for content of this digest (of the algorithm's own hash).

        contentType, messageDigest and signing-certificate-v2 are always there; `signed_attributes`
        come beside them. Raises `CmsInvalid` for a digest of another size or a repeated attribute.
        """
        if len(content_digest) != self._digest.size:
            raise CmsInvalid("messageDigest", f"is {len(content_digest)} bytes, not {self._digest.size}")
        digest = der.sequence(_MESSAGE_DIGEST, der.set_of(der.octets(content_digest)))
        extra = tuple(signed_attributes)
        if extra:
            _require_new(extra)
        encoded = sorted((*self._fixed, digest, *(one.encoded() for one in extra)))
        return Prepared(self, der.wrap(der.SET, b"".join(encoded)))

    def assemble(
        self,
        prepared: Prepared,
        signature: bytes,
        content: bytes | None,
        unsigned_attributes: Iterable[Attribute] = (),
    ) -> bytes:
        """ContentInfo, DER; see `Prepared.complete`."""
        unsigned = b"".join(sorted(one.encoded() for one in unsigned_attributes))
        signer = der.sequence(
            self._signer_head,
            _SIGNED_ATTRIBUTES + prepared.to_sign[1:],  # the SET under its implicit tag
            self._signature_identifier,
            der.octets(signature),
            der.wrap(_UNSIGNED_ATTRIBUTES, unsigned) if unsigned else b"",
        )
        inside = b"" if content is None else der.explicit(0, der.octets(content))
        signed_data = der.sequence(
            self._before,
            der.sequence(self._content_type_oid, inside),
            self._certificates,
            der.wrap(der.SET, signer),
        )
        return der.sequence(self._signed_data_oid, der.explicit(0, signed_data))

    def sign(
        self,
        signer: Signer,
        content: bytes,
        signed_attributes: Iterable[Attribute] = (),
        *,
        detached: bool = False,
    ) -> bytes:
        """Both phases at once, with a key at hand; raises as `prepare` and `signer.sign` do."""
        prepared = self.prepare(self._digest.of(content), signed_attributes)
        return prepared.complete(signer.sign(prepared.to_sign), None if detached else content)


@dataclass(frozen=True, slots=True)
class Prepared:
    """Signed attributes that wait for their signature; made by `SignedDataBuilder.prepare` only."""

    builder: SignedDataBuilder
    to_sign: bytes
    """DER of the SET OF signed attributes: what the key signs, hashing it itself (RFC 5652 5.4)."""

    def complete(
        self, signature: bytes, content: bytes | None, unsigned_attributes: Iterable[Attribute] = ()
    ) -> bytes:
        """ContentInfo in DER around the signature; `content` None leaves it detached."""
        return self.builder.assemble(self, signature, content, unsigned_attributes)


def with_unsigned(signed_data: bytes, added: Sequence[Attribute], *, signer: int = 0) -> bytes:
    """The same message with unsigned attributes added to one signer: a timestamp token, say.

    Nothing else changes but lengths: every other octet stays as it stood. Raises `CmsInvalid` for a
    message that does not parse, a signer that is not there, or an attribute that is there already.
    """
    structure = decode(signed_data)
    signers = structure.content.signers.as_list()
    if not 0 <= signer < len(signers):
        raise CmsInvalid("signerInfos", f"hold no signer {signer}")
    present = signers[signer].unsigned_attributes
    old = [] if present is None else present.as_list()
    new = [
        AttributeStructure(type=ObjectIdentifier(one.oid), values=asn1.SetOf(list(map(der.tlv, one.values))))
        for one in added
    ]
    attributes("unsignedAttrs", [*old, *new])
    signers[signer].unsigned_attributes = asn1.SetOf([*old, *new])
    structure.content.signers = asn1.SetOf(signers)
    return der.encode(structure)


def _require_new(extra: Sequence[Attribute]) -> None:
    taken = {OID_CONTENT_TYPE, OID_MESSAGE_DIGEST, OID_SIGNING_CERTIFICATE_V2}
    for one in extra:
        if one.oid in taken:
            raise CmsInvalid("signedAttrs", f"attribute {one.oid} would stand there twice")
        taken.add(one.oid)
