"""Secrets shared with others, each in a file that only its owner may read."""

from __future__ import annotations

import stat
from pathlib import Path

from api.errors import SettingsInvalid
from signing.exchange import MIN_SECRET

MAX_SECRET = 4_096  # octets of the file


def read_secret(path: Path, name: str) -> str:
    """The file's one line; raises `SettingsInvalid` under `name` for one that will not do as a secret."""
    try:
        with path.open("rb") as file:
            mode = path.stat().st_mode
            data = file.read(MAX_SECRET + 1)
    except OSError as error:
        raise SettingsInvalid(name, f"cannot be read: {(error.strerror or str(error)).lower()}") from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise SettingsInvalid(name, "is open to others than its owner: chmod 600")
    try:
        text = data.decode("ascii").strip()
    except UnicodeDecodeError as error:
        raise SettingsInvalid(name, "is not text") from error
    if len(data) > MAX_SECRET or not text.isprintable() or " " in text:
        raise SettingsInvalid(name, "is not one line of text without blanks")
    if len(text) < MIN_SECRET:
        raise SettingsInvalid(name, f"is shorter than {MIN_SECRET} characters")
    return text
