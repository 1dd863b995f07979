"""Cosignatures of C2SP tlog-cosignature, version 1: a witness says when it saw a tree grow as it should.

The signature is over a header, the time, and the whole text of the checkpoint; what stands in the note is the
time and the signature. The key's id is that of its own signature type, so that it is never taken for a
signature of the log.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import datetime, timedelta

from evidence.clock import EPOCH
from evidence.errors import NoteInvalid
from evidence.note import NoteSignature, NoteSigner, NoteVerifier

_HEADER = b"cosignature/v1\ntime "
_TIME = struct.Struct(">Q")
_SECOND = timedelta(seconds=1)
_LAST = 253_402_300_799  # 9999-12-31T23:59:59Z, the last second that has a date


def cosigned_message(text: str, seconds: int) -> bytes:
    """What a witness signs: `seconds` since 1970 (POSIX), and a checkpoint's text."""
    return _HEADER + str(seconds).encode() + b"\n" + text.encode()


def cosign(text: str, signer: NoteSigner, at: datetime) -> NoteSignature:
    """The witness's line under a checkpoint's text, of the whole second of `at`."""
    seconds = (at - EPOCH) // _SECOND
    signature = signer.sign(cosigned_message(text, seconds))
    return NoteSignature(signer.name, signer.key_id, _TIME.pack(seconds) + signature)


def cosigned_at(signature: bytes) -> int:
    """The time that a cosignature claims, seconds since 1970; raises `NoteInvalid`."""
    if len(signature) <= _TIME.size:
        raise NoteInvalid("has a cosignature that is too short")
    (seconds,) = _TIME.unpack_from(signature)
    if seconds > _LAST:
        raise NoteInvalid("has a cosignature of a time that never comes")
    return int(seconds)


@dataclass(frozen=True, slots=True)
class CosignatureVerifier:
    """`NoteVerifier` of cosignatures, over the key that verifies their signed message."""

    key: NoteVerifier

    @property
    def name(self) -> str:
        """The witness's name."""
        return self.key.name

    @property
    def key_id(self) -> bytes:
        """Of the key as a cosigner's."""
        return self.key.key_id

    def verify(self, message: bytes, signature: bytes) -> None:
        """`message` is the checkpoint's text."""
        self.time(message.decode(), signature)

    def time(self, text: str, signature: bytes) -> datetime:
        """When the witness cosigned; raises `NoteInvalid`."""
        seconds = cosigned_at(signature)
        self.key.verify(cosigned_message(text, seconds), signature[_TIME.size :])
        return EPOCH + seconds * _SECOND
