from __future__ import annotations

import zlib

import pytest

from signing.errors import DocumentRefused
from signing.pdf.limits import LIMITS, PdfLimits
from signing.pdf.repair import repair
from signing.pdf.source import open_source
from tests.support.pdfsamples import CONTENT, FONT, pages, written

FIELD = b"<</Type /Annot /Subtype /Widget /FT /Sig /T (Old) /Rect [10 20 60 40] /P 10 0 R /Lock 7 0 R>>"
FORM = b"/AcroForm <</Fields [6 0 R]>>"
LOCK = b"<</Type /SigFieldLock /Action /Include /Fields [(Old)] /P 1>>"


def refusal(data: bytes, limits: PdfLimits = LIMITS) -> str:
    with pytest.raises(DocumentRefused) as caught, open_source(data, limits=limits):
        pass
    return caught.value.cause


@pytest.mark.parametrize("stream", [False, True])
def test_pages_are_read_with_what_they_inherit(*, stream: bool) -> None:
    extras = [b"", b"/Rotate 90 /CropBox [10 20 110 220]", b"/MediaBox [0 0 50 60] /Rotate -90"]
    with open_source(pages(extras, stream=stream)) as source:
        assert source.page_count == 3
        first, second, third = (source.page(one) for one in (1, 2, 3))
    assert (first.width, first.height, first.rotation) == (300, 200, 0)
    assert (second.left, second.bottom, second.right, second.top) == (
        10,
        20,
        110,
        200,
    )
    assert (second.width, second.height, second.rotation) == (180, 100, 90)
    assert (third.width, third.height, third.rotation) == (60, 50, 270)


def test_a_mapped_buffer_is_let_go() -> None:
    data = bytearray(pages())
    view = memoryview(data)
    with open_source(view) as source:
        assert source.page(1).number == 10
    view.release()
    data.append(0)  # a buffer that somebody still holds cannot grow


def test_signature_fields_are_read() -> None:
    objects = {
        6: FIELD,
        7: LOCK,
        8: b"<</T (Group) /Kids [9 0 R]>>",
        9: b"<</T (Text) /FT /Tx /Parent 8 0 R>>",
    }
    form = b"/AcroForm <</Fields [6 0 R 8 0 R]>>"
    with open_source(pages([b"/Annots [6 0 R]"], objects=objects, catalogue=form)) as source:
        assert list(source.fields) == ["Old"]
        field = source.fields["Old"]
        assert source.field_names == {"Old", "Group.Text", "Group"}
        assert source.page_of(field) == 1
    assert (field.number, field.widget, field.rect) == (6, 6, (10, 20, 60, 40))
    assert not field.signed
    assert field.lock is not None
    assert (field.lock.action, field.lock.fields, field.lock.permission) == ("Include", ("Old",), 1)


def test_a_widget_that_names_no_page_is_looked_for() -> None:
    field = FIELD.replace(b"/P 10 0 R", b"")
    form = b"/AcroForm <</Fields [6 0 R]>>"
    data = pages([b"", b"/Annots [6 0 R]"], objects={6: field, 7: LOCK}, catalogue=form)
    with open_source(data) as source:
        assert source.page_of(source.fields["Old"]) == 2


@pytest.mark.parametrize(
    ("data", "cause"),
    [
        (b"", "not-pdf"),
        (b"hello", "not-pdf"),
        (b"junk" + pages(), "broken"),
        (pages() + b"junk", "broken"),
        (pages().replace(b"startxref", b"startxxxx"), "broken"),
        (pages().replace(b"/Root", b"/Encrypt 9 0 R /Root"), "encrypted"),
        (pages().replace(b"/Size", b"/XRefStm 15 /Size"), "hybrid"),
        (pages().replace(b"/Size 11", b"/Size 99999999"), "too-many-objects"),
        (pages().replace(b"/Size 11", b"/Size 5"), "broken"),
        (pages().replace(b"/Kids [10 0 R]", b"/Kids [2 0 R ]"), "circular"),
        (pages().replace(b"/Kids [10 0 R]", b"/Kids [<<>>  ]"), "broken"),
        (pages().replace(b"/Kids [10 0 R]", b"/Kids [99 0 R]"), "broken"),
        (pages().replace(b"/Kids [10 0 R]", b"/Kids [      ]"), "broken"),
        (pages([b"", b""]).replace(b"[10 0 R 11 0 R]", b"[10 0 R 10 0 R]"), "circular"),
        (
            pages(objects={6: b"<<>>"}, catalogue=b"/AcroForm 6 0 R").replace(b"\n6 0 obj", b"\n6 0 0bj"),
            "broken",
        ),
        (pages(catalogue=b"/AcroForm <</XFA [] /Fields []>>"), "xfa"),
        (
            pages(catalogue=b"/AcroForm <</Fields [6 0 R]>>", objects={6: b"<</Kids [6 0 R] /T (a)>>"}),
            "circular",
        ),
    ],
)
def test_what_cannot_be_appended_to_is_refused(data: bytes, cause: str) -> None:
    assert refusal(data) == cause


def test_limits_are_kept() -> None:
    data = pages([b""] * 3)
    assert refusal(data, PdfLimits(max_pages=2)) == "too-many-pages"
    assert refusal(data, PdfLimits(max_size=len(data) - 1)) == "too-large"
    assert refusal(data, PdfLimits(max_objects=5)) == "too-many-objects"
    with open_source(data, limits=PdfLimits(max_pages=3, max_size=len(data))) as source:
        assert source.page_count == 3


def test_sections_in_a_circle_are_refused() -> None:
    data = pages()
    own = data[data.rindex(b"startxref") :].split()[1]
    assert refusal(data.replace(b"/Size 11", b"/Size 11 /Prev " + own)) == "circular"


def test_a_stream_that_unfolds_without_end_is_refused_at_once() -> None:
    limits = PdfLimits(max_stream=1 << 20)
    bomb = zlib.compress(bytes(1 << 24))
    head = b"%PDF-1.7\n"
    section = (
        b"1 0 obj\n<</Type /XRef /Size 2 /W [1 4 2] /Root 1 0 R /Filter /FlateDecode /Length %d>>\nstream\n"
    )
    data = head + section % len(bomb) + bomb + b"\nendstream\nendobj\nstartxref\n9\n%%EOF\n"
    assert refusal(data, limits) == "too-large"


def test_an_object_stream_that_unfolds_without_end_is_refused() -> None:
    inner = b"5 0 " + b"<</A 1>>" + b" " * (LIMITS.max_stream + 1)
    packed = zlib.compress(inner)
    objects = {
        1: b"<</Type /Catalog /Pages 2 0 R>>",
        2: b"<</Type /Pages /Kids [5 0 R] /Count 1>>",
        3: b"<</Type /ObjStm /N 1 /First 4 /Filter /FlateDecode /Length %d>>\nstream\n%s\nendstream"
        % (len(packed), packed),
        4: FONT,
        6: CONTENT,
    }
    data = written(objects, stream=True)
    # Object 5 is the first in stream 3.
    rows_at = data.rindex(b"stream\n", 0, data.rindex(b"endstream")) + len(b"stream\n")
    rows = bytearray(zlib.decompress(data[rows_at : data.rindex(b"\nendstream")]))
    rows[35:42] = b"\2" + (3).to_bytes(4, "big") + b"\0\0"
    changed = zlib.compress(bytes(rows))
    old = data[rows_at : data.rindex(b"\nendstream")]
    data = data.replace(b"/Length %d>>" % len(old), b"/Length %d>>" % len(changed)).replace(old, changed)
    assert refusal(data) == "broken"


def misplaced() -> bytes:
    """Object 5's place is that of object 6."""
    data = pages(objects={5: b"(one)", 6: b"(two)"})
    one, two = (b"%010d 00000 n" % data.index(b"%d 0 obj" % number) for number in (5, 6))
    return data.replace(one, two)


def test_an_object_in_the_place_of_another_is_refused_and_repaired() -> None:
    data = misplaced()
    assert refusal(data) == "broken"
    with open_source(repair(data).data) as source:
        assert source.page_count == 1


def test_a_vetted_file_is_not_looked_at_object_by_object() -> None:
    with open_source(misplaced(), vetted=True) as source:
        assert source.page_count == 1
