"""Tiles as files of a folder, named as C2SP tlog-tiles serves them: the folder itself can be served."""

from __future__ import annotations

import fcntl
import os
import re
import secrets
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

from evidence.digest import DIGEST_SIZE
from evidence.errors import TileInvalid, TilesUnavailable
from evidence.event import LogId
from evidence.tile import ENTRIES, Tile, split_entries, split_hashes

CHECKPOINT = "checkpoint"  # tlog-tiles: <prefix>/checkpoint
_LOCK = ".lock"
_PREFIX = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9][A-Za-z0-9._-]*)*\Z")
_MAX_BUNDLE = 256 * (2 + 0xFFFF)  # octets of the longest entry bundle
_SYNCERS = 8  # threads that wait for the disk
_OPEN = 64  # files open at once; a process is allowed 1,024 by default
_MAX_CHECKPOINT = 1_000_000


class FileTileStore:
    """`TileStore` in a folder.

    A file is written beside its place, synced, renamed, and its folder synced: after a crash it is whole or
    not there. A file left beside its place by a crash begins with a dot, is never read, and costs its room.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, prefix: str, contents: Sequence[tuple[Tile, bytes]]) -> None:
        with self._refusing():
            place = self._place(prefix)
            folders = set()
            missing = []
            for tile, content in contents:
                path = place / tile.path()
                if not self._is_there(path, tile, content):
                    folders |= _make_folder(path.parent)
                    missing.append((path, content))
                folders.add(path.parent)  # also of what another run put: it may not have come so far
            _put(missing)
            for folder in sorted(folders):
                _sync_folder(folder)

    def read(self, prefix: str, tile: Tile) -> bytes:
        path = self._place(prefix) / tile.path()
        most = _MAX_BUNDLE if tile.level == ENTRIES else tile.width * DIGEST_SIZE
        content = self._content(path, tile, most)
        _check_length(tile, content)
        return content

    def put_checkpoint(self, prefix: str, note: bytes) -> None:
        with self._refusing():
            path = self._place(prefix) / CHECKPOINT
            made = _make_folder(path.parent)
            _put([(path, note)])
            for folder in sorted({path.parent, *made}):
                _sync_folder(folder)

    def checkpoint(self, prefix: str) -> bytes | None:
        path = self._place(prefix) / CHECKPOINT
        try:
            with path.open("rb") as file:
                return file.read(_MAX_CHECKPOINT + 1)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise TilesUnavailable(str(self._folder), error.strerror or str(error)) from error

    @contextmanager
    def exclusive(self, log: LogId) -> Iterator[None]:
        place = self._place(log)
        with self._refusing():
            _make_folder(place)
            handle = os.open(place / _LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            with self._refusing():
                fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)

    def _place(self, prefix: str) -> Path:
        if not _PREFIX.match(prefix):
            raise TilesUnavailable(str(self._folder), "a log of this name has no folder")
        return self._folder / prefix

    def _is_there(self, path: Path, tile: Tile, content: bytes) -> bool:
        """Whether it was put before. One of another length is damaged: nothing of ours leaves such a file."""
        try:
            stored = path.read_bytes()
        except FileNotFoundError:
            return False
        if stored == content:
            return True
        if len(stored) == len(content):
            raise TileInvalid(tile.path(), "holds something else already")
        return False

    def _content(self, path: Path, tile: Tile, most: int) -> bytes:
        try:
            with path.open("rb") as file:
                return file.read(most + 1)
        except FileNotFoundError as error:
            raise TileInvalid(tile.path(), "is not there") from error
        except OSError as error:
            raise TilesUnavailable(str(self._folder), error.strerror or str(error)) from error

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise TilesUnavailable(str(self._folder), error.strerror or str(error)) from error


def _check_length(tile: Tile, content: bytes) -> None:
    if tile.level == ENTRIES:
        split_entries(tile, content)
    else:
        split_hashes(tile, content)


def _put(contents: Sequence[tuple[Path, bytes]]) -> None:
    """All of some are written and synced before the first of them gets its name."""
    for at in range(0, len(contents), _OPEN):
        with ExitStack() as opened:
            written = []
            for path, content in contents[at : at + _OPEN]:
                beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
                handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
                opened.callback(os.close, handle)
                written.append((handle, beside, path))
                rest = memoryview(content)
                while rest:
                    rest = rest[os.write(handle, rest) :]
            _sync_all([handle for handle, _, _ in written])
            for _, beside, path in written:
                beside.replace(path)


def _sync_all(handles: Sequence[int]) -> None:
    if len(handles) == 1:
        os.fsync(handles[0])
        return
    # A file system commits its journal once for all who wait: one after another takes fifty times as long.
    with ThreadPoolExecutor(_SYNCERS) as pool:
        for _ in pool.map(os.fsync, handles):
            pass


def _make_folder(folder: Path) -> set[Path]:
    """Make it with those above; the folders that then hold a new name."""
    above = set()
    missing = folder
    while not missing.is_dir():
        above.add(missing.parent)
        missing = missing.parent
    folder.mkdir(parents=True, exist_ok=True)
    return above


def _sync_folder(folder: Path) -> None:
    """Or a power cut could take the name of a file whose octets are safe."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
