"""Database engines with the durability the product promises."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

BUSY_TIMEOUT_MS = 10_000  # SQLite: how long a writer waits for another before it fails
CONNECT_TIMEOUT_S = 5  # PostgreSQL: a stopped server must become an error soon
POOL_SIZE = 10
READING = "xinqian_reading"  # execution option of a connection that will only read


def open_engine(url: str) -> sa.Engine:
    """An engine with the durability the product promises: WAL and synchronous=FULL on SQLite."""
    target = sa.make_url(url)
    if target.get_backend_name() == "sqlite":
        engine = sa.create_engine(target, pool_size=POOL_SIZE, max_overflow=0, poolclass=sa.QueuePool)
        sa.event.listen(engine, "connect", _prepare_sqlite)
        sa.event.listen(engine, "begin", _begin)
        return engine
    return sa.create_engine(
        target,
        pool_size=POOL_SIZE,
        pool_pre_ping=True,
        connect_args={"connect_timeout": CONNECT_TIMEOUT_S},
    )


def _prepare_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401  (the driver's own type)
    connection.isolation_level = None  # we begin transactions ourselves, at once for writing
    for pragma in ("journal_mode=WAL", "synchronous=FULL", f"busy_timeout={BUSY_TIMEOUT_MS}"):
        connection.execute(f"PRAGMA {pragma}")


def _begin(connection: sa.Connection) -> None:
    # A writer takes its lock at once, so that it never fails for having read first; a reader takes none.
    reading = connection.get_execution_options().get(READING, False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
