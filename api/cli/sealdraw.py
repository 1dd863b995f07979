"""`xinqian seal draw`: a seal as a drawing to be registered, as SVG, as PNG. Needs no database."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from api.cli.options import FILE, read_file, write_file
from api.cli.session import Session, with_session
from api.errors import InputInvalid
from signing.handwriting import MAX_DATA, draw_handwriting, parse_strokes
from signing.outline import Typeface
from signing.place import MM
from signing.seal_drawing import Drawing
from signing.seal_person import PersonSeal, Shape, Suffix, draw_person_seal
from signing.seal_picture import MAX_FILE, take_picture
from signing.seal_round import RoundSeal, draw_round_seal

WRITING = (60 * MM, 25 * MM)  # the box of a handwriting: a signature line on paper
PICTURE_SIDE = 42.0  # mm
_SUFFIXES = {"none": Suffix.NONE, "seal": Suffix.SEAL, "seal-of": Suffix.SEAL_OF}

_OPTIONS = (
    click.option("--round", "round_name"),
    click.option("--purpose", "seal_purpose", default=""),
    click.option("--code", "seal_code", default=""),
    click.option("--diameter", type=float, default=42.0, show_default=True),
    click.option("--person", "person_name"),
    click.option("--suffix", type=click.Choice(list(_SUFFIXES)), default="none", show_default=True),
    click.option("--shape", type=click.Choice([one.value for one in Shape]), default=Shape.SQUARE.value),
    click.option("--side", type=float, default=18.0, show_default=True),
    click.option("--strokes", type=FILE),
    click.option("--picture", type=FILE),
    click.option("--shows"),
    click.option("--width", type=click.FloatRange(min=10, max=60), default=PICTURE_SIDE, show_default=True),
    click.option("--out", type=FILE),
    click.option("--svg", type=FILE),
    click.option("--png", type=FILE),
)


@with_session
def draw(
    session: Session,
    *,
    round_name: str | None,
    seal_purpose: str,
    seal_code: str,
    diameter: float,
    person_name: str | None,
    suffix: str,
    shape: str,
    side: float,
    strokes: Path | None,
    picture: Path | None,
    shows: str | None,
    width: float,
    out: Path | None,
    svg: Path | None,
    png: Path | None,
) -> None:
    """Exactly one of --round, --person, --strokes, --picture."""
    given = [one for one in (round_name, person_name, strokes, picture) if one is not None]
    if len(given) != 1:
        raise InputInvalid("--round", "give one of --round, --person, --strokes and --picture")
    if (strokes or picture) and not shows:
        raise InputInvalid("--shows", "is needed: what the picture or the handwriting says")
    if round_name is not None:
        seal = RoundSeal(round_name, seal_purpose, seal_code, diameter)
        drawing = draw_round_seal(seal, _typeface(session))
    elif person_name is not None:
        person = PersonSeal(person_name, _SUFFIXES[suffix], Shape(shape), side)
        drawing = draw_person_seal(person, _typeface(session))
    elif strokes is not None:
        writing = parse_strokes(read_file(strokes, "--strokes", MAX_DATA))
        drawing = draw_handwriting(writing, *WRITING, shows or "")
    else:
        drawing = _picture(session, picture or Path(), shows or "", width)
    write_drawing(drawing, out, svg, png)
    session.output.record(
        {
            "digest": drawing.digests.as_json(),
            "width_mm": round(drawing.width / MM, 2),
            "height_mm": round(drawing.height / MM, 2),
            "files": [str(one) for one in (out, svg, png) if one is not None],
        }
    )


def write_drawing(drawing: Drawing, out: Path | None, svg: Path | None, png: Path | None) -> None:
    """The forms that were asked for."""
    if out is not None:
        write_file(out, drawing.data, "--out")
    if svg is not None:
        write_file(svg, drawing.svg, "--svg")
    if png is not None:
        from api.wiring import render_png  # noqa: PLC0415  (half a second that the others do without)

        write_file(png, render_png(drawing), "--png")


def with_draw_options(function: Callable[..., None]) -> Callable[..., None]:
    """Every option of the command."""
    for option in reversed(_OPTIONS):
        function = option(function)
    return function


def _typeface(session: Session) -> Typeface:
    from api.wiring import drawing_typeface  # noqa: PLC0415

    return drawing_typeface(session.settings, bold=True)


def _picture(session: Session, path: Path, shows: str, width: float) -> Drawing:
    taken = take_picture(read_file(path, "--picture", MAX_FILE))
    if taken.whitened:
        session.output.say("cli.seal-whitened")
    height = width * taken.picture.height / taken.picture.width
    return Drawing(width * MM, height * MM, shows, png=taken.png)
