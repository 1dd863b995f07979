"""The pages of ours for parties: HTML from files, every value escaped; nothing comes from another host."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from html import escape
from importlib.resources import files
from string import Template

from starlette.responses import HTMLResponse

from api import messages
from api.settings import Language

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    # The address holds the session's token: no other host may learn it.
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


class Markup(str):
    """HTML that is whole already."""

    __slots__ = ()


@cache
def _skeleton(name: str) -> Template:
    return Template(files("api.http").joinpath("pages", name).read_text(encoding="utf-8"))


def html(name: str, language: Language, values: Mapping[str, str], status: int = 200) -> HTMLResponse:
    """A page of `pages/`; a value that is not `Markup` is text, and escaped."""
    filled = {key: value if isinstance(value, Markup) else escape(value) for key, value in values.items()}
    known = {"lang": language, "brand": escape(said("brand", language))}
    body = _skeleton(name).substitute({**known, **filled})
    return HTMLResponse(body, status, {**HEADERS, "Content-Language": language})


def said(key: str, language: Language, **values: object) -> str:
    """A text of the pages."""
    return messages.text(f"page.{key}", language, **values)


def element(tag: str, text: str, **attributes: str) -> Markup:
    """One element with text in it, both escaped; `_` in a name is a hyphen."""
    return Markup(f"<{tag}{attributes_of(attributes)}>{escape(text)}</{tag}>")


def attributes_of(attributes: Mapping[str, str]) -> Markup:
    """As they stand in a tag; an empty value is a name alone."""
    parts = (
        f" {name.strip('_').replace('_', '-')}" + (f'="{escape(value)}"' if value else "")
        for name, value in attributes.items()
    )
    return Markup("".join(parts))


def joined(*parts: str) -> Markup:
    """Several pieces of markup; text among them is escaped."""
    return Markup("\n".join(one if isinstance(one, Markup) else escape(one) for one in parts))
