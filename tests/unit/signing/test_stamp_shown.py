"""A stamp on a page, as PDFium and Poppler show it: in its colours, the text below still there."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Callable
from pathlib import Path

import pikepdf
import pypdfium2
import pytest
from PIL import Image

from signing.form import Form
from signing.place import MM
from signing.seal_drawing import Drawing
from signing.seal_picture import take_picture
from signing.seal_round import RoundSeal, draw_round_seal
from signing.stamp import Size, compose_stamp
from tests.support.services import require
from tests.support.typeface import typeface
from tests.unit.signing.test_stamp import TEXT

SIZE = Size(130, 170)
PLACE = (200, 300)
SCALE = 4
PAGE = (595, 842)
Shown = Callable[[bytes, Path], Image.Image]


def page_with(form: Form) -> bytes:
    """A page with black bars where text might be, and the form over it."""
    pdf = pikepdf.new()
    page = pdf.add_blank_page(page_size=PAGE)
    multiply = pikepdf.Dictionary(BM=pikepdf.Name.Multiply)
    resources = pikepdf.Dictionary(
        ExtGState=pikepdf.Dictionary(Multiply=multiply), XObject=pikepdf.Dictionary()
    )
    for number, picture in enumerate(form.pictures):
        common = {"Type": pikepdf.Name.XObject, "Subtype": pikepdf.Name.Image, "BitsPerComponent": 8}
        common |= {"Width": picture.width, "Height": picture.height}
        mask = pdf.make_stream(picture.alpha or b"", **common, ColorSpace=pikepdf.Name.DeviceGray)
        image = pdf.make_stream(picture.rgb, **common, ColorSpace=pikepdf.Name.DeviceRGB, SMask=mask)
        resources.XObject[f"/Picture{number}"] = image
    drawn = pdf.make_stream(
        form.content,
        Type=pikepdf.Name.XObject,
        Subtype=pikepdf.Name.Form,
        BBox=[0, 0, form.width, form.height],
        Resources=resources,
    )
    page.Resources = pikepdf.Dictionary(XObject=pikepdf.Dictionary(Stamp=drawn))
    bars = " ".join(f"0 {y} 595 2 re f" for y in range(0, 842, 10))
    page.Contents = pdf.make_stream(f"{bars} q 1 0 0 1 {PLACE[0]} {PLACE[1]} cm /Stamp Do Q".encode())
    out = io.BytesIO()
    pdf.save(out)
    return out.getvalue()


def by_pdfium(data: bytes, _folder: Path) -> Image.Image:
    document = pypdfium2.PdfDocument(data)
    try:
        shown: Image.Image = document[0].render(scale=SCALE).to_pil().convert("RGB")
        return shown
    finally:
        document.close()


def by_poppler(data: bytes, folder: Path) -> Image.Image:
    program = Path(require("pdfsig")).with_name("pdftoppm")  # both come with Poppler
    (folder / "page.pdf").write_bytes(data)
    command = [str(program), "-r", str(72 * SCALE), "-singlefile", "-png", "page.pdf", "page"]
    subprocess.run(command, cwd=folder, check=True, timeout=60)
    with Image.open(folder / "page.png") as image:
        return image.convert("RGB")


def at(image: Image.Image, x: float, y: float) -> tuple[int, ...]:
    """The pixel at a point of the page, counted from its lower left."""
    left, top = round(x * SCALE), round(image.height - y * SCALE)
    return tuple(image.crop((left, top, left + 1, top + 1)).tobytes())


@pytest.fixture(scope="module")
def seal() -> Drawing:
    shown = RoundSeal("信签银行股份有限公司", "合同专用章", "3101150012345", 42)
    return draw_round_seal(shown, typeface(bold=True))


@pytest.mark.interop
@pytest.mark.parametrize("shown_by", [by_pdfium, by_poppler])
def test_the_star_is_red_and_the_text_below_it_black(seal: Drawing, shown_by: Shown, tmp_path: Path) -> None:
    form = compose_stamp(TEXT, SIZE, typeface(), drawing=seal)
    image = shown_by(page_with(form), tmp_path)
    centre = PLACE[0] + SIZE.width / 2
    red = [y for y in range(PLACE[1], PLACE[1] + 170) if at(image, centre, y + 0.5) == (0xC8, 0x14, 0x1E)]
    star = [y for y in red if y % 10 > 1]
    assert star
    assert not [y for y in red if y % 10 == 0]
    for y in range(PLACE[1] // 10 * 10, PLACE[1] + 170, 10):
        assert max(at(image, centre, y + 1)) <= 8
    assert at(image, PLACE[0] + 4, PLACE[1] + 165) == (255, 255, 255)


@pytest.mark.interop
@pytest.mark.parametrize("shown_by", [by_pdfium, by_poppler])
def test_a_picture_is_shown_and_hides_nothing(shown_by: Shown, tmp_path: Path) -> None:
    image = Image.new("RGB", (100, 100), "white")
    image.paste((200, 20, 30), (20, 20, 80, 80))
    out = io.BytesIO()
    image.save(out, "PNG")
    drawing = Drawing(40 * MM, 40 * MM, "信签", png=take_picture(out.getvalue()).png)
    shown = shown_by(page_with(compose_stamp(TEXT, SIZE, typeface(), drawing=drawing)), tmp_path)
    centre, middle = PLACE[0] + SIZE.width / 2, PLACE[1] + SIZE.height - 55
    colours = {at(shown, centre, middle + step + 0.5) for step in range(10)}
    assert any(abs(one[0] - 200) < 3 and one[1] < 24 for one in colours)
    assert any(max(one) <= 8 for one in colours)
    assert at(shown, centre - 50, middle + 5) in {(255, 255, 255), (0, 0, 0)}
