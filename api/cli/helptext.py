"""Help pages folded by what a terminal shows, where a Chinese character takes two columns."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import click
from rich.cells import cell_len

# A line may break at a space and beside a wide character, but not before the punctuation that ends a clause.
_PIECE = re.compile(r"\s+|[\u2e80-\uffdc][，。：；！？、）”’》]*|[^\s\u2e80-\uffdc]+[，。：；！？、）”’》]*")
MIN_WIDTH = 20  # columns of text, however narrow the terminal


class HelpPage(click.HelpFormatter):
    """Click's formatter, which counts characters where a terminal has columns."""

    def write_text(self, text: str) -> None:
        """Click's hook."""
        indent = " " * self.current_indent
        for line in fold(text, self.width - self.current_indent):
            self.write(f"{indent}{line}\n")

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        """Click's hook."""
        rows = list(rows)
        indent = " " * self.current_indent
        first = min(max((cell_len(term) for term, _ in rows), default=0), col_max) + col_spacing
        for term, text in rows:
            lines = fold(text, max(self.width - self.current_indent - first, MIN_WIDTH)) or [""]
            room = first - cell_len(term)
            if room < col_spacing:
                self.write(f"{indent}{term}\n")
                room, term = first, ""  # noqa: PLW2901  (the term has a line of its own)
            self.write(f"{indent}{term}{' ' * room}{lines[0]}\n")
            for line in lines[1:]:
                self.write(f"{indent}{' ' * first}{line}\n")

    @contextmanager
    def part(self, heading: str) -> Iterator[None]:
        """A section under a heading that brings its own punctuation."""
        self.write_paragraph()
        self.write(f"{heading}\n")
        with self.indentation():
            yield


class HelpContext(click.Context):
    """Click's context, with our pages."""

    formatter_class = HelpPage


def fold(text: str, width: int) -> list[str]:
    """Lines of at most `width` columns; a piece that is wider stands alone."""
    lines = [""]
    for piece in _PIECE.findall(text):
        if piece.isspace():
            lines[-1] += " " if lines[-1] else ""
        elif lines[-1] and cell_len(lines[-1] + piece) > width:
            lines.append(piece)
        else:
            lines[-1] += piece
    return [line.rstrip() for line in lines if line.strip()]
