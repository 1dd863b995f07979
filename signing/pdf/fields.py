"""Signature fields of a form (ISO 32000-2 12.7.5.5), each with its widget and its page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pikepdf

from signing.errors import DocumentRefused
from signing.pdf.limits import PdfLimits
from signing.pdf.pages import box


@dataclass(frozen=True, slots=True)
class FieldLock:
    """/SigFieldLock (table 236): what the signature is to lock."""

    action: str
    """All, Include or Exclude."""
    fields: tuple[str, ...]
    permission: int | None
    """/P: what else may change after it (1, 2 or 3), where it says so."""


@dataclass(frozen=True, slots=True)
class SignatureField:
    """A field that holds a signature, or waits for one."""

    name: str
    """Fully qualified (12.7.4.2)."""
    number: int
    """Of the field's object."""
    widget: int
    """Of its widget's object: the same one where they are merged, as nearly always; 0 without one."""
    page: tuple[int, int] | None
    """Number and generation of the page that the widget names (/P); `PdfSource.page_of` says which it is."""
    rect: tuple[float, float, float, float]
    """Left, bottom, right, top in user space; zeros for an invisible one."""
    signed: bool
    lock: FieldLock | None
    permission: int | None
    """/P of its certification (DocMDP, 12.8.2.2), for a signed field that certifies."""
    depth: int = 0
    """Fields above it."""


def walk_fields(
    form: pikepdf.Dictionary, limits: PdfLimits
) -> tuple[dict[str, SignatureField], set[str], list[str]]:
    """The signature fields by name, names of all fields, and names that stand for several of them.

    Raises `DocumentRefused`.
    """
    found: dict[str, SignatureField] = {}
    double: list[str] = []
    names: set[str] = set()
    for name, field, kind, depth in _terminal(form, limits):
        if name in names:
            double.append(name)
        names.add(name)
        if kind == "/Sig" and name not in found:
            found[name] = _signature_field(name, field, depth)
    return found, names, double


def _terminal(
    form: pikepdf.Dictionary, limits: PdfLimits
) -> Iterator[tuple[str, pikepdf.Dictionary, str, int]]:
    fields = form.get("/Fields")
    if fields is None:
        return
    if not isinstance(fields, pikepdf.Array):
        raise DocumentRefused("broken", "has a form whose fields are no list")
    seen: set[tuple[int, int]] = set()
    waiting: list[tuple[object, str, str, int]] = [(one, "", "", 0) for one in reversed(list(fields))]
    while waiting:
        field, above, kind, depth = waiting.pop()
        if len(seen) > limits.max_fields or len(waiting) > limits.max_fields:
            raise DocumentRefused("too-many-objects", f"has over {limits.max_fields} fields")
        if not isinstance(field, pikepdf.Dictionary):
            continue
        if not field.objgen[0]:
            raise DocumentRefused("broken", "has a field that is no object of its own")
        if field.objgen in seen or depth > limits.max_tree_depth:
            raise DocumentRefused("circular", "has a field tree that comes back to a field")
        seen.add(field.objgen)
        part = text(field.get("/T"))
        name = above if part is None else f"{above}.{part}" if above else part
        own = field.get("/FT")
        kind = str(own) if isinstance(own, pikepdf.Name) else kind
        kids = field.get("/Kids")
        below = list(kids) if isinstance(kids, pikepdf.Array) else []
        # Kids without a name are widgets of this field (12.7.4.1).
        named = [one for one in below if isinstance(one, pikepdf.Dictionary) and "/T" in one]
        if named:
            waiting.extend((one, name, kind, depth + 1) for one in reversed(named))
        else:
            yield name, field, kind, depth


def _signature_field(name: str, field: pikepdf.Dictionary, depth: int) -> SignatureField:
    widget: pikepdf.Dictionary | None = field
    kids = field.get("/Kids")
    if isinstance(kids, pikepdf.Array) and len(kids):
        first = kids[0]
        widget = first if isinstance(first, pikepdf.Dictionary) else None
    elif "/Rect" not in field:
        widget = None
    value = field.get("/V")
    signed = isinstance(value, pikepdf.Dictionary)
    return SignatureField(
        name=name,
        number=field.objgen[0],
        widget=0 if widget is None else widget.objgen[0],
        page=None if widget is None else _named_page(widget),
        rect=(None if widget is None else box(widget.get("/Rect"))) or (0.0, 0.0, 0.0, 0.0),
        signed=signed,
        lock=_lock(field.get("/Lock")),
        permission=certified(value) if isinstance(value, pikepdf.Dictionary) else None,
        depth=depth,
    )


def _named_page(widget: pikepdf.Dictionary) -> tuple[int, int] | None:
    page = widget.get("/P")
    return page.objgen if isinstance(page, pikepdf.Dictionary) else None


def certified(signature: pikepdf.Dictionary) -> int | None:
    """/P of a signature dictionary's DocMDP transform, 2 where it is not said (table 257), or None."""
    references = signature.get("/Reference")
    for one in list(references)[:16] if isinstance(references, pikepdf.Array) else ():
        if isinstance(one, pikepdf.Dictionary) and one.get("/TransformMethod") == "/DocMDP":
            parameters = one.get("/TransformParams")
            level = parameters.get("/P", 2) if isinstance(parameters, pikepdf.Dictionary) else 2
            return level if isinstance(level, int) else 1
    return None


def text(value: object) -> str | None:
    """A text string (7.9.2.2), or None for anything else."""
    return str(value) if isinstance(value, pikepdf.String) else None


def _lock(value: object) -> FieldLock | None:
    if not isinstance(value, pikepdf.Dictionary):
        return None
    fields = value.get("/Fields")
    level: object = value.get("/P")
    return FieldLock(
        action=str(value.get("/Action", "")).removeprefix("/"),
        fields=tuple(str(one) for one in fields) if isinstance(fields, pikepdf.Array) else (),
        permission=level if isinstance(level, int) else None,
    )
