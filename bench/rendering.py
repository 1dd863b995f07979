"""Rendering a ten-page loan contract: checked, recorded, with its places, against the bare engine."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import count
from typing import Any

import typst

from bench.figure import Figure, in_turns, rate
from signing.adapters.typst import NOWHERE, STANDARD
from signing.template import load_templates
from signing.valuesshown import shown
from tests.support.contracts import Values, loan_values, renderer, shelf

AT = datetime(2026, 11, 25, 2, 0, 0, tzinfo=UTC)
BATCH = 4
ROUNDS = 9
PAGES = 10


def contracts() -> Iterator[Values]:
    """Contracts that differ, so that the engine cannot give the last one's pages again."""
    for number in count(1):
        yield loan_values(
            months=36, co_borrower=True, spouse=True, number=f"BENCH-{number:06d}", amount=10_000_000 + number
        )


def figures() -> Sequence[Figure]:
    template = load_templates().get("personal-loan")
    ours, given = renderer(), contracts()
    rendered = ours.render(template, next(given), at=AT)
    assert rendered.pages == PAGES
    assert len(rendered.anchors) == 5
    files = {"main": template.source, **template.shared}

    def bare() -> object:
        document = {
            "values": shown(template, next(given)),
            "fonts": [shelf().families[0].name],
            "masked": False,
        }
        arguments: dict[str, Any] = {
            "input": files,
            "font_paths": shelf().fonts,
            "ignore_system_fonts": True,
            "sys_inputs": {"document": json.dumps(document)},
            "package_path": NOWHERE,
            "package_cache_path": NOWHERE,
            "format": "pdf",
            "pdf_standards": [STANDARD],
            "timestamp": int(AT.timestamp()),
        }
        return typst.compile(**arguments)

    def whole() -> object:
        return ours.render(template, next(given), at=AT)

    def turn(act: Callable[[], object]) -> Callable[[], float]:
        return lambda: rate(act, BATCH)

    ours_rate, peer_rate, ratio = in_turns(turn(whole), turn(bare), ROUNDS)
    return [
        Figure(
            "rendering, contract of ten pages",
            ours_rate,
            "typst.compile alone",
            peer_rate,
            ratio,
            "90%",
            f"{1000 / ours_rate:.0f} ms, {len(rendered.pdf) // 1024} KiB, checks, places and record included",
        )
    ]
