"""The instructions in a package, as text and as a page, in Chinese and English, with its own file names.

The texts lie beside this module. A line that begins with `# ` is a heading, with `$ ` a command to type.
"""

from __future__ import annotations

import html
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import pairwise
from string import Template
from typing import Any

from evidence.clock import rfc3339, to_micros
from forensics.package.asic import SIGNATURES, TIMESTAMPS, Slot
from forensics.package.manifest import FileRecord, Head
from keys.suites import Suite

NAMES = ("README-验证说明.txt", "README-验证说明.html")
LANGUAGES = ("zh-CN", "en")
_HEADING, _COMMAND = "# ", "$ "


@dataclass(frozen=True, slots=True)
class Recipe:
    """What the commands are filled in with."""

    head: Head
    chain: tuple[str, ...]
    """Paths of the certificates of the SM2 timestamping unit and its issuers, without the root."""


def instructions(
    recipe: Recipe, files: Sequence[FileRecord], withheld: Sequence[FileRecord]
) -> dict[str, bytes]:
    """The files README by name: plain text and HTML, UTF-8, that load nothing from anywhere."""
    blocks = [block for language in LANGUAGES for block in _blocks(language, recipe, files, withheld)]
    text = "".join(f"{line.removeprefix(_HEADING)}\n" for line in blocks)
    return {NAMES[0]: text.encode(), NAMES[1]: _page(blocks).encode()}


def commands(text: str) -> list[str]:
    """Those of a plain text, in order, as they are typed; for one language when given its half."""
    return [line.removeprefix(_COMMAND) for line in text.splitlines() if line.startswith(_COMMAND)]


def _blocks(
    language: str, recipe: Recipe, files: Sequence[FileRecord], withheld: Sequence[FileRecord]
) -> Iterator[str]:
    texts = _texts(language)
    intl = _slot(SIGNATURES, Suite.INTL), _slot(TIMESTAMPS, Suite.INTL)
    guomi = _slot(SIGNATURES, Suite.GUOMI), _slot(TIMESTAMPS, Suite.GUOMI)
    values = {
        "package_id": recipe.head.package_id,
        "variant": texts["variants"].get(recipe.head.variant, recipe.head.variant),
        "created_at": rfc3339(recipe.head.created_at),
        "at": str(to_micros(recipe.head.created_at) // 1_000_000),
        "signature": intl[0].proof,
        "signed": intl[0].manifest,
        "timestamp": intl[1].proof,
        "stamped": intl[1].manifest,
        "sm2_signature": guomi[0].proof,
        "sm2_signed": guomi[0].manifest,
        "sm2_token": guomi[1].proof,
        "sm2_data": guomi[1].manifest,
        "unit": recipe.chain[0] if recipe.chain else "",
    }
    for line in texts["before"].splitlines():
        yield Template(line).substitute(values)
    yield from _list(texts["roles"], files)
    for line in texts["own"].splitlines():
        yield Template(line).substitute(values)
    if withheld:
        yield from texts["withheld"].splitlines()
        yield from _list(texts["roles"], withheld)
        yield ""
    for line in texts["after"].splitlines():
        yield Template(line).substitute(values)
    for place, (lower, upper) in enumerate(pairwise(recipe.chain)):
        purpose = "timestampsign" if place == 0 else "any"
        yield Template(texts["link"]).substitute(values, lower=lower, upper=upper, purpose=purpose)
    yield Template(texts["root"]).substitute(values, lower=recipe.chain[-1] if recipe.chain else "")
    yield ""
    for line in texts["limits"].splitlines():
        yield Template(line).substitute(values)
    yield ""


def _list(roles: dict[str, str], files: Sequence[FileRecord]) -> Iterator[str]:
    for one in sorted(files, key=lambda file: file.path.encode()):
        yield f"  {one.path} - {roles[one.role.value]}"


def _slot(slots: Sequence[Slot], suite: Suite) -> Slot:
    return next(one for one in slots if one.suite is suite)


@cache
def _texts(language: str) -> dict[str, Any]:
    return tomllib.loads(_text(f"instructions.{language}.toml"))


def _text(name: str) -> str:
    return (resources.files("forensics.package") / "texts" / name).read_text(encoding="utf-8")


def _page(lines: Sequence[str]) -> str:
    parts = []
    for line in lines:
        shown = html.escape(line)
        if line.startswith(_HEADING):
            parts.append(f"<h2>{shown.removeprefix(_HEADING)}</h2>\n")
        elif line.startswith(_COMMAND):
            parts.append(f"<pre>{shown.removeprefix(_COMMAND)}</pre>\n")
        elif line:
            parts.append(f"<p>{shown}</p>\n")
    return Template(_text("page.html")).substitute(body="".join(parts))
