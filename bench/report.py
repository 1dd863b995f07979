"""The report: findings drawn, and the pages of the full edition set, against the bare engine."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.figure import Figure, in_turns, rate
from forensics.report.findings import draw_findings
from forensics.report.picture import page_pictures
from forensics.report.report import make_report
from forensics.report.veil import Variant
from keys.suites import Suite
from signing.party import PartyRole
from tests.support.contracts import renderer
from tests.support.report_case import ISSUED, case_file, commission, institution
from tests.support.signing_bank import found_bank
from tests.support.signing_contract import Studio, open_bank, person, place, two_witnesses

DRAWN, SET = 20, 2
TARGET_MS = 1_000  # a report under a second after rendering starts


class _Kept:
    """A typesetter that keeps what it was given, so that the engine alone can be timed on it."""

    def __init__(self) -> None:
        self.inner = renderer()
        self.shelf = self.inner.shelf
        self.engine = self.inner.engine
        self.given: tuple[Any, ...] = ()

    def typeset(self, *given: Any, **named: Any) -> bytes:  # noqa: ANN401  (passed on)
        self.given = given
        return self.inner.typeset(*given, **named)


def figures() -> Sequence[Figure]:
    witnesses = two_witnesses()
    with (
        tempfile.TemporaryDirectory() as folder,
        open_bank("sqlite", Path(folder), witnesses=witnesses) as installation,
        installation.open() as centre,
    ):
        studio = Studio(centre)
        bank = found_bank(studio, witnesses, (Suite.INTL,))
        contract = studio.start(person(PartyRole.BORROWER), bank.lender(2, place(5)))
        studio.sign(contract, contract.parties[0])
        bank.seal(contract)
        file, data = case_file(studio, contract)
    own, numbers = institution(), iter(range(10**9))
    drawn = rate(lambda: draw_findings(file, own, commission(), Variant.FULL), DRAWN)
    pictures = page_pictures(data, file.contract, blank=False)
    kept = _Kept()

    def whole() -> object:
        # Reports that differ, so that the engine cannot give the last one's pages again.
        asked = commission(report_number=f"BENCH-{next(numbers):06}")
        findings = draw_findings(file, own, asked, Variant.FULL)
        return make_report(findings, "zh-CN", kept, pictures, at=ISSUED)

    def bare() -> object:
        files, values, characters = kept.given
        changed = {**values, "number": f"BARE-{next(numbers):06}"}
        return kept.inner.typeset(files, changed, characters, at=ISSUED)

    whole()
    ours, peer, ratio = in_turns(lambda: rate(whole, SET), lambda: rate(bare, SET))
    return [
        Figure(
            "report, findings drawn by rules",
            drawn,
            note=f"{len(file.events)} events, {1000 / drawn:.0f} ms",
        ),
        Figure(
            "report, full edition as PDF/A-3",
            ours,
            "typst alone on the same pages",
            peer,
            ratio,
            f"under {TARGET_MS} ms",
            f"{1000 / ours:.0f} ms, findings and machine JSON included",
        ),
    ]
