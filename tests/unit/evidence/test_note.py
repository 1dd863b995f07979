"""Signed notes, checkpoints and cosignatures, against the specification's examples and Go's sumdb/note."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from evidence.checkpoint import (
    MAX_EXTENSIONS,
    Checkpoint,
    open_checkpoint,
    origin_of,
    parse_checkpoint,
)
from evidence.cosignature import CosignatureVerifier, cosign, cosigned_message
from evidence.errors import NoteInvalid
from evidence.note import (
    MAX_NOTE_SIZE,
    MAX_SIGNATURES,
    Note,
    NoteSignature,
    NoteSigner,
    parse_note,
    sign_note,
    verify_note,
)
from evidence.tree import MAX_TREE_SIZE, TreeHash
from keys.errors import AlgorithmNotAllowed, KeyEncodingInvalid, KeysError
from keys.notesigner import (
    Ed25519NoteSigner,
    Ed25519NoteVerifier,
    KeyNoteSigner,
    KeyNoteVerifier,
    parse_verifier_key,
)
from keys.private import PrivateKey
from keys.suites import Algorithm
from tests.support.clock import NOON
from tests.support.notes import HeldKey, note_signer, verifier_of
from tests.support.sumdb import Refused, SumdbJudge, open_judge

VECTORS = Path(__file__).parents[2] / "vectors/c2sp"
EXAMPLE = (VECTORS / "cosigned-checkpoint.txt").read_text(encoding="utf-8")
"""Of C2SP tlog-cosignature."""
GO_SECRET = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_PUBLIC = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
"""Of the documentation of Go's package."""
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
ORIGIN = "log.example/bank/2026h2"
HEAD = Checkpoint(ORIGIN, 7, b"\x07" * 32)


@pytest.fixture(scope="module")
def judge() -> Iterator[SumdbJudge]:
    with open_judge() as running:
        yield running


@pytest.fixture(scope="module", params=["ed25519", Algorithm.P256, Algorithm.SM2])
def signer(request: pytest.FixtureRequest) -> NoteSigner:
    return note_signer(ORIGIN, request.param)


def test_the_example_is_read_and_written_back() -> None:
    note = parse_note(EXAMPLE.encode())
    found = parse_checkpoint(note.text)
    assert (found.origin, found.size, found.extensions) == ("example.com/behind-the-sofa", 20852163, ())
    assert found.text() == note.text
    assert [one.name for one in note.signatures] == ["example.com/behind-the-sofa", "witness.example.com/w1"]
    assert note.encoded() == EXAMPLE.encode()


def test_a_note_of_ours_is_opened_by_go_and_one_of_go_by_us(judge: SumdbJudge) -> None:
    ours = Ed25519NoteSigner.of("PeterNeumann", base64.b64decode(GO_SECRET.split("+", 4)[4])[1:])
    assert ours.verifier.verifier_key() == GO_PUBLIC
    stranger = note_signer("somebody.else", Algorithm.SM2)
    note = sign_note(TEXT, [stranger, ours])
    opened = judge.ask("open", note=note.encoded(), keys=[GO_PUBLIC])
    assert (opened["Text"], opened["Names"]) == (TEXT, ["PeterNeumann"])
    theirs = judge.octets("sign", secret=GO_SECRET, text=TEXT)
    assert theirs == sign_note(TEXT, [ours]).encoded()
    assert verify_note(parse_note(theirs), [parse_verifier_key(GO_PUBLIC)]) == parse_note(theirs).signatures


@pytest.mark.parametrize(
    "change",
    [
        lambda note: note[:-1],
        lambda note: note.replace(b"\n\n", b"\n"),
        lambda note: note + b"\n",
        lambda note: note.replace(b"answer", b"answer\x00"),
        lambda note: note.replace(b"answer", b"answer\xff"),
        lambda note: note.replace("— ".encode(), b"- "),
        lambda note: note.replace(b"PeterNeumann ", b"PeterNeumann  "),
        lambda note: note.replace(b"PeterNeumann ", b"Peter+Neumann "),
        lambda note: note.replace(b"=\n", b"\n"),
        lambda note: note.replace(b"answer", b"ANSWER"),
    ],
)
def test_what_go_does_not_open_is_not_opened_here(judge: SumdbJudge, change: object) -> None:
    note = judge.octets("sign", secret=GO_SECRET, text=TEXT)
    changed = change(note)  # type: ignore[operator]
    assert changed != note
    with pytest.raises(Refused):
        judge.ask("open", note=changed, keys=[GO_PUBLIC])
    with pytest.raises(NoteInvalid):
        verify_note(parse_note(changed), [parse_verifier_key(GO_PUBLIC)])


def test_a_checkpoint_is_opened_under_the_logs_key_alone(signer: NoteSigner) -> None:
    note = sign_note(HEAD.text(), [signer])
    verifier = verifier_of(signer)
    assert open_checkpoint(note.encoded(), ORIGIN, [verifier]) == (HEAD, note)
    assert parse_verifier_key(verifier.verifier_key()) == verifier
    with pytest.raises(NoteInvalid, match="another log"):
        open_checkpoint(note.encoded(), origin_of(ORIGIN, TreeHash.SM3), [verifier])
    other = note_signer(ORIGIN, "ed25519")
    with pytest.raises(NoteInvalid, match="known key"):
        open_checkpoint(note.encoded(), ORIGIN, [verifier_of(other)])
    with pytest.raises(NoteInvalid, match="known key"):
        open_checkpoint(note.encoded(), ORIGIN, [])


def test_one_bad_signature_of_a_known_key_spoils_the_note(signer: NoteSigner) -> None:
    other = note_signer("other.example", "ed25519")
    note = sign_note(HEAD.text(), [other, signer])
    bad = replace(note.signatures[1], signature=note.signatures[0].signature)
    with pytest.raises(NoteInvalid, match="does not verify"):
        verify_note(Note(note.text, (note.signatures[0], bad)), [verifier_of(other), verifier_of(signer)])
    with pytest.raises(NoteInvalid, match="does not verify"):
        verify_note(replace(note, text=note.text.replace("7", "8")), [verifier_of(signer)])


def test_a_name_is_known_only_together_with_its_id(signer: NoteSigner) -> None:
    note = sign_note(HEAD.text(), [signer])
    stranger = NoteSignature(signer.name, b"\x00\x00\x00\x00", b"whatever")
    both = note.with_signatures([stranger, stranger])
    assert len(both.signatures) == 2
    assert verify_note(parse_note(both.encoded()), [verifier_of(signer)]) == note.signatures


@pytest.mark.parametrize("algorithm", ["ed25519", Algorithm.SM2])
def test_a_cosignature_says_when(algorithm: Algorithm | str) -> None:
    witness = note_signer("witness.example/w1", algorithm, cosigner=True)
    log = note_signer(ORIGIN, algorithm)
    at = NOON + timedelta(milliseconds=700)
    text = HEAD.text()
    line = cosign(text, witness, at)
    verifier = CosignatureVerifier(verifier_of(witness))
    assert verifier.time(text, line.signature) == NOON
    note = sign_note(text, [log]).with_signatures([line])
    assert len(verify_note(parse_note(note.encoded()), [verifier_of(log), verifier])) == 2
    later = (int.from_bytes(line.signature[:8], "big") + 1).to_bytes(8, "big") + line.signature[8:]
    for wrong in (later, line.signature[:8], b"\xff" * 8 + line.signature[8:]):
        with pytest.raises(NoteInvalid):
            verifier.time(text, wrong)


def test_the_cosigned_message_is_that_of_the_specification() -> None:
    text = EXAMPLE.partition("\n\n")[0] + "\n"
    assert cosigned_message(text, 1679315147).decode() == f"cosignature/v1\ntime 1679315147\n{text}"


def test_a_cosigners_key_is_not_a_logs_key() -> None:
    log, witness = (note_signer("a.example", "ed25519", cosigner=cosigner) for cosigner in (False, True))
    assert log.key_id != witness.key_id
    assert parse_verifier_key(verifier_of(witness).verifier_key()).kind == b"\x04"


@pytest.mark.parametrize(
    "text",
    [
        "a\n7\n",
        "a\n7\n" + "A" * 44 + "\n",
        HEAD.text().replace("\n7\n", "\n07\n"),
        HEAD.text().replace("\n7\n", "\n+7\n"),
        HEAD.text().replace("\n7\n", "\n\u0667\n"),
        HEAD.text().replace("\n7\n", f"\n{MAX_TREE_SIZE + 1}\n"),
        HEAD.text().replace("=", ""),
        HEAD.text() + "\n",
        "\n" + HEAD.text(),
        HEAD.text() + "x\n" * (MAX_EXTENSIONS + 1),
        "o" * 256 + HEAD.text(),
        HEAD.text()[:-1],
        HEAD.text() + "tab\there\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(NoteInvalid):
        parse_checkpoint(text)


def test_extension_lines_are_kept() -> None:
    held = replace(HEAD, extensions=("one", "two 二"))
    assert parse_checkpoint(held.text()) == held


@pytest.mark.parametrize("changes", [{"origin": ""}, {"origin": "a\nb"}, {"size": -1}, {"root": b""}])
def test_a_checkpoint_that_would_not_be_read_is_not_written(changes: dict[str, object]) -> None:
    with pytest.raises(NoteInvalid):
        replace(HEAD, **changes).text()  # type: ignore[arg-type]


def test_notes_are_bounded() -> None:
    line = NoteSignature("a", b"1234", b"x").line()
    assert len(parse_note(f"t\n\n{line * MAX_SIGNATURES}".encode()).signatures) == MAX_SIGNATURES
    with pytest.raises(NoteInvalid, match="more than"):
        parse_note(f"t\n\n{line * (MAX_SIGNATURES + 1)}".encode())
    with pytest.raises(NoteInvalid, match="longer"):
        parse_note(bytes(MAX_NOTE_SIZE + 1))


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u00a0b", "a\u2028b", "a\x7fb", "x" * 256])
def test_names_that_no_key_has(name: str) -> None:
    with pytest.raises(NoteInvalid):
        Ed25519NoteVerifier.of(name, bytes(32))


def test_keys_that_sign_no_notes() -> None:
    with pytest.raises(AlgorithmNotAllowed):
        KeyNoteVerifier.of("a", PrivateKey.generate(Algorithm.RSA3072).public)
    with pytest.raises(AlgorithmNotAllowed):
        KeyNoteSigner.of("a", HeldKey(PrivateKey.generate(Algorithm.P256)), cosigner=True)
    for wrong in (bytes(31), bytes(33)):
        with pytest.raises(KeyEncodingInvalid):
            Ed25519NoteVerifier.of("a", wrong)
        with pytest.raises(KeyEncodingInvalid):
            Ed25519NoteSigner.of("a", wrong)


@pytest.mark.parametrize(
    "key",
    ["", "a+b", "a+00000000+", "a+00000000+AQ==", GO_PUBLIC.replace("c74f20a3", "c74f20a4"), "a" * 9_999],
)
def test_what_is_no_verifier_key(key: str) -> None:
    with pytest.raises((KeysError, NoteInvalid)):
        parse_verifier_key(key)
