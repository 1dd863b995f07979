"""The page tree (ISO 32000-2 7.7.3), walked without changing it.

pikepdf's own list of pages repairs the tree as it walks: it gives direct pages numbers that the file does
not know. Whoever appends to the file must not see those.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pikepdf

from signing.errors import DocumentRefused
from signing.pdf.geometry import DEFAULT_BOX, RIGHT_ANGLE, PageInfo
from signing.pdf.limits import PdfLimits

INHERITED = ("/Resources", "/MediaBox", "/CropBox", "/Rotate")  # table 31
MAX_SIDE = 2e7
"""Of a page, in points: no coordinate beyond is safe in single-precision readers."""


@dataclass(frozen=True, slots=True)
class Node:
    """An inner node of the tree, and its parent."""

    dictionary: pikepdf.Dictionary
    parent: Node | None
    depth: int


@dataclass(frozen=True, slots=True)
class Leaf:
    """A page's object, and the node that it hangs on."""

    number: int
    generation: int
    parent: Node


def walk_pages(pdf: pikepdf.Pdf, limits: PdfLimits) -> tuple[Leaf, ...]:
    """Every page in order. Raises `DocumentRefused`."""
    root = pdf.Root.get("/Pages")
    if not isinstance(root, pikepdf.Dictionary):
        raise DocumentRefused("broken", "has no page tree")
    found: list[Leaf] = []
    seen = {root.objgen}
    # What is still to be walked, the next at the end.
    waiting = [_kids(Node(root, None, 1), limits)]
    while waiting:
        node, kids = waiting[-1]
        kid = next(kids, None)
        if kid is None:
            waiting.pop()
            continue
        if kid.objgen in seen:
            raise DocumentRefused("circular", "has a page tree that comes back to a page or node")
        seen.add(kid.objgen)
        if "/Kids" in kid:
            waiting.append(_kids(Node(kid, node, node.depth + 1), limits))
        else:
            found.append(Leaf(*kid.objgen, node))
        if len(found) > limits.max_pages or len(seen) > limits.max_tree_nodes:
            raise DocumentRefused("too-many-pages", f"has over {limits.max_pages} pages")
    if not found:
        raise DocumentRefused("broken", "has no page")
    return tuple(found)


def _kids(node: Node, limits: PdfLimits) -> tuple[Node, Iterator[pikepdf.Dictionary]]:
    kids = node.dictionary.get("/Kids")
    if not isinstance(kids, pikepdf.Array):
        raise DocumentRefused("broken", "has a node of its page tree without kids")
    if node.depth > limits.max_tree_depth:
        raise DocumentRefused("broken", f"has a page tree deeper than {limits.max_tree_depth}")
    return node, _checked(kids)


def _checked(kids: pikepdf.Array) -> Iterator[pikepdf.Dictionary]:
    for kid in kids:
        if not isinstance(kid, pikepdf.Dictionary):
            raise DocumentRefused("broken", "has a page tree with something else in it")
        if not kid.objgen[0]:
            raise DocumentRefused("broken", "has a page that is no object of its own")
        yield kid


def attribute(page: pikepdf.Dictionary, leaf: Leaf, name: str) -> object:
    """An attribute of the page or, where pages inherit it, of the nearest node that has it."""
    value = page.get(name)
    node: Node | None = leaf.parent
    while value is None and node is not None:
        value = node.dictionary.get(name)
        node = node.parent
    return value


def describe(page: pikepdf.Dictionary, leaf: Leaf) -> tuple[PageInfo, bool]:
    """How the page is displayed, and whether its size had to be assumed. Raises `DocumentRefused`."""
    media = box(attribute(page, leaf, "/MediaBox"))
    shown = media or DEFAULT_BOX
    crop = box(attribute(page, leaf, "/CropBox"))
    if crop is not None:
        cut = (
            max(crop[0], shown[0]),
            max(crop[1], shown[1]),
            min(crop[2], shown[2]),
            min(crop[3], shown[3]),
        )
        if cut[0] < cut[2] and cut[1] < cut[3]:
            shown = cut
    turned = attribute(page, leaf, "/Rotate")
    rotation = turned if isinstance(turned, int) and turned % RIGHT_ANGLE == 0 else 0
    return PageInfo(leaf.number, leaf.generation, *shown, rotation % 360), media is None


def box(value: object) -> tuple[float, float, float, float] | None:
    """A rectangle (7.9.5) put in order, or None for what is none."""
    if not isinstance(value, pikepdf.Array) or len(value) != 4:  # noqa: PLR2004  (its corners)
        return None
    try:
        first, second, third, fourth = (float(one) for one in value)
    except (TypeError, ValueError, OverflowError):
        return None
    found = min(first, third), min(second, fourth), max(first, third), max(second, fourth)
    # Also refuses what is no number.
    whole = found[0] < found[2] and found[1] < found[3] and all(abs(one) < MAX_SIDE for one in found)
    return found if whole else None
