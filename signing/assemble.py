"""Assemble a document's file from what its revisions appended, compared with the digests that are stored."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

from cryptography.hazmat.primitives.hashes import SM3, Hash

from evidence.digest import DigestPair
from signing.document import Buffer, Revision
from signing.errors import DocumentUnavailable
from signing.ports import BlobStore


def assemble(blobs: BlobStore, revisions: Sequence[Revision]) -> bytes:
    """As `gather`, for whoever hands it on."""
    return bytes(gather(blobs, revisions))


def gather(blobs: BlobStore, revisions: Sequence[Revision]) -> bytearray:
    """The file up to the last of `revisions`, which begin with the first; it stands in memory once.

    Raises `DocumentUnavailable` when octets are gone, do not fit together, or have other digests.
    """
    newest = revisions[-1]
    data = bytearray(newest.size)
    place = 0
    with memoryview(data) as whole:
        for one in revisions:
            if one.offset != place or one.size > newest.size:
                raise DocumentUnavailable(newest.document_id, "is not what its revisions say")
            blobs.read_into(one.blob, whole[place : one.size])
            place = one.size
    if place != newest.size or digests_of((data,)) != newest.digests:
        raise DocumentUnavailable(newest.document_id, "is not what its revisions say")
    return data


def digests_of(parts: Iterable[Buffer]) -> DigestPair:
    """Both digests of the parts one after the other, which are never joined."""
    one, other = hashlib.sha256(), Hash(SM3())
    for part in parts:
        one.update(part)
        other.update(part)
    return DigestPair(one.digest(), other.finalize())
