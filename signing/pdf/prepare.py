"""One revision with every signature field, before anyone signs (ISO 32000-2 12.7.5.5, ETSI EN 319 142-1).

What a signer's revision may change is little (DocMDP, 12.8.2.2): a field's value and its appearance. Fields,
widgets, their placeholders and the slices of seals across pages are therefore all placed here.
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

import pikepdf

from signing.errors import DocumentRefused, FieldInvalid, PlacementInvalid
from signing.form import Form
from signing.pdf import syntax
from signing.pdf.crosspage import draw_slices
from signing.pdf.formobject import form_object
from signing.pdf.increment import Increment
from signing.pdf.locate import WordFinder
from signing.pdf.pageedit import PageEdit, extended
from signing.pdf.pdfium import opened
from signing.pdf.source import PdfSource, guarded
from signing.pdf.structure import Structure
from signing.place import Anchor, AnchorPlace, Box, CrossPage, Keyword, Place, Rect

__all__ = ["FieldPlan", "PlacedField", "Prepared", "form_object", "prepare"]

NO_ANCHORS: Mapping[str, AnchorPlace] = MappingProxyType({})
PRINT, LOCKED = 4, 128  # annotation flags 3 and 8 (table 167): printed, and not to be moved or deleted
SIGNATURES_EXIST, APPEND_ONLY = 1, 2  # /SigFlags (table 225)
TOLERANCE = 0.5
"""Points that a place may reach beyond its page: half of what the thinnest printed line takes."""


@dataclass(frozen=True, slots=True)
class FieldPlan:
    """A signature field to be."""

    name: str
    """Unique in the document; has no full stop, which would stand for a field above it."""
    place: Place | None
    """None for an invisible one."""
    placeholder: Form | None
    """Shown until it is signed."""
    tooltip: str
    """What it is for, for people and for those who cannot see it."""
    cross_page: CrossPage | None = None
    seal: Form | None = None
    """Drawn in slices over the pages, with `cross_page`."""


@dataclass(frozen=True, slots=True)
class PlacedField:
    """A field as it was placed."""

    name: str
    page: int
    """From 1."""
    rect: Rect
    """On the page as displayed; without width and height for an invisible one."""
    matched: str | None
    """The words of the document, or the anchor's name, that it was placed by."""


@dataclass(frozen=True, slots=True)
class Prepared:
    """The revision, and what it placed."""

    data: bytes
    """The octets to append."""
    fields: tuple[PlacedField, ...]
    notes: tuple[str, ...] = ()
    """What was found odd, for people."""


def prepare(
    source: PdfSource, plans: Sequence[FieldPlan], anchors: Mapping[str, AnchorPlace] = NO_ANCHORS
) -> Prepared:
    """The revision with all fields of `plans`; the same for the same file and plans.

    Raises `PlacementInvalid` for a place that cannot be had, `FieldInvalid` for a name that cannot be used,
    `DocumentRefused` for a document whose certification allows no new fields ("certified") or whose objects
    cannot be read ("broken").
    """
    _check(source, plans)
    placed = _places(source, plans, anchors)
    return guarded(lambda: _Preparation(source).run(plans, placed))


class _Preparation:
    def __init__(self, source: PdfSource) -> None:
        self._source = source
        self._increment = Increment(source)
        self._edits: dict[int, PageEdit] = {}
        self._notes: list[str] = list(source.notes)
        self._structure = self._tree()

    def run(self, plans: Sequence[FieldPlan], placed: Sequence[PlacedField]) -> Prepared:
        for plan in plans:
            if plan.cross_page is not None and plan.seal is not None:
                draw_slices(self._increment, plan.name, plan.cross_page, plan.seal, self._edit)
        fields = [self._field(plan, place) for plan, place in zip(plans, placed, strict=True)]
        for edit in self._edits.values():
            edit.write()
        self._register(fields)
        if self._structure is not None:
            self._structure.write()
        self._source.check_read()
        return Prepared(self._increment.render().data, tuple(placed), tuple(dict.fromkeys(self._notes)))

    def _tree(self) -> Structure | None:
        if self._source.signatures:
            # A validator of strangers' signatures need not take a change of the structure for harmless.
            return None
        try:
            return guarded(lambda: Structure.of(self._increment))
        except DocumentRefused:
            self._notes.append("has a structure tree that the signature fields could not be added to")
            return None

    def _edit(self, number: int) -> PageEdit:
        if number not in self._edits:
            self._edits[number] = PageEdit(self._increment, number)
            self._edits[number].in_structure_order = self._structure is not None
        return self._edits[number]

    def _field(self, plan: FieldPlan, placed: PlacedField) -> int:
        increment = self._increment
        info = self._source.page(placed.page)
        number = increment.reserve()
        name = syntax.text(plan.name)
        lock = b"<</Type /SigFieldLock /Action /Include /Fields [%s]>>" % name
        visible = placed.rect.width > 0
        rect = info.user_rect(placed.rect) if visible else (0, 0, 0, 0)
        values = {
            b"Type": b"/Annot",
            b"Subtype": b"/Widget",
            b"FT": b"/Sig",
            b"T": name,
            b"TU": syntax.text(plan.tooltip),
            b"F": b"%d" % (PRINT | LOCKED),
            b"Rect": syntax.array((syntax.numbers(rect),)),
            b"P": increment.reference(info.number),
            b"Lock": syntax.reference(increment.add(lock)),  # indirect, says table 235
        }
        if visible:
            size = (placed.rect.width, placed.rect.height)
            shown = plan.placeholder or Form(*size, b"", "")
            form = form_object(increment, shown, rotation=info.rotation, fit=size)
            values[b"AP"] = b"<</N %s>>" % syntax.reference(form)
            values[b"MK"] = b"<</R %d>>" % info.rotation
        if self._structure is not None:
            values[b"StructParent"] = b"%d" % self._structure.add(number, info.number, plan.tooltip)
        increment.put(number, syntax.dictionary(values))
        self._edit(placed.page).annotate(number)
        return number

    def _register(self, fields: Sequence[int]) -> None:
        """Into the interactive form (12.7.3), which is made where there is none."""
        increment, root = self._increment, self._source.pdf.Root
        form = root.get("/AcroForm")
        known = form if isinstance(form, pikepdf.Dictionary) else pikepdf.Dictionary()
        values = syntax.taken_apart(known)
        values[b"Fields"] = extended(known.get("/Fields"), map(increment.reference, fields))
        flags: object = known.get("/SigFlags")
        kept = flags if isinstance(flags, int) else 0
        values[b"SigFlags"] = b"%d" % (kept | SIGNATURES_EXIST | APPEND_ONLY)
        if known.objgen[0]:
            increment.put(known.objgen[0], syntax.dictionary(values))
            return
        catalogue = syntax.taken_apart(root)
        catalogue[b"AcroForm"] = increment.reference(increment.add(syntax.dictionary(values)))
        increment.put(root.objgen[0], syntax.dictionary(catalogue))


def _check(source: PdfSource, plans: Sequence[FieldPlan]) -> None:
    level = guarded(lambda: source.certification)
    if level is not None:
        raise DocumentRefused("certified", f"is certified (DocMDP level {level}), which allows no new fields")
    if not plans:
        raise FieldInvalid("", "is not one: at least one is needed")
    if len(plans) > source.limits.max_fields:
        raise DocumentRefused("too-many-objects", f"has over {source.limits.max_fields} fields")
    taken = set(source.field_names)
    for plan in plans:
        if not plan.name or "." in plan.name or not plan.name.isprintable():
            raise FieldInvalid(plan.name, "needs a name without a full stop or control characters")
        if plan.name in taken:
            raise FieldInvalid(plan.name, "has a name that another field has")
        taken.add(plan.name)
        if (plan.cross_page is None) != (plan.seal is None):
            raise PlacementInvalid(plan.name, "a place across pages and its seal are given together")


def _places(
    source: PdfSource, plans: Sequence[FieldPlan], anchors: Mapping[str, AnchorPlace]
) -> list[PlacedField]:
    with contextlib.ExitStack() as stack:
        finder: WordFinder | None = None
        if any(isinstance(one.place, Keyword) for one in plans):
            finder = WordFinder(stack.enter_context(opened(source.data)))
        return [_place(source, plan, anchors, finder) for plan in plans]


def _place(
    source: PdfSource, plan: FieldPlan, anchors: Mapping[str, AnchorPlace], finder: WordFinder | None
) -> PlacedField:
    place = plan.place
    if place is None:
        return PlacedField(plan.name, 1, Rect(0, 0, 0, 0), None)
    matched: str | None = None
    if isinstance(place, Anchor):
        if place.name not in anchors:
            raise PlacementInvalid(plan.name, f"the template has no anchor named {place.name}")
        page, rect, matched = anchors[place.name].page, anchors[place.name].rect, place.name
    elif isinstance(place, Box):
        page = place.page if place.page > 0 else source.page_count + 1 + place.page
        rect = place.rect
    else:
        assert finder is not None  # noqa: S101  (made when any place is by words)
        box, matched = finder.find(place, plan.name)
        page, rect = box.page, box.rect
    if not 1 <= page <= source.page_count or (isinstance(place, Box) and place.page == 0):
        asked = place.page if isinstance(place, Box) else page
        raise PlacementInvalid(plan.name, f"there is no page {asked} of {source.page_count}")
    _check_inside(source, plan.name, page, rect)
    return PlacedField(plan.name, page, rect, matched)


def _check_inside(source: PdfSource, name: str, page: int, rect: Rect) -> None:
    info = source.page(page)
    sides = (rect.left, rect.bottom, rect.width, rect.height)
    if not all(map(math.isfinite, sides)) or min(rect.width, rect.height) <= 0:
        raise PlacementInvalid(name, "the place has no width or no height")
    if (
        min(rect.left, rect.bottom) < -TOLERANCE
        or rect.left + rect.width > info.width + TOLERANCE
        or rect.bottom + rect.height > info.height + TOLERANCE
    ):
        raise PlacementInvalid(
            name,
            f"the place reaches beyond page {page}, which is {info.width:.0f} by {info.height:.0f} points",
        )
