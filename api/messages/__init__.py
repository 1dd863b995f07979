"""Every text that people read, in English and in Chinese: problems, command help, tables, notices."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from string import Formatter
from types import MappingProxyType
from typing import Any

from api.messages.reasons import Speaker, reason, reasons_of
from api.messages.sources import sources
from api.settings import LANGUAGES, Language

DEFAULT: Language = "en"


@cache
def catalogue(language: Language) -> Mapping[str, str]:
    """Every text of a language by its dotted key, of all files of the language."""
    found: dict[str, str] = {}
    for source in sources(language):
        found.update(_flat(tomllib.loads(source), ""))
    return MappingProxyType(found)


def text(key: str, language: Language, /, **values: object) -> str:
    """The text under `key` with its placeholders filled; a key without a text is a defect: KeyError."""
    return catalogue(language)[key].format_map(values)


def problem(code: str, language: Language, facts: Mapping[str, object]) -> tuple[str, str]:
    """Title and detail of an error by its code."""
    texts = catalogue(language)
    speaker = Speaker(reasons_of(language))
    return texts[f"problem.{code}.title"], speaker.vformat(texts[f"problem.{code}.detail"], (), facts)


def finding(code: str, language: Language, facts: Mapping[str, object]) -> str:
    """What the doctor found, by its code."""
    return Speaker(reasons_of(language)).vformat(catalogue(language)[f"finding.{code}"], (), facts)


def told(facts: Mapping[str, object], language: Language) -> dict[str, object]:
    """An error's facts for a reader: its texts in the language, names, codes and numbers as they are."""
    known = dict(facts)
    if isinstance(why := known.get("reason"), str):
        known["reason"] = reason(why, language)
    if isinstance(findings := known.get("findings"), list):
        known["findings"] = [[rule, reason(detail, language)] for rule, detail in findings]
    return known


def hint(code: str, language: Language, facts: Mapping[str, object]) -> str | None:
    """What to do about an error, where there is something to be done."""
    found = catalogue(language).get(f"problem.{code}.hint")
    return None if found is None else found.format_map(facts)


def placeholders(template: str) -> frozenset[str]:
    """Names of the values that a text takes."""
    return frozenset(name for _, name, _, _ in Formatter().parse(template) if name is not None)


def negotiate(accept_language: str | None) -> Language:
    """The language for an Accept-Language header (RFC 9110 12.5.4); English when it names none of ours."""
    best: tuple[float, Language] = (0.0, DEFAULT)
    for part in (accept_language or "").split(",")[:_MAX_RANGES]:
        tag, _, parameter = part.strip().partition(";")
        language: Language = "zh-CN" if tag.strip().lower().startswith("zh") else "en"
        if language == "en" and not tag.strip().lower().startswith(("en", "*")):
            continue
        quality = _quality(parameter)
        if quality > best[0]:
            best = (quality, language)
    return best[1]


_MAX_RANGES = 16  # far above any browser's list


def _quality(parameter: str) -> float:
    name, _, value = parameter.strip().partition("=")
    if name.strip() != "q":
        return 1.0
    try:
        return min(float(value), 1.0)
    except ValueError:
        return 0.0


def _flat(tree: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, str]]:
    for name, value in tree.items():
        if isinstance(value, str):
            yield f"{prefix}{name}", value
        else:
            yield from _flat(value, f"{prefix}{name}.")


__all__ = [
    "DEFAULT",
    "LANGUAGES",
    "catalogue",
    "finding",
    "hint",
    "negotiate",
    "placeholders",
    "problem",
    "reason",
    "text",
    "told",
]
