"""A report: its PDF/A-3 with the machine JSON inside, the JSON itself, and the digests of both."""

from __future__ import annotations

import base64
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from importlib import resources
from typing import cast

from evidence.canonical import JSON, canonical
from evidence.digest import DigestPair
from forensics.report.edition import Edition, Language
from forensics.report.findings import Findings
from forensics.report.picture import PagePicture
from forensics.report.ports import Typesetter

JSON_NAME = "report.json"


@dataclass(frozen=True, slots=True)
class Report:
    """What is issued; not signed yet."""

    pdf: bytes = field(repr=False)
    json: bytes = field(repr=False)
    digests: Mapping[str, DigestPair]
    """Of `report.pdf` and `report.json`."""
    unexplained: frozenset[str] = frozenset()
    """Codes that stand in it as they are, for want of a text."""


def make_report(
    findings: Findings,
    language: Language,
    typesetter: Typesetter,
    pictures: Sequence[PagePicture] = (),
    *,
    at: datetime,
) -> Report:
    """The same findings, language, pictures, fonts, engine and time give the same bytes.

    Raises `ReportInvalid` for a sentence without a text, the typesetter's error.
    """
    edition = Edition(language)
    values = cast("dict[str, JSON]", _printable(edition.present(findings), typesetter.shelf))
    values["pages"] = [_page(one) for one in pictures]
    machine = findings.as_json()
    machine["engine"] = typesetter.engine
    machine["language"] = language
    machine["pages"] = values["pages"]
    data = canonical(machine)
    files = {
        "main": _template(),
        JSON_NAME: data,
        **{f"page-{one.page}.svg": _svg(one) for one in pictures if one.png is not None},
    }
    pdf = typesetter.typeset(files, values, _characters(values), at=at)
    digests = {"report.pdf": DigestPair.of(pdf), JSON_NAME: DigestPair.of(data)}
    return Report(pdf, data, digests, frozenset(edition.unexplained))


@cache
def _template() -> bytes:
    return (resources.files("forensics.report") / "template" / "report.typ").read_bytes()


def _page(one: PagePicture) -> JSON:
    """Sizes in thousandths of a point: JSON of ours has no fractions."""
    return {
        "page": one.page,
        "width": _milli(one.width),
        "height": _milli(one.height),
        "picture": one.png is not None,
        "marks": [
            {
                "party": mark.number,
                "field": mark.field,
                "left": _milli(mark.rect.left),
                "top": _milli(one.height - mark.rect.bottom - mark.rect.height),
                "width": _milli(mark.rect.width),
                "height": _milli(mark.rect.height),
            }
            for mark in one.marks
        ],
    }


def _milli(points: float) -> int:
    return round(points * 1_000)


def _svg(one: PagePicture) -> bytes:
    """The engine's library takes files of text alone, so the picture travels inside a drawing."""
    size = b'width="%d" height="%d"' % (round(one.width), round(one.height))
    data = base64.b64encode(one.png or b"")
    space = b'xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"'
    picture = b'<image %b xlink:href="data:image/png;base64,%b"/>' % (size, data)
    return b"<svg %b %b>%b</svg>" % (space, size, picture)


def _printable(value: JSON, covered: Container[int]) -> JSON:
    """What no font has is printed by its code point: a report must come whatever somebody once wrote."""
    if isinstance(value, str):
        return "".join(one if _has(one, covered) else f"<U+{ord(one):04X}>" for one in value)
    if isinstance(value, list):
        return [_printable(one, covered) for one in value]
    if isinstance(value, dict):
        return {name: _printable(one, covered) for name, one in value.items()}
    return value


def _has(character: str, covered: Container[int]) -> bool:
    return character.isascii() or ord(character) in covered


def _characters(value: JSON) -> frozenset[int]:
    if isinstance(value, str):
        return frozenset(ord(one) for one in value if one != "\n")
    if isinstance(value, dict):
        return frozenset().union(*(_characters(one) for one in value.values()))
    if isinstance(value, list | tuple):
        return frozenset().union(*(_characters(one) for one in value))
    return frozenset()
