"""kill -9 at every boundary of every act: nothing is out that is not recorded, no serial serves twice."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field

import pytest
import sqlalchemy as sa

from api.db import METADATA
from api.wiring import Centre
from ca.ocspresponse import CertificateState
from ca.registry import CertificateStatus
from ca.serial import parse_serial
from keys.suites import Suite
from tests.support.acts import Acts, begin
from tests.support.crash import CrashLab, Order, Outcome, open_lab
from tests.support.database import BACKENDS
from tests.support.installation import Installation, open_installation
from tests.support.ledger import Ledger, status_of

pytestmark = pytest.mark.slow

MOST_BOUNDARIES = 2_000  # of one act; more means that an act never ends
OPENED_ANEW_EVERY = 25  # starts of which one is from nothing and must prove that every act goes on
STOCK = 20  # certificates issued at a time to be revoked
MIDDLE, END = 10, 12  # boundaries of the ceremony that are tried
WRITES = {"before COMMIT", "after COMMIT", "before write", "after write", "before lock", "after lock"}
SIGNS = {"before signature", "after signature"}
SYNCS = {"before fsync", "after fsync"}


@dataclass(slots=True)
class Place:
    """An installation that processes die in, with the ledger of what left it."""

    lab: CrashLab
    installation: Installation
    kept: Centre
    """Its statements compiled: most starts take its database, as nothing else of it outlives one."""
    backend: str
    suite: str
    ledger: Ledger = field(default_factory=Ledger)
    starts: int = 0
    stock: list[str] = field(default_factory=list)

    def run(self, *acts: str, **order: object) -> Outcome:
        """One process, to its end."""
        outcome = self.lab.run(self.order(*acts, **order))
        self.note(outcome)
        return outcome

    def order(self, *acts: str, **order: object) -> Order:
        return Order(self.installation.given, acts, self.suite, **order)  # type: ignore[arg-type]

    def note(self, outcome: Outcome) -> None:
        assert outcome.killed or outcome.failure is None, outcome.failure
        self.ledger.note(outcome)

    def restart(self) -> None:
        """Through the product's own start checks; then every invariant, and now and then every act."""
        self.starts += 1
        if self.starts % OPENED_ANEW_EVERY:
            kept = self.kept
            centre = Centre(kept.settings, kept.clock, kept.database, kept.ring)
            centre.check_start()
            begin(centre)
            self.ledger.check(centre)
            return
        with self.installation.open() as centre:
            begin(centre)
            self.ledger.check(centre)
            acts = Acts(centre, Suite(self.suite), [], self.ledger.left.append)
            for act in (acts.issue, acts.stamp, acts.revoke, acts.publish):
                act()
            self.ledger.check(centre)

    def revocable(self) -> tuple[str, ...]:
        """The serial of a certificate that is good."""
        if not self.stock:
            acts = Acts(self.kept, Suite(self.suite), [], self.ledger.left.append)
            for _ in range(STOCK):
                acts.issue()
            self.stock += [one["serial"] for one in self.ledger.left[-STOCK:]]
        return (self.stock.pop(),)


@pytest.fixture(scope="module")
def lab() -> Iterator[CrashLab]:
    with open_lab() as opened:
        yield opened


@pytest.fixture(scope="module", params=BACKENDS)
def place(
    request: pytest.FixtureRequest, lab: CrashLab, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp(request.param)
    # One suite: a start opens every key.
    with (
        open_installation(request.param, folder, suites=("intl",)) as installation,
        installation.bare() as kept,
    ):
        yield Place(lab, installation, kept, request.param, "intl")


@pytest.fixture(scope="module")
def guomi(lab: CrashLab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The suite changes the signature alone: one database is enough."""
    folder = tmp_path_factory.mktemp("guomi")
    with (
        open_installation("sqlite", folder, suites=("guomi",)) as installation,
        installation.bare() as kept,
    ):
        yield Place(lab, installation, kept, "sqlite", "guomi")


@pytest.mark.parametrize(
    ("act", "expected"),
    [
        ("issue", WRITES | SIGNS),
        ("revoke", WRITES | SYNCS),
        ("stamp", WRITES | SIGNS),
        ("publish", WRITES | SIGNS),
    ],
)
def test_killed_at_every_boundary(place: Place, act: str, expected: set[str]) -> None:
    _die_everywhere(place, act, expected)


@pytest.mark.parametrize("act", ["issue", "stamp"])
def test_killed_at_every_boundary_in_guomi(guomi: Place, act: str) -> None:
    _die_everywhere(guomi, act, WRITES | SIGNS)


def _die_everywhere(place: Place, act: str, expected: set[str]) -> None:
    boundaries = set()
    for point in range(1, MOST_BOUNDARIES):
        serials = place.revocable() if act == "revoke" else ()
        outcome = place.run(act, point=point, serials=serials)
        place.restart()
        if not outcome.killed:
            assert outcome.answers, "a process that lives answers"
            break
        boundaries.add(outcome.boundary)
    else:
        pytest.fail("the act never ended")
    assert expected <= boundaries


def test_killed_while_it_recovers(place: Place) -> None:
    """A start that has everything to put right dies at each boundary; the next one puts it right."""
    step = 2 if place.backend == "sqlite" else 5
    for point in range(1, MOST_BOUNDARIES, step):
        place.run("issue", point="before signature")
        place.run("revoke", point="after COMMIT", serials=place.revocable())
        outcome = place.run("start", point=point)
        place.restart()
        if not outcome.killed:
            return
    pytest.fail("the start never ended")


def test_a_serial_whose_signing_was_lost_is_failed_and_can_be_revoked(place: Place) -> None:
    place.restart()
    before = _serials(place)
    place.run("issue", point="before signature")
    (lost,) = _serials(place) - before
    with place.installation.open() as centre:
        begin(centre)
        with centre.database.reading() as unit:
            record = unit.certificates.get(parse_serial(lost))
        assert record.status is CertificateStatus.FAILED
        assert record.certificate is None
        Acts(centre, Suite.INTL, [parse_serial(lost)], place.ledger.left.append).revoke()
        with centre.database.reading() as unit:
            assert unit.certificates.get(parse_serial(lost)).revocation is not None
    place.ledger.left.pop()  # there is no certificate to ask OCSP about
    place.restart()


def test_a_revocation_that_was_committed_stands_though_its_process_died(place: Place) -> None:
    (serial,) = place.revocable()
    outcome = place.run("revoke", point="after COMMIT", serials=(serial,))
    assert outcome.killed
    assert not outcome.answers
    with place.installation.open() as centre:
        begin(centre)
        assert status_of(centre, serial) is CertificateState.REVOKED
        assert parse_serial(serial) in {one.serial for one in centre.journal.read(0)}
    place.restart()


def test_killed_at_any_time_while_another_goes_on(place: Place) -> None:
    """Two processes at work; one dies at a random moment, then the other."""
    for _ in range(8):
        order = place.order("issue", "revoke", "stamp", "publish", rounds=10_000)
        pids = [place.lab.start(order), place.lab.start(order)]
        for pid in pids:
            time.sleep((20 + secrets.randbelow(250)) / 1_000)
            place.lab.kill(pid)
        outcomes = [place.lab.wait(pid) for pid in pids]
        for outcome in outcomes:
            assert outcome.killed, outcome.failure
            place.note(outcome)
        place.restart()


def test_two_processes_at_once(place: Place) -> None:
    order = place.order("issue", "revoke", "stamp", "publish", rounds=15)
    pids = [place.lab.start(order), place.lab.start(order)]
    for pid in pids:
        outcome = place.lab.wait(pid)
        assert outcome.status == 0, outcome.failure
        assert len(outcome.answers) == 4 * 15
        place.note(outcome)
    place.restart()


@pytest.mark.parametrize("backend", BACKENDS)
def test_killed_during_the_ceremony(
    lab: CrashLab, backend: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """All or nothing: no key, no certificate, no event of a ceremony that did not commit."""
    with open_installation("sqlite", tmp_path_factory.mktemp("counted"), suites=()) as installation:
        whole = lab.run(Order(installation.given, ("ceremony",), warm=False)).boundaries
    with open_installation(backend, tmp_path_factory.mktemp("held"), suites=()) as installation:
        # It is one transaction, so its middle is taken in steps; its end is taken boundary by boundary.
        points = [*range(1, whole - END, whole // MIDDLE), *range(whole - END, MOST_BOUNDARIES)]
        for point in points:
            outcome = lab.run(Order(installation.given, ("ceremony",), point=point, warm=False))
            if not outcome.killed or _rows(installation):
                break
            assert not outcome.answers
        else:
            pytest.fail("the ceremony never ended")
        with installation.open() as centre:
            begin(centre)
            with centre.database.reading() as unit:
                assert len(unit.authorities.list()) == 3
            Acts(centre, Suite.INTL, [], lambda _: None).issue()
            Ledger().check(centre)


def _serials(place: Place) -> set[str]:
    with place.installation.bare() as centre, centre.database.engine.connect() as connection:
        found = connection.execute(sa.text("SELECT serial FROM ca_certificates")).scalars()
        return {bytes(serial).hex() for serial in found}


def _rows(installation: Installation) -> int:
    """Of all tables."""
    with installation.bare() as centre, closing(centre.database.engine.connect()) as connection:
        tables = [table for metadata in METADATA for table in metadata.tables.values()]
        return sum(
            connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one() for table in tables
        )
