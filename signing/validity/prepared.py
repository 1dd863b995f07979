"""Content that lies ready in the signed revision to be shown later: the first half of a shadow attack."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

from signing.validity.attack import Attack, AttackFound
from signing.validity.fields import Form
from signing.validity.graph import Graph, entries_of
from signing.validity.pagetree import PageTree
from signing.validity.syntax import Name, Ref, Stream, SyntaxInvalid, parse

MAX_FIELDS = 500  # text fields whose appearance is read
MAX_CONTENT = 262_144  # octets of one appearance
_TYPED = re.compile(rb"/Type[\x00\t\n\f\r ]*/(?:Pages?|Catalog)(?![^\x00\t\n\f\r ()<>\[\]{}/%])")
_SHOWN = re.compile(rb"\((?:[^()\\]|\\.)*+\)", re.DOTALL)
_TREE = (Name(b"Page"), Name(b"Pages"), Name(b"Catalog"))


def prepared_content(graph: Graph, revision: int, tree: PageTree, form: Form) -> tuple[AttackFound, ...]:
    """As of the first signed revision: unused pages, and fields that show something else than they hold."""
    return (*_unused(graph, revision, tree), *misleading_fields(graph, revision, form))


def misleading_fields(graph: Graph, revision: int, form: Form) -> tuple[AttackFound, ...]:
    """Text fields whose appearance says something else than their value."""
    return tuple(_misleading(graph, revision, form))


def _unused(graph: Graph, revision: int, tree: PageTree) -> Iterator[AttackFound]:
    """Pages, nodes and catalogues that the catalogue does not lead to."""
    places = {}
    for number in graph.numbers(revision):
        place = graph.place(revision, number)
        if place is not None and not place.packed:
            places[place.first] = number
    offsets = sorted(places)
    end = graph.revisions[revision].end
    candidates = set()
    for match in _TYPED.finditer(graph.data, 0, end):
        before = bisect_right(offsets, match.start()) - 1
        if before >= 0:
            candidates.add(places[offsets[before]])
    candidates |= set(_packed(graph, revision))
    root = graph.revisions[revision].root
    used = {*tree.pages, *tree.nodes, *((root.number,) if root else ())}
    for number in sorted(candidates - used):
        if entries_of(graph.value(revision, number)).get(b"Type") in _TREE:
            detail = f"object {number} is a page or catalogue that the document does not use"
            yield AttackFound(Attack.SHADOW_HIDE_AND_REPLACE, detail, revision)


def _packed(graph: Graph, revision: int) -> Iterator[int]:
    for number in graph.numbers(revision):
        place = graph.place(revision, number)
        if place is not None and place.packed:
            yield number


def _misleading(graph: Graph, revision: int, form: Form) -> Iterator[AttackFound]:
    for field in form.fields[:MAX_FIELDS]:
        value = graph.resolve(revision, field.value)
        if field.kind != b"Tx" or not isinstance(value, bytes) or isinstance(value, Name):
            continue
        if not value or not value.isascii():
            continue  # another font's codes, which cannot be compared with the text
        for widget in field.widgets:
            shown = _shown(graph, revision, widget.entries.get(b"AP"))
            if shown is not None and b"".join(value.split()) not in b"".join(shown.split()):
                detail = f"form field {field.name} shows something else than its value"
                yield AttackFound(Attack.SHADOW_REPLACE, detail, revision, field.name)
                break


def _shown(graph: Graph, revision: int, appearance: object) -> bytes | None:
    """The text that an appearance paints in literal strings; None where it paints none so."""
    held = graph.resolve(revision, appearance if isinstance(appearance, dict | Ref) else None)
    stream = graph.get(revision, held, b"N")
    if not isinstance(stream, Stream) or stream.end - stream.start > MAX_CONTENT:
        return None
    parts = []
    try:
        content = graph.content(stream)[:MAX_CONTENT]
        for match in _SHOWN.finditer(content):
            value, _ = parse(content, match.start())
            parts.append(value if isinstance(value, bytes) else b"")
    except SyntaxInvalid:
        return None
    return b"".join(parts) or None
