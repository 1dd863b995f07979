"""A figure with its peer, and how both are measured on a machine whose speed wavers."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

ROUNDS = 9  # ours and the peer take turns; the median of the ratios is what holds


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table; rates are a second, of one process."""

    name: str
    rate: float
    peer: str = ""
    peer_rate: float | None = None
    ratio: float | None = None
    """Of ours to the peer's, as measured in turns."""
    target: str = ""
    note: str = ""


def rate(act: Callable[[], object], count: int) -> float:
    """Calls a second, `count` of them."""
    started = time.perf_counter()
    for _ in range(count):
        act()
    return count / (time.perf_counter() - started)


def in_turns(
    ours: Callable[[], float], peer: Callable[[], float], rounds: int = ROUNDS
) -> tuple[float, float, float]:
    """Medians of our rate, the peer's rate and their ratio, after one round that does not count."""
    pairs = [(ours(), peer()) for _ in range(rounds + 1)][1:]
    ratios = [one / other for one, other in pairs]
    return (
        statistics.median(one for one, _ in pairs),
        statistics.median(other for _, other in pairs),
        statistics.median(ratios),
    )


def table(figures: Sequence[Figure]) -> str:
    """Plain text, a line a figure."""
    rows = [("figure", "per second", "peer", "per second", "ratio", "target", "")]
    rows += [
        (
            one.name,
            f"{one.rate:,.0f}",
            one.peer,
            "" if one.peer_rate is None else f"{one.peer_rate:,.0f}",
            "" if one.ratio is None else f"{one.ratio:.0%}",
            one.target,
            one.note,
        )
        for one in figures
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) for row in rows]
    return "\n".join(line.rstrip() for line in lines)
