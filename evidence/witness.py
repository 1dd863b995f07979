"""The core of C2SP tlog-witness: the request `add-checkpoint`, and what a witness decides about it.

A decision is a pure function of the request and of the newest checkpoint that was cosigned. Whoever asks must
compare-and-swap that checkpoint with the new one, durably, before a cosignature leaves: two requests decided
on the same state would else roll one another back.
"""

from __future__ import annotations

import base64
import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evidence.checkpoint import Checkpoint, parse_checkpoint, parse_size
from evidence.digest import DIGEST_SIZE
from evidence.errors import NoteInvalid, ProofInvalid, WitnessRefused
from evidence.note import MAX_NOTE_SIZE, Note, NoteVerifier, decode_base64, parse_note, verify_note
from evidence.proof import MAX_PROOF_HASHES, ConsistencyProof, verify_consistency
from evidence.tree import TreeHash

MAX_REQUEST_SIZE = MAX_NOTE_SIZE + 4_096  # octets: 63 proof lines of 45, and the old size
_OLD = "old "


class Outcome(enum.StrEnum):
    """Why a witness does not cosign; the protocol has a status code for each."""

    MALFORMED = "malformed"
    """400: no request at all, or an old size above the new."""
    UNKNOWN_LOG = "unknown-log"
    """404."""
    UNTRUSTED = "untrusted"
    """403: no signature of a key trusted for the log."""
    CONFLICT = "conflict"
    """409: the old size is not that of the newest cosigned checkpoint, which the answer names."""
    FORKED = "forked"
    """409: the same size with another root. Kept as evidence against the log."""
    INCONSISTENT = "inconsistent"
    """422: the consistency proof does not hold."""


@dataclass(frozen=True, slots=True)
class AddCheckpoint:
    """A request: the size the witness is thought to know, the proof from there, the signed checkpoint."""

    old: int
    proof: tuple[bytes, ...]
    note: Note

    def encoded(self) -> bytes:
        """The body of the request."""
        lines = [f"{_OLD}{self.old}\n", *(f"{base64.b64encode(one).decode()}\n" for one in self.proof), "\n"]
        return "".join(lines).encode() + self.note.encoded()


@dataclass(frozen=True, slots=True)
class KnownLog:
    """A log that a witness watches: the keys it trusts for it, and the function its tree is built with."""

    verifiers: tuple[NoteVerifier, ...]
    function: TreeHash = TreeHash.SHA256


@dataclass(frozen=True, slots=True)
class Cosigned:
    """Of the newest checkpoint that a witness cosigned for an origin."""

    size: int
    root: bytes


def parse_request(data: bytes) -> AddCheckpoint:
    """Read a request; raises `NoteInvalid`."""
    if len(data) > MAX_REQUEST_SIZE:
        raise NoteInvalid(f"is longer than {MAX_REQUEST_SIZE} octets")
    head, gap, note = data.partition(b"\n\n")
    try:
        first, *lines = head.decode("ascii").split("\n")
    except UnicodeDecodeError as error:
        raise NoteInvalid("comes after lines that are no consistency proof") from error
    if not gap or not first.startswith(_OLD):
        raise NoteInvalid("comes without the old size before it")
    if len(lines) > MAX_PROOF_HASHES:
        raise NoteInvalid(f"comes with more than {MAX_PROOF_HASHES} hashes of a proof")
    proof = tuple(decode_base64(line) for line in lines)
    if any(len(one) != DIGEST_SIZE for one in proof):
        raise NoteInvalid("comes after lines that are no consistency proof")
    return AddCheckpoint(parse_size(first.removeprefix(_OLD)), proof, parse_note(note))


def decide(request: AddCheckpoint, logs: Mapping[str, KnownLog], cosigned: Cosigned | None) -> Checkpoint:
    """The checkpoint that is to be recorded and cosigned; raises `WitnessRefused`.

    `logs` by origin; `cosigned` is the newest for the request's origin (`origin_in`), None before the first.
    The order of the checks is that of tlog-witness.
    """
    known_size = cosigned.size if cosigned else 0
    try:
        checkpoint = parse_checkpoint(request.note.text)
    except NoteInvalid as error:
        raise WitnessRefused(Outcome.MALFORMED, str(error), known_size) from error
    log = logs.get(checkpoint.origin)
    if log is None:
        raise WitnessRefused(Outcome.UNKNOWN_LOG, "it does not know the log", known_size)
    _check_signed(request.note, log.verifiers, known_size)
    if request.old > checkpoint.size:
        raise WitnessRefused(Outcome.MALFORMED, "the old size is larger than the new", known_size)
    if request.old != known_size:
        raise WitnessRefused(Outcome.CONFLICT, "it cosigned a checkpoint of another size", known_size)
    if cosigned and checkpoint.size == cosigned.size and checkpoint.root != cosigned.root:
        raise WitnessRefused(Outcome.FORKED, "it cosigned another root of this size", known_size)
    proof = ConsistencyProof(request.old, checkpoint.size, request.proof)
    before = cosigned.root if cosigned else log.function.empty
    try:
        verify_consistency(log.function, proof, before, checkpoint.root)
    except ProofInvalid as error:
        raise WitnessRefused(Outcome.INCONSISTENT, str(error), known_size) from error
    return checkpoint


def origin_in(request: AddCheckpoint) -> str:
    """The origin that the request is about, to find what was cosigned for it."""
    return request.note.text.partition("\n")[0]


def _check_signed(note: Note, verifiers: Sequence[NoteVerifier], known_size: int) -> None:
    try:
        verify_note(note, verifiers)
    except NoteInvalid as error:
        raise WitnessRefused(Outcome.UNTRUSTED, str(error), known_size) from error
