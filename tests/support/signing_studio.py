"""A shared installation for tests of contracts, and what they ask of it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from evidence.clock import Clock, ClockState
from keys.suites import Digest, Suite
from signing.contract import Contract
from signing.errors import (
    TimestampUnavailable,
)
from signing.party import PartyOrder
from tests.support.signing_bank import SealedBank, found_bank
from tests.support.signing_contract import (
    Studio,
    open_bank,
    two_witnesses,
)


class ShiftedClock:
    """The host's clock, moved on by the test."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.shift = timedelta()

    def now(self) -> datetime:
        return self._clock.now() + self.shift

    def monotonic(self) -> float:
        return self._clock.monotonic()

    def state(self) -> ClockState:
        return self._clock.state()


class NoTimestamps:
    """`TimestampSource` that never has a token."""

    def token(self, imprint: bytes, digest: Digest) -> bytes:
        raise TimestampUnavailable("down")


def results(studio: Studio, contract: Contract, kind: str) -> list[str]:
    return [code for name, _, code in studio.recorded(contract) if name == kind]


def begun(studio: Studio, *parties: PartyOrder, **changes: object) -> tuple[Contract, str]:
    """A contract being signed, and a session of its first party."""
    contract = studio.start(*parties, **changes)
    return contract, studio.open(contract, contract.parties[0])


@pytest.fixture(scope="session")
def studio(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    witnesses = two_witnesses()
    folder = tmp_path_factory.mktemp("refusals")
    with open_bank("sqlite", folder, witnesses=witnesses) as installation, installation.open() as centre:
        studio = Studio(centre)
        studio.__dict__["bank"] = found_bank(studio, witnesses, (Suite.INTL,))
        yield studio


@pytest.fixture
def bank(studio: Studio) -> SealedBank:
    made: SealedBank = studio.__dict__["bank"]
    return made
