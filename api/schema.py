"""The database's schema: brought to this version by `xinqian migrate`, asked for by everything else."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError, ProgrammingError

from api.errors import SchemaBehind, StoreUnavailable

if TYPE_CHECKING:
    from alembic.config import Config

HEAD = "0005"
"""The revision that this version of the program works with."""
LOCK_TIMEOUT_MS = 5_000  # PostgreSQL: a migration that waits for a lock blocks everyone behind it
_MIGRATION_LOCK = 0x78696E71  # advisory lock: "xinq"; two migrations take turns


def migrate(engine: sa.Engine, revision: str = "head") -> tuple[str | None, str | None]:
    """Bring the schema to `revision` in one transaction; the revisions before and after.

    Raises `StoreUnavailable`; nothing is changed then.
    """
    try:
        with engine.begin() as connection:
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}")
                connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MIGRATION_LOCK)))
            before = _revision(connection)
            from alembic import command  # noqa: PLC0415  (a fifth of a second, for this alone)

            command.upgrade(configuration(connection), revision)
            return before, _revision(connection)
    except DBAPIError as error:
        raise StoreUnavailable(str(error.orig).strip().partition("\n")[0]) from error


def configuration(connection: sa.Connection) -> Config:
    """Alembic's, for a connection: there is no ini file and no address to be wrong."""
    from alembic.config import Config  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(files("api").joinpath("migrations")))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def require_head(engine: sa.Engine) -> None:
    """Raises `SchemaBehind` for another revision than `HEAD`, `StoreUnavailable` without a database."""
    try:
        with engine.connect() as connection:
            stored = _revision(connection)
    except DBAPIError as error:
        raise StoreUnavailable(str(error.orig).strip().partition("\n")[0]) from error
    if stored != HEAD:
        raise SchemaBehind(stored, HEAD)


def _revision(connection: sa.Connection) -> str | None:
    """None for a database without our schema."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    try:
        found: str | None = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    except ProgrammingError as error:
        raise StoreUnavailable(str(error.orig)) from error
    return found
