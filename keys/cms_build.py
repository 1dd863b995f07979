"""Build CMS SignedData (RFC 5652) in two phases: bytes to sign out, signature in.

What a signer's messages share is encoded once, so that a timestamp authority pays a token's own
octets only.
"""

# No `from __future__ import annotations`: the declarations below are read as types, not as text.
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated

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
from keys.public import PublicKey
from keys.suites import Algorithm, digest_identifier

_VERSION_1 = der.integer(1)
_VERSION_3 = der.integer(3)
_MESSAGE_DIGEST = der.oid(OID_MESSAGE_DIGEST)
_SIGNED_ATTRIBUTES = b"\xa0"
_UNSIGNED_ATTRIBUTES = 0xA1
_CERTIFICATES = 0xA0
MAX_FRAMES = 256  # a builder keeps; signatures have 6 lengths at most, contents of one kind a few dozen


@asn1.sequence
class _BuiltSigner:
    version: int
    sid: asn1.TLV
    digest_algorithm: asn1.TLV
    signed_attributes: Annotated[list[asn1.TLV] | None, asn1.Implicit(0)]
    signature_algorithm: asn1.TLV
    signature: bytes


@asn1.sequence
class _BuiltContent:
    content_type: asn1.TLV
    content: Annotated[bytes | None, asn1.Explicit(0)]


@asn1.sequence
class _BuiltSignedData:
    version: int
    digest_algorithms: asn1.TLV
    encapsulated: _BuiltContent
    certificates: Annotated[list[asn1.TLV] | None, asn1.Implicit(0)]
    signers: asn1.SetOf[_BuiltSigner]


@asn1.sequence
class _Built:  # ContentInfo with what a recheck needs taken out, and no more
    content_type: asn1.TLV
    signed_data: Annotated[_BuiltSignedData, asn1.Explicit(0)]


@dataclass(frozen=True, slots=True)
class Prepared:
    """Signed attributes that wait for their signature; made by `SignedDataBuilder.prepare` only."""

    builder: "SignedDataBuilder"
    to_sign: bytes
    """DER of the SET OF signed attributes: what the key signs, hashing it itself (RFC 5652 5.4)."""

    def complete(
        self, signature: bytes, content: bytes | None, unsigned_attributes: Iterable[Attribute] = ()
    ) -> bytes:
        """ContentInfo in DER around the signature; `content` None leaves it detached."""
        return self.builder.assemble(self, signature, content, unsigned_attributes)


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
            _VERSION_1 + der.sequence(identity.issuer_der, der.integer(identity.serial)) + algorithm_of_digest
        )
        self._signature_identifier = algorithm.info.signature_identifier
        self._signed_data_oid = der.oid(content_types.signed_data)
        self._fixed = (
            Attribute(OID_CONTENT_TYPE, (self._content_type_oid,)).encoded(),
            signing_certificate_v2(identity, algorithm.digest).encoded(),
        )
        self._frames: dict[tuple[int, int, int, int], tuple[bytes, bytes, bytes]] = {}
        # Attributes of different types are in order before the digest's own octets are reached, so the SET
        # is the same around every digest.
        self._around_digest = self._set(bytes(self._digest.size), ()).split(bytes(self._digest.size))
        if len(self._around_digest) != 2:  # noqa: PLR2004
            raise CmsInvalid("certificate", "has a digest of zeros")

    def prepare(self, content_digest: bytes, signed_attributes: Iterable[Attribute] = ()) -> Prepared:
        """The bytes to sign for content of this digest (of the algorithm's own hash).

        contentType, messageDigest and signing-certificate-v2 are always there; `signed_attributes`
        come beside them. Raises `CmsInvalid` for a digest of another size or a repeated attribute.
        """
        if len(content_digest) != self._digest.size:
            raise CmsInvalid("messageDigest", f"is {len(content_digest)} bytes, not {self._digest.size}")
        extra = tuple(signed_attributes)
        if not extra:
            return Prepared(self, content_digest.join(self._around_digest))
        _require_new(extra)
        return Prepared(self, self._set(content_digest, extra))

    def _set(self, content_digest: bytes, extra: Sequence[Attribute]) -> bytes:
        digest = der.sequence(_MESSAGE_DIGEST, der.set_of(der.octets(content_digest)))
        return der.set_of(*self._fixed, digest, *(one.encoded() for one in extra))

    def assemble(
        self,
        prepared: Prepared,
        signature: bytes,
        content: bytes | None,
        unsigned_attributes: Iterable[Attribute] = (),
    ) -> bytes:
        """ContentInfo, DER; see `Prepared.complete`."""
        unsigned = b"".join(sorted(one.encoded() for one in unsigned_attributes))
        if unsigned:
            unsigned = der.wrap(_UNSIGNED_ATTRIBUTES, unsigned)
        # Around parts of the same lengths stand the same octets.
        lengths = (
            -1 if content is None else len(content),
            len(prepared.to_sign),
            len(signature),
            len(unsigned),
        )
        frame = self._frames.get(lengths) or self._frame(*lengths)
        before, between, after = frame
        # The signed attributes are a SET to the signature, and under their implicit tag in the message.
        return b"".join((before, content or b"", between, prepared.to_sign[1:], after, signature, unsigned))

    def _frame(self, content: int, to_sign: int, signature: int, unsigned: int) -> tuple[bytes, bytes, bytes]:
        """What stands before the content, between it and the signed attributes, and before the signature."""
        after = self._signature_identifier + _header(der.OCTET_STRING, signature)
        signer = len(self._signer_head) + to_sign + len(after) + signature + unsigned
        signer_head = _header(der.SEQUENCE, signer)
        signers_head = _header(der.SET, len(signer_head) + signer)
        between = b"".join(
            (self._certificates, signers_head, signer_head, self._signer_head, _SIGNED_ATTRIBUTES)
        )
        inside = b""
        if content >= 0:
            octets = _header(der.OCTET_STRING, content)
            inside = _header(0xA0, len(octets) + content) + octets
        encapsulated = self._content_type_oid + inside
        held = len(encapsulated) + max(content, 0)
        before = self._before + _header(der.SEQUENCE, held) + encapsulated
        size = len(before) + max(content, 0) + len(between) + to_sign - 1 + len(after) + signature + unsigned
        signed_data = _header(der.SEQUENCE, size)
        size += len(signed_data)
        explicit = _header(0xA0, size)
        size += len(explicit) + len(self._signed_data_oid)
        outer = _header(der.SEQUENCE, size) + self._signed_data_oid + explicit + signed_data
        frame = outer + before, between, after
        if len(self._frames) < MAX_FRAMES:
            self._frames[content, to_sign, signature, unsigned] = frame
        return frame

    def recheck(self, message: bytes, content: bytes, prepared: Prepared, public: PublicKey) -> None:
        """A message just completed, decoded again: this content, these attributes, a signature that holds.

        Cheaper than `keys.cms_verify.verify` for one who made the message: the certificate is not read
        again, and `prepared`, which came from the content's digest, says what the attributes must be.
        Raises `CmsInvalid` or `SignatureInvalid`.
        """
        try:
            built = der.decode(_Built, message, limit=len(message)).signed_data
        except der.DerInvalid as error:
            raise CmsInvalid("signedData", str(error)) from error
        signers = built.signers.as_list()
        if built.encapsulated.content != content or len(signers) != 1:
            raise CmsInvalid("encapContentInfo", "is not the content it was built around")
        signature = signers[0].signature
        signed = prepared.to_sign[1:] + self._signature_identifier + der.octets(signature)
        if not message.endswith(signed):
            raise CmsInvalid("signedAttrs", "are not those that were signed")
        public.verify(signature, prepared.to_sign)

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


def _header(tag: int, size: int) -> bytes:
    return bytes((tag,)) + der.length(size)


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
