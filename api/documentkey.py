"""The key under which the tenant's documents are encrypted at rest."""

from __future__ import annotations

from api.db import Database


def document_key(database: Database) -> bytes:
    """32 bytes; made when the tenant's first document is put."""
    with database.reading() as unit:
        if unit.lookup.exists:
            return unit.lookup.document_key()
    with database() as unit:
        return unit.lookup.document_key()
