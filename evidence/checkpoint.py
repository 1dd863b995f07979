"""Checkpoints of C2SP tlog-checkpoint: origin, size and root of a tree as the text of a signed note.

The SM3 twin of a tree has an origin of its own, so that neither checkpoint can be taken for the other.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass

from evidence.digest import DIGEST_SIZE
from evidence.errors import NoteInvalid
from evidence.note import Note, NoteVerifier, check_text, decode_base64, parse_note, verify_note
from evidence.tree import MAX_TREE_SIZE, TreeHash

MAX_ORIGIN = 255  # characters; tlog-cosignature's log_origin has as many octets
MAX_EXTENSIONS = 16  # lines; tlog-checkpoint advises against any
TWIN = "/sm3"
"""What the origin of the SM3 tree ends with, after that of the SHA-256 tree."""
_ESSENTIAL = 3  # lines
_NUMBER = re.compile(r"(?:0|[1-9][0-9]{0,18})\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A tree head as it is signed."""

    origin: str
    size: int
    root: bytes
    """32 bytes."""
    extensions: tuple[str, ...] = ()
    """Lines that mean nothing to us, and are kept."""

    def text(self) -> str:
        """The note's text; raises `NoteInvalid` for parts that no checkpoint can have."""
        lines = (self.origin, str(self.size), base64.b64encode(self.root).decode("ascii"), *self.extensions)
        text = "".join(f"{line}\n" for line in lines)
        if parse_checkpoint(text) != self:
            raise NoteInvalid("would hold no checkpoint")
        return text


def parse_checkpoint(text: str) -> Checkpoint:
    """Read the text of a note; raises `NoteInvalid`."""
    check_text(text)
    lines = text[:-1].split("\n")
    if len(lines) < _ESSENTIAL or not all(lines):
        raise NoteInvalid("has no checkpoint: origin, size and root, a line each")
    if len(lines) > _ESSENTIAL + MAX_EXTENSIONS:
        raise NoteInvalid(f"has more than {MAX_EXTENSIONS} extension lines")
    origin, size, root, *extensions = lines
    if len(origin) > MAX_ORIGIN:
        raise NoteInvalid(f"has an origin of more than {MAX_ORIGIN} characters")
    digest = decode_base64(root)
    if len(digest) != DIGEST_SIZE:
        raise NoteInvalid("has a root of another length")
    return Checkpoint(origin, parse_size(size), digest, tuple(extensions))


def parse_size(text: str) -> int:
    """A tree size: decimal, no leading zero, at most `MAX_TREE_SIZE`. Raises `NoteInvalid`."""
    if not _NUMBER.match(text) or int(text) > MAX_TREE_SIZE:
        raise NoteInvalid("has a size that is none")
    return int(text)


def open_checkpoint(data: bytes, origin: str, verifiers: Sequence[NoteVerifier]) -> tuple[Checkpoint, Note]:
    """A signed checkpoint of this origin, verified under one or more of the keys; raises `NoteInvalid`."""
    note = parse_note(data)
    verify_note(note, verifiers)
    found = parse_checkpoint(note.text)
    if found.origin != origin:
        raise NoteInvalid("is the checkpoint of another log")
    return found, note


def origin_of(origin: str, function: TreeHash) -> str:
    """The origin of one of the twin trees of a log whose SHA-256 tree has `origin`."""
    return origin if function is TreeHash.SHA256 else origin + TWIN
