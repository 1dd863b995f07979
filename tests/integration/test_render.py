"""Rendered documents: the same bytes again, archival, tagged, whole, with their places where they say."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import unicodedata
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pikepdf
import pypdfium2
import pytest

from evidence.canonical import canonical
from evidence.digest import DigestPair
from signing.adapters.fonts import FontShelf, open_fonts
from signing.adapters.typst import TypstRenderer
from signing.errors import GlyphMissing, ProviderUnavailable, TemplateInvalid, ValuesInvalid
from signing.render import Rendered
from signing.template import TemplateVersion, load_templates, parse_template
from tests.support import services
from tests.support.contracts import (
    RARE,
    SAMPLES,
    Values,
    changed,
    loan_values,
    renderer,
    shelf,
)

ROOT = Path(__file__).parents[2]
AT = datetime(2026, 11, 25, 2, 0, 0, tzinfo=UTC)
TEMPLATES = list(load_templates())
LOAN = load_templates().get("personal-loan")
INJECTIONS = (
    '#panic("x")',
    "$1$ *bold* _it_",
    "@ref <label>",
    "\\#x \\u{41}",
    "“q” \"d\" 'a'",
    "`raw` //c /*d*/ ~ -- ...",
    "= 标题",
    "[content] {code}",
    '#eval("1")',
)


def render(values: Values, template: TemplateVersion = LOAN, *, at: datetime = AT) -> Rendered:
    return renderer().render(template, values, at=at)


def text_of(pdf: bytes) -> str:
    """All text of the pages in reading order, without blanks."""
    with pypdfium2.PdfDocument(pdf) as document:
        pages = [document[number].get_textpage().get_text_bounded() for number in range(len(document))]
    return re.sub(r"\s", "", "".join(pages))


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda one: one.id)
def test_the_same_again_is_the_same_bytes(template: TemplateVersion) -> None:
    values = SAMPLES[template.name]()
    first = render(values, template)
    assert render(changed(values), template).pdf == first.pdf
    fresh = TypstRenderer(open_fonts([Path(str(shelf().families[0].regular.path)).parent]))
    assert fresh.render(template, values, at=AT).pdf == first.pdf
    assert render(values, template, at=AT + timedelta(seconds=1)).pdf != first.pdf


def test_another_process_gives_the_same_bytes() -> None:
    program = (
        "import hashlib, tests.integration.test_render as t;"
        "print(hashlib.sha256(t.render(t.loan_values()).pdf).hexdigest())"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    assert done.stdout.strip() == DigestPair.of(render(loan_values()).pdf).sha256.hex()


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda one: one.id)
def test_archival_tagged_and_in_chinese(template: TemplateVersion) -> None:
    rendered = render(SAMPLES[template.name](), template)
    with pikepdf.open(io.BytesIO(rendered.pdf)) as pdf:
        assert pdf.open_metadata().pdfa_status == "2A"
        assert pdf.Root.Lang == "zh-CN"
        assert pdf.Root.MarkInfo.Marked
        assert template.title.zh in pdf.open_metadata()["dc:title"]
        assert len(pdf.pages) == rendered.pages
        assert pdf.docinfo["/CreationDate"] == "D:20261125020000Z"
        kinds = {str(one["/S"]) for one in pdf.objects if isinstance(one, pikepdf.Dictionary) and "/S" in one}
        assert {"/H1", "/H2", "/Table", "/TD", "/P"} <= kinds
        assert ("/TH" in kinds) == (b"#listing(" in template.source)
        assert "/AcroForm" not in pdf.Root
        fonts = [one for one in pdf.objects if isinstance(one, pikepdf.Dictionary) and "/FontBBox" in one]
        assert len(fonts) == 2  # regular and bold
        assert all("/FontFile2" in one or "/FontFile3" in one for one in fonts)  # embedded
        links = [one for one in pdf.objects if isinstance(one, pikepdf.Dictionary) and "/URI" in one]
        assert links == []


@pytest.mark.interop
def test_qpdf_finds_nothing_wrong(tmp_path: Path) -> None:
    program = services.require("qpdf")
    path = tmp_path / "contract.pdf"
    path.write_bytes(render(loan_values()).pdf)
    done = subprocess.run([program, "--check", str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_record_says_what_it_was_made_from() -> None:
    values = loan_values()
    rendered = render(values)
    record: Any = rendered.record
    assert record["template"] == "personal-loan"
    assert record["template_version"] == 1
    assert record["template_digests"] == LOAN.digests.as_json()
    assert record["values_digests"] == DigestPair.of(canonical(values)).as_json()
    assert record["document_digests"] == DigestPair.of(rendered.pdf).as_json()
    assert record["document_size"] == len(rendered.pdf)
    assert record["pages"] == rendered.pages
    assert record["rendered_at"] == int(AT.timestamp())
    assert record["engine"] == renderer().engine == f"typst {version('typst')}"
    assert record["terms"]["loan.amount"] == 10_000_000
    assert record["terms"]["rate.annual"] == 720
    fonts = {name: digests.as_json() for name, digests in shelf().families[0].digests.items()}
    assert record["fonts"] == fonts
    canonical(record)
    written = str(record)
    for personal in ("张三", "李四", "3301", "138", "6230"):
        assert personal not in written.replace(record["values_digests"]["sha256"], "") or personal.isdigit()


def test_amounts_stand_in_figures_and_in_words() -> None:
    text = text_of(render(loan_values()).pdf)
    for wanted in ("100,000.00元", "人民币壹拾万元整", "7.20%", "百分之七点二", "7.2000%", "2028年11月25日"):
        assert wanted in text


def test_rare_characters_are_printed() -> None:
    pdf = render(loan_values(borrower__name=RARE)).pdf
    assert unicodedata.normalize("NFC", RARE) == RARE
    assert text_of(pdf).count(RARE) >= 2  # among the parties and at the place to sign
    program = services.require("pdftotext")
    done = subprocess.run([program, "-", "-"], input=pdf, capture_output=True, check=True)
    assert RARE in done.stdout.decode()


@pytest.mark.parametrize("character", ["\U0001f596", "\U00016800", "ꦀ"])
def test_a_character_that_no_font_has_is_refused_by_name(character: str) -> None:
    with pytest.raises(GlyphMissing) as caught:
        render(loan_values(guarantor__address=f"杭州{character}路"))
    assert caught.value.field == "guarantor.address"
    assert caught.value.characters == character


def test_values_are_checked_before_glyphs_and_pages() -> None:
    with pytest.raises(ValuesInvalid, match=r"borrower\.name: is needed"):
        render(loan_values(borrower__name=None, lender__name="\U0001f596"))


@pytest.mark.parametrize("text", INJECTIONS)
def test_what_is_syntax_to_the_engine_is_printed_as_it_is(text: str) -> None:
    pdf = render(loan_values(loan__purpose_detail=text, borrower__address=f"{text}（一）")).pdf
    wanted = re.sub(r"\s", "", text)
    assert text_of(pdf).count(wanted) == 2


def test_line_breaks_are_kept_where_they_are_allowed() -> None:
    with pytest.raises(ValuesInvalid, match=r"U\+000A"):
        render(loan_values(borrower__address="一\n二"))
    source = b'#import "page-1.typ": *\n#show: document-page.with(title: "t", number: values.n)\n#values.note'
    fields = {"n": {"type": "text", "label": "n"}, "note": {"type": "text", "label": "x", "lines": True}}
    template = small(source, fields)
    rendered = render({"n": "1", "note": "#a\n\n*b*"}, template)
    with pypdfium2.PdfDocument(rendered.pdf) as document:
        lines = document[0].get_textpage().get_text_bounded().splitlines()
    assert "#a" in lines
    assert "*b*" in lines


def small(source: bytes, fields: dict[str, Any], **more: Any) -> TemplateVersion:  # noqa: ANN401  (as JSON)
    schema = {
        "name": "small",
        "version": 1,
        "kind": "contract",
        "title": {"zh": "小", "en": "Small"},
        "number": "n",
        "shared": ["page-1.typ"],
        "fields": fields,
        "places": [],
        "terms": [],
        **more,
    }
    return parse_template(canonical(schema), source, LOAN.shared)


HEAD = b'#import "page-1.typ": *\n#show: document-page.with(title: "t", number: values.n)\n'


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        (HEAD + b"#values.nothing", "is not taken by typst"),
        (HEAD + b'#import "gone.typ": x', "is not taken by typst"),
        (HEAD + b'#include "/etc/passwd"', "is not taken by typst"),
        (HEAD + b"#panic()", "is not taken by typst"),
        (HEAD + "ꦀ".encode(), "is not taken by typst"),
        (HEAD + b'#set text(font: "Nobody Sans")\nx', "makes typst"),
        (HEAD + b'#room("borrower", 60mm, 25mm)', "keeps places for borrower where  sign"),
    ],
)
def test_a_template_that_the_engine_does_not_take_is_refused(source: bytes, reason: str) -> None:
    template = small(source, {"n": {"type": "text", "label": "n"}})
    with pytest.raises(TemplateInvalid, match=reason):
        render({"n": "1"}, template)


def test_a_masked_copy_says_so_and_hides_what_is_personal() -> None:
    values = loan_values()
    copy = renderer().render(LOAN, values, at=AT, masked=True)
    text = text_of(copy.pdf)
    assert "脱敏副本" in text
    assert "脱敏副本" not in text_of(render(values).pdf)
    for hidden in (values["borrower"]["id_number"], values["borrower"]["mobile"], "6230910000000000017"):
        assert hidden not in text


def test_fonts_that_are_not_there_are_named(tmp_path: Path) -> None:
    with pytest.raises(ProviderUnavailable, match=re.escape(str(tmp_path))):
        open_fonts([tmp_path, tmp_path / "gone"])


def test_a_second_family_is_used_only_where_it_is_needed() -> None:
    if len(shelf().families) < 2:
        pytest.skip("Debian's font is not installed")
    first, second = shelf().families
    rare = chr(min(one for one in second.covered - first.covered if one > 0x20000))
    values = loan_values(borrower__name=f"张{rare}")
    rendered = render(values)
    assert set(second.digests) <= set(rendered.record["fonts"])  # type: ignore[arg-type]  # JSON
    assert f"张{rare}" in text_of(rendered.pdf)
    alone = TypstRenderer(FontShelf(shelf().fonts, (first,)))
    with pytest.raises(GlyphMissing):
        alone.render(LOAN, values, at=AT)
    assert alone.render(LOAN, loan_values(), at=AT).pdf == render(loan_values()).pdf
