"""What a command prints: data to standard output as a table or as JSON, words to standard error."""

from __future__ import annotations

import enum
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from typing import Any, Literal

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from api import messages
from api.settings import Language
from evidence.clock import rfc3339

Format = Literal["table", "json"]
FORMATS = ("table", "json")


def plain(value: object) -> Any:  # noqa: ANN401  (JSON)
    """`value` as JSON has it: RFC 3339 times, hexadecimal octets, names of enumerations."""
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, enum.Enum):
        return plain(value.value)
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    return _scalar(value)


def _scalar(value: object) -> str | float | None:
    if isinstance(value, datetime):
        return rfc3339(value)
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, bytes):
        return value.hex()
    return value if isinstance(value, str | int | float | bool) or value is None else str(value)


class Output:
    """Where one command's answer goes."""

    def __init__(self, form: Format, language: Language) -> None:
        self.form: Format = form
        self.language = language

    def rows(
        self,
        name: str,
        columns: Sequence[str],
        rows: Sequence[Mapping[str, object]],
        *,
        empty: str = "cli.nothing",
    ) -> None:
        """A list: `{"<name>": [...]}` with every member, or a table of `columns`, or what `empty` says."""
        if self.form == "json":
            self._json({name: plain(rows)})
            return
        if not rows:
            self.say(empty)
            return
        table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
        for column in columns:
            table.add_column(self.text(f"column.{column}"), overflow="fold")
        for row in rows:
            table.add_row(*(Text(self._cell(row.get(column), column)) for column in columns))
        _console(sys.stdout).print(table)

    def record(self, record: Mapping[str, object]) -> None:
        """One thing: a JSON object, or a table of names and values."""
        if self.form == "json":
            self._json(plain(record))
            return
        table = Table(box=None, show_header=False, pad_edge=False)
        table.add_column(style="bold", no_wrap=True)
        table.add_column(overflow="fold")
        for name, value in record.items():
            if value is not None:
                table.add_row(Text(self.text(f"column.{name}")), Text(self._cell(value, name)))
        _console(sys.stdout).print(table)

    def heading(self, key: str, **values: object) -> None:
        """A line above what follows, in tables alone."""
        if self.form == "table":
            sys.stdout.write("\n" + self.text(key, **values) + "\n")

    def raw(self, data: str) -> None:
        """Data that is neither: PEM, CSV."""
        sys.stdout.write(data)

    def say(self, key: str, **values: object) -> None:
        """A notice for people."""
        sys.stderr.write(self.text(key, **values) + "\n")

    def text(self, key: str, **values: object) -> str:
        """A text of the catalogue in the command's language."""
        return messages.text(key, self.language, **values)

    def reason(self, text: str) -> str:
        """A reason of the core's in the command's language."""
        return messages.reason(text, self.language)

    def _cell(self, value: object, column: str) -> str:
        value = plain(value)
        if isinstance(value, str) and column in _CODED:
            return self.text(f"{column}.{value}")
        if value is None:
            return "-"
        if isinstance(value, bool):
            return self.text("cli.yes" if value else "cli.no")
        if isinstance(value, list) and not any(isinstance(item, dict | list) for item in value):
            return ", ".join(str(item) for item in value)
        if isinstance(value, list | dict):
            return json.dumps(value, ensure_ascii=False)
        return str(value)

    def _json(self, document: object) -> None:
        sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")


_CODED = frozenset({"severity", "outcome"})
"""Columns of codes that tables, unlike JSON, have in words; other codes are also values of options."""
WIDE = 200  # columns where standard output is no terminal: a pipe folds nothing that fits


def _console(stream: Any) -> Console:  # noqa: ANN401  (a text stream)
    width = None if stream.isatty() else WIDE
    return Console(file=stream, width=width, highlight=False, markup=False, soft_wrap=False)
