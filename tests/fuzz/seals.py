"""Targets: pictures of seals, strokes of handwriting, drawings as kept."""

from __future__ import annotations

import io
import json

from PIL import Image

from signing.errors import DocumentUnavailable, ValuesInvalid
from signing.handwriting import draw_handwriting, parse_strokes
from signing.seal_drawing import parse_drawing
from signing.seal_picture import take_picture
from tests.fuzz.target import Target
from tests.support.seals import a_drawing

BOX = (170.0, 70.0)


def _pictures() -> tuple[bytes, ...]:
    found = []
    for mode in ("RGBA", "RGB", "L", "P", "1", "LA", "I;16"):
        image = Image.new("RGB", (80, 70), (255, 255, 255))
        image.paste((200, 20, 30), (10, 10, 60, 50))
        if mode == "I;16":
            image = Image.frombytes("I;16", (80, 70), bytes(range(160)) * 70)
        out = io.BytesIO()
        (image if mode == "I;16" else image.convert(mode)).save(out, "PNG")
        found.append(out.getvalue())
    return tuple(found)


def _strokes() -> tuple[bytes, ...]:
    curve = [[k * 3, k * k % 97, k * 11, k * 9] for k in range(40)]
    return (
        json.dumps([curve]).encode(),
        json.dumps([[point[:3] for point in curve], [[1, 2, 900]]]).encode(),
        json.dumps([curve[:9], [[5, 5, 500, 0]], [[-9, 7, 501], [9, 7, 502]]]).encode(),
    )


def _write(data: bytes) -> None:
    drawing = draw_handwriting(parse_strokes(data), *BOX, "x")
    assert parse_drawing(drawing.data, "x").data == drawing.data, "a drawing is its bytes"


def _draw(data: bytes) -> None:
    drawing = parse_drawing(data, "x")
    assert drawing.form.content
    assert drawing.svg


def _take(data: bytes) -> None:
    taken = take_picture(data)
    assert take_picture(taken.png).picture == taken.picture, "what we encoded is taken as it is"


def targets() -> tuple[Target, ...]:
    """Every parser of seals."""
    return (
        Target("seal-picture", _take, (ValuesInvalid,), _pictures(), ("signing.seal_picture",)),
        Target("handwriting", _write, (ValuesInvalid,), _strokes(), ("signing.handwriting",)),
        Target("seal-drawing", _draw, (DocumentUnavailable,), (a_drawing(),), ("signing.seal_drawing",)),
    )
