"""Attacks by later revisions: incremental saving, shadows, overlays; and by what readers make of a file."""

from __future__ import annotations

from signing.validity.attack import Attack
from tests.support.attacks.contract import (
    AMOUNT,
    CATALOG,
    EVIL,
    FIRST,
    FONT,
    HIDDEN_PAGE,
    HIDDEN_TEXT,
    LAYER,
    LOOK,
    OVERLAY,
    PAGES,
    PICTURE,
    TEXT,
    Setting,
    unsigned,
)
from tests.support.attacks.increment import Document, appended, last_xref, stream
from tests.support.attacks.misread import page_text_twice
from tests.support.attacks.variant import variant


@variant(Attack.INCREMENTAL_SAVING)
def page_text_replaced(data: bytes, setting: Setting) -> bytes:
    return appended(data, {TEXT: EVIL})


@variant(Attack.INCREMENTAL_SAVING)
def page_points_to_new_text(data: bytes, setting: Setting) -> bytes:
    known = Document(data)
    return appended(data, {known.free: EVIL, FIRST: known.body(FIRST, Contents=b"%d 0 R" % known.free)})


@variant(Attack.INCREMENTAL_SAVING)
def page_added(data: bytes, setting: Setting) -> bytes:
    known = Document(data)
    page = b"<</Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents %d 0 R>>" % (known.free + 1)
    kids = b"[3 0 R 4 0 R %d 0 R]" % known.free
    tree = known.body(PAGES, Kids=kids, Count=b"3")
    return appended(data, {known.free: page, known.free + 1: EVIL, PAGES: tree})


@variant(Attack.INCREMENTAL_SAVING)
def page_removed(data: bytes, setting: Setting) -> bytes:
    return appended(data, {PAGES: Document(data).body(PAGES, Kids=b"[3 0 R]", Count=b"1")})


@variant(Attack.INCREMENTAL_SAVING)
def pages_exchanged(data: bytes, setting: Setting) -> bytes:
    return appended(data, {PAGES: Document(data).body(PAGES, Kids=b"[4 0 R 3 0 R]")})


@variant(Attack.INCREMENTAL_SAVING)
def page_cropped(data: bytes, setting: Setting) -> bytes:
    return appended(data, {FIRST: Document(data).body(FIRST, CropBox=b"[0 0 595 400]")})


@variant(Attack.INCREMENTAL_SAVING)
def action_on_opening(data: bytes, setting: Setting) -> bytes:
    known = Document(data)
    action = b"<</S /JavaScript /JS (app.alert\\(1\\))>>"
    return appended(data, {CATALOG: known.body(CATALOG, OpenAction=action)})


@variant(Attack.INCREMENTAL_SAVING)
def locked_field_widget_moved(data: bytes, setting: Setting) -> bytes:
    known = Document(data)
    number = known.field("bank")
    return appended(data, {number: known.body(number, Rect=b"[40 700 400 800]")})


@variant(Attack.INCREMENTAL_SAVING)
def objects_without_cross_reference(data: bytes, setting: Setting) -> bytes:
    """What some viewers take up all the same."""
    return data + b"6 0 obj\n%s\nendobj\n" % EVIL


@variant(Attack.INCREMENTAL_SAVING)
def trailer_without_cross_reference(data: bytes, setting: Setting) -> bytes:
    return data + b"6 0 obj\n%s\nendobj\ntrailer\n<</Root 1 0 R>>\n" % EVIL


@variant(Attack.INCREMENTAL_SAVING)
def octets_between_objects(data: bytes, setting: Setting) -> bytes:
    """A revision that says it changes nothing, with an object between its parts."""
    made = appended(data, {30: b"null"})
    at = made.rindex(b"30 0 obj")
    moved = made[:at] + b"%%EOF junk here\n" + made[at:]
    old = last_xref(made)
    moved = moved.replace(b"startxref\n%d\n" % old, b"startxref\n%d\n" % (old + 16))
    return moved.replace(b"%010d 00000 n" % at, b"%010d 00000 n" % (at + 16))


@variant(Attack.INCREMENTAL_SAVING)
def field_removed(data: bytes, setting: Setting) -> bytes:
    known = Document(data)
    kept = [one for one in known.field_list() if one != b"%d 0 R" % known.field("borrower")]
    return appended(data, {known.form: known.body(known.form, Fields=b"[%s]" % b" ".join(kept))})


@variant(Attack.INCREMENTAL_SAVING)
def text_field_added(data: bytes, setting: Setting) -> bytes:
    known = Document(data)
    new = known.free
    widget = b"<</Type /Annot /Subtype /Widget /FT /Tx /T (extra) /V (36 percent) /Rect [50 740 300 790]>>"
    fields = b"[%s %d 0 R]" % (b" ".join(known.field_list()), new)
    return appended(data, {new: widget, known.form: known.body(known.form, Fields=fields)})


@variant(Attack.SHADOW_HIDE)
def covering_annotation_removed(data: bytes, setting: Setting) -> bytes:
    known = Document(data)
    rest = b" ".join(
        b"%d %d R" % one.objgen for one in known.pdf.pages[0].obj.Annots if one.objgen[0] != OVERLAY
    )
    return appended(data, {FIRST: known.body(FIRST, Annots=b"[%s]" % rest)})


@variant(Attack.SHADOW_HIDE)
def covering_annotation_freed(data: bytes, setting: Setting) -> bytes:
    return appended(data, {}, freed=(OVERLAY,))


@variant(Attack.SHADOW_HIDE)
def covering_picture_freed(data: bytes, setting: Setting) -> bytes:
    return appended(data, {}, freed=(PICTURE,))


@variant(Attack.SHADOW_HIDE)
def covering_picture_replaced(data: bytes, setting: Setting) -> bytes:
    entries = b"/Type /XObject /Subtype /Form /BBox [0 0 0 0]"
    return appended(data, {PICTURE: stream(b"", entries)})


@variant(Attack.SHADOW_HIDE)
def layers_switched_off(data: bytes, setting: Setting) -> bytes:
    known = Document(data)
    layers = b"<</OCGs [15 0 R] /D <</OFF [15 0 R]>>>>"
    return appended(data, {CATALOG: known.body(CATALOG, OCProperties=layers)})


@variant(Attack.SHADOW_HIDE)
def layer_replaced(data: bytes, setting: Setting) -> bytes:
    return appended(data, {LAYER: b"<</Type /OCG /Name (terms) /Usage <</View <</ViewState /OFF>>>>>>"})


@variant(Attack.SHADOW_REPLACE)
def font_replaced(data: bytes, setting: Setting) -> bytes:
    """The same codes, other glyphs."""
    return appended(data, {FONT: b"<</Type /Font /Subtype /Type1 /BaseFont /ZapfDingbats>>"})


@variant(Attack.SHADOW_REPLACE)
def appearance_replaced(data: bytes, setting: Setting) -> bytes:
    """The field shows something else; its value is what it was."""
    look = stream(b"BT (gambling) Tj ET", b"/Type /XObject /Subtype /Form /BBox [0 0 200 20]")
    return appended(data, {LOOK: look})


@variant(Attack.SHADOW_REPLACE)
def appearance_exchanged(data: bytes, setting: Setting) -> bytes:
    known = Document(data)
    look = stream(b"BT (gambling) Tj ET", b"/Type /XObject /Subtype /Form /BBox [0 0 200 20]")
    return appended(data, {known.free: look, AMOUNT: known.body(AMOUNT, AP=b"<</N %d 0 R>>" % known.free)})


@variant(Attack.SHADOW_REPLACE)
def appearance_shows_page_content(data: bytes, setting: Setting) -> bytes:
    """A field is filled in, and the appearance that is 'updated' is the page's own text."""
    known = Document(data)
    body = known.body(AMOUNT, V=b"(x)", AP=b"<</N %d 0 R>>" % TEXT)
    return appended(data, {TEXT: EVIL, AMOUNT: body})


@variant(Attack.SHADOW_HIDE_AND_REPLACE, bait=True)
def page_revealed(data: bytes, setting: Setting) -> bytes:
    known = Document(data)
    return appended(data, {PAGES: known.body(PAGES, Kids=b"[%d 0 R 4 0 R]" % HIDDEN_PAGE)})


@variant(Attack.SHADOW_HIDE_AND_REPLACE, bait=True)
def text_revealed(data: bytes, setting: Setting) -> bytes:
    known = Document(data)
    return appended(data, {FIRST: known.body(FIRST, Contents=b"%d 0 R" % HIDDEN_TEXT)})


@variant(Attack.SHADOW_HIDE_AND_REPLACE, bait=True)
def nothing_but_prepared(data: bytes, setting: Setting) -> bytes:
    """The second page lies ready; nobody has shown it yet."""
    return data


@variant(Attack.SHADOW_HIDE_AND_REPLACE)
def cross_reference_points_into_signed_octets(data: bytes, setting: Setting) -> bytes:
    """The text lies twice in what is signed; another cross-reference is all that it takes."""
    doubled = page_text_twice(data, setting)
    return appended(doubled, {}, places={TEXT: doubled.index(b"\n6 0 obj\n%s" % EVIL) + 1})


@variant(Attack.SHADOW_HIDE_AND_REPLACE)
def other_catalogue(data: bytes, setting: Setting) -> bytes:
    known = Document(data)
    new = known.free
    pages = b"<</Type /Pages /Kids [4 0 R] /Count 1>>"
    catalog = known.body(CATALOG, Pages=b"%d 0 R" % (new + 1))
    return appended(data, {new: catalog, new + 1: pages}, root=b"%d 0 R" % new)


@variant(Attack.CERTIFICATION_OVERLAY)
def annotation_over_text(data: bytes, setting: Setting) -> bytes:
    """EAA: a white box with other words."""
    return with_annotation(data, b"/FreeText", b"/Contents (36 percent) /DA (/F1 12 Tf) ")


@variant(Attack.CERTIFICATION_OVERLAY)
def stamp_over_text(data: bytes, setting: Setting) -> bytes:
    return with_annotation(data, b"/Stamp", b"/Name /Approved ")


@variant(Attack.CERTIFICATION_OVERLAY)
def note_that_covers(data: bytes, setting: Setting) -> bytes:
    """An annotation of a harmless kind with an appearance of its own."""
    return with_annotation(data, b"/Highlight", b"/AP <</N 14 0 R>> ")


@variant(Attack.CERTIFICATION_OVERLAY)
def visible_signature_field_added(data: bytes, setting: Setting) -> bytes:
    """SSA: an unsigned field whose appearance lies over the text."""
    known = Document(data)
    new, look = known.free, known.free + 1
    widget = (
        b"<</Type /Annot /Subtype /Widget /FT /Sig /T (extra) /Rect [40 760 400 800] /F 4 /P 3 0 R "
        b"/AP <</N %d 0 R>>>>" % look
    )
    fields = b"[%s %d 0 R]" % (b" ".join(known.field_list()), new)
    annots = b"[%s %d 0 R]" % (
        b" ".join(b"%d %d R" % one.objgen for one in known.pdf.pages[0].obj.Annots),
        new,
    )
    objects = {
        new: widget,
        look: stream(b"1 1 1 rg 0 0 360 40 re f", b"/Type /XObject /Subtype /Form /BBox [0 0 360 40]"),
        known.form: known.body(known.form, Fields=fields),
        FIRST: known.body(FIRST, Annots=annots),
    }
    return appended(data, objects)


@variant(Attack.CERTIFICATION_OVERLAY)
def signed_field_looks_different(data: bytes, setting: Setting) -> bytes:
    """SSA: the appearance of a signed field is exchanged."""
    known = Document(data)
    number = known.field("bank")
    look = stream(b"0 0 10 10 re f", b"/Type /XObject /Subtype /Form /BBox [0 0 10 10]")
    return appended(data, {known.free: look, number: known.body(number, AP=b"<</N %d 0 R>>" % known.free)})


@variant(Attack.CERTIFICATION_OVERLAY)
def unsigned_field_looks_different(data: bytes, setting: Setting) -> bytes:
    known = Document(data)
    number = known.field("witness")
    look = stream(b"1 1 1 rg 0 0 10 10 re f", b"/Type /XObject /Subtype /Form /BBox [0 0 10 10]")
    return appended(data, {known.free: look, number: known.body(number, AP=b"<</N %d 0 R>>" % known.free)})


def with_annotation(data: bytes, subtype: bytes, more: bytes = b"") -> bytes:
    """The file with an annotation over the first page's text."""
    known = Document(data)
    new = known.free
    annots = b"[%s %d 0 R]" % (
        b" ".join(b"%d %d R" % one.objgen for one in known.pdf.pages[0].obj.Annots),
        new,
    )
    body = b"<</Type /Annot /Subtype %s /Rect [40 760 400 800] /F 4 %s>>" % (subtype, more)
    return appended(data, {new: body, FIRST: known.body(FIRST, Annots=annots)})


@variant(Attack.CERTIFICATION_OVERLAY)
def widget_without_a_field(data: bytes, setting: Setting) -> bytes:
    """It says that it is a text field, and no form knows it."""
    return with_annotation(data, b"/Widget", b"/FT /Tx /T (x) /AP <</N 14 0 R>> ")


@variant(Attack.SHADOW_HIDE)
def annotations_in_another_order(data: bytes, setting: Setting) -> bytes:
    """What lay below now covers."""
    known = Document(data)
    listed = [b"%d %d R" % one.objgen for one in known.pdf.pages[0].obj.Annots]
    return appended(data, {FIRST: known.body(FIRST, Annots=b"[%s]" % b" ".join(reversed(listed)))})


@variant(Attack.SHADOW_REPLACE)
def field_filled_with_two_tongues(data: bytes, setting: Setting) -> bytes:
    """Filling in is allowed; showing something else than the value is not."""
    known = Document(data)
    look = stream(b"BT (repair) Tj ET", b"/Type /XObject /Subtype /Form /BBox [0 0 200 20]")
    body = known.body(AMOUNT, V=b"(gambling)", AP=b"<</N %d 0 R>>" % known.free)
    return appended(data, {known.free: look, AMOUNT: body})


@variant(Attack.INCREMENTAL_SAVING)
def permissions_taken_away(data: bytes, setting: Setting) -> bytes:
    return appended(data, {CATALOG: Document(data).body(CATALOG, Perms=None)})


@variant(Attack.INCREMENTAL_SAVING)
def encryption_added(data: bytes, setting: Setting) -> bytes:
    return appended(data, {}, trailer=b"/Encrypt <</Filter /Standard /V 1 /R 2>> ")


@variant(Attack.INCREMENTAL_SAVING)
def document_information_changed(data: bytes, setting: Setting) -> bytes:
    known = Document(data)
    return appended(data, {known.free: b"<</Title (Other)>>"}, trailer=b"/Info %d 0 R " % known.free)


@variant(Attack.SHADOW_HIDE_AND_REPLACE)
def reference_to_nothing_filled(data: bytes, setting: Setting) -> bytes:
    """The signed page names a picture that does not exist; a later revision makes one."""
    plain = unsigned().replace(b"/XObject <</P 14 0 R>>", b"/XObject <</P 77 0 R>>")
    signed = setting.signed(plain, "borrower", "bank")
    look = stream(b"0 0 595 842 re f", b"/Type /XObject /Subtype /Form /BBox [0 0 9 9]")
    return appended(signed, {77: look})


@variant(Attack.SHADOW_HIDE_AND_REPLACE)
def object_rolled_back(data: bytes, setting: Setting) -> bytes:
    """The cross-reference points a field back at what it was before it was signed."""
    known = Document(data)
    number = known.field("bank")
    return appended(data, {}, places={number: data.index(b"\n%d 0 obj" % number) + 1})
