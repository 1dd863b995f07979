"""A log that is published, for tests: a database of events, a folder of tiles, keys."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa

from api.db import Context, Database
from evidence.adapters.sql import metadata as evidence_metadata
from evidence.adapters.tiles import FileTileStore
from evidence.adapters.watermark import FileWatermark
from evidence.event import LogId, Source, TenantId
from evidence.publish import LogKeys, Publisher
from evidence.tile import TILE_WIDTH
from evidence.tree import TreeHash, TreeHead
from keys.notesigner import Ed25519NoteSigner, KeyNoteSigner
from keys.private import PrivateKey
from keys.suites import Algorithm
from keys.wrapping import MasterKey, MasterKeyRing
from tests.support.clock import FixedClock
from tests.support.evidence import draft
from tests.support.notes import HeldKey

LOG = LogId("bank/2026h2")
ORIGIN = "log.example"
SEED = bytes(range(32))
SM2_KEY = HeldKey(PrivateKey.generate(Algorithm.SM2))


def log_keys() -> LogKeys:
    """Ed25519 for the SHA-256 trees and SM2 for the SM3 trees; the same ones in one process."""
    first = Ed25519NoteSigner.of(f"{ORIGIN}/{LOG}", SEED)
    second = KeyNoteSigner.of(f"{ORIGIN}/{LOG}/sm3", SM2_KEY)
    return LogKeys(
        ORIGIN,
        {TreeHash.SHA256: first, TreeHash.SM3: second},
        {TreeHash.SHA256: (first.verifier,), TreeHash.SM3: (second.verifier,)},
    )


@dataclass
class PublishedLog:
    """One log and its publisher, in batches of one tile so that small logs have several."""

    units: Database
    tiles: FileTileStore
    folder: Path
    keys: LogKeys

    def publisher(self) -> Publisher:
        return Publisher(self.units, self.tiles, self.keys, batch=2 * TILE_WIDTH)

    def publish(self) -> TreeHead:
        return self.publisher().publish(LOG)

    def append(self, count: int) -> None:
        """Events of several cases."""
        with self.units() as unit:
            unit.log.append([draft(f"case-{number % 7}") for number in range(count)])

    def leaves(self) -> list[bytes]:
        with self.units.reading() as unit:
            return [one.leaf for one in unit.leaves.leaves(LOG, 0, 10**9)]

    def files(self) -> dict[str, bytes]:
        """Everything below the folder that is served."""
        found = (path for path in self.folder.rglob("*") if path.is_file() and path.name[0] != ".")
        return {path.relative_to(self.folder).as_posix(): path.read_bytes() for path in found}


def published_log(engine: sa.Engine, folder: Path) -> PublishedLog:
    """Over an empty database, or one that an earlier process left."""
    evidence_metadata.create_all(engine)
    context = Context(
        clock=FixedClock(),
        source=Source("xinqian", "test", "0"),
        tenant=TenantId("bank"),
        wrapper=MasterKeyRing(MasterKey(SEED)),
        watermark=FileWatermark(folder / "watermark"),
    )
    tiles = folder / "tiles"
    return PublishedLog(Database(engine, context), FileTileStore(tiles), tiles, log_keys())
