"""Reasons in the reader's language. The core gives its reasons in English; the edge alone knows languages.

`reasons.….<language>.toml` have the text of each English reason by its template, in which {0}, {1}… stand for
values. A reason is matched against them, longest literal text first, and its values are put into the text;
values of several words are themselves reasons and translated too. What matches nothing stays as it is.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from string import Formatter
from typing import Any

from api.messages.sources import reason_sources
from api.settings import Language

SOURCE: Language = "en"
"""The language in which reasons are raised."""
MAX_REASON = 4_096  # characters, above any of ours; what a stranger made longer is shown as it is
MAX_DEPTH = 6  # of a reason within a reason: an error in a complaint in a step has 4
_WORD = "word"
_SECTION_OF_WORDS = "word"
_LETTERS = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, slots=True)
class _Template:
    pattern: re.Pattern[str]
    text: str
    literal: int
    """Characters that are no values."""
    frame: bool
    """Punctuation around values and nothing else: translates only what it holds."""


@dataclass(frozen=True, slots=True)
class Reasons:
    """One language's texts."""

    templates: tuple[_Template, ...]
    words: Mapping[str, str]

    def translate(self, reason: str, depth: int = MAX_DEPTH) -> str:
        """The text of a reason."""
        if depth <= 0 or len(reason) > MAX_REASON:
            return reason
        for one in self.templates:
            found = one.pattern.match(reason)
            if found is None:
                continue
            speaker = Speaker(self, depth - 1)
            if not one.frame:
                return speaker.vformat(one.text, found.groups(), {})
            if any(speaker.spoken(value) != value for value in found.groups()):
                return speaker.vformat(one.text, found.groups(), {})
        return reason

    def word(self, value: str) -> str:
        """The text of a word that says what something is: a kind, an act, a state."""
        return self.words.get(value) or self.translate(value)


class Speaker(Formatter):
    """Fills texts: a value of several words is taken for a reason, `{value:word}` for a word."""

    def __init__(self, reasons: Reasons, depth: int = MAX_DEPTH) -> None:
        super().__init__()
        self._reasons = reasons
        self._depth = depth

    def spoken(self, value: str) -> str:
        """The value as a reason, if it can be one: names and codes are single words."""
        return self._reasons.translate(value, self._depth) if " " in value else value

    def format_field(self, value: Any, format_spec: str) -> str:  # noqa: ANN401  (the library's signature)
        """The library's hook."""
        if format_spec == _WORD:
            return self._reasons.word(str(value))
        return self.spoken(value) if isinstance(value, str) else str(format(value, format_spec))


@cache
def reasons_of(language: Language) -> Reasons:
    """The language's reasons, compiled once; of the source language none, so that all stay."""
    if language == SOURCE:
        return Reasons((), {})
    words: dict[str, str] = {}
    templates = []
    for source in reason_sources(language):
        for name, section in tomllib.loads(source).items():
            if name == _SECTION_OF_WORDS:
                words |= section
            else:
                templates += [_compiled(key, text) for key, text in section.items()]
    return Reasons(
        tuple(sorted(templates, key=lambda one: (one.frame, 0 if one.frame else -one.literal))), words
    )


def _compiled(template: str, text: str) -> _Template:
    """Each value ends where the literal text after it first occurs: no choice, so no time is lost on one."""
    literals = [""]
    for literal, name, _, _ in Formatter().parse(template):
        literals[-1] += literal
        if name is not None:
            literals.append("")
    first, *between = map(re.escape, literals)
    values = [f"(?>(.*?){after})" for after in between[:-1]] + [f"(.*){after}" for after in between[-1:]]
    flags = re.DOTALL | re.IGNORECASE  # the same words begin a sentence elsewhere
    pattern = re.compile(f"{first}{''.join(values)}\\Z", flags)
    frame = _LETTERS.search("".join(literals)) is None
    return _Template(pattern, text, sum(map(len, literals)), frame)


def reason(text: str, language: Language) -> str:
    """A reason of ours, or of a library's that people see, in the language."""
    return reasons_of(language).word(text)
