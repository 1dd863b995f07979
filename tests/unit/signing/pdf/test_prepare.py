from __future__ import annotations

import io
from dataclasses import replace

import pikepdf
import pypdfium2
import pytest

from signing.errors import DocumentRefused, FieldInvalid, PlacementInvalid
from signing.form import Form, Picture
from signing.pdf.prepare import FieldPlan, Prepared, prepare
from signing.pdf.source import open_source
from signing.place import Anchor, AnchorPlace, Box, Keyword, Rect
from tests.support.pdfsamples import MARK, pages

PLAN = FieldPlan("Borrower", Box(1, Rect(20, 30, 100, 40)), MARK, "借款人签名")
RED, BLUE, WHITE = (255, 0, 0), (0, 0, 255), (255, 255, 255)


def prepared(data: bytes, *plans: FieldPlan) -> tuple[bytes, Prepared]:
    with open_source(data) as source:
        made = prepare(source, plans)
    return data + made.data, made


def opened(data: bytes) -> pikepdf.Pdf:
    return pikepdf.open(io.BytesIO(data), attempt_recovery=False, inherit_page_attributes=False)


def shown(data: bytes, page: int, *points: tuple[float, float]) -> list[tuple[int, ...]]:
    """Colours of points, counted from the lower left corner of the displayed page."""
    document = pypdfium2.PdfDocument(data)
    try:
        document.init_forms()
        bitmap = document[page - 1].render(scale=1, may_draw_forms=True, rev_byteorder=True)
        height = bitmap.height
        stride, width = bitmap.stride, bitmap.n_channels
        octets = bytes(bitmap.buffer)
        found = []
        for x, y in points:
            at = int(height - 1 - y) * stride + int(x) * width
            found.append(tuple(octets[at : at + 3]))
        bitmap.close()
        return found
    finally:
        document.close()


@pytest.mark.parametrize("stream", [False, True])
def test_a_field_is_a_widget_on_its_page_and_in_the_form(*, stream: bool) -> None:
    data, made = prepared(pages(stream=stream), PLAN, FieldPlan("Bank", None, None, "bank"))
    assert [(one.name, one.page, one.matched) for one in made.fields] == [
        ("Borrower", 1, None),
        ("Bank", 1, None),
    ]
    with opened(data) as pdf:
        assert pdf.Root.AcroForm.SigFlags == 3
        visible, invisible = pdf.Root.AcroForm.Fields
        assert (str(visible.FT), str(visible.Subtype)) == ("/Sig", "/Widget")
        assert (str(visible.T), str(visible.TU)) == ("Borrower", "借款人签名")
        assert visible.F == invisible.F == 132
        assert [float(one) for one in visible.Rect] == [20, 30, 120, 70]
        assert [float(one) for one in invisible.Rect] == [0, 0, 0, 0]
        assert visible.P.objgen == (10, 0)
        assert visible.Lock.objgen[0]
        assert (str(visible.Lock.Action), [str(one) for one in visible.Lock.Fields]) == (
            "/Include",
            ["Borrower"],
        )
        page = pdf.get_object(10, 0)
        assert [one.objgen for one in page.Annots] == [visible.objgen, invisible.objgen]
        assert "/MediaBox" not in page  # still inherited
        assert "/AP" not in invisible
    with open_source(data) as source:
        assert {"Borrower", "Bank"} == set(source.fields)


def test_the_same_revision_comes_out_twice() -> None:
    assert prepared(pages(), PLAN) == prepared(pages(), PLAN)


NOTE = b"<</Type /Annot /Subtype /Text /Rect [0 0 9 9] /Contents (note)>>"


@pytest.mark.parametrize("annots", [b"/Annots [6 0 R]", b"/Annots 7 0 R"])
def test_annotations_that_are_there_stay(annots: bytes) -> None:
    extras = [annots, annots]
    data, _ = prepared(pages(extras, objects={6: NOTE, 7: b"[6 0 R]"}), PLAN)
    with opened(data) as pdf:
        first, second = pdf.get_object(10, 0), pdf.get_object(11, 0)
        assert [str(one.get("/Subtype")) for one in first.Annots] == ["/Text", "/Widget"]
        assert len(second.Annots) == 1  # a list that was shared is not


@pytest.mark.parametrize("indirect", [False, True])
def test_a_form_that_is_there_is_added_to(*, indirect: bool) -> None:
    form = b"<</Fields [7 0 R] /DA (/Helv 0 Tf) /SigFlags 1 /Xq (kept)>>"
    catalogue = b"/AcroForm 6 0 R" if indirect else b"/AcroForm " + form
    objects = {6: form, 7: b"<</T (Text) /FT /Tx>>"}
    data, _ = prepared(pages(objects=objects, catalogue=catalogue), PLAN)
    with opened(data) as pdf:
        made = pdf.Root.AcroForm
        assert [str(one.T) for one in made.Fields] == ["Text", "Borrower"]
        assert made.SigFlags == 3
        assert (str(made.Xq), str(made.DA)) == ("kept", "/Helv 0 Tf")


@pytest.mark.parametrize("rotation", [0, 90, 180, 270])
@pytest.mark.parametrize("crop", [b"", b"/CropBox [40 50 280 190]"])
def test_a_placeholder_stands_upright_where_it_was_asked_for(rotation: int, crop: bytes) -> None:
    data = pages([b"/Rotate %d %s" % (rotation, crop)], content=b" ")
    data, _ = prepared(data, PLAN)
    left, right, beside, above = shown(data, 1, (30, 50), (110, 50), (15, 50), (70, 75))
    assert (left, right, beside, above) == (RED, BLUE, WHITE, WHITE)


def test_a_placeholder_of_other_proportions_is_not_stretched() -> None:
    data, _ = prepared(pages(content=b" "), replace(PLAN, place=Box(1, Rect(20, 30, 200, 40))))
    assert shown(data, 1, (30, 50), (80, 50), (150, 50), (210, 50)) == [WHITE, RED, BLUE, WHITE]


def test_pictures_are_drawn_with_their_transparency_and_hide_no_text() -> None:
    picture = Picture(2, 1, bytes((255, 0, 0, 0, 0, 255)), bytes((255, 0)))
    form = Form(100, 40, b"/Multiply gs q 100 0 0 40 0 0 cm /Picture0 Do Q", "half", (picture,))
    data = pages(content=b"0 g 20 30 10 40 re f")  # something black under the red half
    data, _ = prepared(data, replace(PLAN, placeholder=form))
    assert shown(data, 1, (25, 50), (45, 50), (110, 50)) == [(0, 0, 0), RED, WHITE]


def test_places_by_anchor_and_by_words() -> None:
    anchors = {"bank": AnchorPlace("bank", 2, Rect(10, 20, 30, 40))}
    plans = (
        FieldPlan("Bank", Anchor("bank"), None, "bank"),
        FieldPlan("Borrower", Keyword("Borrower:", 100, 30, occurrence=-1, dx=5, dy=-3), None, "borrower"),
        FieldPlan("Last", Box(-1, Rect(0, 0, 10, 10)), None, "last"),
    )
    with open_source(pages([b"", b""])) as source:
        bank, borrower, last = prepare(source, plans, anchors).fields
    assert (bank.page, bank.rect, bank.matched) == (2, Rect(10, 20, 30, 40), "bank")
    assert (borrower.page, borrower.matched, last.page) == (2, "Borrower:", 2)
    assert 105 < borrower.rect.left < 125
    assert 32 < borrower.rect.bottom < 42


@pytest.mark.parametrize(
    "place",
    [
        Box(2, Rect(0, 0, 10, 10)),
        Box(0, Rect(0, 0, 10, 10)),
        Box(-2, Rect(0, 0, 10, 10)),
        Box(1, Rect(250, 0, 60, 10)),
        Box(1, Rect(-5, 0, 60, 10)),
        Box(1, Rect(0, 0, 0, 10)),
        Box(1, Rect(0, 0, float("nan"), 10)),
        Anchor("nowhere"),
        Keyword("Lender", 10, 10),
        Keyword("please", 280, 10),
    ],
)
def test_a_place_that_cannot_be_had_is_refused(place: Box | Anchor | Keyword) -> None:
    with pytest.raises(PlacementInvalid) as caught:
        prepared(pages(), replace(PLAN, place=place))
    assert caught.value.field == "Borrower"


@pytest.mark.parametrize("name", ["", "a.b", "Old", "a\n"])
def test_a_name_that_cannot_be_used_is_refused(name: str) -> None:
    data = pages(objects={6: b"<</T (Old) /FT /Tx>>"}, catalogue=b"/AcroForm <</Fields [6 0 R]>>")
    with pytest.raises(FieldInvalid):
        prepared(data, replace(PLAN, name=name))


def test_a_name_given_twice_is_refused() -> None:
    with pytest.raises(FieldInvalid):
        prepared(pages(), PLAN, PLAN)


@pytest.mark.parametrize("level", [1, 2, 3])
def test_a_certified_document_gets_no_new_fields(level: int) -> None:
    reference = b"/Reference [<</TransformMethod /DocMDP /TransformParams <</P %d>>>>]" % level
    objects = {
        6: b"<</T (Certified) /FT /Sig /V 7 0 R>>",
        7: b"<</Type /Sig /Contents <00> /ByteRange [0 1 2 3] %s>>" % reference,
    }
    data = pages(objects=objects, catalogue=b"/AcroForm <</Fields [6 0 R]>> /Perms <</DocMDP 7 0 R>>")
    with open_source(data) as source:
        assert source.certification == level
    with pytest.raises(DocumentRefused) as caught:
        prepared(data, PLAN)
    assert caught.value.cause == "certified"


def test_a_page_without_a_size_is_said_to_be_assumed() -> None:
    data, made = prepared(pages(media=b"null"), PLAN)
    assert made.notes == ("does not say the size of page 1, which is taken for US Letter",)
    with open_source(data) as source:
        assert source.page_of(source.fields["Borrower"]) == 1
