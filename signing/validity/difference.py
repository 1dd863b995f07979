"""What one revision changed, told from the objects that it touches: a whitelist, all else is unknown.

1 trailer: the same catalogue, the same encryption     4 document store: may only grow
2 catalogue: entries that may change, one by one       5 pages and their tree
3 form: signatures, filled fields                      6 every other object that was there before
                                                       7 new objects that older ones had pointed to
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from signing.validity.attack import Attack
from signing.validity.change import Change, ChangeClass
from signing.validity.fields import Form, name_of
from signing.validity.formchange import FormChanges
from signing.validity.graph import Graph, entries_of
from signing.validity.mention import Mentions
from signing.validity.pagechange import PageChanges, page_of_widgets
from signing.validity.pagetree import Belonging, PageTree, Role, belongings, page_tree
from signing.validity.syntax import Ref, Stream, Value

MAX_FINDINGS = 200  # changes told of one revision; a thousand pages exchanged need no thousand lines
_STORE_KEYS = frozenset({b"Certs", b"OCSPs", b"CRLs"})  # ETSI EN 319 142-1 5.4.2.2
_RELATED_KEYS = frozenset({b"Cert", b"OCSP", b"CRL"})  # 5.4.2.3
_UNKNOWN = ChangeClass.UNKNOWN
_INFO_KEYS = frozenset({b"ModDate", b"Producer"})
_ATTACKS = {
    Role.FONT: Attack.SHADOW_REPLACE,
    Role.PICTURE: Attack.SHADOW_HIDE,
    Role.LAYER: Attack.SHADOW_HIDE,
    Role.ANNOTATION: Attack.SHADOW_HIDE,
    Role.CONTENT: Attack.INCREMENTAL_SAVING,
    Role.OTHER: Attack.INCREMENTAL_SAVING,
}
_REMOVED = {
    Role.FONT: "a font was removed from the page",
    Role.PICTURE: "a picture was removed from the page",
    Role.LAYER: "a layer was removed from the page",
    Role.ANNOTATION: "an annotation was taken from the page",
    Role.CONTENT: "the content was removed from the page",
    Role.OTHER: "a part was removed from the page",
}
_REPLACED = {
    Role.FONT: "a font of the page was replaced",
    Role.PICTURE: "a picture of the page was replaced",
    Role.LAYER: "a layer of the page was replaced",
    Role.ANNOTATION: "an annotation of the page was replaced",
    Role.CONTENT: "the content of the page was replaced",
    Role.OTHER: "a part of the page was replaced",
}


class Differences:
    """Changes of each revision against the one before it; what revisions share is looked at once."""

    def __init__(self, graph: Graph, forms: tuple[Form, ...]) -> None:
        self._graph = graph
        self._forms = forms
        self._mentions = Mentions(graph)
        self._tree: tuple[int, PageTree] | None = None

    def of(self, revision: int) -> tuple[Change, ...]:
        """Of one revision, which is not the first."""
        touched = self._touched(revision)
        one = _Difference(self._graph, revision, touched, self._forms[revision - 1], self._forms[revision])
        found = list(one.before_pages())
        tree = self._tree_of(revision, touched)
        found += one.pages(tree)
        found += one.rest(tree, self._mentions.before(revision))
        found = page_of_widgets(self._graph, revision, tree, found)
        if not found and touched:
            found.append(Change(ChangeClass.NOTHING, revision, "objects were written again unchanged"))
        return tuple(found[:MAX_FINDINGS])

    def _touched(self, revision: int) -> frozenset[int]:
        graph, own = self._graph, self._graph.revisions[revision]
        streams = {section.stream for section in own.sections}
        found = set()
        for number, place in own.entries.items():
            before = graph.place(revision - 1, number)
            if before is None and not place.in_use:
                continue
            if before != place and number not in streams:
                found.add(number)
        return frozenset(found)

    def _tree_of(self, revision: int, touched: frozenset[int]) -> PageTree:
        """The pages before the revision."""
        if self._tree is None or self._graph.revisions[revision - 1].index != self._tree[0]:
            self._tree = (revision - 1, page_tree(self._graph, revision - 1))
        held = self._tree[1]
        if not touched & (held.nodes | set(held.pages)):
            self._tree = (revision, held)  # the same afterwards
        return held


class _Difference:
    def __init__(
        self, graph: Graph, revision: int, touched: frozenset[int], before: Form, after: Form
    ) -> None:
        self._graph = graph
        self._revision = revision
        self._touched = touched
        self._form = FormChanges(graph, revision, before, after, touched)
        self._forms = (before, after)
        self._explained: set[int] = set()

    def _old(self, value: Value) -> Value:
        return self._graph.resolve(self._revision - 1, value)

    def _new(self, value: Value) -> Value:
        return self._graph.resolve(self._revision, value)

    def _change(
        self, kind: ChangeClass, detail: str, attack: Attack | None = None, **facts: int | None
    ) -> Change:
        return Change(kind, self._revision, detail, facts.get("page"), facts.get("number"), None, attack)

    def before_pages(self) -> Iterator[Change]:
        """Everything but pages and what lies below them."""
        yield from self._trailer()
        yield from self._catalog()
        yield from self._form.changes()
        self._explained |= self._form.explained
        yield from self._store()

    def pages(self, tree: PageTree) -> Iterator[Change]:
        """Pages and their tree."""
        pages = PageChanges(self._graph, self._revision, tree, self._touched, self._forms)
        yield from pages.changes()
        self._explained |= pages.explained

    def _trailer(self) -> Iterator[Change]:  # 1
        old, new = (self._graph.revisions[one].trailer for one in (self._revision - 1, self._revision))
        if old.get(b"Root") != new.get(b"Root"):
            detail = "the document has another catalogue"
            yield self._change(_UNKNOWN, detail, Attack.SHADOW_HIDE_AND_REPLACE)
        if old.get(b"Encrypt") != new.get(b"Encrypt"):
            yield self._change(_UNKNOWN, "the encryption was changed", Attack.INCREMENTAL_SAVING)
        ref = new.get(b"Info")
        was, now = entries_of(self._old(old.get(b"Info"))), entries_of(self._new(ref))
        if was == now:
            return
        if isinstance(ref, Ref):
            self._explained.add(ref.number)
        differing = {key for key in was.keys() | now.keys() if was.get(key) != now.get(key)}
        if differing <= _INFO_KEYS:
            yield self._change(ChangeClass.ARCHIVE_DATA, "the time of the last change was updated")
        else:
            detail = "the document information was changed"
            yield self._change(_UNKNOWN, detail, Attack.INCREMENTAL_SAVING)

    def _catalog(self) -> Iterator[Change]:  # 2
        root = self._graph.revisions[self._revision].root
        old, new = self._graph.catalog(self._revision - 1), self._graph.catalog(self._revision)
        if root is not None and isinstance(self._graph.value(self._revision, root.number), dict):
            self._explained.add(root.number)
        for key in sorted(old.keys() | new.keys()):
            if key in (b"AcroForm", b"DSS"):
                continue
            was, now = old.get(key), new.get(key)
            if was != now or (isinstance(now, Ref) and now.number in self._touched):
                yield from self._entry(key, was, now)

    def _entry(self, key: bytes, was: Value, now: Value) -> Iterator[Change]:
        if key == b"Pages":
            if was != now:
                earlier = (
                    isinstance(now, Ref) and self._graph.place(self._revision - 1, now.number) is not None
                )
                attack = Attack.SHADOW_HIDE_AND_REPLACE if earlier else Attack.INCREMENTAL_SAVING
                yield self._change(ChangeClass.PAGE_CONTENT, "the document has other pages", attack)
            return
        if key == b"Perms" and was is None and self._certifies(now):
            self._explain(now)
            yield self._change(ChangeClass.SIGNATURE, "the document is certified")
            return
        if key == b"Metadata" and isinstance(self._new(now), Stream):
            self._explain(now)
            yield self._change(ChangeClass.ARCHIVE_DATA, "the metadata was updated")
            return
        if key in (b"Extensions", b"Version"):
            self._explain(now)
            yield self._change(ChangeClass.ARCHIVE_DATA, "the document names extensions of PDF that it uses")
            return
        attack = Attack.SHADOW_HIDE if key == b"OCProperties" else Attack.INCREMENTAL_SAVING
        self._explain(now)
        yield self._change(_UNKNOWN, f"entry /{name_of(key)} of the catalogue was changed", attack)

    def _certifies(self, value: Value) -> bool:
        """Permissions that name a new signature as the certification, and no more."""
        entries = entries_of(self._new(value))
        signature = entries.get(b"DocMDP")
        return (
            set(entries) == {b"DocMDP"}
            and isinstance(signature, Ref)
            and self._graph.place(self._revision - 1, signature.number) is None
        )

    def _explain(self, value: Value) -> None:
        if isinstance(value, Ref):
            self._explained.add(value.number)

    def _store(self) -> Iterator[Change]:  # 4
        graph, revision = self._graph, self._revision
        old, new = graph.catalog(revision - 1).get(b"DSS"), graph.catalog(revision).get(b"DSS")
        if new is None:
            if old is not None:
                yield self._change(_UNKNOWN, "the document store was removed", Attack.INCREMENTAL_SAVING)
            return
        before, after = self._store_objects(revision - 1, old), self._store_objects(revision, new)
        concerned = (before | after) & self._touched
        if old == new and not concerned:
            return
        if not isinstance(self._new(new), dict):
            yield self._change(_UNKNOWN, "the document store is none", Attack.INCREMENTAL_SAVING)
            return
        self._explained |= concerned
        yield self._change(ChangeClass.ARCHIVE_DATA, "the document store received validation data")

    def _store_objects(self, revision: int, value: Value) -> set[int]:
        """Dictionaries and arrays that a document store is made of; its streams stay what they were."""
        found: set[int] = set()

        def opened(one: Value) -> Value:
            held = self._graph.resolve(revision, one)
            if isinstance(one, Ref) and isinstance(held, dict | list):
                found.add(one.number)
            return held

        store = opened(value)
        related = list(entries_of(opened(entries_of(store).get(b"VRI"))).values())
        for holder, keys in [(store, _STORE_KEYS), *((opened(one), _RELATED_KEYS) for one in related)]:
            for key, one in entries_of(holder).items():
                if key in keys:
                    opened(one)
        return found

    def rest(self, tree: PageTree, mentioned: frozenset[int]) -> Iterator[Change]:  # 6, 7
        """Objects that nothing above explains."""
        known: dict[int, Belonging] | None = None
        told = set()
        for number in sorted(self._touched - self._explained):
            existed = self._graph.place(self._revision - 1, number) is not None
            if not existed and number not in mentioned:
                continue
            before, after = (self._graph.value(one, number) for one in (self._revision - 1, self._revision))
            if (
                existed
                and before == after
                and not isinstance(before, Stream)
                and number not in self._graph.broken
            ):
                continue
            if known is None:
                known = belongings(self._graph, self._revision - 1, tree)
            change = self._judged(number, known.get(number), existed=existed)
            if (change.kind, change.detail, change.page) not in told:
                told.add((change.kind, change.detail, change.page))
                yield change

    def _judged(self, number: int, belonging: Belonging | None, *, existed: bool) -> Change:
        gone = self._graph.place(self._revision, number) is None
        if belonging is None:
            detail = f"object {number} was replaced"
            if gone or not existed:
                detail = f"object {number} was removed" if gone else f"object {number} was given a content"
            return self._change(_UNKNOWN, detail, Attack.INCREMENTAL_SAVING, number=number)
        role = belonging.role
        attack = _ATTACKS[role]
        if not existed:
            attack = Attack.SHADOW_HIDE_AND_REPLACE
        detail = _REMOVED[role] if gone else _REPLACED[role]
        found = self._change(ChangeClass.PAGE_CONTENT, detail, attack, page=belonging.page, number=number)
        if role is Role.ANNOTATION and not gone and existed:
            return replace(found, kind=ChangeClass.ANNOTATION, attack=Attack.CERTIFICATION_OVERLAY)
        return found
