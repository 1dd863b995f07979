"""Documents as files: whole or not there, and never other than they were stored."""

from __future__ import annotations

import os
import secrets
import threading
from hashlib import sha256
from pathlib import Path

import pytest

from signing.adapters.blob_cipher import FRAME, BlobCipher, opened_size
from signing.adapters.blobs import FileBlobStore
from signing.document import BlobId
from signing.errors import DocumentUnavailable, ProviderUnavailable


def opened(folder: Path) -> FileBlobStore:
    return FileBlobStore(folder, BlobCipher(lambda: bytes(32)))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "state" / "documents"


@pytest.mark.parametrize(
    "data", [b"", b"octets", bytes(FRAME), bytes(2 * FRAME + 1)], ids=["empty", "short", "one frame", "long"]
)
def test_what_was_put_is_read(folder: Path, data: bytes) -> None:
    store = opened(folder)
    blob = store.put(memoryview(data))
    assert blob == sha256(data).hexdigest()
    assert store.read(blob) == data
    assert opened(folder).read(blob) == data, "by another process"


def test_putting_again_changes_nothing(folder: Path) -> None:
    store = opened(folder)
    blob = store.put(b"octets")
    before = (folder / blob[:2] / blob).stat().st_mtime_ns
    assert store.put(b"octets") == blob
    assert (folder / blob[:2] / blob).stat().st_mtime_ns == before


def test_files_are_their_owners_alone(folder: Path) -> None:
    blob = opened(folder).put(b"octets")
    path = folder / blob[:2] / blob
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("damage", [b"other!", b"", b"octets and more"])
def test_a_damaged_file_is_not_read_and_is_mended(folder: Path, damage: bytes) -> None:
    store = opened(folder)
    blob = store.put(b"octets")
    (folder / blob[:2] / blob).write_bytes(damage)
    with pytest.raises(DocumentUnavailable):
        store.read(blob)
    assert store.put(b"octets") == blob
    assert store.read(blob) == b"octets"


@pytest.mark.parametrize("name", ["0" * 64, "../../../etc/passwd", "", "A" * 64, "0" * 63, "\0" * 64])
def test_a_name_that_was_never_put_is_not_read(folder: Path, name: str) -> None:
    with pytest.raises(DocumentUnavailable):
        opened(folder).read(BlobId(name))


def test_what_a_crash_left_beside_is_not_read(folder: Path) -> None:
    store = opened(folder)
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
        opened(tmp_path / "documents").put(b"octets")


def test_many_put_the_same_at_once(folder: Path) -> None:
    data = secrets.token_bytes(100_000)
    put = [threading.Thread(target=opened(folder).put, args=(data,)) for _ in range(8)]
    for one in put:
        one.start()
    for one in put:
        one.join()
    blob = sha256(data).hexdigest()
    assert os.listdir(folder / blob[:2]) == [blob]  # noqa: PTH208  (names alone)
    assert opened(folder).read(BlobId(blob)) == data


def test_octets_are_read_into_their_place(folder: Path) -> None:
    store = opened(folder)
    blob = store.put(b"octets")
    target = bytearray(b"........")
    store.read_into(blob, memoryview(target)[1:7])
    assert target == b".octets."
    for size in (0, 5, 7):
        with pytest.raises(DocumentUnavailable):
            store.read_into(blob, memoryview(bytearray(size)))
    with pytest.raises(DocumentUnavailable):
        store.read_into(BlobId("../x"), memoryview(bytearray(6)))


@pytest.mark.parametrize("size", [0, 1, FRAME - 1, FRAME, FRAME + 1, 3 * FRAME])
def test_the_size_of_a_document_follows_from_its_file(folder: Path, size: int) -> None:
    data = secrets.token_bytes(size)
    blob = opened(folder).put(data)
    assert opened_size((folder / blob[:2] / blob).stat().st_size) == size


def test_nothing_of_a_document_stands_in_its_file(folder: Path) -> None:
    blob = opened(folder).put(b"%PDF-1.7 somebody's name" * 1_000)
    assert b"somebody" not in (folder / blob[:2] / blob).read_bytes()
    other = FileBlobStore(folder, BlobCipher(lambda: bytes(31) + b"1"))
    with pytest.raises(DocumentUnavailable, match="is not what was stored"):
        other.read(blob)


def test_frames_stay_in_their_place_and_file(folder: Path) -> None:
    frame = FRAME + 16
    first, second = (opened(folder).put(secrets.token_bytes(3 * FRAME)) for _ in range(2))
    path = folder / first[:2] / first
    whole = path.read_bytes()
    other = (folder / second[:2] / second).read_bytes()
    header, one, two, three = (
        whole[:33],
        whole[33 : 33 + frame],
        whole[33 + frame : 33 + 2 * frame],
        whole[-frame:],
    )
    for changed in (
        header + two + one + three,
        header + one + two,
        header + one + three,
        header + one + one + three,
        header + other[33 : 33 + frame] + two + three,
        other[:33] + one + two + three,
        whole + b"0",
        whole[:-1],
    ):
        path.write_bytes(changed)
        with pytest.raises(DocumentUnavailable):
            opened(folder).read(first)
    path.write_bytes(whole)
    assert sha256(opened(folder).read(first)).hexdigest() == first
