"""A PDF that revisions can be appended to: read by pikepdf, never changed by it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from types import TracebackType
from typing import BinaryIO, Self, TypeVar

import pikepdf
from pikepdf import settings

from signing.document import Buffer
from signing.errors import DocumentRefused
from signing.pdf.fields import SignatureField, certified, walk_fields
from signing.pdf.geometry import PageInfo
from signing.pdf.labels import check_labels
from signing.pdf.limits import LIMITS, PdfLimits
from signing.pdf.pages import Leaf, attribute, describe, walk_pages
from signing.pdf.sections import Section, number, read_sections
from signing.pdf.view import as_file

__all__ = ["LIMITS", "PdfLimits", "PdfSource", "SignatureField", "guarded", "open_source"]

T = TypeVar("T")
READER_ERRORS = (
    pikepdf.PdfError,
    RuntimeError,
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RecursionError,
)
"""What pikepdf raises on the objects of broken files; beside its own it lets those of C++ through."""

_SIZE_WARNING = b"reported number of objects"
"""qpdf's word on a /Size that is not one more than the highest number; a larger one does no harm."""

# For the whole process, before anything is read: one small stream must not unfold to gigabytes.
settings.set_qpdf_limits(
    flate_max_memory=LIMITS.max_stream,
    run_length_max_memory=LIMITS.max_stream,
    png_max_memory=LIMITS.max_stream,
    tiff_max_memory=LIMITS.max_stream,
    dct_max_memory=LIMITS.max_stream,
    parser_max_container_size=LIMITS.max_objects,
)


class PdfSource:
    """Made by `open_source`; a context manager, to be closed before the buffer is."""

    def __init__(
        self,
        data: Buffer,
        pdf: pikepdf.Pdf,
        stream: BinaryIO,
        sections: tuple[Section, ...],
        limits: PdfLimits,
    ) -> None:
        self.data = data
        self.pdf = pdf
        """For reading objects; nothing in it may be changed."""
        self.sections = sections
        """Cross-reference sections, the last first; of a vetted file the last alone."""
        self.limits = limits
        self._stream = stream
        self._notes: list[str] = []
        self._table: Mapping[tuple[int, int], pikepdf.XrefEntry] | None = None
        self._infos: dict[int, PageInfo] = {}
        self.next_number = self._first_free()
        self.field_names: frozenset[str] = frozenset()
        self.fields: Mapping[str, SignatureField] = self._read_fields()
        """Signature fields by fully qualified name."""
        if self.pdf.Root.get("/Collection") is not None:
            self._notes.append("carries other files, which a signature covers but no page shows")
        self.check_read()

    @property
    def size(self) -> int:
        """Octets of the file."""
        return len(self.data)

    @property
    def page_count(self) -> int:
        """Pages."""
        return len(self.leaves)

    @cached_property
    def leaves(self) -> tuple[Leaf, ...]:
        """Its pages in order; the tree is walked when this is first asked for."""
        found = guarded(lambda: walk_pages(self.pdf, self.limits))
        self.check_read()
        return found

    @property
    def notes(self) -> tuple[str, ...]:
        """What was found odd, for people."""
        return tuple(dict.fromkeys(self._notes))

    @property
    def signatures(self) -> tuple[SignatureField, ...]:
        """Fields that are signed."""
        return tuple(one for one in self.fields.values() if one.signed)

    @property
    def certification(self) -> int | None:
        """The strictest /P of its certifications (DocMDP, table 257): 1 allows no change at all."""
        levels = [one.permission for one in self.fields.values() if one.permission is not None]
        permissions = self.pdf.Root.get("/Perms")
        declared = permissions.get("/DocMDP") if isinstance(permissions, pikepdf.Dictionary) else None
        if isinstance(declared, pikepdf.Dictionary):
            levels.append(certified(declared) or 2)
        return min(levels, default=None)

    def page(self, number: int) -> PageInfo:
        """Page `number`, from 1. Raises `DocumentRefused` ("no-page") when there is none."""
        if not 1 <= number <= len(self.leaves):
            raise DocumentRefused("no-page", f"has {len(self.leaves)} pages and no page {number}")
        if number not in self._infos:
            self._infos[number], assumed = guarded(
                lambda: describe(self.page_dictionary(number), self.leaves[number - 1])
            )
            if assumed:
                self._notes.append(f"does not say the size of page {number}, which is taken for US Letter")
        return self._infos[number]

    def page_of(self, field: SignatureField) -> int | None:
        """The page of its widget, from 1; None for a field without a widget on any page."""
        if field.page is not None:
            return self._page_numbers.get(field.page)
        # /P may be left out (table 166): only then every page is looked at
        return guarded(lambda: self._annotated.get(field.widget)) if field.widget else None

    def page_dictionary(self, number: int) -> pikepdf.Dictionary:
        """The object of page `number`, from 1, which has to exist."""
        leaf: Leaf = self.leaves[number - 1]
        found = self.pdf.get_object(leaf.number, leaf.generation)
        if not isinstance(found, pikepdf.Dictionary):
            raise DocumentRefused("broken", "has a page tree with something else in it")
        return found

    def page_attribute(self, number: int, name: str) -> object:
        """An attribute of page `number`, from 1, its own or inherited."""
        return attribute(self.page_dictionary(number), self.leaves[number - 1], name)

    def generation(self, number: int) -> int:
        """The generation of object `number`, 0 where there is no such object."""
        if self.pdf.get_object(number, 0) is not None:
            return 0
        return max((one[1] for one in self._references() if one[0] == number), default=0)

    def check_read(self) -> None:
        """Raises `DocumentRefused` if an object that was asked for since the last check is damaged.

        The reader takes such objects for null. A form or a signature that is there must not be overlooked.
        """
        if self.pdf.get_warnings():  # each is given once
            raise DocumentRefused("broken", "has objects that cannot be read")

    def close(self) -> None:
        """Lets go of the buffer."""
        self.pdf.close()
        self._stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _references(self) -> Mapping[tuple[int, int], pikepdf.XrefEntry]:
        if self._table is None:
            self._table = self.pdf.get_xref_table()
        return self._table

    def _first_free(self) -> int:
        for warning in self.pdf.get_warnings():
            if _SIZE_WARNING not in str(warning).encode():
                # Read all the same by this reader, but not by one that judges signatures.
                raise DocumentRefused("broken", "has cross-references that a strict reader does not take")
            highest = max((one[0] for one in self._references()), default=0)
            if highest >= (number(self.sections[0].trailer, b"Size") or 0):
                # Appending makes /Size grow, and an object that did not count would come to life.
                raise DocumentRefused("broken", "has objects beyond the size that its trailer names")
        return max(number(one.trailer, b"Size") or 0 for one in self.sections)

    def _read_fields(self) -> Mapping[str, SignatureField]:
        form = self.pdf.Root.get("/AcroForm")
        if form is None:
            return {}
        if not isinstance(form, pikepdf.Dictionary):
            raise DocumentRefused("broken", "has a form that is no dictionary")
        if "/XFA" in form:
            raise DocumentRefused("xfa", "is an XFA form, whose pages are not those that a signature covers")
        found, names, double = walk_fields(form, self.limits)
        # A field's own name is taken, and so are those of the fields above it.
        self.field_names = frozenset(names | {one.partition(".")[0] for one in names})
        if double:
            self._notes.append(f"has {len(double)} fields whose names are not their own")
        return found

    @cached_property
    def _page_numbers(self) -> Mapping[tuple[int, int], int]:
        return {(leaf.number, leaf.generation): place for place, leaf in enumerate(self.leaves, 1)}

    @cached_property
    def _annotated(self) -> Mapping[int, int]:
        """Pages by the numbers of the annotations on them."""
        found: dict[int, int] = {}
        for place in range(1, self.page_count + 1):
            annotations = self.page_dictionary(place).get("/Annots")
            for one in annotations if isinstance(annotations, pikepdf.Array) else ():
                if isinstance(one, pikepdf.Dictionary):
                    found.setdefault(one.objgen[0], place)
        return found


def open_source(data: Buffer, *, limits: PdfLimits = LIMITS, vetted: bool = False) -> PdfSource:
    """Reads what has to be known to append.

    `vetted` is for a file of whose revisions all but those made here were opened before: its objects, pages
    and earlier cross-references are not looked at one by one again.
    Raises `DocumentRefused` with a cause of "not-pdf", "too-large", "encrypted", "broken", "too-many-pages",
    "too-many-objects", "xfa", "circular" or "hybrid".
    """
    sections = read_sections(data, limits, last_only=vetted)
    stream = as_file(data)
    pdf: pikepdf.Pdf | None = None
    try:
        # What qpdf would repair by looking for objects is no file that offsets can be appended to.
        pdf = guarded(lambda: pikepdf.open(stream, attempt_recovery=False, inherit_page_attributes=False))
        opened = pdf
        if not vetted:
            guarded(lambda: check_labels(opened, data))
        source = guarded(lambda: PdfSource(data, opened, stream, sections, limits))
        if not vetted:
            _ = source.leaves  # the tree has to hold before anything is appended
    except BaseException:
        if pdf is not None:
            pdf.close()
        stream.close()
        raise
    return source


def guarded(read: Callable[[], T]) -> T:
    """What `read` answers; what pikepdf raises on the way becomes `DocumentRefused`."""
    try:
        return read()
    except pikepdf.PasswordError:
        raise DocumentRefused("encrypted", "is encrypted") from None
    except READER_ERRORS as error:
        raise DocumentRefused("broken", "has objects that cannot be read") from error
