"""Immutable bytes as files named by their SHA-256, in folders of their first two digits."""

from __future__ import annotations

import hashlib
import os
import re
import secrets
from pathlib import Path

from signing.document import BlobId, Buffer
from signing.errors import DocumentUnavailable, ProviderUnavailable

NAME = "documents"
_BLOB = re.compile(r"[0-9a-f]{64}\Z")


class FileBlobStore:
    """`BlobStore` in a folder of its own, made when first written to.

    A blob is written beside its place, synced, renamed, and its folder synced: after a crash it is
    whole or not there. A file left beside its place by a crash is never read and costs its room alone.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, data: Buffer) -> BlobId:
        blob = BlobId(hashlib.sha256(data).hexdigest())
        path = self._path(blob)
        try:
            if self._is_whole(path, blob):
                _sync_folder(path.parent)  # whoever put it may not have come so far yet
            else:
                self._write(path, data)
        except OSError as error:
            raise ProviderUnavailable(NAME, error.strerror or str(error)) from error
        return blob

    def read(self, blob: BlobId) -> bytes:
        if not _BLOB.match(blob):
            raise DocumentUnavailable(blob[:64], "has no name that a document can have")
        try:
            data = self._path(blob).read_bytes()
        except OSError as error:
            raise DocumentUnavailable(blob, "cannot be read") from error
        if hashlib.sha256(data).hexdigest() != blob:
            raise DocumentUnavailable(blob, "is not what was stored")
        return data

    def read_into(self, blob: BlobId, target: memoryview) -> None:
        if not _BLOB.match(blob):
            raise DocumentUnavailable(blob[:64], "has no name that a document can have")
        try:
            with self._path(blob).open("rb") as file:
                whole = file.readinto(target) == len(target) and not file.read(1)
        except OSError as error:
            raise DocumentUnavailable(blob, "cannot be read") from error
        if not whole or hashlib.sha256(target).hexdigest() != blob:
            raise DocumentUnavailable(blob, "is not what was stored")

    def _path(self, blob: BlobId) -> Path:
        return self._folder / blob[:2] / blob

    @staticmethod
    def _is_whole(path: Path, blob: BlobId) -> bool:
        """Whether it was put before; one that was damaged since is written anew."""
        try:
            with path.open("rb") as file:
                return hashlib.file_digest(file, "sha256").hexdigest() == blob
        except FileNotFoundError:
            return False

    def _write(self, path: Path, data: Buffer) -> None:
        self._make_folder(path.parent)
        beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            rest = memoryview(data)
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
