"""What the law asks of electronic evidence, article by article, and which rules answer it.

Quoted from the official texts, with the version's date; `law.toml` holds the words.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib import resources


@dataclass(frozen=True, slots=True)
class LawItem:
    """One item of an article, and the rules of the report whose findings answer it."""

    law: str
    """A code of the texts."""
    article: str
    text: str
    """The official words."""
    rules: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Basis:
    """A law that the report rests on."""

    law: str
    version: str
    articles: str


@dataclass(frozen=True, slots=True)
class Law:
    """All of it."""

    basis: tuple[Basis, ...]
    items: tuple[LawItem, ...]


@cache
def read_law() -> Law:
    """The laws that the report rests on, as they come with the package."""
    data = (resources.files("forensics.report") / "law.toml").read_text(encoding="utf-8")
    told = tomllib.loads(data)
    basis = tuple(Basis(one["law"], one["version"], one["articles"]) for one in told["basis"])
    items = tuple(
        LawItem(one["law"], one["article"], one["text"], tuple(one["rules"])) for one in told["item"]
    )
    return Law(basis, items)
