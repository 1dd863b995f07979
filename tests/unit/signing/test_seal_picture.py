"""Pictures of seals that are handed in: white made transparent, what is beyond the limits refused."""

from __future__ import annotations

import io
import struct
import zlib

import pytest
from PIL import Image, ImageDraw, PngImagePlugin

from signing.errors import ValuesInvalid
from signing.seal_picture import MAX_FILE, MAX_SIDE, MIN_SIDE, take_picture

RED = (200, 20, 30)


def seal(mode: str = "RGB", side: int = 120) -> Image.Image:
    """A red ring on white, smooth at its edges; on nothing where the mode has transparency."""
    paper = (255, 255, 255, 0) if mode == "RGBA" else (255, 255, 255)
    ink = (*RED, 255) if mode == "RGBA" else RED
    large = Image.new("RGBA" if mode == "RGBA" else "RGB", (side * 4, side * 4), paper)
    ImageDraw.Draw(large).ellipse((20, 20, side * 4 - 20, side * 4 - 20), outline=ink, width=60)
    return large.resize((side, side), Image.Resampling.LANCZOS)


def png(image: Image.Image, **given: object) -> bytes:
    out = io.BytesIO()
    image.save(out, "PNG", **given)
    return out.getvalue()


def shown_on_white(data: bytes) -> Image.Image:
    with Image.open(io.BytesIO(data)) as image:
        white = Image.new("RGBA", image.size, (255, 255, 255, 255))
        white.alpha_composite(image.convert("RGBA"))
        return white.convert("RGB")


def test_transparency_is_kept_as_it_is() -> None:
    image = seal("RGBA")
    taken = take_picture(png(image))
    assert not taken.whitened
    assert taken.picture.alpha == image.getchannel("A").tobytes()
    assert (taken.picture.width, taken.picture.height) == (120, 120)
    assert len(taken.picture.rgb) == 3 * 120 * 120


def test_white_becomes_transparent_and_the_picture_looks_the_same_on_paper() -> None:
    image = seal("RGB")
    taken = take_picture(png(image))
    assert taken.whitened
    alpha = Image.frombytes("L", (120, 120), taken.picture.alpha or b"")
    assert (alpha.getpixel((0, 0)), alpha.getpixel((60, 60))) == (0, 0)
    assert max(alpha.crop((8, 60, 16, 61)).tobytes()) > 200
    before, after = image.tobytes(), shown_on_white(taken.png).tobytes()
    assert max(abs(one - other) for one, other in zip(before, after, strict=True)) <= 6


@pytest.mark.parametrize("mode", ["L", "LA", "P", "1", "I;16"])
def test_other_colour_modes_are_taken(mode: str) -> None:
    image = seal("RGB").convert("L")
    if mode == "I;16":
        image = Image.frombytes("I;16", image.size, b"".join(bytes([0, one]) for one in image.tobytes()))
    taken = take_picture(png(image if mode == "I;16" else image.convert(mode)))
    alpha = Image.frombytes("L", (120, 120), taken.picture.alpha or b"")
    assert max(alpha.tobytes()) > 150
    assert taken.whitened is (mode != "LA")


def test_nothing_of_the_file_but_its_samples_is_kept() -> None:
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Comment", "secret note")
    data = (
        png(seal("RGBA"), pnginfo=notes, dpi=(72, 72), exif=b"Exif\x00\x00secret exif") + b"trailing secret"
    )
    taken = take_picture(data)
    assert b"secret" in data
    assert b"secret" not in taken.png
    chunks = {taken.png[at + 4 : at + 8] for at in _chunks(taken.png)}
    assert chunks == {b"IHDR", b"IDAT", b"IEND"}
    assert take_picture(taken.png).picture == taken.picture


def _chunks(data: bytes) -> list[int]:
    found, at = [], 8
    while at < len(data):
        found.append(at)
        at += 12 + struct.unpack_from(">I", data, at)[0]
    return found


@pytest.mark.parametrize(
    "data",
    [
        b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
        b'\xef\xbb\xbf<?xml version="1.0"?><svg/>',
        b"\n  <!DOCTYPE svg><svg/>",
    ],
)
def test_svg_is_refused_and_says_why(data: bytes) -> None:
    with pytest.raises(ValuesInvalid, match="SVG, which can run programs"):
        take_picture(data)


def header(width: int, height: int) -> bytes:
    body = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + body + struct.pack(">I", zlib.crc32(body))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "no PNG"),
        (b"\xff\xd8\xff\xe0" + bytes(100), "no PNG"),
        (b"GIF89a", "no PNG"),
        (b"\x89PNG\r\n\x1a\n", "decoded"),
        (b"\x89PNG\r\n\x1a\n" + bytes(MAX_FILE), "longer"),
        (header(2**31 - 1, 2**31 - 1), "pixels"),
        (header(MAX_SIDE + 1, 100), "pixels"),
        (header(100, MIN_SIDE - 1), "pixels"),
        (header(100, 100), "decoded"),
        (png(seal())[:-400], "decoded"),
        (png(Image.new("RGB", (100, 100), "white")), "nothing"),
        (png(Image.new("RGBA", (100, 100), (255, 0, 0, 0))), "nothing"),
    ],
)
def test_what_is_wrong_is_said(data: bytes, reason: str) -> None:
    with pytest.raises(ValuesInvalid, match=reason) as caught:
        take_picture(data)
    assert caught.value.field == "picture"


def test_an_animation_is_refused() -> None:
    frames = [seal("RGBA"), seal("RGBA").rotate(30)]
    with pytest.raises(ValuesInvalid, match="animated"):
        take_picture(png(frames[0], save_all=True, append_images=frames[1:]))


def test_another_size_inside_than_in_the_first_header_is_refused() -> None:
    """A second header would else decide how much memory is taken."""
    data = png(seal("RGBA"))
    with pytest.raises(ValuesInvalid):
        take_picture(header(100, 100) + data[8:])
