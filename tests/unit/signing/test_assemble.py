"""A document is read back whole, or not at all."""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import sha256

import pytest

from evidence.digest import DigestPair
from signing.assemble import assemble, digests_of, gather
from signing.document import BlobId, Buffer, DocumentId, Revision, RevisionKind
from signing.errors import DocumentUnavailable
from tests.support.clock import NOON


@dataclass
class Memory:
    """`BlobStore` in memory."""

    held: dict[BlobId, bytes]

    def put(self, data: Buffer) -> BlobId:
        blob = BlobId(sha256(data).hexdigest())
        self.held[blob] = bytes(data)
        return blob

    def read(self, blob: BlobId) -> bytes:
        return self.held[blob]

    def read_into(self, blob: BlobId, target: memoryview) -> None:
        data = self.held.get(blob)
        if data is None or len(data) != len(target):
            raise DocumentUnavailable(blob, "gone")
        target[:] = data


def document(*parts: bytes) -> tuple[Memory, list[Revision]]:
    blobs, revisions, whole = Memory({}), [], b""
    for number, part in enumerate(parts):
        before, whole = len(whole), whole + part
        kind, blob = RevisionKind.SIGNED, blobs.put(part)
        pair = DigestPair.of(whole)
        revisions.append(Revision(DocumentId("d"), number, kind, before, len(part), pair, blob, None, NOON))
    return blobs, revisions


def test_revisions_become_the_file() -> None:
    blobs, revisions = document(b"%PDF", b" and more", b" and more yet")
    assert assemble(blobs, revisions) == b"%PDF and more and more yet"
    assert gather(blobs, revisions[:2]) == b"%PDF and more"
    assert digests_of((b"%PDF", b" and more")) == revisions[1].digests


def test_anything_else_is_no_document() -> None:
    blobs, revisions = document(b"one", b"two", b"six")
    first, second, third = revisions
    for others in (
        [first, third],
        [second, third],
        [first, third, second],
        [first, second, replace(third, digests=first.digests)],
        [first, replace(second, offset=2), third],
        [first, replace(second, blob=third.blob), third],
        [replace(first, length=4), second, third],
    ):
        with pytest.raises(DocumentUnavailable):
            assemble(blobs, others)
    blobs.held.clear()
    with pytest.raises(DocumentUnavailable):
        assemble(blobs, revisions)
