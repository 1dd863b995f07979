"""Widgets in the structure tree of a tagged PDF (ISO 32000-2 14.7, ISO 14289-1 7.18.4)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pikepdf

from signing.errors import DocumentRefused
from signing.pdf import syntax
from signing.pdf.increment import Increment
from signing.pdf.pageedit import extended

MAX_DEPTH = 64
"""Of the parent tree: 64 levels hold any number of entries."""


@dataclass(frozen=True, slots=True)
class Tag:
    """A widget to be tagged: its object, its page's object, its words, and its key in the parent tree."""

    widget: int
    page: int
    words: str
    key: int


class Structure:
    """The structure tree of the file that is appended to; None from `of` where there is none to add to."""

    def __init__(self, increment: Increment, root: pikepdf.Dictionary, next_key: int) -> None:
        self._increment = increment
        self._root = root
        self._next_key = next_key
        self._tags: list[Tag] = []

    @classmethod
    def of(cls, increment: Increment) -> Structure | None:
        """Raises `DocumentRefused` for a tree that cannot be added to."""
        root = increment.source.pdf.Root.get("/StructTreeRoot")
        if root is None:
            return None
        if not isinstance(root, pikepdf.Dictionary) or not root.objgen[0]:
            raise DocumentRefused("broken", "has a structure tree that is no object of its own")
        declared: object = root.get("/ParentTreeNextKey")
        last = _last_key(root.get("/ParentTree"))
        return cls(increment, root, max(last + 1, declared if isinstance(declared, int) else 0))

    def add(self, widget: int, page: int, words: str) -> int:
        """A widget to be tagged: its /StructParent."""
        self._tags.append(Tag(widget, page, words, self._next_key + len(self._tags)))
        return self._tags[-1].key

    def write(self) -> None:
        """Puts the elements and the changed tree into the revision."""
        increment = self._increment
        if not self._tags:
            return
        parent = self._document() or self._root
        elements = [self._element(one, parent.objgen[0]) for one in self._tags]
        values = syntax.taken_apart(self._root)
        values[b"ParentTree"] = self._parent_tree(elements)
        values[b"ParentTreeNextKey"] = b"%d" % (self._next_key + len(self._tags))
        own = values if parent is self._root else syntax.taken_apart(parent)
        own[b"K"] = _with_kids(
            parent.get("/K"), own.get(b"K"), [increment.reference(one) for one in elements]
        )
        if parent is not self._root:
            increment.put(parent.objgen[0], syntax.dictionary(own))
        increment.put(self._root.objgen[0], syntax.dictionary(values))

    def _element(self, tag: Tag, parent: int) -> int:
        page = self._increment.reference(tag.page)
        content = {b"Type": b"/OBJR", b"Pg": page, b"Obj": self._increment.reference(tag.widget)}
        values = {
            b"Type": b"/StructElem",
            b"S": b"/Form",
            b"P": self._increment.reference(parent),
            b"Pg": page,
            b"Alt": syntax.text(tag.words),
            b"K": syntax.dictionary(content),
        }
        return self._increment.add(syntax.dictionary(values))

    def _document(self) -> pikepdf.Dictionary | None:
        """The one element at the top, where the tree has one."""
        top = self._root.get("/K")
        if isinstance(top, pikepdf.Array) and len(top) == 1:
            top = top[0]
        return top if isinstance(top, pikepdf.Dictionary) and top.objgen[0] and "/S" in top else None

    def _parent_tree(self, elements: Sequence[int]) -> bytes:
        """The number tree (7.9.7) with an entry for each widget, in a leaf of their own below its root."""
        added = b" ".join(
            b"%d %s" % (tag.key, self._increment.reference(element))
            for tag, element in zip(self._tags, elements, strict=True)
        )
        tree = self._root.get("/ParentTree")
        values = syntax.taken_apart(tree) if isinstance(tree, pikepdf.Dictionary) else {}
        if b"Kids" in values and isinstance(tree, pikepdf.Dictionary):
            leaf = self._increment.add(
                b"<</Limits [%d %d] /Nums [%s]>>" % (self._tags[0].key, self._tags[-1].key, added)
            )
            values[b"Kids"] = extended(tree.get("/Kids"), [self._increment.reference(leaf)])
        else:
            numbers = tree.get("/Nums") if isinstance(tree, pikepdf.Dictionary) else None
            values[b"Nums"] = extended(numbers, [added])
        if isinstance(tree, pikepdf.Dictionary) and tree.objgen[0]:
            self._increment.put(tree.objgen[0], syntax.dictionary(values))
            return syntax.reference(*tree.objgen)
        return syntax.dictionary(values)


def _last_key(tree: object) -> int:
    """The highest key of a number tree, -1 for an empty one."""
    for _ in range(MAX_DEPTH):
        if not isinstance(tree, pikepdf.Dictionary):
            return -1
        kids = tree.get("/Kids")
        if isinstance(kids, pikepdf.Array) and len(kids):
            tree = kids[-1]
            continue
        numbers = tree.get("/Nums")
        last: object = (
            numbers[len(numbers) - 2] if isinstance(numbers, pikepdf.Array) and len(numbers) > 1 else -1
        )
        if isinstance(last, int):
            return last
        break
    raise DocumentRefused("broken", "has a structure tree whose numbers cannot be read")


def _with_kids(kids: object, written: bytes | None, added: Sequence[bytes]) -> bytes:
    """/K with more elements: it may be missing, one thing, or a list (table 355)."""
    if isinstance(kids, pikepdf.Array):
        return extended(kids, added)
    return syntax.array((*([] if written is None else [written]), *added))
