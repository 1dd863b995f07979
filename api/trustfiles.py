"""The verifier's trust, read from a file or a folder of their own choosing."""

from __future__ import annotations

from pathlib import Path

from api.errors import InputInvalid
from ca.trust import MAX_FILE_SIZE, TrustStore, load_trust

MAX_FILES = 1_000  # of one folder
FIELD = "--trust"


def read_trust(path: Path) -> TrustStore:
    """Every file of a folder, or one file; raises `InputInvalid`, `ca.errors.EncodingInvalid`."""
    try:
        names = sorted(one for one in path.iterdir() if one.is_file()) if path.is_dir() else [path]
        if len(names) > MAX_FILES:
            raise InputInvalid(FIELD, f"{path}: holds more than {MAX_FILES} files")
        files = {name.name: _read(name) for name in names}
    except OSError as error:
        raise InputInvalid(FIELD, f"{path}: {(error.strerror or '').lower()}") from error
    store = load_trust(files)
    if not store.anchors:
        raise InputInvalid(FIELD, f"{path}: holds no self-signed certificate, so nothing is trusted")
    return store


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(MAX_FILE_SIZE + 1)
