"""The watermark as one small file beside the database, updated under a lock by every process."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from evidence.errors import WatermarkInvalid, WatermarkUnavailable
from evidence.event import LogHead, LogId


class FileWatermark:
    """`Watermark` in a JSON file.

    Written in place by one call, without fsync: a killed process loses nothing, a power cut may
    lose the last moments, which only makes the check after it more lenient by them. Raises
    `WatermarkInvalid` for a damaged file, `WatermarkUnavailable` when the file system refuses.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def advance(self, heads: Mapping[LogId, LogHead]) -> None:
        """Keep the larger of what the file and the caller know."""
        with self._locked() as handle:
            known = self._read(handle)
            grown = {
                log: head for log, head in heads.items() if log not in known or known[log].size < head.size
            }
            if grown:
                _write(handle, {**known, **grown})

    def accept(self, heads: Mapping[LogId, LogHead]) -> None:
        """In place of what the file says, whichever is larger, and of what is damaged."""
        with self._locked() as handle:
            try:
                known = self._read(handle)
            except WatermarkInvalid:
                known = {}
            _write(handle, {**known, **heads})

    def newest(self) -> dict[LogId, LogHead]:
        """What was remembered; nothing before the first commit."""
        with self._locked() as handle:
            return self._read(handle)

    def _read(self, handle: int) -> dict[LogId, LogHead]:
        try:
            return _parse(os.pread(handle, os.fstat(handle).st_size, 0))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise WatermarkInvalid(str(self._path)) from error

    @contextmanager
    def _locked(self) -> Iterator[int]:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX)
                yield handle
            finally:
                os.close(handle)
        except OSError as error:
            raise WatermarkUnavailable(str(self._path), error.strerror or str(error)) from error


def _write(handle: int, heads: Mapping[LogId, LogHead]) -> None:
    # Spaces over the rest of a longer text: the one call leaves the old or the new, never a mixture.
    os.pwrite(handle, _format(heads).ljust(os.fstat(handle).st_size), 0)


def _format(heads: Mapping[LogId, LogHead]) -> bytes:
    document = {log: {"size": head.size, "last_leaf": head.last_leaf.hex()} for log, head in heads.items()}
    return json.dumps(document, sort_keys=True, indent=1).encode() + b"\n"


def _parse(text: bytes) -> dict[LogId, LogHead]:
    if not text:
        return {}
    return {
        LogId(log): LogHead(head["size"], bytes.fromhex(head["last_leaf"]))
        for log, head in json.loads(text).items()
    }
