"""Targets: signed notes, checkpoints, requests to witnesses, proofs, and tiles with their paths."""

from __future__ import annotations

import base64
from pathlib import Path

from evidence.checkpoint import Checkpoint, parse_checkpoint
from evidence.digest import DIGEST_SIZE
from evidence.errors import NoteInvalid, ProofInvalid, TileInvalid, WitnessRefused
from evidence.note import parse_note, sign_note, verify_note
from evidence.proof import (
    ConsistencyProof,
    InclusionProof,
    prove_consistency,
    prove_inclusion,
    verify_consistency,
    verify_inclusion,
)
from evidence.tile import ENTRIES, Tile, pack_entries, parse_path, split_entries
from evidence.tree import TreeHash
from evidence.witness import Cosigned, KnownLog, decide, parse_request
from keys.errors import KeysError
from keys.notesigner import parse_verifier_key
from keys.suites import Algorithm
from tests.fuzz.target import Target
from tests.support.notes import note_signer, verifier_of
from tests.support.trees import MemoryTree

VECTORS = Path(__file__).parents[1] / "vectors/c2sp"
ORIGIN = "log.example/bank/2026h2"
SIGNERS = tuple(note_signer(ORIGIN, one) for one in ("ed25519", Algorithm.P256, Algorithm.SM2))
VERIFIERS = tuple(verifier_of(one) for one in SIGNERS)
TREE = MemoryTree(TreeHash.SHA256)
INCLUDED = prove_inclusion(TreeHash.SHA256, TREE, 3, 300)
GROWN = prove_consistency(TreeHash.SHA256, TREE, 7, 300)
_NUMBER = 8  # octets of an index or a size before the hashes of a proof


def _note(data: bytes) -> None:
    note = parse_note(data)
    assert note.encoded() == data
    verify_note(note, VERIFIERS)


def _checkpoint(data: bytes) -> None:
    text = data.decode(errors="surrogateescape")
    assert parse_checkpoint(text).text() == text


def _request(data: bytes) -> None:
    request = parse_request(data)
    assert request.encoded() == data
    decide(request, {ORIGIN: KnownLog(VERIFIERS)}, Cosigned(5, TREE.root(5)))


def _read(data: bytes) -> tuple[int, int, tuple[bytes, ...]]:
    """A proof as two numbers and its hashes: what any form of it comes down to."""
    first, second = (int.from_bytes(data[at : at + _NUMBER], "big") for at in (0, _NUMBER))
    rest = data[2 * _NUMBER :]
    return first, second, tuple(rest[at : at + DIGEST_SIZE] for at in range(0, len(rest), DIGEST_SIZE))


def _inclusion(data: bytes) -> None:
    # Other numbers of the same shape pass too: it is the signed checkpoint that a size is taken from.
    index, size, hashes = _read(data)
    proof = InclusionProof(index, size, hashes)
    verify_inclusion(TreeHash.SHA256, proof, TREE.leaf_hashes[3], TREE.root(300))
    assert hashes == INCLUDED.hashes


def _consistency(data: bytes) -> None:
    old, size, hashes = _read(data)
    verify_consistency(TreeHash.SHA256, ConsistencyProof(old, size, hashes), TREE.root(7), TREE.root(300))
    assert hashes == GROWN.hashes


def _packed(first: int, second: int, hashes: tuple[bytes, ...]) -> bytes:
    return first.to_bytes(_NUMBER, "big") + second.to_bytes(_NUMBER, "big") + b"".join(hashes)


def _path(data: bytes) -> None:
    path = data.decode(errors="surrogateescape")
    assert parse_path(path).path() == path


def _entries(data: bytes) -> None:
    tile = Tile(ENTRIES, 0, 3)
    assert pack_entries(split_entries(tile, data)) == data


def _verifier_key(data: bytes) -> None:
    text = data.decode(errors="surrogateescape")
    assert parse_verifier_key(text).verifier_key() == text


def targets() -> tuple[Target, ...]:
    """Of this module."""
    text = Checkpoint(ORIGIN, 300, TREE.root(300)).text()
    note = sign_note(text, SIGNERS)
    old = f"old 5\n{_lines(prove_consistency(TreeHash.SHA256, TREE, 5, 300).hashes)}\n".encode()
    examples = tuple(
        (VECTORS / name).read_bytes() for name in ("cosigned-checkpoint.txt", "add-checkpoint.txt")
    )
    modules = ("evidence.note", "evidence.checkpoint", "evidence.witness", "evidence.proof", "evidence.tile")
    keys = tuple(one.verifier_key().encode() for one in VERIFIERS)
    return (
        Target("note", _note, (NoteInvalid,), (note.encoded(), examples[0]), modules),
        Target(
            "checkpoint", _checkpoint, (NoteInvalid,), (text.encode(), (text + "more\n").encode()), modules
        ),
        Target(
            "witness_request",
            _request,
            (NoteInvalid, WitnessRefused),
            (old + note.encoded(), examples[1]),
            modules,
        ),
        Target(
            "inclusion_proof",
            _inclusion,
            (ProofInvalid,),
            (_packed(3, 300, INCLUDED.hashes),),
            modules,
        ),
        Target(
            "consistency_proof",
            _consistency,
            (ProofInvalid,),
            (_packed(7, 300, GROWN.hashes),),
            modules,
        ),
        Target(
            "tile_path", _path, (TileInvalid,), (b"tile/0/x001/x234/067.p/5", b"tile/entries/000"), modules
        ),
        Target("entries", _entries, (TileInvalid,), (pack_entries([b"one", b"", b"three"]),), modules),
        Target("verifier_key", _verifier_key, (NoteInvalid, KeysError), keys, modules),
    )


def _lines(hashes: tuple[bytes, ...]) -> str:
    return "".join(f"{base64.b64encode(one).decode()}\n" for one in hashes)
