"""An older copy of the database: start refuses, says why, and what was revoked stays revoked."""

from __future__ import annotations

import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from api.db import Database
from api.engine import open_engine
from ca.adapters.journal import FileRevocationJournal
from ca.errors import EncodingInvalid, RegistryBehind
from ca.issue import Issuance, event_order
from ca.order import Issued
from ca.registry import CertificateStatus, RevocationReason
from ca.revoke import Grounds, Revocations, Selection
from ca.start import Started, reconcile, start
from evidence.adapters.watermark import FileWatermark
from evidence.errors import LogBehind
from evidence.event import EventType
from keys.adapters.software import SoftwareCustody
from keys.errors import KeysError
from keys.onetime import OneTimeKey
from keys.open import OpenSigners
from keys.suites import Algorithm, Suite
from keys.wrapping import MasterKey, MasterKeyRing
from tests.support.authority import (
    BANK,
    OPERATOR,
    PERSON_AUTHORITY,
    AuthorityFixture,
    found_authority,
    person,
    prepared_custody,
)
from tests.support.units import open_units

SUPERSEDED = Grounds(RevocationReason.SUPERSEDED, OPERATOR)


@dataclass
class Installation:
    """A database file with the state beside it, stopped and started like a process."""

    folder: Path
    authority: AuthorityFixture

    @property
    def file(self) -> Path:
        return self.folder / "xinqian.sqlite"

    @property
    def journal(self) -> FileRevocationJournal:
        return FileRevocationJournal(self.folder / "revocations.jsonl")

    @property
    def watermark(self) -> FileWatermark:
        return FileWatermark(self.folder / "watermark")

    def open(self) -> Database:
        return open_units(open_engine(f"sqlite:///{self.file}"), self.authority.clock, self.folder)

    def start(self, signers: OpenSigners | None = None) -> Started:
        units, clock = self.open(), self.authority.clock
        opened = signers or prepared_custody(clock)[0]
        issuance = Issuance(units, opened, clock, self.authority.policy)
        try:
            return start(units, self.journal, self.watermark, opened, issuance, clock)
        finally:
            units.engine.dispose()

    def issue(self, units: Database) -> Issued:
        issuance = Issuance(units, self.authority.signers, self.authority.clock, self.authority.policy)
        key = OneTimeKey(Algorithm.P256, self.authority.clock)
        return issuance.issue(event_order(person(), bytes(32), key, PERSON_AUTHORITY[Suite.INTL], BANK))

    def backup(self, units: Database) -> Path:
        units.engine.dispose()
        copy = self.folder / "backup.sqlite"
        with closing(sqlite3.connect(self.file)) as source, closing(sqlite3.connect(copy)) as target:
            source.backup(target)
        return copy

    def restore(self, copy: Path) -> None:
        for leftover in self.folder.glob("xinqian.sqlite*"):
            leftover.unlink()
        shutil.copy(copy, self.file)


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    engine = open_engine(f"sqlite:///{tmp_path / 'xinqian.sqlite'}")
    authority = found_authority(engine, tmp_path)
    yield Installation(tmp_path, authority)
    engine.dispose()
    authority.units.engine.dispose()


def test_an_installation_in_order_starts(installation: Installation) -> None:
    units = installation.open()
    issued = installation.issue(units)
    Revocations(units, installation.journal, installation.authority.clock).revoke(
        Selection(serial=issued.serial), SUPERSEDED
    )
    units.engine.dispose()
    started = installation.start()
    assert (started.revocations.stored, started.lost, started.keys) == (1, (), 26)
    assert installation.start().keys == 26


def test_yesterdays_database_is_refused_until_reconciled(installation: Installation) -> None:
    units = installation.open()
    early = installation.issue(units)
    copy = installation.backup(units)
    units = installation.open()
    late = installation.issue(units)
    revocations = Revocations(units, installation.journal, installation.authority.clock)
    for issued in (early, late):
        revocations.revoke(Selection(serial=issued.serial), SUPERSEDED)
    units.engine.dispose()

    installation.restore(copy)
    with pytest.raises(LogBehind) as behind:
        installation.start()
    assert behind.value.recorded > behind.value.stored
    units = installation.open()
    with units.reading() as unit:
        assert unit.certificates.get(early.serial).revocation is None  # the danger
    done = reconcile(
        units, installation.journal, installation.watermark, installation.authority.clock, "first"
    )
    assert done.replayed == 2
    assert [lost for _, lost in done.lost.values()] == [behind.value.recorded - behind.value.stored]
    with units.reading() as unit:
        assert unit.certificates.get(early.serial).revocation is not None
        gone = unit.certificates.get(late.serial)
        assert gone.revocation is not None
        assert gone.status is CertificateStatus.FAILED  # its certificate is gone, its revocation is not
        (event,) = [
            one
            for log, head in unit.events.heads().items()
            for one in unit.events.read(log, 0, head.size)
            if one.type is EventType.RESTORE
        ]
    (gap,) = json.loads(event.envelope)["facts"]["logs"].values()
    assert gap["recorded"] == behind.value.recorded
    units.engine.dispose()
    assert installation.start().revocations.stored == 2


def test_the_journal_alone_gives_an_old_database_away(installation: Installation) -> None:
    units = installation.open()
    issued = installation.issue(units)
    copy = installation.backup(units)
    units = installation.open()
    Revocations(units, installation.journal, installation.authority.clock).revoke(
        Selection(serial=issued.serial), SUPERSEDED
    )
    units.engine.dispose()
    installation.restore(copy)
    (installation.folder / "watermark").unlink()
    with pytest.raises(RegistryBehind) as behind:
        installation.start()
    assert (behind.value.stored, behind.value.journalled) == (0, 1)


def test_a_database_that_went_on_by_itself_is_not_reconciled(installation: Installation) -> None:
    units = installation.open()
    first, second = installation.issue(units), installation.issue(units)
    copy = installation.backup(units)
    units = installation.open()
    clock = installation.authority.clock
    Revocations(units, installation.journal, clock).revoke(Selection(serial=first.serial), SUPERSEDED)
    units.engine.dispose()
    installation.restore(copy)
    units = installation.open()
    elsewhere = FileRevocationJournal(installation.folder / "other.jsonl")
    Revocations(units, elsewhere, clock).revoke(Selection(serial=second.serial), SUPERSEDED)
    (installation.folder / "watermark").unlink()
    with pytest.raises(RegistryBehind):
        installation.start()
    with pytest.raises(RegistryBehind):
        reconcile(units, installation.journal, installation.watermark, clock, "first")
    units.engine.dispose()


def test_a_journal_behind_after_a_crash_is_brought_up_to_date(installation: Installation) -> None:
    units = installation.open()
    issued = installation.issue(units)
    with units() as unit:
        unit.certificates.revoke(
            issued.serial, RevocationReason.SUPERSEDED, installation.authority.clock.now(), "x", None
        )
    units.engine.dispose()
    assert installation.journal.last_sequence() == 0
    installation.start()
    assert [one.serial for one in installation.journal.read(0)] == [issued.serial]


def test_an_altered_journal_stops_the_start(installation: Installation) -> None:
    (installation.folder / "revocations.jsonl").write_bytes(b"{}\n")
    with pytest.raises(EncodingInvalid):
        installation.start()


def test_another_master_key_stops_the_start(installation: Installation) -> None:
    wrong = OpenSigners([SoftwareCustody(MasterKeyRing(MasterKey(bytes(32))))])
    with pytest.raises(KeysError):
        installation.start(wrong)


def test_lost_signings_are_settled_at_start(installation: Installation) -> None:
    units = installation.open()

    class Power:
        def signer(self, record: object) -> object:
            raise SystemExit  # the process ends between the two transactions

    issuance = Issuance(units, Power(), installation.authority.clock, installation.authority.policy)  # type: ignore[arg-type]
    key = OneTimeKey(Algorithm.P256, installation.authority.clock)
    with pytest.raises(SystemExit):
        issuance.issue(event_order(person(), bytes(32), key, PERSON_AUTHORITY[Suite.INTL], BANK))
    units.engine.dispose()
    installation.authority.clock.advance(minutes=2)
    assert len(installation.start().lost) == 1
