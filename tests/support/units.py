"""Units of work as production has them, over a database of a test."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from api.db import METADATA, Context, Database
from evidence.adapters.watermark import FileWatermark
from evidence.clock import Clock
from evidence.event import Source, TenantId
from keys.wrapping import MasterKey, MasterKeyRing

MASTER = bytes(range(32))
TENANT = TenantId("bank")


def open_units(engine: sa.Engine, clock: Clock, folder: Path) -> Database:
    """A database with every table, empty where it was."""
    for metadata in METADATA:
        metadata.create_all(engine)
    context = Context(
        clock=clock,
        source=Source("xinqian", "test", "0"),
        tenant=TENANT,
        wrapper=MasterKeyRing(MasterKey(MASTER)),
        watermark=FileWatermark(folder / "watermark"),
    )
    return Database(engine, context)
