"""Changes to pages: which came and went, what else their dictionaries say, annotations."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from signing.validity.attack import Attack
from signing.validity.change import Change, ChangeClass
from signing.validity.fields import Form, name_of
from signing.validity.graph import Graph, entries_of, references
from signing.validity.pagetree import PageTree, page_tree
from signing.validity.syntax import Name, Ref, Value

MAX_DIRECT = 100  # annotations of a page that are no objects of their own
_PLAIN = frozenset({b"Text", b"Popup", b"Link", b"Highlight", b"Underline", b"Squiggly", b"StrikeOut"})
"""Annotations that by themselves cover nothing (ISO 32000-2 12.5.6)."""


class PageChanges:
    """Compares the pages that a revision touches; `explained` are the objects accounted for."""

    def __init__(
        self, graph: Graph, revision: int, tree: PageTree, touched: frozenset[int], forms: tuple[Form, Form]
    ) -> None:
        self._graph = graph
        self._revision = revision
        self._tree = tree
        self._touched = touched
        before, after = ({one.number for field in form.fields for one in field.widgets} for form in forms)
        self._widgets = before
        self._widgets_after = after
        self.explained: set[int] = set()

    def changes(self) -> Iterator[Change]:
        """All of them."""
        pages = self._touched.intersection(self._tree.pages)
        if self._touched & self._tree.nodes:
            yield from self._order()
        for number in sorted(pages):
            yield from self._page(number)
        others = self._touched - pages - self._tree.nodes - self._widgets
        if any(isinstance(self._graph.value(self._revision, one), list) for one in others):
            yield from self._lists(others)

    def _change(
        self, kind: ChangeClass, detail: str, attack: Attack | None, number: int | None, page: int | None
    ) -> Change:
        return Change(kind, self._revision, detail, page, number, None, attack)

    def _both(self, number: int) -> tuple[dict[bytes, Value], dict[bytes, Value]]:
        """The object before and after."""
        before, after = (self._graph.value(one, number) for one in (self._revision - 1, self._revision))
        return entries_of(before), entries_of(after)

    def _order(self) -> Iterator[Change]:
        self.explained |= self._tree.nodes & self._touched
        after = page_tree(self._graph, self._revision)
        before = self._tree.pages
        kept = set(before)
        new = [number for number in after.pages if number not in kept]
        for number in new:
            earlier = self._graph.place(self._revision - 1, number) is not None
            attack = Attack.SHADOW_HIDE_AND_REPLACE if earlier else Attack.INCREMENTAL_SAVING
            page = after.position(number)
            yield self._change(ChangeClass.PAGE_ADDED, "a page was added", attack, number, page)
        left = set(after.pages)
        for number in before:
            if number not in left:
                page = self._tree.position(number)
                detail = "a page was removed"
                attack = Attack.INCREMENTAL_SAVING
                yield self._change(ChangeClass.PAGE_REMOVED, detail, attack, number, page)
        if [one for one in before if one in left] != [one for one in after.pages if one in kept]:
            detail = "the pages are in another order"
            yield self._change(ChangeClass.PAGE_CONTENT, detail, Attack.INCREMENTAL_SAVING, None, None)
        elif not new and len(left) == len(before) and after.complete is self._tree.complete:
            yield from self._inherited()
        elif not after.complete:
            detail = "the pages can no longer be read as a whole"
            yield self._change(ChangeClass.UNKNOWN, detail, Attack.INCREMENTAL_SAVING, None, None)

    def _inherited(self) -> Iterator[Change]:
        """What nodes of the tree hand down: sizes, resources, rotation."""
        for number in self._tree.nodes & self._touched:
            old, new = (
                entries_of(self._graph.value(one, number)) for one in (self._revision - 1, self._revision)
            )
            differing = {key for key in old.keys() | new.keys() if old.get(key) != new.get(key)}
            if differing - {b"Kids", b"Count"}:
                detail = "what the pages inherit was changed"
                yield self._change(ChangeClass.PAGE_CONTENT, detail, Attack.INCREMENTAL_SAVING, number, None)

    def _page(self, number: int) -> Iterator[Change]:
        self.explained.add(number)
        place = self._tree.position(number)
        old, new = (
            entries_of(self._graph.value(one, number)) for one in (self._revision - 1, self._revision)
        )
        for key in sorted(old.keys() | new.keys()):
            was, now = old.get(key), new.get(key)
            if key == b"Annots":
                yield from self._annotations(was, now, place)
            elif was != now:
                detail = f"entry /{name_of(key)} of the page was changed"
                attack = self._exchanged(was, now)
                yield self._change(ChangeClass.PAGE_CONTENT, detail, attack, number, place)

    def _exchanged(self, was: Value, now: Value) -> Attack:
        """Content that lay unused before is of another kind than new content."""
        known = set(references(was))
        new = [one for one in references(now) if one not in known]
        if any(self._graph.place(self._revision - 1, one.number) is not None for one in new):
            return Attack.SHADOW_HIDE_AND_REPLACE
        return Attack.INCREMENTAL_SAVING

    def _lists(self, numbers: Iterable[int]) -> Iterator[Change]:
        """Lists of annotations that are objects of their own."""
        wanted = set(numbers)
        for place, page in enumerate(self._tree.pages, 1):
            listed = entries_of(self._graph.value(self._revision - 1, page)).get(b"Annots")
            if isinstance(listed, Ref) and listed.number in wanted and page not in self._touched:
                yield from self._annotations(listed, listed, place)

    def _annotations(self, was: Value, now: Value, page: int | None) -> Iterator[Change]:
        if isinstance(now, Ref):
            self.explained.add(now.number)
        old = self._graph.resolve(self._revision - 1, was)
        new = self._graph.resolve(self._revision, now)
        before = old if isinstance(old, list) else []
        after = new if isinstance(new, list) else []
        if before == after:
            return
        was_there, is_there = _listed(before), _listed(after)
        for gone in before:
            if not _is_in(gone, after, is_there):
                detail = "an annotation was removed from the page"
                yield self._change(ChangeClass.PAGE_CONTENT, detail, Attack.SHADOW_HIDE, _number(gone), page)
        kept = [one for one in after if _is_in(one, before, was_there)]
        if kept != [one for one in before if _is_in(one, after, is_there)]:
            detail = "the annotations of the page are in another order"
            yield self._change(ChangeClass.PAGE_CONTENT, detail, Attack.SHADOW_HIDE, None, page)
        for one in after:
            if not _is_in(one, before, was_there):
                yield from self._annotation(one, page)

    def _annotation(self, one: Value, page: int | None) -> Iterator[Change]:
        entries = entries_of(self._graph.resolve(self._revision, one))
        subtype = entries.get(b"Subtype")
        number = _number(one)
        if subtype == Name(b"Widget"):
            if number in self._widgets_after:
                return  # a field's; the form says what became of it
            detail = "a widget that belongs to no field was added"
            attack = Attack.CERTIFICATION_OVERLAY
            yield self._change(ChangeClass.UNKNOWN, detail, attack, number, page)
            return
        shown = name_of(subtype) if isinstance(subtype, Name) else "?"
        covers = b"AP" in entries or not isinstance(subtype, Name) or bytes(subtype) not in _PLAIN
        existed = number is not None and self._graph.place(self._revision - 1, number) is not None
        covering = Attack.SHADOW_HIDE_AND_REPLACE if existed else Attack.CERTIFICATION_OVERLAY
        detail = f"an annotation ({shown}) was added to the page"
        yield self._change(ChangeClass.ANNOTATION, detail, covering if covers else None, number, page)


def _listed(values: list[Value]) -> set[Ref]:
    return {one for one in values if isinstance(one, Ref)}


def _is_in(one: Value, values: list[Value], refs: set[Ref]) -> bool:
    """Membership, quick for what annotations are; direct ones are few, or are taken for new."""
    return one in refs if isinstance(one, Ref) else one in values[:MAX_DIRECT]


def _number(value: Value) -> int | None:
    return value.number if isinstance(value, Ref) else None


def page_of_widgets(graph: Graph, revision: int, tree: PageTree, found: list[Change]) -> list[Change]:
    """The changes of fields with the page on which each has its widget."""
    made = []
    for change in found:
        if change.field is not None and change.number is not None and change.page is None:
            held = entries_of(graph.value(revision, change.number))
            page = held.get(b"P")
            if isinstance(page, Ref):
                made.append(replace(change, page=tree.position(page.number)))
                continue
        made.append(change)
    return made
