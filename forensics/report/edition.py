"""An edition: findings said in one language, as the plain strings that the pages print."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Literal

from evidence.canonical import JSON
from forensics.errors import ReportInvalid
from forensics.report.finding import Block, Conclusion, Facts, Figure, Item, Kind, Note, Table
from forensics.report.findings import Findings

Language = Literal["zh-CN", "en"]
LANGUAGES: tuple[Language, ...] = ("zh-CN", "en")
Texts = Mapping[str, Mapping[str, str]]


@cache
def texts_of(language: Language) -> Texts:
    """The texts of a language, by section and key."""
    folder = resources.files("forensics.report") / "texts"
    found: Texts = tomllib.loads((folder / f"{language}.toml").read_text(encoding="utf-8"))
    return found


@dataclass
class Edition:
    """Says findings in a language; codes that no text explains are collected and shown as they are."""

    language: Language
    unexplained: set[str] = field(default_factory=set)

    def present(self, findings: Findings) -> dict[str, JSON]:
        """Title, first page and sections, all strings."""
        conclusions: list[JSON] = [
            {
                "question": self.word("code", f"question.{one.question.value}"),
                "answer": one.answer.value,
                "word": self.word("code", f"answer.{one.answer.value}"),
                "reasons": self._reasons(one, same=True),
                "others": self._reasons(one, same=False),
                "section": str(one.section),
            }
            for one in findings.conclusions
        ]
        return {
            "language": self.language,
            "variant": findings.variant.value,
            "number": findings.report_number,
            "code": findings.code,
            "contract": findings.contract_number,
            "page": dict(texts_of(self.language)["page"]),
            "variant_word": self.word("code", f"variant.{findings.variant.value}"),
            "summary": [[self.word("label", name), self.say(one)] for name, one in findings.summary],
            "conclusions": conclusions,
            "anomalies": [self.say(one.item) for one in findings.anomalies],
            "sections": [
                {
                    "number": str(one.number),
                    "title": self.word("section", str(one.number)),
                    "blocks": [self._block(block) for block in one.blocks],
                }
                for one in findings.sections
            ],
        }

    def _reasons(self, one: Conclusion, *, same: bool) -> list[JSON]:
        """Of the rules that found the answer itself, or of the others; each once."""
        found = (self.say(rule.reason) for rule in one.rulings if (rule.answer is one.answer) is same)
        return list(dict.fromkeys(found))

    def say(self, item: Item) -> str:
        """A value as text."""
        if item.kind is Kind.TIME:
            local, utc = item.value.split("|")
            return f"{local} ({utc})"
        if item.kind is Kind.LINES:
            return "\n".join(self.say(one) for _, one in item.values)
        if item.kind is Kind.CODE:
            return self.word("code", item.value)
        if item.kind in (Kind.SAID, Kind.ABSENT):
            pattern = self.word(item.kind.value, item.value)
            return pattern.format(**{name: self._brief(one) for name, one in item.values})
        return item.value

    def _brief(self, item: Item) -> str:
        """In a sentence a time stands in China's time alone; the JSON has both."""
        return item.value.partition("|")[0] if item.kind is Kind.TIME else self.say(item)

    def word(self, section: str, key: str) -> str:
        """A text by key; raises `ReportInvalid` for a sentence that is not there."""
        found = texts_of(self.language)[section].get(key)
        if found is not None:
            return found
        if section != "code":
            raise ReportInvalid(f"{section}.{key}", "has no text in this language")
        self.unexplained.add(key)
        return key.partition(".")[2]

    def _block(self, block: Block) -> JSON:
        if isinstance(block, Facts):
            rows: list[JSON] = [[self.word("label", name), self._cell(one)] for name, one in block.rows]
            return {"kind": "facts", "rows": rows}
        if isinstance(block, Table):
            return {
                "kind": "table",
                "title": self.word("table", block.title),
                "columns": [self.word("label", one) for one in block.columns],
                "rows": [[self._cell(one, brief=True) for one in row] for row in block.rows],
                "widths": list(block.widths),
            }
        if isinstance(block, Figure):
            return {
                "kind": "figure",
                "name": block.name,
                "title": self.word("figure", block.name),
                "nodes": [[self._cell(one) for one in node] for node in block.nodes],
            }
        assert isinstance(block, Note)  # noqa: S101  (the last of them)
        return {"kind": "note", "cell": self._cell(block.item)}

    def _cell(self, item: Item, *, brief: bool = False) -> JSON:
        """In a table a time stands in China's time alone; the JSON has both."""
        if brief and item.kind is Kind.TIME:
            return {"kind": item.kind.value, "text": item.value.partition(" +")[0]}
        return {"kind": item.kind.value, "text": self.say(item)}
