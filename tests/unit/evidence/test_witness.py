"""What a witness decides, and the form in which it is asked (C2SP tlog-witness)."""

from __future__ import annotations

import base64
from dataclasses import replace
from pathlib import Path

import pytest

from evidence.checkpoint import Checkpoint
from evidence.errors import NoteInvalid, WitnessRefused
from evidence.note import MAX_NOTE_SIZE, Note, NoteSigner, sign_note
from evidence.proof import MAX_PROOF_HASHES, prove_consistency
from evidence.tree import TreeHash
from evidence.witness import (
    AddCheckpoint,
    Cosigned,
    KnownLog,
    Outcome,
    decide,
    origin_in,
    parse_request,
)
from tests.support.notes import note_signer, verifier_of
from tests.support.trees import MemoryTree

VECTORS = Path(__file__).parents[2] / "vectors/c2sp"
ORIGIN = "log.example/bank/2026h2"
EXAMPLE = (VECTORS / "add-checkpoint.txt").read_text(encoding="utf-8")
"""Of C2SP tlog-witness."""


@pytest.fixture(scope="module", params=list(TreeHash))
def tree(request: pytest.FixtureRequest) -> MemoryTree:
    return MemoryTree(request.param)


@pytest.fixture(scope="module")
def log() -> NoteSigner:
    return note_signer(ORIGIN, "ed25519")


@pytest.fixture
def logs(tree: MemoryTree, log: NoteSigner) -> dict[str, KnownLog]:
    return {ORIGIN: KnownLog((verifier_of(log),), tree.function)}


def request_of(tree: MemoryTree, log: NoteSigner, old: int, size: int) -> AddCheckpoint:
    proof = prove_consistency(tree.function, tree, old, size)
    note = sign_note(Checkpoint(ORIGIN, size, tree.root(size)).text(), [log])
    return AddCheckpoint(old, proof.hashes, note)


def outcome(request: AddCheckpoint, logs: dict[str, KnownLog], cosigned: Cosigned | None) -> tuple[str, int]:
    with pytest.raises(WitnessRefused) as refused:
        decide(request, logs, cosigned)
    return refused.value.outcome, refused.value.size


def test_the_example_is_read_and_written_back() -> None:
    request = parse_request(EXAMPLE.encode())
    assert (request.old, len(request.proof), origin_in(request)) == (
        20852014,
        4,
        "example.com/behind-the-sofa",
    )
    assert request.encoded() == EXAMPLE.encode()


@pytest.mark.parametrize(
    "data",
    [
        "",
        "old 1\n",
        EXAMPLE.replace("old ", "Old "),
        EXAMPLE.replace("old 2", "old 02"),
        EXAMPLE.replace("old 2", "old  2"),
        EXAMPLE.replace("old 20852014", "old -1"),
        EXAMPLE.replace("PlRN", "PlR\u00e9"),
        EXAMPLE.replace("PlRNCrwH", "AAAA"),
        EXAMPLE.replace("kaw=", "kaw"),
        EXAMPLE.partition("\n\n")[2],
        EXAMPLE.partition("\n\n")[0] + "\n\n",
        "old 1\n" + base64.b64encode(bytes(32)).decode().join(["", "\n"]) * (MAX_PROOF_HASHES + 1) + "\nx\n",
        "x" * (MAX_NOTE_SIZE + 10_000),
    ],
)
def test_what_is_no_request_is_refused(data: str) -> None:
    with pytest.raises(NoteInvalid):
        parse_request(data.encode())


def test_growth_is_cosigned_from_nothing_and_from_what_was_seen(
    tree: MemoryTree, log: NoteSigner, logs: dict[str, KnownLog]
) -> None:
    cosigned = None
    for old, size in ((0, 5), (5, 5), (5, 300), (300, 600)):
        request = parse_request(request_of(tree, log, old, size).encoded())
        accepted = decide(request, logs, cosigned)
        assert (accepted.size, accepted.root) == (size, tree.root(size))
        cosigned = Cosigned(accepted.size, accepted.root)


def test_each_refusal_has_its_outcome(tree: MemoryTree, log: NoteSigner, logs: dict[str, KnownLog]) -> None:
    seen = Cosigned(5, tree.root(5))
    good = request_of(tree, log, 5, 300)
    stranger = note_signer(ORIGIN, "ed25519")
    assert outcome(good, {}, seen) == (Outcome.UNKNOWN_LOG, 5)
    assert outcome(replace(good, note=Note("no checkpoint\n", good.note.signatures)), logs, seen) == (
        Outcome.MALFORMED,
        5,
    )
    assert outcome(request_of(tree, stranger, 5, 300), logs, seen) == (Outcome.UNTRUSTED, 5)
    assert outcome(replace(good, old=301), logs, seen) == (Outcome.MALFORMED, 5)
    assert outcome(good, logs, None) == (Outcome.CONFLICT, 0)
    assert outcome(good, logs, Cosigned(6, tree.root(6))) == (Outcome.CONFLICT, 6)
    assert outcome(request_of(tree, log, 5, 5), logs, Cosigned(5, tree.root(6))) == (Outcome.FORKED, 5)
    assert outcome(replace(good, proof=good.proof[:-1]), logs, seen) == (Outcome.INCONSISTENT, 5)
    assert outcome(good, logs, Cosigned(5, tree.root(6))) == (Outcome.INCONSISTENT, 5)
    assert outcome(replace(request_of(tree, log, 0, 5), proof=good.proof), logs, None) == (
        Outcome.INCONSISTENT,
        0,
    )


def test_an_empty_tree_has_one_root(tree: MemoryTree, log: NoteSigner, logs: dict[str, KnownLog]) -> None:
    assert decide(request_of(tree, log, 0, 0), logs, None).root == tree.function.empty
    false = sign_note(Checkpoint(ORIGIN, 0, tree.root(3)).text(), [log])
    assert outcome(AddCheckpoint(0, (), false), logs, None) == (Outcome.INCONSISTENT, 0)
