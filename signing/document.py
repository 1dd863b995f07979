"""A document: a PDF and the revisions appended to it, each a byte prefix of the next."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime
from typing import NewType

from evidence.digest import DigestPair

DocumentId = NewType("DocumentId", str)
"""UUIDv7, 36 characters."""
BlobId = NewType("BlobId", str)
"""SHA-256 of stored bytes, 64 hexadecimal digits."""
Buffer = bytes | bytearray | memoryview
"""A whole PDF in memory or mapped; never copied without need: contracts with attachments reach 150 MB."""


class RevisionKind(enum.StrEnum):
    """What a revision added."""

    RENDERED = "rendered"
    UPLOADED = "uploaded"
    PREPARED = "prepared"
    """Signature fields and what is printed before anyone signs."""
    SIGNED = "signed"
    VALIDATION_DATA = "validation-data"
    """Document security store (ETSI EN 319 142-1 5.4.2): B-LT."""
    ARCHIVE_TIMESTAMP = "archive-timestamp"
    """Document timestamp (ETSI EN 319 142-1 5.4.3): B-LTA."""


@dataclass(frozen=True, slots=True)
class Revision:
    """One revision of a document; `number` counts from 0 without gaps."""

    document_id: DocumentId
    number: int
    kind: RevisionKind
    offset: int
    """Octets of the file before it."""
    length: int
    """Octets that it added."""
    digests: DigestPair
    """Of the whole file up to its end."""
    blob: BlobId
    """Where the octets that it added lie."""
    field: str | None
    """The signature field it signed, for a signature."""
    at: datetime

    @property
    def size(self) -> int:
        """Octets of the file up to its end."""
        return self.offset + self.length
