"""Assemble a document's file from what its revisions appended, compared with the digests that are stored."""

from __future__ import annotations

from collections.abc import Sequence

from evidence.digest import DigestPair
from signing.document import Revision
from signing.errors import DocumentUnavailable
from signing.ports import BlobStore


def assemble(blobs: BlobStore, revisions: Sequence[Revision]) -> bytes:
    """The file up to the last of `revisions`, which begin with the first.

    Raises `DocumentUnavailable` when octets are gone, do not fit together, or have other digests.
    """
    if len(revisions) == 1:
        data = blobs.read(revisions[0].blob)
    else:
        data = b"".join([blobs.read(one.blob) for one in revisions])
    newest = revisions[-1]
    if len(data) != newest.size or DigestPair.of(data) != newest.digests:
        raise DocumentUnavailable(newest.document_id, "is not what its revisions say")
    return data
