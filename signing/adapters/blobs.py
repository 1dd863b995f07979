"""Immutable bytes as encrypted files named by their SHA-256, in folders of its first two digits."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from pathlib import Path

from signing.adapters.blob_cipher import BlobCipher, opened_size
from signing.document import BlobId, Buffer
from signing.errors import DocumentUnavailable, ProviderUnavailable

NAME = "documents"
_BLOB = re.compile(r"[0-9a-f]{64}\Z")


class FileBlobStore:
    """`BlobStore` in a folder of its own, made when first written to.

    A blob is written beside its place, synced, renamed, and its folder synced: after a crash it is
    whole or not there. A file left beside its place by a crash is never read and costs its room alone.
    """

    def __init__(self, folder: Path, cipher: BlobCipher) -> None:
        self._folder = folder
        self._cipher = cipher

    def put(self, data: Buffer) -> BlobId:
        blob = BlobId(hashlib.sha256(data).hexdigest())
        path = self._path(blob)
        try:
            if self._is_whole(path, blob):
                _sync_folder(path.parent)  # whoever put it may not have come so far yet
            else:
                self._write(path, blob, data)
        except OSError as error:
            raise ProviderUnavailable(NAME, error.strerror or str(error)) from error
        return blob

    def read(self, blob: BlobId) -> bytes:
        path = self._named(blob)
        try:
            size = opened_size(path.stat().st_size)
        except OSError as error:
            raise DocumentUnavailable(blob, "cannot be read") from error
        data = bytearray(max(size, 0))
        self._open(blob, path, memoryview(data))
        return bytes(data)

    def read_into(self, blob: BlobId, target: memoryview) -> None:
        self._open(blob, self._named(blob), target)

    def _named(self, blob: BlobId) -> Path:
        if not _BLOB.match(blob):
            raise DocumentUnavailable(blob[:64], "has no name that a document can have")
        return self._path(blob)

    def _open(self, blob: BlobId, path: Path, target: memoryview) -> None:
        try:
            with path.open("rb") as file:
                whole = self._cipher.open_into(blob, file, target)
        except OSError as error:
            raise DocumentUnavailable(blob, "cannot be read") from error
        if not whole or hashlib.sha256(target).hexdigest() != blob:
            raise DocumentUnavailable(blob, "is not what was stored")

    def _path(self, blob: BlobId) -> Path:
        return self._folder / blob[:2] / blob

    def _is_whole(self, path: Path, blob: BlobId) -> bool:
        """Whether it was put before; one that was damaged since is written anew."""
        if not path.exists():
            return False
        try:
            self.read(blob)
        except DocumentUnavailable:
            return False
        return True

    def _write(self, path: Path, blob: BlobId, data: Buffer) -> None:
        self._make_folder(path.parent)
        beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            for piece in self._cipher.sealed(blob, data):
                rest = memoryview(piece)
                while rest:
                    rest = rest[os.write(handle, rest) :]
            os.fsync(handle)
        finally:
            os.close(handle)
        beside.replace(path)
        _sync_folder(path.parent)

    def _make_folder(self, folder: Path) -> None:
        if folder.is_dir():
            return
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for above in (folder.parent, folder.parent.parent):
            _sync_folder(above)


def _sync_folder(folder: Path) -> None:
    """Or a power cut could take the name of a file whose octets are safe."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
