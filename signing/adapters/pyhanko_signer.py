"""pyHanko writes where our own writer declines: encrypted files, and cross-references of both kinds at once.

Only the container is its work. The message, its key and its timestamps are those of `signing.pades`, so
that both suites, the certification by the first signature and the locks are the same.

What it cannot do: files encrypted for certificates (only passwords), files that a password's permissions
forbid to sign, appearances drawn with pictures, the slices of a seal across pages, validation data and
document timestamps, and files that do not fit into memory twice.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Generator, Mapping, Sequence
from typing import Any, TypeVar

import pikepdf
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.crypt import AuthStatus
from pyhanko.pdf_utils.generic import pdf_name
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.misc import PdfWriteError
from pyhanko.sign.fields import (
    FieldMDPAction,
    FieldMDPSpec,
    MDPPerm,
    SigFieldSpec,
    SigSeedSubFilter,
    append_signature_field,
)
from pyhanko.sign.general import SigningError as PyHankoError
from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigIOSetup, SigMDPSetup, SigObjSetup
from pyhanko.sign.signers.pdf_byterange import SignatureObject

from ca.errors import EncodingInvalid
from keys.errors import KeysError
from keys.ports import Signer
from signing.document import Buffer
from signing.errors import (
    DocumentRefused,
    FieldInvalid,
    PlacementInvalid,
    SignatureMismatch,
    SigningError,
)
from signing.form import Form
from signing.pades import message
from signing.pades.order import SignatureOrder
from signing.pades.permission import FORM_FILLING, NO_CHANGES
from signing.pades.signatory import TOKEN_ROOM, signatory
from signing.pdf.geometry import PageInfo
from signing.pdf.limits import LIMITS
from signing.place import Box
from signing.ports import TimestampSource

T = TypeVar("T")
PERMIT_FORMS = 1 << 8  # ISO 32000-2 table 22, bit 9: fill in forms, signature fields included
PERMIT_NOTES = 1 << 5  # bit 6: annotations and forms
PERMIT_CHANGES = 1 << 3  # bit 4: what placing new fields is
_DIGEST_FOR_PYHANKO = "sha256"  # it wants one; ours is computed beside it, in the signer's own suite
_FIELD_ERRORS = (PyHankoError, PdfWriteError)


class PyHankoSigner:
    """Prepares and signs one kind of file that `signing.pdf.source.open_source` refuses."""

    def __init__(self, password: str = "") -> None:
        """`password` opens the file, the user's or the owner's; the empty one opens most."""
        self._password = password

    def prepare(self, data: Buffer, fields: Mapping[str, Box | None]) -> bytes:
        """The octets to append so that there are unsigned fields, invisible ones without a box.

        Raises `DocumentRefused`, `FieldInvalid` for a name that is there, `PlacementInvalid`.
        """
        places = {name: self._placed(data, name, box) for name, box in fields.items()}
        writer = self._open(data, PERMIT_CHANGES | PERMIT_NOTES)

        def place() -> bytes:
            for name, found in places.items():
                page, rect = found or (0, None)
                lock = FieldMDPSpec(FieldMDPAction.INCLUDE, [name])
                spec = SigFieldSpec(name, on_page=page, box=rect, field_mdp_spec=lock)  # type: ignore[arg-type]
                append_signature_field(writer, spec)
            written = io.BytesIO()
            writer.write(written)  # type: ignore[no-untyped-call]
            return written.getvalue()

        try:
            done = _guarded(place)
        except _FIELD_ERRORS as error:
            raise FieldInvalid(", ".join(fields), "cannot be added") from error
        return _appended(data, done)

    def sign(
        self,
        data: Buffer,
        order: SignatureOrder,
        signer: Signer,
        certificates: Sequence[bytes],
        *,
        timestamps: TimestampSource | None,
    ) -> bytes:
        """As `signing.pades.sign.sign`, and raises as that does."""
        try:
            who = signatory(tuple(dict.fromkeys(certificates)))
        except EncodingInvalid as error:
            raise SignatureMismatch(order.field, str(error)) from error
        if who.public != signer.public:
            raise SignatureMismatch(order.field, "the certificate is another key's")
        if order.appearance is not None and order.appearance.pictures:
            raise FieldInvalid(order.field, "cannot show pictures in a file of this kind")
        writer = self._open(data, PERMIT_FORMS | PERMIT_NOTES)
        room = order.contents_size or who.room + (TOKEN_ROOM if timestamps is not None else 0)
        try:
            start, end, output, written = _guarded(lambda: _placeholder(writer, order, room))
        except _FIELD_ERRORS as error:
            raise FieldInvalid(order.field, "is missing or signed already") from error
        view = memoryview(output)
        digest = who.public.algorithm.digest
        prepared = who.builder.prepare(digest.of(bytes(view[:start]) + bytes(view[end:])))
        signature = signer.sign(prepared.to_sign)
        token = None
        if timestamps is not None:
            token = timestamps.token(digest.of(signature), digest)
            info = message.check_token(token, digest, digest.of(signature))
            message.check_in_life(who.certificate, info.gen_time)
        made = message.assemble(prepared, signature, token)
        try:
            message.recheck(made, prepared, signature, who.public)
        except KeysError as error:
            raise SignatureMismatch(order.field, str(error)) from error
        if len(made) > room:
            raise SignatureMismatch(
                order.field, f"{len(made)} octets do not fit into the {room} that are reserved"
            )
        return _appended(data, written(made))

    def _open(self, data: Buffer, permits: int) -> IncrementalPdfFileWriter:
        if len(data) > LIMITS.max_size:
            reason = f"has {len(data)} octets; {LIMITS.max_size} are allowed"
            raise DocumentRefused("too-large", reason)

        def read() -> IncrementalPdfFileWriter:
            writer = IncrementalPdfFileWriter(io.BytesIO(data), strict=False)
            if writer.prev.encrypted:
                status = writer.encrypt(self._password.encode()).status  # type: ignore[no-untyped-call]
                if status is AuthStatus.FAILED:
                    raise DocumentRefused("encrypted", "is encrypted with another password")
                allowed = int(writer.prev.trailer["/Encrypt"]["/P"])
                if status is AuthStatus.USER and not allowed & permits:
                    raise DocumentRefused("encrypted", "is encrypted, and its password does not permit this")
            return writer

        return _guarded(read)

    def _placed(
        self, data: Buffer, name: str, box: Box | None
    ) -> tuple[int, tuple[float, float, float, float]] | None:
        if box is None:
            return None

        def read() -> tuple[int, tuple[float, float, float, float]]:
            with pikepdf.open(io.BytesIO(data), password=self._password) as pdf:
                count = len(pdf.pages)
                number = box.page - 1 if box.page > 0 else count + box.page
                if not 0 <= number < count:
                    raise PlacementInvalid(name, f"there is no page {box.page}")
                page = pdf.pages[number]
                crop = [float(one) for one in page.cropbox]
                turned = page.obj.get("/Rotate", 0)
                info = PageInfo(0, 0, crop[0], crop[1], crop[2], crop[3], int(turned) % 360)
                return number, info.user_rect(box.rect)

        return _guarded(read)


def _placeholder(
    writer: IncrementalPdfFileWriter, order: SignatureOrder, room: int
) -> tuple[int, int, memoryview, Callable[[bytes], bytes]]:
    """Where the signature goes, the whole file around it, and what puts it there."""
    permissions = _item(_item(writer.root, "/Perms"), "/DocMDP")
    if permissions is not None and _permission(permissions) == NO_CHANGES:
        raise DocumentRefused("certified", "is certified against any change, and takes no more signatures")
    first = permissions is None and not list(writer.prev.embedded_signatures)
    steps: Generator[Any, Any, None] = PdfCMSEmbedder().write_cms(
        order.field, writer, existing_fields_only=True
    )
    field = next(steps).get_object()
    lock = _lock(field, order.field)
    if order.appearance is not None:
        drawn = writer.add_object(_drawn(order.appearance))
        field["/AP"] = _dictionary({"/N": drawn})
    steps.send(
        SigObjSetup(
            SignatureObject(
                subfilter=SigSeedSubFilter.PADES,
                timestamp=order.at,
                name=order.name,
                reason=order.reason,
                location=order.location,
                bytes_reserved=2 * room,  # it counts digits
            ),
            SigMDPSetup(
                _DIGEST_FOR_PYHANKO,
                certify=first,
                docmdp_perms=MDPPerm.FILL_FORMS if first else None,
                field_lock=lock,
            ),
        )
    )
    prepared, output = steps.send(SigIOSetup(_DIGEST_FOR_PYHANKO, in_place=False))

    def fill(contents: bytes) -> bytes:
        prepared.fill_with_cms(output, contents)
        done: bytes = output.getvalue()
        return done

    return prepared.reserved_region_start, prepared.reserved_region_end, output.getvalue(), fill


def _lock(field: generic.DictionaryObject, name: str) -> FieldMDPSpec:
    """By the field's /Lock; else the field itself. Texts of encrypted files are read one by one."""
    found = _item(field, "/Lock")
    if found is None:
        return FieldMDPSpec(FieldMDPAction.INCLUDE, [name])
    names = _item(found, "/Fields") or []
    return FieldMDPSpec(FieldMDPAction(found["/Action"]), [str(names[one]) for one in range(len(names))])


def _permission(signature: generic.DictionaryObject) -> int:
    """/P of a certification, 2 where it is not said (ISO 32000-2 table 257)."""
    references = _item(signature, "/Reference") or []
    for one in (references[place] for place in range(len(references))):
        if _item(one, "/TransformMethod") == "/DocMDP":
            return int(_item(_item(one, "/TransformParams"), "/P") or FORM_FILLING)
    return FORM_FILLING


def _item(held: Any, key: str) -> Any:  # noqa: ANN401  (an object of a PDF may be of any kind)
    """An entry, references followed and texts decrypted, which only `[]` does; None without one."""
    return held[key] if isinstance(held, generic.DictionaryObject) and key in held else None


def _drawn(form: Form) -> generic.StreamObject:
    states = _dictionary({"/Multiply": _dictionary({"/BM": pdf_name("/Multiply")})})
    numbers = (0, 0, form.width, form.height)
    box = [generic.FloatObject(one) for one in numbers]  # type: ignore[no-untyped-call]
    entries: dict[str, generic.PdfObject] = {
        "/Type": pdf_name("/XObject"),
        "/Subtype": pdf_name("/Form"),
        "/BBox": generic.ArrayObject(box),
        "/Resources": _dictionary({"/ExtGState": states}),
    }
    return generic.StreamObject(_dictionary(entries), stream_data=form.content)


def _dictionary(entries: Mapping[str, generic.PdfObject]) -> generic.DictionaryObject:
    named = {pdf_name(key): value for key, value in entries.items()}
    return generic.DictionaryObject(named)  # type: ignore[no-untyped-call]


def _guarded(read: Callable[[], T]) -> T:
    """What `read` answers; whatever pyHanko lets through on broken files becomes `DocumentRefused`."""
    try:
        return read()
    except (SigningError, *_FIELD_ERRORS):
        raise
    except pikepdf.PasswordError:
        raise DocumentRefused("encrypted", "is encrypted with another password") from None
    except Exception as error:  # fuzzing found assertions, and errors of zlib, struct and Python's own kinds
        raise DocumentRefused("broken", "has objects that cannot be read") from error


def _appended(data: Buffer, done: bytes) -> bytes:
    if memoryview(done)[: len(data)] != memoryview(data):
        raise DocumentRefused("broken", "could only be signed by writing it anew")
    return done[len(data) :]
