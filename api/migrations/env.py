"""Alembic's environment: the connection that `api.schema` opened, the tables that `api.db` knows."""

from __future__ import annotations

from alembic import context

from api.db import METADATA


def run() -> None:
    """Run the revisions inside the caller's transaction."""
    context.configure(
        connection=context.config.attributes["connection"],
        target_metadata=list(METADATA),
        compare_server_default=True,
        transaction_per_migration=False,
    )
    with context.begin_transaction():
        context.run_migrations()


run()
