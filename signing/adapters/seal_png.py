"""Pictures of seals: the drawing's SVG, rasterised by typst with nothing behind it."""

from __future__ import annotations

import typst

from signing.seal_drawing import Drawing
from signing.seal_picture import DPI, at_resolution

# The page is the drawing: no margin, no fill; the SVG comes as data, so that no file is read.
_SOURCE = b"""
#set page(width: auto, height: auto, margin: 0pt, fill: none)
#image(bytes(sys.inputs.svg), format: "svg", width: float(sys.inputs.width) * 1pt)
"""


def render_png(drawing: Drawing, dpi: int = DPI) -> bytes:
    """RGBA with the resolution written into it; its sides are millimetres / 25.4 * `dpi` pixels, rounded."""
    given = {"svg": drawing.svg.decode(), "width": repr(drawing.width)}
    made = typst.compile(_SOURCE, format="png", ppi=dpi, sys_inputs=given)
    if not isinstance(made, bytes):  # a list for several pages: there is one
        raise TypeError(type(made))
    return at_resolution(made, dpi)
