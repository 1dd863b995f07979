"""Revise: the revision that follows another."""

from __future__ import annotations

from datetime import datetime

from evidence.digest import DigestPair
from signing.document import BlobId, Revision, RevisionKind


def next_revision(
    before: Revision,
    kind: RevisionKind,
    added: bytes,
    digests: DigestPair,
    blob: BlobId,
    at: datetime,
    *,
    field: str | None = None,
) -> Revision:
    """The revision after `before`; `digests` of the whole file up to its end."""
    return Revision(
        document_id=before.document_id,
        number=before.number + 1,
        kind=kind,
        offset=before.size,
        length=len(added),
        digests=digests,
        blob=blob,
        field=field,
        at=at,
    )
