"""The pages of a revision, and to which of them an object belongs."""

from __future__ import annotations

import enum
from collections.abc import Iterator
from dataclasses import dataclass

from signing.validity.graph import Graph, entries_of, references
from signing.validity.syntax import Name, Ref, Stream, Value

MAX_PAGES = 20_000  # a contract with every attachment stays under 1,000
MAX_DEPTH = 64  # of the tree of pages
MAX_WALKED = 200_000  # objects looked at for what belongs to which page


class Role(enum.StrEnum):
    """What an object is to a page."""

    CONTENT = "content"
    FONT = "font"
    PICTURE = "picture"
    LAYER = "layer"
    ANNOTATION = "annotation"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class PageTree:
    """Pages in order, by object number; `nodes` are the intermediate ones."""

    pages: tuple[int, ...]
    nodes: frozenset[int]
    complete: bool

    def position(self, number: int) -> int | None:
        """The page's number, from 1."""
        try:
            return self.pages.index(number) + 1
        except ValueError:
            return None


def page_tree(graph: Graph, revision: int) -> PageTree:
    """As of a revision; incomplete where the tree loops or holds what is no page."""
    pages: list[int] = []
    nodes: set[int] = set()
    complete = True
    waiting: list[tuple[Value, int]] = [(graph.catalog(revision).get(b"Pages"), 0)]
    seen: set[int] = set()
    while waiting:
        ref, depth = waiting.pop()
        held = graph.resolve(revision, ref)
        known = not isinstance(ref, Ref) or ref.number in seen
        if known or not isinstance(held, dict) or depth > MAX_DEPTH or len(pages) >= MAX_PAGES:
            complete = False
            continue
        assert isinstance(ref, Ref)  # noqa: S101  (as `known` says)
        seen.add(ref.number)
        if b"Kids" not in held:
            pages.append(ref.number)
            continue
        nodes.add(ref.number)
        kids = held[b"Kids"]
        if isinstance(kids, Ref):
            nodes.add(kids.number)
        listed = graph.resolve(revision, kids)
        if isinstance(listed, list):
            waiting += [(kid, depth + 1) for kid in reversed(listed)]
        else:
            complete = False
    return PageTree(tuple(pages), frozenset(nodes), complete)


@dataclass(frozen=True, slots=True)
class Belonging:
    """Of an object: to which page it belongs (from 1), and as what."""

    page: int
    role: Role


_ROLES = {
    b"Contents": Role.CONTENT,
    b"Font": Role.FONT,
    b"XObject": Role.PICTURE,
    b"Annots": Role.ANNOTATION,
    b"Properties": Role.LAYER,
}


def belongings(graph: Graph, revision: int, tree: PageTree) -> dict[int, Belonging]:
    """Every object below each page, and those that pages name though they do not exist."""
    found: dict[int, Belonging] = {}
    stops = set(tree.pages) | tree.nodes
    for place, page in enumerate(tree.pages, 1):
        waiting: list[tuple[Value, Role]] = [(value, role) for value, role in _parts(graph, revision, page)]
        while waiting and len(found) < MAX_WALKED:
            value, role = waiting.pop()
            for ref in references(value):
                if ref.number in found or ref.number in stops:
                    continue
                held = graph.value(revision, ref.number)
                kind = _kind(held, role)
                found[ref.number] = Belonging(place, kind)
                waiting.append((_below(held), kind))
    return found


def _parts(graph: Graph, revision: int, page: int) -> Iterator[tuple[Value, Role]]:
    held = entries_of(graph.value(revision, page))
    for key, value in held.items():
        if key == b"Parent":
            continue
        if key != b"Resources":
            yield value, _ROLES.get(key, Role.OTHER)
            continue
        resources = graph.resolve(revision, value)
        if isinstance(value, Ref):
            yield value, Role.OTHER
        for name, below in entries_of(resources).items():
            yield below, _ROLES.get(name, Role.OTHER)
    parent = entries_of(graph.get(revision, held, b"Parent"))
    if b"Resources" not in held and b"Resources" in parent:
        yield parent[b"Resources"], Role.OTHER


def _below(held: Value) -> Value:
    """An object's parts, without the way back to pages."""
    entries = entries_of(held)
    if not entries:
        return held
    return {key: value for key, value in entries.items() if key not in (b"Parent", b"P")}


def _kind(held: Value, role: Role) -> Role:
    entries = entries_of(held)
    named = entries.get(b"Type")
    if named in (Name(b"Font"), Name(b"FontDescriptor")) or role is Role.FONT:
        return Role.FONT
    if named in (Name(b"OCG"), Name(b"OCMD")):
        return Role.LAYER
    if role is Role.ANNOTATION:
        return Role.ANNOTATION
    if isinstance(held, Stream) and entries.get(b"Subtype") in (Name(b"Image"), Name(b"Form")):
        return Role.PICTURE
    return role
