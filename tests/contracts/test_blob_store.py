"""Documents as files: whole or not there, and never other than they were stored."""

from __future__ import annotations

import os
import secrets
import threading
from hashlib import sha256
from pathlib import Path

import pytest

from signing.adapters.blobs import FileBlobStore
from signing.document import BlobId
from signing.errors import DocumentUnavailable, ProviderUnavailable


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state" / "documents"


@pytest.mark.parametrize("data", [b"", b"octets", bytes(1_000_000)], ids=["empty", "short", "long"])
def test_what_was_put_is_read(folder: Path, data: bytes) -> None:
    store = FileBlobStore(folder)
    blob = store.put(memoryview(data))
    assert blob == sha256(data).hexdigest()
    assert store.read(blob) == data
    assert FileBlobStore(folder).read(blob) == data, "by another process"


def test_putting_again_changes_nothing(folder: Path) -> None:
    store = FileBlobStore(folder)
    blob = store.put(b"octets")
    before = (folder / blob[:2] / blob).stat().st_mtime_ns
    assert store.put(b"octets") == blob
    assert (folder / blob[:2] / blob).stat().st_mtime_ns == before


def test_files_are_their_owners_alone(folder: Path) -> None:
    blob = FileBlobStore(folder).put(b"octets")
    path = folder / blob[:2] / blob
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("damage", [b"other!", b"", b"octets and more"])
def test_a_damaged_file_is_not_read_and_is_mended(folder: Path, damage: bytes) -> None:
    store = FileBlobStore(folder)
    blob = store.put(b"octets")
    (folder / blob[:2] / blob).write_bytes(damage)
    with pytest.raises(DocumentUnavailable):
        store.read(blob)
    assert store.put(b"octets") == blob
    assert store.read(blob) == b"octets"


@pytest.mark.parametrize("name", ["0" * 64, "../../../etc/passwd", "", "A" * 64, "0" * 63, "\0" * 64])
def test_a_name_that_was_never_put_is_not_read(folder: Path, name: str) -> None:
    with pytest.raises(DocumentUnavailable):
        FileBlobStore(folder).read(BlobId(name))


def test_what_a_crash_left_beside_is_not_read(folder: Path) -> None:
    store = FileBlobStore(folder)
    blob = BlobId(sha256(b"octets").hexdigest())
    (folder / blob[:2]).mkdir(parents=True)
    (folder / blob[:2] / f".{blob}.0123456789abcdef").write_bytes(b"oct")
    with pytest.raises(DocumentUnavailable):
        store.read(blob)
    store.put(b"octets")
    assert store.read(blob) == b"octets"


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "documents").write_bytes(b"a file where the folder should be")
    with pytest.raises(ProviderUnavailable):
        FileBlobStore(tmp_path / "documents").put(b"octets")


def test_many_put_the_same_at_once(folder: Path) -> None:
    data = secrets.token_bytes(100_000)
    put = [threading.Thread(target=FileBlobStore(folder).put, args=(data,)) for _ in range(8)]
    for one in put:
        one.start()
    for one in put:
        one.join()
    blob = sha256(data).hexdigest()
    assert os.listdir(folder / blob[:2]) == [blob]  # noqa: PTH208  (names alone)
    assert FileBlobStore(folder).read(BlobId(blob)) == data


def test_octets_are_read_into_their_place(folder: Path) -> None:
    store = FileBlobStore(folder)
    blob = store.put(b"octets")
    target = bytearray(b"........")
    store.read_into(blob, memoryview(target)[1:7])
    assert target == b".octets."
    for size in (0, 5, 7):
        with pytest.raises(DocumentUnavailable):
            store.read_into(blob, memoryview(bytearray(size)))
    with pytest.raises(DocumentUnavailable):
        store.read_into(BlobId("../x"), memoryview(bytearray(6)))
