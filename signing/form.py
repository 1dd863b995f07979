"""A form: vector drawing with pictures, as it becomes a form XObject (ISO 32000-2 8.10) on a page."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Picture:
    """A raster picture with transparency, 8 bits a sample."""

    width: int
    height: int
    rgb: bytes
    alpha: bytes | None


@dataclass(frozen=True, slots=True)
class Form:
    """Operators in a box from (0, 0) to (`width`, `height`) points.

    `content` may use paths, colours in DeviceRGB, marked content, the graphics state `/Multiply` (blend
    mode, so that what lies below stays readable) and `pictures` under the names `/Picture0`,
    `/Picture1`…, and nothing else: no fonts (text is drawn as outlines, with /ActualText).
    """

    width: float
    height: float
    content: bytes
    text: str
    """What it says, for those who cannot see it."""
    pictures: tuple[Picture, ...] = ()
