"""Where a signature is to stand: by box, by words on the page, by an anchor of the template, across pages."""

from __future__ import annotations

from dataclasses import dataclass

MM = 72 / 25.4  # points (PDF's 1/72 inch) a millimetre


@dataclass(frozen=True, slots=True)
class Rect:
    """On a page as displayed (after /Rotate), in points from its lower left corner."""

    left: float
    bottom: float
    width: float
    height: float


@dataclass(frozen=True, slots=True)
class Box:
    """A place given outright; pages count from 1, negative ones from the end."""

    page: int
    rect: Rect


@dataclass(frozen=True, slots=True)
class Keyword:
    """Beside words on the page: the place's lower left corner lies `dx`, `dy` from the words' lower right."""

    text: str
    width: float
    height: float
    exact: bool = True
    """False ignores blanks, letter case and width (NFKC)."""
    occurrence: int = 1
    """Which of those found, in reading order, from 1; negative from the end."""
    first_page: int = 1
    last_page: int | None = None
    dx: float = 0.0
    dy: float = 0.0


@dataclass(frozen=True, slots=True)
class Anchor:
    """A place that the template reserved, by its name there."""

    name: str


@dataclass(frozen=True, slots=True)
class CrossPage:
    """骑缝章: a seal cut into slices over the right edges of pages, beginning anew after `slices` pages."""

    width: float
    """Of the whole seal."""
    height: float
    slices: int = 20
    centre: float = 0.5
    """Height of the seal's middle, as a share of the page's height from its lower edge."""


Place = Box | Keyword | Anchor


@dataclass(frozen=True, slots=True)
class AnchorPlace:
    """An anchor as the renderer found it."""

    name: str
    page: int
    rect: Rect
