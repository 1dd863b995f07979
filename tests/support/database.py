"""Databases for tests: every test that asks for one runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import sqlalchemy as sa

from api.engine import open_engine
from tests.support.services import require

BACKENDS = ("sqlite", "postgresql")


@contextmanager
def database_url(backend: str, folder: Path) -> Iterator[str]:
    """The URL of an empty database; on PostgreSQL a schema of its own, dropped afterwards."""
    if backend == "sqlite":
        yield f"sqlite:///{folder / 'xinqian.sqlite'}"
        return
    server_url = require("postgresql")
    schema = f"test_{secrets.token_hex(8)}"
    server = sa.create_engine(server_url, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(sa.schema.CreateSchema(schema))
    try:
        url = sa.make_url(server_url).update_query_dict({"options": f"-csearch_path={schema}"})
        yield url.render_as_string(hide_password=False)
    finally:
        with server.connect() as connection:
            connection.execute(sa.schema.DropSchema(schema, cascade=True))
        server.dispose()


@contextmanager
def empty_engine(backend: str, folder: Path) -> Iterator[sa.Engine]:
    """An engine on an empty database, as production opens it."""
    with database_url(backend, folder) as url:
        engine = open_engine(url)
        try:
            yield engine
        finally:
            engine.dispose()
