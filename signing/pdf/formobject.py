"""Forms as form XObjects (ISO 32000-2 8.10), with the pictures and the graphics state that they may use."""

from __future__ import annotations

from signing.form import Form, Picture
from signing.pdf import syntax
from signing.pdf.geometry import upright
from signing.pdf.increment import Increment

MULTIPLY = b"<</Type /ExtGState /BM /Multiply>>"
"""Blend mode (11.3.5.2): where the form is light, what lies below stays as it was; black stays black."""


def form_object(
    increment: Increment, form: Form, *, rotation: int = 0, fit: tuple[float, float] | None = None
) -> int:
    """The form as an object of the revision: its number.

    `rotation` is that of the page (degrees clockwise) on which it is to stand upright as an appearance.
    With `fit` (width and height as displayed) its box is widened to those proportions, so that an
    annotation of that size shows it in the middle and not stretched.
    """
    left, bottom, right, top = 0.0, 0.0, form.width, form.height
    if fit is not None and min(fit) > 0:
        width = max(form.width, form.height * fit[0] / fit[1])
        height = max(form.height, form.width * fit[1] / fit[0])
        left, right = (form.width - width) / 2, (form.width + width) / 2
        bottom, top = (form.height - height) / 2, (form.height + height) / 2
    resources = {b"ExtGState": b"<</Multiply " + MULTIPLY + b">>"}
    if form.pictures:
        pictures = {
            b"Picture%d" % place: syntax.reference(picture_object(increment, one))
            for place, one in enumerate(form.pictures)
        }
        resources[b"XObject"] = syntax.dictionary(pictures)
    values = {
        b"Type": b"/XObject",
        b"Subtype": b"/Form",
        b"BBox": syntax.array((syntax.numbers((left, bottom, right, top)),)),
        b"Resources": syntax.dictionary(resources),
    }
    if rotation:
        values[b"Matrix"] = syntax.array((syntax.numbers(upright(rotation, right - left, top - bottom)),))
    return increment.stream(syntax.dictionary(values), form.content)


def picture_object(increment: Increment, picture: Picture) -> int:
    """The picture as an image (8.9.5) with its transparency as a soft mask (11.6.5.2): its number."""
    values = {
        b"Type": b"/XObject",
        b"Subtype": b"/Image",
        b"Width": b"%d" % picture.width,
        b"Height": b"%d" % picture.height,
        b"BitsPerComponent": b"8",
    }
    if picture.alpha is not None:
        mask = {**values, b"ColorSpace": b"/DeviceGray"}
        mask_number = increment.stream(syntax.dictionary(mask), picture.alpha)
        values[b"SMask"] = syntax.reference(mask_number)
    values[b"ColorSpace"] = b"/DeviceRGB"
    return increment.stream(syntax.dictionary(values), picture.rgb)
