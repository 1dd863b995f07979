"""What one revision changes of a page: its annotations and, for slices of a seal, its content."""

from __future__ import annotations

from collections.abc import Iterable

import pikepdf

from signing.errors import DocumentRefused
from signing.pdf import syntax
from signing.pdf.increment import Increment


class PageEdit:
    """Collects the changes of page `number`, from 1; the page's object is written once."""

    def __init__(self, increment: Increment, number: int) -> None:
        self._increment = increment
        self._source = increment.source
        self._page = self._source.page_dictionary(number)
        self._number = number
        self._annotations: list[int] = []
        self._before: list[int] = []
        self._after: list[int] = []
        self._drawn: dict[bytes, int] = {}
        self.in_structure_order = False
        """Whether /Tabs is to say that annotations follow the structure (ISO 14289-1 7.18.3)."""

    def annotate(self, widget: int) -> None:
        """Adds an annotation's object."""
        self._annotations.append(widget)

    def draw(self, form: int) -> bytes:
        """Makes a form XObject known to the page: its name there, without the slash."""
        taken = self._drawn.keys() | _names(self._resources().get("/XObject"))
        place = 0
        while b"XqSeal%d" % place in taken:
            place += 1
        name = b"XqSeal%d" % place
        self._drawn[name] = form
        return name

    def surround(self, before: int, after: int) -> None:
        """Puts a content stream before all that is there, and one after it."""
        self._before.insert(0, before)
        self._after.append(after)

    def write(self) -> None:
        """Puts the page's object into the revision."""
        values = syntax.taken_apart(self._page)
        if self._annotations:
            # A list of its own: one that is an object may be that of another page too.
            values[b"Annots"] = extended(self._page.get("/Annots"), map(self._reference, self._annotations))
        if self.in_structure_order:
            values.setdefault(b"Tabs", b"/S")
        if self._after:
            before, after = map(self._reference, self._before), map(self._reference, self._after)
            values[b"Contents"] = syntax.array((*before, *_items(self._page.get("/Contents")), *after))
        if self._drawn:
            resources = self._resources()
            known = syntax.taken_apart(resources)
            forms = resources.get("/XObject")
            every = syntax.taken_apart(forms) if isinstance(forms, pikepdf.Dictionary) else {}
            every.update({name: self._reference(one) for name, one in self._drawn.items()})
            known[b"XObject"] = syntax.dictionary(every)
            values[b"Resources"] = syntax.dictionary(known)
        self._increment.put(self._source.leaves[self._number - 1].number, syntax.dictionary(values))

    def _reference(self, number: int) -> bytes:
        return self._increment.reference(number)

    def _resources(self) -> pikepdf.Dictionary:
        found = self._source.page_attribute(self._number, "/Resources")
        return found if isinstance(found, pikepdf.Dictionary) else pikepdf.Dictionary()


def extended(value: object, added: Iterable[bytes]) -> bytes:
    """An array (or what stands in place of one) with more items, serialised."""
    return syntax.array((*_items(value), *added))


def _items(value: object) -> list[bytes]:
    """What an array holds, serialised; a single object counts as an array of it."""
    if value is None:
        return []
    if isinstance(value, pikepdf.Array):
        return [syntax.serialise(value)[1:-1].strip()] if len(value) else []
    if isinstance(value, pikepdf.Object) and value.objgen[0]:
        return [syntax.reference(*value.objgen)]
    raise DocumentRefused("broken", "has a page with a list that is none")


def _names(value: object) -> set[bytes]:
    return set(syntax.taken_apart(value)) if isinstance(value, pikepdf.Dictionary) else set()
