"""The revocation journal as one file of JSON lines, each with the SHA-256 of the line before it."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

from ca.errors import EncodingInvalid, JournalUnavailable, RegistryBehind
from ca.registry import AuthorityId, Revocation, RevocationReason
from ca.serial import parse_serial, serial_text
from evidence.clock import EPOCH, from_micros, to_micros

NO_LINE = "0" * 64
FIELD = "revocation journal"


class FileRevocationJournal:
    """`RevocationJournal` in a file that many processes append to under a lock.

    A line without its newline is an append that a crash cut short: it was never answered for, and
    the next append writes over it. What this process has read once it does not read again.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._mutex = threading.Lock()
        self._place = 0
        self._last_line = NO_LINE
        self._sequence = 0

    def append(self, entries: Sequence[Revocation]) -> None:
        if not entries:
            return
        with self._locked() as handle:
            self._catch_up(handle)
            fresh = [entry for entry in entries if entry.sequence > self._sequence]
            text, last_line = b"", self._last_line
            for sequence, entry in enumerate(fresh, self._sequence + 1):
                if entry.sequence != sequence:
                    raise RegistryBehind(sequence - 1, entry.sequence)
                line = _format(entry, last_line)
                last_line = _digest(line)
                text += line + b"\n"
            os.ftruncate(handle, self._place)
            _write(handle, text, self._place)
            os.fsync(handle)
            self._place += len(text)
            self._last_line = last_line
            self._sequence += len(fresh)

    def last_sequence(self) -> int:
        with self._locked() as handle:
            self._catch_up(handle)
            return self._sequence

    def read(self, after: int) -> Sequence[Revocation]:
        with self._locked() as handle:
            self._catch_up(handle)
            lines = os.pread(handle, self._place, 0).splitlines()
            return [_parse(line)[1] for line in lines[after:]]

    def _catch_up(self, handle: int) -> None:
        size = os.fstat(handle).st_size
        if size < self._place:
            raise EncodingInvalid(FIELD, "is shorter than it was")
        for line in os.pread(handle, size - self._place, self._place).splitlines(keepends=True):
            if not line.endswith(b"\n"):
                return
            self._follow(line.removesuffix(b"\n"))
            self._place += len(line)

    def _follow(self, line: bytes) -> None:
        previous, entry = _parse(line)
        if previous != self._last_line or entry.sequence != self._sequence + 1:
            raise EncodingInvalid(FIELD, f"entry {self._sequence + 1} does not follow the one before it")
        self._last_line = _digest(line)
        self._sequence = entry.sequence

    @contextmanager
    def _locked(self) -> Iterator[int]:
        with self._mutex:
            try:
                handle = self._open()
                try:
                    fcntl.flock(handle, fcntl.LOCK_EX)
                    yield handle
                finally:
                    os.close(handle)
            except OSError as error:
                raise JournalUnavailable(str(self._path), error.strerror or str(error)) from error

    def _open(self) -> int:
        try:
            return os.open(self._path, os.O_RDWR)
        except FileNotFoundError:
            if self._place:
                raise EncodingInvalid(FIELD, "is gone") from None
        self._path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        folder = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)  # or a power cut could take the file that the entries are in
        finally:
            os.close(folder)
        return handle


def _write(handle: int, text: bytes, place: int) -> None:
    done = 0
    while done < len(text):
        done += os.pwrite(handle, text[done:], place + done)


def _digest(line: bytes) -> str:
    return hashlib.sha256(line).hexdigest()


def _format(entry: Revocation, previous: str) -> bytes:
    document = {
        "authority": entry.authority_id,
        "crl_shard": entry.crl_shard,
        "invalidity_date": _micros(entry.invalidity_date),
        "not_after": _micros(entry.not_after),
        "previous": previous,
        "reason": entry.reason.text,
        "requester": entry.requester,
        "revoked_at": _micros(entry.revoked_at),
        "sequence": entry.sequence,
        "serial": serial_text(entry.serial),
    }
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


_REASONS = {reason.text: reason for reason in RevocationReason}


def _parse(line: bytes) -> tuple[str, Revocation]:
    try:
        read = json.loads(line)
        return str(read["previous"]), Revocation(
            sequence=int(read["sequence"]),
            authority_id=AuthorityId(read["authority"]),
            serial=parse_serial(read["serial"]),
            reason=_REASONS[read["reason"]],
            revoked_at=_moment(read["revoked_at"]) or EPOCH,
            invalidity_date=_moment(read["invalidity_date"]),
            not_after=_moment(read["not_after"]) or EPOCH,
            crl_shard=int(read["crl_shard"]),
            requester=str(read["requester"]),
        )
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise EncodingInvalid(FIELD, "holds a line that is no entry") from error


def _micros(moment: datetime | None) -> int | None:
    return None if moment is None else to_micros(moment)


def _moment(micros: Any) -> datetime | None:  # noqa: ANN401  (read from JSON)
    return None if micros is None else from_micros(micros)
