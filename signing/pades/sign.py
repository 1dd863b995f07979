"""Sign one field of a PDF in two phases (ETSI EN 319 142-1): octets to sign out, signature in.

Only the field's own dictionary changes, and with the first signature the catalogue, which then names the
certification. No page does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field as member

import pikepdf

from ca.certificate import Certificate
from ca.errors import EncodingInvalid
from keys.cms import RFC5652, ContentTypes, SignerIdentity
from keys.cms_build import Prepared
from keys.errors import KeysError
from keys.ports import Signer
from keys.public import PublicKey
from keys.suites import Algorithm, Digest
from signing.errors import SignatureMismatch
from signing.form import Form
from signing.pades import message
from signing.pades.amend import SIGNED_APPEND_ONLY, amended, held
from signing.pades.order import SignatureOrder
from signing.pades.permission import check_permitted, references, require_field
from signing.pades.revision import OpenRevision, SignatureDictionary
from signing.pades.signatory import TOKEN_ROOM, Signatory, signatory
from signing.pdf.formobject import form_object
from signing.pdf.increment import Increment
from signing.pdf.source import PdfSource, SignatureField, guarded
from signing.pdf.syntax import date, reference, text
from signing.ports import TimestampSource

_HEAD = b"/Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached"


@dataclass(frozen=True, slots=True)
class PendingSignature:
    """A revision whose signature is outstanding; made by `begin`."""

    field: str
    to_sign: bytes
    """DER of the signed attributes: what the key signs, hashing it itself (RFC 5652 5.4)."""
    byte_range: tuple[int, int, int, int]
    document_digest: bytes
    """Of what the byte range covers."""
    digest: Digest
    certificate: Certificate = member(repr=False)
    public: PublicKey = member(repr=False)
    """The certificate's."""
    revision: OpenRevision = member(repr=False)
    prepared: Prepared = member(repr=False)

    def complete(self, signature: bytes, token: bytes | None) -> bytes:
        """The octets to append to the file that `begin` was given.

        `token` is what a `TimestampSource` answered over the digest of the signature value; None makes
        B-B. The message is read back and verified before anything leaves.

        Raises `SignatureMismatch` when it does not verify or does not fit, `TimestampUnavailable` for a
        token over anything else, or from outside the life of the certificate.
        """
        if token is not None:
            info = message.check_token(token, self.digest, self.digest.of(signature))
            message.check_in_life(self.certificate, info.gen_time)
        made = message.assemble(self.prepared, signature, token)
        try:
            message.recheck(made, self.prepared, signature, self.public)
        except KeysError as error:
            raise SignatureMismatch(self.field, str(error)) from error
        try:
            return self.revision.close(made)
        except ValueError as error:
            raise SignatureMismatch(self.field, str(error)) from error


def begin(
    source: PdfSource,
    order: SignatureOrder,
    identity: SignerIdentity,
    algorithm: Algorithm,
    certificates: Sequence[bytes],
    *,
    timestamped: bool = True,
    content_types: ContentTypes = RFC5652,
) -> PendingSignature:
    """Phase 1: the revision with everything in it but the signature.

    `certificates` are those above the signer's; roots are left out. Without `timestamped` no room is
    kept for a token. `content_types` of GB/T 35275 are for receivers who insist on them.

    Raises `FieldInvalid`, `DocumentRefused`, `SignatureMismatch` for certificates that cannot be read.
    """
    who = _signatory(order, (identity.certificate, *certificates), content_types)
    if who.identity != identity or who.public.algorithm is not algorithm:
        raise SignatureMismatch(order.field, "the certificate does not say the same of its key or issuer")
    return _begin(source, order, who, timestamped=timestamped)


def _signatory(
    order: SignatureOrder, certificates: Sequence[bytes], content_types: ContentTypes = RFC5652
) -> Signatory:
    try:
        return signatory(tuple(dict.fromkeys(certificates)), content_types)
    except EncodingInvalid as error:
        raise SignatureMismatch(order.field, str(error)) from error


def _begin(
    source: PdfSource, order: SignatureOrder, who: Signatory, *, timestamped: bool
) -> PendingSignature:
    room = order.contents_size or who.room + (TOKEN_ROOM if timestamped else 0)
    revision = guarded(lambda: _revision(source, order, room))
    digest = who.public.algorithm.digest
    document_digest = revision.digest(source.data, digest)
    prepared = who.builder.prepare(document_digest)
    return PendingSignature(
        field=order.field,
        to_sign=prepared.to_sign,
        byte_range=revision.byte_range,
        document_digest=document_digest,
        digest=digest,
        certificate=who.certificate,
        public=who.public,
        revision=revision,
        prepared=prepared,
    )


def _revision(source: PdfSource, order: SignatureOrder, room: int) -> OpenRevision:
    target = require_field(source, order.field)
    certifies = check_permitted(source, order.field)
    increment = Increment(source)
    number = increment.reserve()
    dictionary = SignatureDictionary.compose(
        _HEAD, _claims(order) + b" /Reference " + references(source, target, certifies=certifies), room
    )
    increment.put(number, dictionary.body)
    _put_field(increment, source, target, number, order)
    if certifies:
        changes = {b"Perms": b"<</DocMDP " + reference(number) + b">>"} | _flags(increment, source)
        increment.put(source.pdf.Root.objgen[0], amended(source.pdf.Root, changes))
    return OpenRevision.of(source.size, increment.render(), number, dictionary)


def sign(
    source: PdfSource,
    order: SignatureOrder,
    signer: Signer,
    certificates: Sequence[bytes],
    *,
    timestamps: TimestampSource | None,
) -> bytes:
    """Both phases with a key at hand: the octets to append.

    `certificates` begin with the signer's. With `timestamps` the token is over the signature value
    (B-T), and without a token there is no signature.

    Raises as `begin` and `complete` do, and `TimestampUnavailable`, `keys.errors.CustodyUnavailable`.
    """
    who = _signatory(order, certificates)
    if who.public != signer.public:
        raise SignatureMismatch(order.field, "the certificate is another key's")
    pending = _begin(source, order, who, timestamped=timestamps is not None)
    signature = signer.sign(pending.to_sign)
    token = None
    if timestamps is not None:
        token = timestamps.token(pending.digest.of(signature), pending.digest)
    return pending.complete(signature, token)


def _claims(order: SignatureOrder) -> bytes:
    entries = [b"/M " + date(order.at)]
    for key, value in ((b"/Name ", order.name), (b"/Reason ", order.reason), (b"/Location ", order.location)):
        if value is not None:
            entries.append(key + text(value))
    return b" ".join(entries)


def _put_field(
    increment: Increment, source: PdfSource, target: SignatureField, signature: int, order: SignatureOrder
) -> None:
    """The field with its value, and its widget with its appearance where one is given."""
    changes = {b"V": reference(signature)}
    if order.appearance is not None and target.widget:
        appearance = {
            b"AP": b"<</N " + reference(_drawn(increment, source, target, order.appearance)) + b">>"
        }
        if target.widget == target.number:
            changes |= appearance
        else:
            increment.put(target.widget, amended(held(source, target.widget), appearance))
    increment.put(target.number, amended(held(source, target.number), changes))


def _drawn(increment: Increment, source: PdfSource, target: SignatureField, form: Form) -> int:
    """The appearance as the page of its widget is turned, in the proportions of its rectangle."""
    number = source.page_of(target)
    if number is None:
        return form_object(increment, form)
    page = source.page(number)
    shown = page.shown_rect(*target.rect)
    return form_object(increment, form, rotation=page.rotation, fit=(shown.width, shown.height))


def _flags(increment: Increment, source: PdfSource) -> dict[bytes, bytes]:
    """/SigFlags says that there are signatures and that only appending keeps them (ISO 32000-2 12.7.3)."""
    form = source.pdf.Root.get("/AcroForm")
    if not isinstance(form, pikepdf.Dictionary) or form.get("/SigFlags") == SIGNED_APPEND_ONLY:
        return {}
    body = amended(form, {b"SigFlags": b"%d" % SIGNED_APPEND_ONLY})
    if form.is_indirect:
        increment.put(form.objgen[0], body)
        return {}
    return {b"AcroForm": body}
