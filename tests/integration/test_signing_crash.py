"""All sign at once from processes of their own, and kill -9 at every durable step of a signature."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import pytest

from api.wiring import DOCUMENTS_FOLDER
from evidence.clock import ClockState
from signing.contract import Contract
from signing.document import Revision, RevisionKind
from signing.party import PartyRole, PartyState
from signing.transition import ContractState
from tests.support.crash import CrashLab, open_lab
from tests.support.database import BACKENDS
from tests.support.installation import Installation
from tests.support.signing_acts import SignOrder
from tests.support.signing_contract import Studio, open_bank, person

pytestmark = pytest.mark.slow

TURNS = (1, 1, 1, 2, 2, 3)
MOST_BOUNDARIES = 200  # durable steps of one signature; more means that it never ends
SPARE = 36  # parties of the contract that processes die on
# A boundary is before an act or after it, in turns: SQLite takes the former, PostgreSQL the latter.
FIRST = {"sqlite": 1, "postgresql": 2}
WHEN = {"sqlite": "before", "postgresql": "after"}


@dataclass
class Later:
    """The clock after every lease that runs now has ended, so that no test has to wait for it."""

    of: Studio

    def now(self) -> datetime:
        return self.of.centre.clock.now() + timedelta(seconds=31)

    def monotonic(self) -> float:
        return self.of.centre.clock.monotonic()

    def state(self) -> ClockState:
        return self.of.centre.clock.state()


@dataclass
class Place:
    backend: str
    lab: CrashLab
    installation: Installation
    studio: Studio

    def order(self, *acts: str, **more: object) -> SignOrder:
        return SignOrder(self.installation.given, acts, **more)  # type: ignore[arg-type]  # by name

    def revisions(self, contract: Contract) -> list[Revision]:
        with self.studio.centre.database.reading() as unit:
            return unit.documents.revisions(contract.document_id)

    def signed(self, contract: Contract) -> list[str]:
        """Fields, in the order in which their signatures landed."""
        return [one.field or "" for one in self.revisions(contract) if one.kind is RevisionKind.SIGNED]

    def check(self, contract: Contract) -> None:
        """A field is signed when its party is, once, and the document is what its rows say."""
        now = self.studio.get(contract.contract_id)
        fields = Counter(self.signed(now))
        for party in now.parties:
            wanted = 1 if party.state is PartyState.SIGNED else 0
            assert [fields[name] for name in party.fields] == [wanted], party.state
        self.studio.data(now)

    def keys(self, contract: Contract) -> tuple[set[object], set[object]]:
        """Made for a certificate of this contract, and recorded as gone."""
        made, gone = set(), set()
        for name, facts, _ in self.studio.recorded(contract):
            if name == "CERT_ISSUED":
                made.add(facts["one_time_key"])
            if name == "KEY_DESTROYED":
                gone.add(facts["key_id"])
        return made, gone


@pytest.fixture(scope="module")
def lab() -> Iterator[CrashLab]:
    with open_lab("tests.support.signing_acts") as opened:
        yield opened


@pytest.fixture(scope="module", params=BACKENDS)
def place(
    request: pytest.FixtureRequest, lab: CrashLab, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp(request.param)
    with open_bank(request.param, folder) as installation, installation.open() as centre:
        studio = Studio(centre)
        for number in range(256):  # so that a signature has as many boundaries as the one before it
            (installation.state_dir / DOCUMENTS_FOLDER / f"{number:02x}").mkdir(parents=True, mode=0o700)
        executing = centre.executing
        executing.__dict__["turns"] = replace(executing.turns, clock=Later(studio))
        yield Place(request.param, lab, installation, studio)


def test_all_sign_at_once_from_processes_of_their_own(place: Place) -> None:
    parties = [person(PartyRole.BORROWER, order, row) for row, order in enumerate(TURNS)]
    contract = place.studio.start(*parties)
    orders = [
        place.order("sit", contract_id=contract.contract_id, party_id=one.party_id)
        for one in contract.parties
    ]
    outcomes = [place.lab.wait(pid) for pid in [place.lab.start(one) for one in orders]]
    assert [one.failure for one in outcomes] == [None] * len(TURNS)
    place.check(contract)
    after = place.studio.get(contract.contract_id)
    assert after.state is ContractState.COMPLETED
    turns = {name: one.order for one in after.parties for name in one.fields}
    assert [turns[name] for name in place.signed(contract)] == sorted(TURNS)


def test_killed_at_every_durable_step_of_a_signature(place: Place) -> None:
    """The party is as before or has signed; if not, it signs again with the session it has."""
    parties = [person(PartyRole.BORROWER, 1, row) for row in range(SPARE)]
    contract = place.studio.start(*parties)
    boundaries = set()
    waiting = list(contract.parties)
    for point in range(FIRST[place.backend], MOST_BOUNDARIES, 2):
        party = waiting.pop()
        token = place.studio.open(contract, party)
        place.studio.agree(token)
        outcome = place.lab.run(place.order("sign", token=token, point=point))
        place.check(contract)
        if not outcome.killed:
            assert outcome.failure is None
            break
        boundaries.add(outcome.boundary)
        if place.studio.get(contract.contract_id).party(party.party_id).state is not PartyState.SIGNED:
            place.studio.centre.executing.execution.sign(token)
            place.check(contract)
    else:
        pytest.fail("the signature never ended")
    when = WHEN[place.backend]
    assert {f"{when} COMMIT", f"{when} signature"} <= boundaries
    assert boundaries & {f"{when} {act}" for act in ("write", "replace", "fsync")}, "the document's files"
    made, gone = place.keys(contract)
    assert made <= gone, "every key of a certificate is recorded as gone"


def test_killed_while_the_last_signature_is_completed(place: Place) -> None:
    """All have signed: whoever looks after it next brings it to B-LTA."""
    resumed = 0
    for point in range(FIRST[place.backend], MOST_BOUNDARIES, 8):
        contract = place.studio.start(person(PartyRole.BORROWER))
        (party,) = contract.parties
        token = place.studio.open(contract, party)
        place.studio.agree(token)
        outcome = place.lab.run(place.order("sign", token=token, point=point))
        if place.studio.get(contract.contract_id).state is ContractState.SIGNING:
            place.studio.centre.executing.execution.sign(token)
        elif outcome.killed:
            resumed += 1
            place.studio.centre.executing.completion.resume()
        after = place.studio.get(contract.contract_id)
        assert after.state is ContractState.COMPLETED
        kinds = [one.kind for one in place.revisions(contract)][2:]
        assert kinds == [RevisionKind.SIGNED, RevisionKind.VALIDATION_DATA, RevisionKind.ARCHIVE_TIMESTAMP]
        place.check(contract)
        if not outcome.killed:
            break
    else:
        pytest.fail("the signature never ended")
    assert resumed
