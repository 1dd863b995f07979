"""The revocation journal's file: dense, chained, on disk before the answer, for many processes."""

from __future__ import annotations

import json
import multiprocessing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from ca.adapters.journal import FileRevocationJournal
from ca.errors import EncodingInvalid, RegistryBehind
from ca.registry import AuthorityId, Revocation, RevocationReason
from ca.serial import new_serial
from tests.support.clock import NOON


def entry(sequence: int) -> Revocation:
    return Revocation(
        sequence=sequence,
        authority_id=AuthorityId("intl-person"),
        serial=new_serial(),
        reason=RevocationReason.KEY_COMPROMISE,
        revoked_at=NOON + timedelta(microseconds=sequence),
        invalidity_date=NOON if sequence % 2 else None,
        not_after=NOON + timedelta(hours=1),
        crl_shard=sequence % 3,
        requester="officer",
    )


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "revocations.jsonl"


def test_entries_come_back_as_they_were(path: Path) -> None:
    entries = [entry(number) for number in range(1, 8)]
    journal = FileRevocationJournal(path)
    assert journal.last_sequence() == 0
    journal.append(entries[:3])
    journal.append(entries[3:])
    for reader in (journal, FileRevocationJournal(path)):
        assert reader.last_sequence() == 7
        assert list(reader.read(0)) == entries
        assert list(reader.read(5)) == entries[5:]
        assert list(reader.read(7)) == []


def test_what_is_there_is_skipped_and_a_gap_is_refused(path: Path) -> None:
    entries = [entry(number) for number in range(1, 6)]
    journal = FileRevocationJournal(path)
    journal.append(entries[:3])
    journal.append(entries[1:4])
    assert list(journal.read(0)) == entries[:4]
    with pytest.raises(RegistryBehind):
        journal.append([entry(6)])
    with pytest.raises(RegistryBehind):
        journal.append([entries[4], entry(7)])
    assert list(journal.read(0)) == entries[:4]


def test_another_process_is_followed(path: Path) -> None:
    entries = [entry(number) for number in range(1, 4)]
    first, second = FileRevocationJournal(path), FileRevocationJournal(path)
    first.append(entries[:1])
    second.append(entries[:2])
    first.append(entries)
    assert list(second.read(0)) == entries


def _append(path: Path) -> None:
    journal = FileRevocationJournal(path)
    for number in range(1, 51):
        journal.append([replace(entry(one), serial=new_serial()) for one in range(1, number + 1)])


def test_processes_append_without_gap_or_double(path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    workers = [context.Process(target=_append, args=(path,)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    assert [one.sequence for one in FileRevocationJournal(path).read(0)] == list(range(1, 51))


@pytest.mark.parametrize("kept", range(1, 60, 7))
def test_an_append_cut_short_never_happened(path: Path, kept: int) -> None:
    entries = [entry(number) for number in range(1, 4)]
    FileRevocationJournal(path).append(entries[:2])
    whole = path.read_bytes()
    last = whole.splitlines(keepends=True)[-1]
    path.write_bytes(whole + last[:kept])
    journal = FileRevocationJournal(path)
    assert journal.last_sequence() == 2
    journal.append(entries[2:])
    assert list(FileRevocationJournal(path).read(0)) == entries


def altered(text: bytes) -> dict[str, bytes]:
    lines = text.splitlines(keepends=True)
    forged = json.loads(lines[1])
    forged["requester"] = "somebody"
    return {
        "first entry gone": b"".join(lines[1:]),
        "middle entry gone": lines[0] + lines[2],
        "order changed": lines[1] + lines[0] + lines[2],
        "entry altered": lines[0] + json.dumps(forged).encode() + b"\n" + lines[2],
        "entry twice": b"".join(lines) + lines[2],
        "no JSON": lines[0] + b"{\n" + lines[2],
        "no entry": lines[0] + b"[]\n",
        "empty line": lines[0] + b"\n" + lines[1],
    }


@pytest.mark.parametrize(
    "how",
    [
        "first entry gone",
        "middle entry gone",
        "order changed",
        "entry altered",
        "entry twice",
        "no JSON",
        "no entry",
        "empty line",
    ],
)
def test_an_altered_journal_is_refused(path: Path, how: str) -> None:
    FileRevocationJournal(path).append([entry(number) for number in range(1, 4)])
    path.write_bytes(altered(path.read_bytes())[how])
    journal = FileRevocationJournal(path)
    for act in (journal.last_sequence, lambda: journal.read(0), lambda: journal.append([entry(4)])):
        with pytest.raises(EncodingInvalid):
            act()


def test_a_journal_that_shrinks_or_goes_under_a_process_is_refused(path: Path) -> None:
    journal = FileRevocationJournal(path)
    journal.append([entry(1), entry(2)])
    path.write_bytes(path.read_bytes().splitlines(keepends=True)[0])
    with pytest.raises(EncodingInvalid):
        journal.last_sequence()
    path.unlink()
    with pytest.raises(EncodingInvalid):
        journal.append([entry(3)])
