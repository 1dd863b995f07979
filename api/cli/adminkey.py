"""An administrator's own key pair: a PKCS #8 file that only its owner may read."""

from __future__ import annotations

import base64
import binascii
import os
import re
import stat
from pathlib import Path

from api.errors import InputInvalid
from ca.certificate import to_pem
from keys.errors import KeyEncodingInvalid
from keys.private import MAX_PKCS8_SIZE, PrivateKey
from keys.public import PublicKey
from keys.suites import Algorithm

ALGORITHMS = (Algorithm.P256, Algorithm.SM2)
_BLOCK = re.compile(
    rb"-----BEGIN (?P<label>PRIVATE KEY|PUBLIC KEY)-----(?P<body>[A-Za-z0-9+/=\s]+)-----END (?P=label)-----"
)


def make_key_file(path: Path, algorithm: Algorithm) -> PublicKey:
    """A new key pair in a new file of mode 0600; raises `InputInvalid` where one is already."""
    private = PrivateKey.generate(algorithm)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except OSError as error:
        raise InputInvalid("--out", f"{path}: {(error.strerror or '').lower()}") from error
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(to_pem("PRIVATE KEY", private.pkcs8()))
    return private.public


def read_private_key(path: Path) -> PrivateKey:
    """Raises `InputInvalid` for a file that others may read, or that holds no key of ours."""
    try:
        status = path.stat()
        data = path.read_bytes()[: 2 * MAX_PKCS8_SIZE]
    except OSError as error:
        raise InputInvalid("--key", f"{path}: {(error.strerror or '').lower()}") from error
    if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise InputInvalid("--key", f"{path}: is open to others than its owner: chmod 600")
    encoded = _unpem(data, "--key", b"PRIVATE KEY")
    for algorithm in ALGORITHMS:
        try:
            return PrivateKey.from_pkcs8(algorithm, encoded)
        except KeyEncodingInvalid:
            continue
    raise InputInvalid("--key", f"{path}: is no PKCS #8 key of P-256 or SM2")


def read_public_key(data: bytes, field: str) -> bytes:
    """SubjectPublicKeyInfo from PEM or DER; raises `InputInvalid`."""
    encoded = _unpem(data, field, b"PUBLIC KEY") if data.lstrip().startswith(b"-----") else data
    try:
        return PublicKey.from_spki(encoded).spki
    except KeyEncodingInvalid as error:
        raise InputInvalid(field, error.reason) from error


def _unpem(data: bytes, field: str, label: bytes) -> bytes:
    found = _BLOCK.search(data)
    if found is None or found["label"] != label:
        raise InputInvalid(field, f"holds no PEM block of {label.decode()}")
    try:
        return base64.b64decode(b"".join(found["body"].split()), validate=True)
    except binascii.Error as error:
        raise InputInvalid(field, "is PEM with a body that is not base64") from error
