"""A whole contract of three parties in process: rendered, prepared, signed three times, brought to B-LTA.

Everything that a contract in production has is in it but the outside parties, who answer at once: sessions,
proof of identity, one-time codes, certificates for the act, timestamps, evidence, and every commit and file
on stable storage.
"""

from __future__ import annotations

import contextlib
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from bench.figure import Figure
from keys.suites import Suite
from signing.contract import TemplateChoice
from signing.party import Particulars, PartyKind, PartyOrder, PartyRole
from signing.transition import ContractState
from tests.support.contracts import BORROWER, GUARANTOR, loan_values
from tests.support.signing_bank import SealedBank, found_bank
from tests.support.signing_contract import BANK, Studio, open_bank, two_witnesses

ROUNDS = 9
NUMBERS = iter(range(10**9))


@dataclass
class Watch:
    """Seconds by step, of several rounds."""

    spent: dict[str, list[float]] = field(default_factory=dict)

    @contextlib.contextmanager
    def step(self, name: str) -> Iterator[None]:
        started = time.perf_counter()
        yield
        self.spent.setdefault(name, []).append(time.perf_counter() - started)

    def note(self) -> str:
        parts = (f"{name} {statistics.median(spent) * 1_000:.0f}" for name, spent in self.spent.items())
        return ", ".join(parts)


def party(role: PartyRole, values: dict[str, str]) -> PartyOrder:
    """A mobile number of its own each time, as codes to one number are limited."""
    mobile = f"139{next(NUMBERS):08}"
    own = Particulars(values["name"], values["id_number"], mobile)
    return PartyOrder(role, PartyKind.PERSON, own, 1)


def whole(studio: Studio, bank: SealedBank, suite: Suite, watch: Watch) -> None:
    with watch.step("render and prepare"):
        contract = studio.draw_up(
            party(PartyRole.BORROWER, BORROWER),
            party(PartyRole.GUARANTOR, GUARANTOR),
            bank.lender(2),
            suite=suite,
            file=None,
            template=TemplateChoice("personal-loan"),
            values=loan_values(),
        )
        studio.invitations.start(contract.contract_id, BANK)
    for one in contract.parties[:2]:
        with watch.step("sitting"):
            token = studio.open(contract, one)
            studio.agree(token)
        with watch.step("signature"):
            studio.centre.executing.execution.sign(token)
    with watch.step("seal and B-LTA"):
        signed = bank.seal(contract)
    assert signed.contract.state is ContractState.COMPLETED


def figures() -> Sequence[Figure]:
    found = []
    witnesses = two_witnesses()
    suites = tuple(suite.value for suite in Suite)
    with tempfile.TemporaryDirectory() as folder:
        opened = open_bank("sqlite", Path(folder), suites, witnesses=witnesses)
        with opened as installation, installation.open() as centre:
            studio = Studio(centre)
            bank = found_bank(studio, witnesses, tuple(Suite))
            for suite in Suite:
                whole(studio, bank, suite, Watch())
                watch = Watch()
                spent = []
                for _ in range(ROUNDS):
                    started = time.perf_counter()
                    whole(studio, bank, suite, watch)
                    spent.append(time.perf_counter() - started)
                rate = 1 / statistics.median(spent)
                name = f"whole contract of three parties to B-LTA, {suite.value}"
                note = f"{1_000 * statistics.median(spent):.0f} ms whole; {watch.note()}"
                found.append(Figure(name, rate, note=note))
    return found
