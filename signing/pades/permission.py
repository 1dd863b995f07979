"""What earlier signatures of a document permit (ISO 32000-2 12.8.2), and what a new one will permit.

The first signature certifies with P=2: filling in forms and signing stay allowed, all else does not. The
later ones are approvals. Each locks its own field with FieldMDP, by the field's /Lock where it has one.
"""

from __future__ import annotations

from collections.abc import Iterator

import pikepdf

from signing.errors import DocumentRefused, FieldInvalid
from signing.pades.amend import held
from signing.pdf.fields import FieldLock
from signing.pdf.source import PdfSource, SignatureField
from signing.pdf.syntax import array, name, reference, text

NO_CHANGES = 1  # ISO 32000-2 table 257, P of DocMDP
FORM_FILLING = 2  # the default of P, and what our first signature allows
MAX_REFERENCES = 16  # of one signature dictionary; two are in use

_CERTIFY = (
    b"<</Type /SigRef /TransformMethod /DocMDP /TransformParams <</Type /TransformParams /P %d /V /1.2>>>>"
    % FORM_FILLING
)


def require_field(source: PdfSource, field: str) -> SignatureField:
    """The unsigned signature field of this name; raises `FieldInvalid`."""
    found = source.fields.get(field)
    if found is None:
        raise FieldInvalid(field, "is not in the document")
    if found.signed:
        raise FieldInvalid(field, "is signed already")
    return found


def check_permitted(source: PdfSource, field: str) -> bool:
    """Signing `field` leaves every earlier signature valid; True when it is the first, which certifies.

    Raises `DocumentRefused` for a certification that forbids any change, `FieldInvalid` for a field
    that an earlier signature locked.
    """
    certification = source.certification
    if certification == NO_CHANGES:
        raise DocumentRefused("certified", "is certified against any change, and takes no more signatures")
    signed = source.signatures
    for earlier in signed:
        if any(_locks(lock, field) for lock in _locks_of(source, earlier)):
            raise FieldInvalid(field, f"is locked by signature {earlier.name}")
    return certification is None and not signed


def references(source: PdfSource, field: SignatureField, *, certifies: bool) -> bytes:
    """The signature dictionary's /Reference array (ISO 32000-2 table 256)."""
    lock = field.lock or FieldLock("Include", (field.name,), None)
    parameters = b"/Type /TransformParams /Action " + name(lock.action or "All")
    if lock.action in {"Include", "Exclude"}:
        parameters += b" /Fields " + array(map(text, lock.fields))
    locked = b"<</Type /SigRef /TransformMethod /FieldMDP /Data %s /TransformParams <<%s /V /1.2>>>>" % (
        reference(*source.pdf.Root.objgen),
        parameters,
    )
    return array((_CERTIFY, locked) if certifies else (locked,))


def _locks_of(source: PdfSource, field: SignatureField) -> Iterator[pikepdf.Dictionary]:
    """What a signature locks: the parameters of its FieldMDP transforms."""
    signature = held(source, field.number).get("/V")
    found = signature.get("/Reference") if isinstance(signature, pikepdf.Dictionary) else None
    for one in list(found)[:MAX_REFERENCES] if isinstance(found, pikepdf.Array) else ():
        if isinstance(one, pikepdf.Dictionary) and one.get("/TransformMethod") == "/FieldMDP":
            parameters = one.get("/TransformParams")
            if isinstance(parameters, pikepdf.Dictionary):
                yield parameters


def _locks(parameters: pikepdf.Dictionary, field: str) -> bool:
    named = parameters.get("/Fields")
    # A name stands for the field and all below it (ISO 32000-2 table 259).
    covered = isinstance(named, pikepdf.Array) and any(
        field == str(one) or field.startswith(f"{one}.") for one in named
    )
    match str(parameters.get("/Action")):
        case "/All":
            return True
        case "/Exclude":
            return not covered
        case _:
            return covered
