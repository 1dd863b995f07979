"""The revocation journal outside the database: kept level with it, and judged against it at start."""

from __future__ import annotations

from dataclasses import dataclass

from ca.errors import RegistryBehind
from ca.ports import RevocationJournal, Units

STEP = 1_000  # entries replayed in one transaction


@dataclass(frozen=True, slots=True)
class Level:
    """How far the database and the journal each go."""

    stored: int
    journalled: int


def catch_up(units: Units, journal: RevocationJournal) -> Level:
    """Append what the database holds and the journal lacks; raises what the journal's append raises."""
    while True:
        after = journal.last_sequence()
        with units.reading() as unit:
            entries = unit.certificates.journal(after)
            stored = unit.certificates.last_sequence()
        if not entries:
            return Level(stored, after)
        journal.append(entries)


def check_journal(units: Units, journal: RevocationJournal) -> Level:
    """At start: raises `RegistryBehind` for a database that lacks revocations the journal holds.

    It was restored from a backup, and would un-revoke them: `replay` first. A journal that lacks some,
    after a crash between commit and append, is brought up to date. Raises `EncodingInvalid` for a
    journal that was altered.
    """
    journalled = journal.last_sequence()
    with units.reading() as unit:
        stored = unit.certificates.last_sequence()
        common = min(stored, journalled)
        ours = unit.certificates.journal(common - 1)[:1] if common else ()
    if stored < journalled or (common and tuple(ours) != tuple(journal.read(common - 1)[:1])):
        raise RegistryBehind(stored, journalled)
    return catch_up(units, journal)


def replay(units: Units, journal: RevocationJournal) -> int:
    """Bring the journal's revocations into a restored database; returns how many.

    Raises `RegistryBehind` when the database went on, after it was restored, with revocations of its own.
    """
    with units.reading() as unit:
        stored = unit.certificates.last_sequence()
        ours = unit.certificates.journal(stored - 1) if stored else ()
    entries = journal.read(stored)
    if stored and tuple(ours) != tuple(journal.read(stored - 1)[:1]):
        raise RegistryBehind(stored, journal.last_sequence())
    for start in range(0, len(entries), STEP):
        with units() as unit:
            for entry in entries[start : start + STEP]:
                unit.certificates.append_revocation(entry)
    return len(entries)
