"""Start: nothing is signed before the database, the records outside it, and the keys were found in order."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from ca.issue import LOST_AFTER, Issuance
from ca.journal import Level, check_journal, replay
from ca.ports import CaUnit, RevocationJournal, Signers, Units
from ca.serial import SerialNumber
from evidence.canonical import JSON
from evidence.clock import Clock
from evidence.errors import WatermarkInvalid
from evidence.event import Actor, ActorKind, CaseId, Draft, EventType, LogHead, LogId
from evidence.ports import Watermark
from evidence.restore import check_not_behind
from keys.key import KeyPurpose, KeyState

AUTHORITY_PURPOSES = (KeyPurpose.ROOT_CA, KeyPurpose.ISSUING_CA, KeyPurpose.OCSP, KeyPurpose.TIMESTAMP)
CASE = CaseId("system")
SYSTEM = Actor(ActorKind.SYSTEM, "xinqian", "system")


@dataclass(frozen=True, slots=True)
class Started:
    """What starting found and put right."""

    revocations: Level
    lost: tuple[SerialNumber, ...]
    """Serials whose signing another process did not live to record."""
    keys: int
    """Authority keys that opened."""


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What a restored database was given back, and what it lost for good."""

    replayed: int
    """Revocations from the journal."""
    lost: Mapping[LogId, tuple[int, int]]
    """Events that were recorded and are gone, a log: from this index on, so many."""


def start(
    units: Units,
    journal: RevocationJournal,
    watermark: Watermark,
    signers: Signers,
    issuance: Issuance,
    clock: Clock,
    *,
    lost_after: timedelta = LOST_AFTER,
) -> Started:
    """Judge and put in order what the last run left; recorded as SYS_STARTED.

    `lost_after` may be zero where no other process issues from this database. Raises
    `evidence.errors.LogBehind` or `RegistryBehind` for a database restored from a backup
    (`reconcile`), `EncodingInvalid` for an altered journal, and `keys.errors.KeysError` for an
    authority key that does not open.
    """
    #   1. the log is not shorter than the watermark says, and is the same log
    #   2. the revocation journal is not ahead of the database; where it is behind, it is brought up to date
    #   3. every authority key in service opens
    #   4. serials whose signing was lost are marked failed
    with units.reading() as unit:
        check_not_behind(unit.events, watermark)
    level = check_journal(units, journal)
    with units.reading() as unit:
        keys = _open_keys(unit, signers)
    lost = issuance.recover(lost_after)
    facts: dict[str, JSON] = {"keys": keys, "lost_serials": len(lost), "revocations": level.stored}
    with units() as unit:
        unit.log.append([Draft(EventType.SYS_STARTED, CASE, SYSTEM, clock.now(), facts)])
    return Started(level, lost, keys)


def reconcile(
    units: Units, journal: RevocationJournal, watermark: Watermark, clock: Clock, operator: str
) -> Reconciled:
    """Make a restored database fit to start: replay the journal, and record what is gone as RESTORE.

    Revocations come back in full. Certificates, tokens and events since the backup do not; the
    RESTORE event says how many events, and the leaf they ended in, before the log goes on; of a
    damaged watermark it says that, and what was lost cannot be told. Raises
    `RegistryBehind` for a database that went on by itself after it was restored.
    """
    replayed = replay(units, journal)
    remembered = _remembered(watermark)
    with units() as unit:
        stored = unit.events.heads()
        known = (remembered or {}).items()
        gone = {log: head for log, head in known if _fell_short(unit, log, head, stored)}
        logs: dict[str, JSON] = {
            log: {
                "last_leaf": head.last_leaf.hex(),
                "recorded": head.size,
                "stored": stored[log].size if log in stored else 0,
            }
            for log, head in gone.items()
        }
        actor = Actor(ActorKind.OPERATOR, operator, "administrator")
        facts: dict[str, JSON] = {"logs": logs, "revocations_replayed": replayed}
        if remembered is None:
            facts["watermark"] = "damaged"
            watermark.accept(stored)  # or the commit could not be told to it
        unit.log.append([Draft(EventType.RESTORE, CASE, actor, clock.now(), facts)])
    with units.reading() as unit:
        heads = unit.events.heads()
    watermark.accept({log: heads.get(log, LogHead(0, b"")) for log in gone} | heads)
    sizes = {log: stored[log].size if log in stored else 0 for log in gone}
    return Reconciled(replayed, {log: (sizes[log], gone[log].size - sizes[log]) for log in gone})


def _remembered(watermark: Watermark) -> Mapping[LogId, LogHead] | None:
    """None for a watermark that is damaged."""
    try:
        return watermark.newest()
    except WatermarkInvalid:
        return None


def _fell_short(unit: CaUnit, log: LogId, head: LogHead, stored: Mapping[LogId, LogHead]) -> bool:
    if head.size == 0:
        return False
    if log not in stored or stored[log].size < head.size:
        return True
    (event,) = unit.events.read(log, head.size - 1, head.size)
    return event.leaf_hash.sha256 != head.last_leaf


def _open_keys(unit: CaUnit, signers: Signers) -> int:
    opened = 0
    for purpose in AUTHORITY_PURPOSES:
        for record in unit.keys.list(purpose=purpose, state=KeyState.ACTIVE):
            signers.signer(record)
            opened += 1
    return opened
