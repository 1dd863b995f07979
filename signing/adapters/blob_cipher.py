"""Documents at rest: AES-256-GCM in frames under a key of the file's own, so that a large one streams.

The construction is STREAM (Hoang, Reyhanitabar, Rogaway, Vizár 2015) as age and Tink use it: the key follows
from the tenant's document key and a random salt, the nonce is the frame's number and whether it is the
last, so frames cannot be dropped, swapped, repeated or taken from another file.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from typing import BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from signing.document import BlobId, Buffer

FRAME = 1_048_576  # octets of a document in a frame: what stands in memory beside the document
_VERSION = b"\x01"
_SALT_SIZE, _TAG_SIZE, _KEY_SIZE = 32, 16, 32
_HEADER_SIZE = len(_VERSION) + _SALT_SIZE
_INFO = b"xinqian/document/v1\x00"
_NUMBER_SIZE, _LAST, _MORE = 11, b"\x01", b"\x00"


class BlobCipher:
    """Seals and opens blobs under `secret`, which is asked for when first needed and kept."""

    def __init__(self, secret: Callable[[], bytes]) -> None:
        self._secret = secret
        self._known: bytes | None = None

    def sealed(self, blob: BlobId, data: Buffer) -> Iterator[bytes]:
        """The octets to be kept, piece by piece."""
        salt = secrets.token_bytes(_SALT_SIZE)
        cipher = self._cipher(salt)
        yield _VERSION + salt
        view = memoryview(data)
        count = max(1, -(-len(view) // FRAME))
        for number in range(count):
            frame = view[number * FRAME : (number + 1) * FRAME]
            yield cipher.encrypt(_nonce(number, last=number == count - 1), frame, blob.encode())

    def open_into(self, blob: BlobId, file: BinaryIO, target: memoryview) -> bool:
        """The document into exactly as many octets; False for octets that were not sealed as this blob."""
        header = file.read(_HEADER_SIZE)
        if len(header) != _HEADER_SIZE or header[: len(_VERSION)] != _VERSION:
            return False
        cipher = self._cipher(header[len(_VERSION) :])
        count = max(1, -(-len(target) // FRAME))
        for number in range(count):
            place = target[number * FRAME : (number + 1) * FRAME]
            frame = file.read(len(place) + _TAG_SIZE)
            try:
                place[:] = cipher.decrypt(_nonce(number, last=number == count - 1), frame, blob.encode())
            except (InvalidTag, ValueError):
                return False
        return not file.read(1)

    def _cipher(self, salt: bytes) -> AESGCM:
        if self._known is None:
            self._known = self._secret()
        return AESGCM(HKDF(SHA256(), _KEY_SIZE, salt, _INFO).derive(self._known))


def opened_size(sealed: int) -> int:
    """Octets of the document in a file of that size; less than 0 for one too short to hold any."""
    inside = sealed - _HEADER_SIZE
    count = max(1, -(-inside // (FRAME + _TAG_SIZE)))
    return inside - count * _TAG_SIZE


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(_NUMBER_SIZE) + (_LAST if last else _MORE)
