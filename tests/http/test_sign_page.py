"""The page on which a party signs: all of it from our own host, nothing agreed to beforehand."""

from __future__ import annotations

import hashlib
import re
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest

import api.http.pages as pages_folder
from tests.support.bank import Bank
from tests.support.signers import BORROWER

pytestmark = pytest.mark.slow
CHINESE = {"Accept-Language": "zh-CN"}
PNG = b"\x89PNG\r\n\x1a\n"


class Elements(HTMLParser):
    """Every element with its attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.found if name == tag]


def page_of(bank: Bank, token: str, **headers: str) -> httpx.Response:
    return bank.client.get(f"/sign/{token}", headers={**CHINESE, **headers})


def test_the_page_says_what_is_agreed_to_in_plain_words(bank: Bank) -> None:
    signer = bank.signer(bank.make())
    page = page_of(bank, signer.token)
    assert page.status_code == 200, page.text
    for words in (
        "50,000.00",
        "伍万元整",
        "6.50%",
        "6 个月",
        "等额本息",
        BORROWER.name,
        "借款人",
        "测试环境",
    ):
        assert words in page.text
    shown = signer.get("/document")
    assert hashlib.sha256(shown.content).hexdigest() in page.text
    assert BORROWER.id_number not in page.text.partition('<details class="text">')[0]


def test_the_page_counts_as_shown(bank: Bank) -> None:
    signer = bank.signer(bank.make())
    assert signer.post("/view", {"dwell_ms": 1, "scrolled_to_end": True}).status_code == 409
    page_of(bank, signer.token)
    assert signer.post("/view", {"dwell_ms": 1, "scrolled_to_end": True}).status_code == 201


def test_no_box_is_ticked_beforehand(bank: Bank) -> None:
    elements = Elements(page_of(bank, bank.signer(bank.make()).token).text)
    boxes = [one for one in elements.of("input") if one.get("type") == "checkbox"]
    assert boxes
    assert all("checked" not in one and one["autocomplete"] == "off" for one in boxes)
    assert all(len(one["data-sha256"] or "") == 64 for one in boxes)


def test_nothing_comes_from_another_host(bank: Bank) -> None:
    signer = bank.signer(bank.make())
    page = page_of(bank, signer.token)
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert page.headers["referrer-policy"] == "no-referrer"
    assert page.headers["cache-control"] == "no-store"
    elements = Elements(page.text)
    loaded = [one.get("src") or one.get("href") for _, one in elements.found if {"src", "href"} & one.keys()]
    assert loaded
    for address in loaded:
        assert address is not None
        assert address.startswith(("/assets/", f"/sign/{signer.token}/"))
        assert bank.client.get(address).status_code == 200, address
    assert not [
        one for _, one in elements.found if "style" in one or any(key.startswith("on") for key in one)
    ]
    assert not re.search(r"https?://", page.text.partition('<details class="text">')[0])


def test_every_page_is_a_picture_and_text(bank: Bank) -> None:
    signer = bank.signer(bank.make())
    page = page_of(bank, signer.token)
    elements = Elements(page.text)
    pictures = elements.of("img")
    assert len(pictures) == len(elements.of("figure")) > 3
    assert all(one["alt"] for one in pictures)
    first = bank.client.get(pictures[0]["src"] or "")
    assert first.headers["content-type"] == "image/png"
    assert first.content.startswith(PNG)
    assert "重要提示" in page.text  # a line of the contract, in its text
    assert bank.client.get(f"/sign/{signer.token}/pages/999.png").status_code == 422
    whole = bank.client.get(f"/sign/{signer.token}/document.pdf")
    assert whole.content == signer.get("/document").content


def test_who_signs_later_sees_who_signed_before(bank: Bank) -> None:
    made = bank.make()
    guarantor = bank.signer(made, "guarantor")
    count = len(Elements(page_of(bank, guarantor.token).text).of("img"))
    before = bank.client.get(f"/sign/{guarantor.token}/pages/{count}.png").content
    borrower = bank.signer(made, "borrower")
    borrower.agree()
    borrower.done("/sign", {})
    assert bank.client.get(f"/sign/{guarantor.token}/pages/{count}.png").content == before  # as it was shown
    page_of(bank, guarantor.token)
    assert bank.client.get(f"/sign/{guarantor.token}/pages/{count}.png").content != before


def test_every_field_has_a_label_and_every_part_a_name(bank: Bank) -> None:
    text = page_of(bank, bank.signer(bank.make()).token).text
    elements = Elements(text)
    labelled = {one.get("for") for one in elements.of("label")}
    for one in (*elements.of("input"), *elements.of("textarea")):
        inside = one.get("type") in {"checkbox", "radio"}  # a label stands around these
        assert inside or one["id"] in labelled
    names = {one["id"] for _, one in elements.found if "id" in one}
    assert {one["aria-labelledby"] for one in elements.of("section") if "aria-labelledby" in one} <= names
    assert elements.of("html")[0]["lang"] == "zh-CN"
    assert [one.get("name") for one in elements.of("meta")].count("viewport") == 1


def test_the_page_speaks_the_language_that_is_asked_for(bank: Bank) -> None:
    signer = bank.signer(bank.make())
    english = bank.client.get(f"/sign/{signer.token}", headers={"Accept-Language": "en"})
    assert "Show what I agree to" in english.text
    assert english.headers["content-language"] == "en"
    assert english.text != page_of(bank, signer.token).text


@pytest.mark.parametrize("token", ["sign-" + "A" * 43, "sign-" + "B" * 40])
def test_a_link_of_nobody_says_so_to_people(bank: Bank, token: str) -> None:
    page = page_of(bank, token)
    assert page.status_code == 401
    assert page.headers["content-type"].startswith("text/html")
    assert "贷款机构" in page.text
    for part in ("pages/1.png", "document.pdf"):
        assert bank.client.get(f"/sign/{token}/{part}").status_code in {401, 404}


def test_a_link_that_was_used_says_so_to_people(bank: Bank) -> None:
    signer = bank.signer(bank.make())
    signer.done("/decline", {"reason": "不同意"})
    page = page_of(bank, signer.token)
    assert page.status_code == 409
    assert "<h1>" in page.text
    assert bank.client.get(f"/sign/{signer.token}/pages/1.png").status_code == 409


def test_what_others_wrote_is_text_and_no_markup(bank: Bank) -> None:
    title = '<script>alert("x")</script>&'
    made = bank.make_of_file(BORROWER, title=title)
    page = page_of(bank, bank.signer(made).token).text
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&amp;" in page


def test_a_test_shows_the_messages_that_no_telephone_receives(bank: Bank) -> None:
    signer = bank.signer(bank.make())
    signer.read()
    signer.consent()
    signer.identify()
    signer.state()
    _, code = signer.code()
    assert f"/sign/{signer.token}/messages" in page_of(bank, signer.token).text
    page = bank.client.get(f"/sign/{signer.token}/messages", headers=CHINESE)
    assert page.status_code == 200
    assert code in page.text
    assert bank.client.get(f"/sign/sign-{'A' * 43}/messages").status_code == 404


def test_only_our_two_files_are_assets(bank: Bank) -> None:
    for name in ("sign.html", "..%2f__init__.py", "nothing.js"):
        assert bank.client.get(f"/assets/{name}").status_code == 404


def test_the_script_asks_for_our_own_addresses_alone() -> None:
    script = Path(next(iter(pages_folder.__path__)), "sign.js").read_text(encoding="utf-8")
    assert re.findall(r"fetch\(([^,]+),", script) == ["`/v1/sign-session/${path}`"]
    for word in ("innerHTML", "eval(", "localStorage", "document.cookie"):
        assert word not in script
