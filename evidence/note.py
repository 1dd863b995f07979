"""Signed notes of C2SP signed-note: a text, and lines of signatures over it.

Who signs and who verifies is asked of `NoteSigner` and `NoteVerifier`: the log knows the format, others the
keys. A key is known by its name together with its id of four octets.
"""

from __future__ import annotations

import base64
import binascii
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from evidence.digest import sha256
from evidence.errors import NoteInvalid

KEY_ID_SIZE = 4  # octets
MAX_NOTE_SIZE = 1_000_000  # octets: the limit of Go's sumdb/note
MAX_SIGNATURES = 100  # of one note, as there; signed-note wants 16 at the least
MAX_NAME = 255  # characters of a key's name; tlog-cosignature's cosigner_name has as many octets
_MARK = "— "  # U+2014 and a space begin a signature line

ED25519 = b"\x01"
"""Signature type: Ed25519 over the text."""
ECDSA = b"\x02"
"""ECDSA with SHA-256 on P-256, DER, over the text; its key ids do not depend on the name."""
COSIGNATURE_ED25519 = b"\x04"
"""Timestamped cosignatures, `evidence.cosignature`."""
SM2 = b"\xffsm2-with-sm3"
"""SM2 with SM3 (GB/T 32918.2, the default identity), DER, over the text: no type of the specification."""
COSIGNATURE_SM2 = b"\xffsm2-with-sm3/cosignature/v1"
"""A timestamped cosignature under SM2: no type of the specification."""


class NoteSigner(Protocol):
    """Signs texts under one name."""

    @property
    def name(self) -> str:
        """The key's name in signature lines."""
        ...

    @property
    def key_id(self) -> bytes:
        """Four octets, see `key_id_of`."""
        ...

    def sign(self, message: bytes) -> bytes:
        """The signature over the octets; raises the key's own errors when it cannot be used."""
        ...


class NoteVerifier(Protocol):
    """Verifies texts under one name."""

    @property
    def name(self) -> str:
        """As `NoteSigner.name`."""
        ...

    @property
    def key_id(self) -> bytes:
        """As `NoteSigner.key_id`."""
        ...

    def verify(self, message: bytes, signature: bytes) -> None:
        """Raises `NoteInvalid` unless the signature is this key's over the octets."""
        ...


@dataclass(frozen=True, slots=True)
class NoteSignature:
    """One signature line."""

    name: str
    key_id: bytes
    signature: bytes

    def line(self) -> str:
        """With its newline."""
        value = base64.b64encode(self.key_id + self.signature).decode("ascii")
        return f"{_MARK}{self.name} {value}\n"


@dataclass(frozen=True, slots=True)
class Note:
    """A text, its final newline included, and the signatures that came with it: nobody has verified them."""

    text: str
    signatures: tuple[NoteSignature, ...]

    def encoded(self) -> bytes:
        """UTF-8, as it is stored and served."""
        return (self.text + "\n" + "".join(one.line() for one in self.signatures)).encode()

    def with_signatures(self, more: Sequence[NoteSignature]) -> Note:
        """With those of `more` that it has not."""
        merged = tuple(dict.fromkeys((*self.signatures, *more)))
        return Note(self.text, merged)


def parse_note(data: bytes) -> Note:
    """Read a signed note; raises `NoteInvalid`. What it says counts only after `verify_note`."""
    if len(data) > MAX_NOTE_SIZE:
        raise NoteInvalid(f"is longer than {MAX_NOTE_SIZE} octets")
    try:
        whole = data.decode()
    except UnicodeDecodeError as error:
        raise NoteInvalid("is not UTF-8") from error
    body, gap, lines = whole.rpartition("\n\n")
    if not gap or not lines:
        raise NoteInvalid("has no signature")
    text = f"{body}\n"
    check_text(text)
    return Note(text, parse_signatures(lines))


def parse_signatures(lines: str) -> tuple[NoteSignature, ...]:
    """One or more signature lines, each with its newline; raises `NoteInvalid`."""
    if not lines.endswith("\n"):
        raise NoteInvalid("does not end with a newline")
    if lines.count("\n") > MAX_SIGNATURES:
        raise NoteInvalid(f"has more than {MAX_SIGNATURES} signatures")
    return tuple(_parse_line(line) for line in lines[:-1].split("\n"))


def check_text(text: str) -> None:
    """What may be signed: one or more lines without control characters. Raises `NoteInvalid`."""
    if not text.endswith("\n"):
        raise NoteInvalid("has a text that does not end with a newline")
    if any(character < " " and character != "\n" for character in text):
        raise NoteInvalid("has a control character")


def check_name(name: str) -> str:
    """A key's name: not empty, no space of Unicode, no plus, no control character. Raises `NoteInvalid`."""
    if not 0 < len(name) <= MAX_NAME:
        raise NoteInvalid(f"names a key with {len(name)} characters; 1 to {MAX_NAME} are taken")
    if any(c.isspace() or c == "+" or unicodedata.category(c)[0] in "CZ" for c in name):
        raise NoteInvalid("names a key with a character that no name has")
    return name


def key_id_of(name: str, kind: bytes, public: bytes) -> bytes:
    """The id of a key (signed-note, Signatures): `public` is its encoding for that type.

    Ed25519 has the 32 octets of RFC 8032; ECDSA and SM2 the SubjectPublicKeyInfo, DER.
    """
    if kind == ECDSA:
        return sha256(public)[:KEY_ID_SIZE]
    return sha256(name.encode() + b"\n" + kind + public)[:KEY_ID_SIZE]


def sign_note(text: str, signers: Sequence[NoteSigner]) -> Note:
    """A note with a line for each signer, in their order; raises `NoteInvalid` for what is no text."""
    check_text(text)
    message = text.encode()
    lines = [NoteSignature(check_name(one.name), one.key_id, one.sign(message)) for one in signers]
    return Note(text, tuple(lines))


def verify_note(note: Note, verifiers: Sequence[NoteVerifier]) -> tuple[NoteSignature, ...]:
    """The signatures of known keys, one a key, all good: signatures of unknown keys are passed over.

    Raises `NoteInvalid` when one of a known key does not verify, and when there is none.
    """
    known = {(one.name, one.key_id): one for one in verifiers}
    message = note.text.encode()
    found: dict[tuple[str, bytes], NoteSignature] = {}
    for line in note.signatures:
        place = line.name, line.key_id
        verifier = known.get(place)
        if verifier is None or place in found:
            continue
        verifier.verify(message, line.signature)
        found[place] = line
    if not found:
        raise NoteInvalid("has no signature of a known key")
    return tuple(found.values())


def decode_base64(text: str) -> bytes:
    """RFC 4648 section 4 in its one spelling; raises `NoteInvalid`."""
    try:
        value = base64.b64decode(text.encode("ascii"), validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise NoteInvalid("has a value that is not base64") from error
    if base64.b64encode(value).decode("ascii") != text:
        raise NoteInvalid("has a value that is not base64")
    return value


def _parse_line(line: str) -> NoteSignature:
    name, gap, value = line.removeprefix(_MARK).partition(" ")
    if not line.startswith(_MARK) or not gap:
        raise NoteInvalid("has a signature line that is none")
    signature = decode_base64(value)
    if len(signature) <= KEY_ID_SIZE:
        raise NoteInvalid("has a signature without octets")
    return NoteSignature(check_name(name), signature[:KEY_ID_SIZE], signature[KEY_ID_SIZE:])
