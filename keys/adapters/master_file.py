"""Master secrets in a file that only its owner may read."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from keys.errors import MasterKeyInvalid
from keys.master import MAX_TEXT, parse_master_keys
from keys.wrapping import MasterKey


def read_master_keys(path: Path) -> tuple[MasterKey, ...]:
    """The file's master keys, the one in force first; raises `MasterKeyInvalid` as `read_lines`."""
    return parse_master_keys(read_lines(path), f"file {path}")


def read_lines(path: Path) -> str:
    """The file's text, secrets or sealed secrets.

    Raises `MasterKeyInvalid` for a file that is missing, not a regular file, readable or writable by
    group or others, or not text.
    """
    source = f"file {path}"
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise MasterKeyInvalid(source, f"cannot be read: {error.strerror}") from error
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            raise MasterKeyInvalid(source, "is not a regular file")
        if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise MasterKeyInvalid(source, "is open to others than its owner: chmod 600")
        text = os.read(handle, MAX_TEXT + 1)
    finally:
        os.close(handle)
    try:
        return text.decode("ascii")
    except UnicodeDecodeError:
        raise MasterKeyInvalid(source, "is not text") from None
