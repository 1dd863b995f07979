"""Document timestamps (ETSI EN 319 142-1 5.4.3): what makes B-LT to B-LTA, and keeps it there.

A timestamp proves what it covers as long as its own certificate can be checked. Before that ends,
validation data of its chain is added, and another timestamp over everything.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

import pikepdf

from keys.suites import Digest
from signing.errors import SignatureMismatch, TimestampUnavailable
from signing.pades.amend import SIGNED_APPEND_ONLY, amended
from signing.pades.message import check_token
from signing.pades.revision import OpenRevision, SignatureDictionary
from signing.pades.signatory import TOKEN_ROOM
from signing.pades.validationdata import extended
from signing.pdf.increment import Increment
from signing.pdf.source import PdfSource, guarded
from signing.pdf.syntax import array, reference, serialise, text
from signing.ports import TimestampSource

FIELD_PREFIX = "ArchiveTimestamp"
MAX_SKEW = timedelta(days=1)  # a clock that is off by a day is broken; less is the authority's business
_HEAD = b"/Type /DocTimeStamp /Filter /Adobe.PPKLite /SubFilter /ETSI.RFC3161"


def timestamp_document(
    source: PdfSource, timestamps: TimestampSource, digest: Digest, *, at: datetime, room: int = TOKEN_ROOM
) -> bytes:
    """The octets to append so that everything so far is under a document timestamp.

    The field has no place on any page, and no page changes. `at` is when it is done, which the token has
    to say too, give or take `MAX_SKEW`; `room` in octets for the token.

    Raises `TimestampUnavailable` when there is no token, or one that says another time;
    `SignatureMismatch` when it does not fit.
    """
    name, revision = guarded(lambda: _revision(source, room))
    imprint = revision.digest(source.data, digest)
    token = timestamps.token(imprint, digest)
    info = check_token(token, digest, imprint)
    if abs(info.gen_time - at) > MAX_SKEW:
        raise TimestampUnavailable(f"the token says {info.gen_time:%FT%TZ}, and it is {at:%FT%TZ}")
    try:
        return revision.close(token)
    except ValueError as error:
        raise SignatureMismatch(name, str(error)) from error


def _revision(source: PdfSource, room: int) -> tuple[str, OpenRevision]:
    increment = Increment(source)
    value, field = increment.reserve(), increment.reserve()
    dictionary = SignatureDictionary.compose(_HEAD, b"", room)
    increment.put(value, dictionary.body)
    name = new_name(source)
    increment.put(
        field,
        # Locked, printed, of no size (ISO 32000-2 12.7.5.5: a signature that is not to be seen).
        b"<< /Type /Annot /Subtype /Widget /FT /Sig /T %s /Rect [0 0 0 0] /F 132 /V %s >>"
        % (text(name), reference(value)),
    )
    _add_field(increment, source, field)
    return name, OpenRevision.of(source.size, increment.render(), value, dictionary)


def new_name(source: PdfSource) -> str:
    """A field name that is not in the document."""
    taken = set(source.fields)
    for one in _fields(source.pdf.Root.get("/AcroForm")):
        if isinstance(one, pikepdf.Dictionary):
            taken.add(str(one.get("/T", "")))
    number = 1
    while f"{FIELD_PREFIX}{number}" in taken:
        number += 1
    return f"{FIELD_PREFIX}{number}"


def _fields(form: object) -> Iterable[object]:
    fields = form.get("/Fields") if isinstance(form, pikepdf.Dictionary) else None
    return fields if isinstance(fields, pikepdf.Array) else ()


def _add_field(increment: Increment, source: PdfSource, field: int) -> None:
    """The field at the end of the form's, in as few objects as the document's structure allows."""
    root = source.pdf.Root
    changes = extended(root)
    form = root.get("/AcroForm")
    if not isinstance(form, pikepdf.Dictionary):
        changes[b"AcroForm"] = b"<</Fields [%s] /SigFlags %d>>" % (reference(field), SIGNED_APPEND_ONLY)
    else:
        form_changes = _form_changes(increment, form, field)
        if form_changes and form.is_indirect:
            increment.put(form.objgen[0], amended(form, form_changes))
        elif form_changes:
            changes[b"AcroForm"] = amended(form, form_changes)
    if changes:
        increment.put(root.objgen[0], amended(root, changes))


def _form_changes(increment: Increment, form: pikepdf.Dictionary, field: int) -> dict[bytes, bytes]:
    changes = {}
    if form.get("/SigFlags") != SIGNED_APPEND_ONLY:
        changes[b"SigFlags"] = b"%d" % SIGNED_APPEND_ONLY
    fields = form.get("/Fields")
    if not isinstance(fields, pikepdf.Array):
        return {**changes, b"Fields": array((reference(field),))}
    longer = serialise(fields).rstrip().removesuffix(b"]") + b" " + reference(field) + b"]"
    if fields.is_indirect:
        increment.put(fields.objgen[0], longer)
        return changes
    return {**changes, b"Fields": longer}
