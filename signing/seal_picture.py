"""Pictures of seals that are handed in: PNG within limits, its transparency kept or made, encoded anew.

SVG is refused: it is a program (scripts, references to other files and hosts, fonts of the reader's), so
that the same bytes may show one thing to who approves them and another to who reads the contract.
"""

from __future__ import annotations

import struct
import zlib
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from PIL import Image, ImageChops, ImageMath, PngImagePlugin

from signing.errors import ValuesInvalid
from signing.form import Picture

MAX_FILE = 2 * 1_048_576  # octets; a scan of a seal at 600 dpi has some 300,000
MIN_SIDE = 64  # pixels: a seal of 18 mm at 90 dpi, below which no text in it can be read
MAX_SIDE = 2_000  # pixels: 42 mm at 1,200 dpi; bounds the memory to 16 MB
DPI = 300  # of the pictures of seals that we make
_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_HEADER = struct.Struct(">I4sII")
_FIELD = "picture"
_PAPER = 250  # grey levels: a pixel lighter than this in each colour is the paper's
_MODES = {"RGBA", "RGB", "LA", "L", "P", "1", "I;16", "PA"}


@dataclass(frozen=True, slots=True)
class SealPicture:
    """A picture taken in."""

    picture: Picture = field(repr=False)
    png: bytes = field(repr=False)
    """Encoded anew: samples and nothing else, none of the file's other content."""
    whitened: bool
    """It had no transparency, so that white was made transparent; who handed it in has to be told."""


def take_picture(data: bytes) -> SealPicture:
    """A picture from a stranger's file; raises `ValuesInvalid` that says what is wrong with it."""
    if data[:512].lstrip(b"\xef\xbb\xbf \t\r\n").startswith((b"<svg", b"<?xml", b"<!DOCTYPE")):
        raise ValuesInvalid(
            _FIELD, "is SVG, which can run programs and look different to each reader: hand in a PNG"
        )
    if not data.startswith(_SIGNATURE):
        raise ValuesInvalid(_FIELD, "is no PNG")
    if len(data) > MAX_FILE:
        raise ValuesInvalid(_FIELD, f"is longer than {MAX_FILE} octets")
    if len(data) < len(_SIGNATURE) + _HEADER.size:
        raise ValuesInvalid(_FIELD, "is a PNG that cannot be decoded")
    _, _, width, height = _HEADER.unpack_from(data, len(_SIGNATURE))
    if not (MIN_SIDE <= width <= MAX_SIDE and MIN_SIDE <= height <= MAX_SIDE):
        raise ValuesInvalid(
            _FIELD, f"has {width} by {height} pixels; {MIN_SIDE} to {MAX_SIDE} are taken on each side"
        )
    image, had_alpha = _decode(data)
    if image.size != (width, height):
        raise ValuesInvalid(_FIELD, "is a PNG that cannot be decoded")
    if not had_alpha:
        image = _without_paper(image)
    seen = image.getchannel("A").getextrema()
    if seen[1] == 0:
        raise ValuesInvalid(_FIELD, "shows nothing: every pixel is transparent or white")
    return SealPicture(_picture(image), encode_png(image), whitened=not had_alpha)


def decode_png(data: bytes) -> Picture:
    """A picture of our own encoding; raises `ValuesInvalid`."""
    return take_picture(data).picture


def encode_png(image: Image.Image, dpi: int | None = None) -> bytes:
    """The samples as a PNG without metadata, save the resolution where one is given."""
    out = BytesIO()
    given = {} if dpi is None else {"dpi": (dpi, dpi)}
    image.save(out, "PNG", optimize=False, compress_level=6, pnginfo=PngImagePlugin.PngInfo(), **given)
    return out.getvalue()


def at_resolution(png: bytes, dpi: int = DPI) -> bytes:
    """A PNG of our own making with its resolution written into it, so that it prints in its real size."""
    with Image.open(BytesIO(png), formats=["PNG"]) as image:
        return encode_png(image.convert("RGBA"), dpi)


def _decode(data: bytes) -> tuple[Image.Image, bool]:
    """As RGBA, and whether it came with transparency."""
    try:
        with Image.open(BytesIO(data), formats=["PNG"]) as image:
            if image.mode not in _MODES or getattr(image, "n_frames", 1) != 1:
                raise ValuesInvalid(_FIELD, "is an animated PNG, or one of colours that are not taken")
            had_alpha = image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info
            sixteen = image.mode == "I;16"
            eight = image.point(lambda level: level / 256).convert("L") if sixteen else image
            return eight.convert("RGBA"), had_alpha
    except (
        OSError,
        SyntaxError,
        ValueError,
        TypeError,
        EOFError,
        KeyError,
        IndexError,
        OverflowError,
        MemoryError,
        struct.error,
        zlib.error,
        Image.DecompressionBombError,
    ) as error:
        raise ValuesInvalid(_FIELD, "is a PNG that cannot be decoded") from error


def _without_paper(image: Image.Image) -> Image.Image:
    """White becomes transparent; what lies between it and the ink becomes ink that covers less.

    A pixel c over white paper is ink i with cover a: c = a i + (1 - a) 255. The least cover that explains
    the darkest of its three colours is taken, so that edges stay smooth.
    """
    red, green, blue, _ = image.split()
    darkest = ImageChops.darker(ImageChops.darker(red, green), blue)
    cover = darkest.point([0 if level >= _PAPER else 255 - level for level in range(256)])
    return Image.merge("RGBA", (*(_ink(one, cover) for one in (red, green, blue)), cover))


def _ink(colour: Image.Image, cover: Image.Image) -> Image.Image:
    def of(given: dict[str, Any]) -> Any:  # noqa: ANN401  (Pillow's operands; nothing divided by 0 is 0)
        return given["convert"](255 - (255 - given["colour"]) * 255 / given["cover"], "L")

    ink: Image.Image = ImageMath.lambda_eval(of, colour=colour, cover=cover)
    return ink


def _picture(image: Image.Image) -> Picture:
    return Picture(image.width, image.height, image.convert("RGB").tobytes(), image.getchannel("A").tobytes())
