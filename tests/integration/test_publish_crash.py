"""Killed at a boundary, or without power: what was published stays, and the next run repairs the rest."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from api.engine import open_engine
from evidence.audit import Audit
from evidence.tile import growth, prefix
from evidence.tree import TreeHash
from tests.support.database import BACKENDS, database_url, empty_engine
from tests.support.dyingpublisher import EVENTS
from tests.support.publishing import LOG, PublishedLog, published_log
from tests.support.services import environment

STEP = {"sqlite": 4, "postgresql": 9}  # of the boundaries, of which a publication has some eighty


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_publisher_that_is_killed_is_followed_by_one_that_repairs(backend: str, tmp_path: Path) -> None:
    with database_url(backend, tmp_path) as url:
        command = [
            sys.executable,
            "-m",
            "tests.support.dyingpublisher",
            url,
            str(tmp_path),
            str(STEP[backend]),
        ]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=120, check=False, env=environment()
        )
        assert done.returncode == 0, done.stderr
        said = [json.loads(line) for line in done.stdout.splitlines()]
        died = [one for one in said if isinstance(one, str)]
        assert len(died) > 5
        assert {one.split()[1] for one in died} >= {"write", "fsync", "replace"}
        seen = [one["checkpoint"] for one in said if isinstance(one, dict) and one["checkpoint"]]
        assert seen
        engine = open_engine(url)
        log = published_log(engine, tmp_path)
        head = Audit(log.tiles, LOG)
        with log.units.reading() as unit:
            signed = unit.signed_heads.get(LOG)
        assert signed is not None
        assert signed.head.size == EVENTS
        for note in seen:
            found = log.keys.opened(LOG, TreeHash.SHA256, base64.b64decode(note))
            assert head.root(TreeHash.SHA256, found.size, signed.head) == found.root
        _check_whole(log, EVENTS)
        engine.dispose()


class PowerCut(Exception):
    """The machine stops."""


class Disk:
    """The worst that a disk may do: it keeps nothing that was not synced, and half of what was written.

    A file whose folder was not synced after it was renamed is gone; one whose content was not synced is cut.
    """

    def __init__(self, monkeypatch: pytest.MonkeyPatch, last: int) -> None:
        self._left = last
        self._turn = threading.Lock()
        self._renamed: set[Path] = set()
        self._replace = Path.replace
        self._fsync = os.fsync
        monkeypatch.setattr(os, "fsync", self._synced)
        monkeypatch.setattr(Path, "replace", lambda path, target: self._moved(path, Path(target)))

    def _synced(self, handle: int) -> None:
        with self._turn:  # files are synced by several threads
            if self._left == 0:
                raise PowerCut
            self._left -= 1
            self._fsync(handle)
            folder = Path(f"/proc/self/fd/{handle}").readlink()
            self._renamed = {path for path in self._renamed if path.parent != folder}

    def _moved(self, path: Path, target: Path) -> Path:
        self._renamed.add(target)
        return self._replace(path, target)

    def cut(self, folder: Path) -> None:
        """Lose what is to be lost."""
        self._left = -1
        for path in self._renamed:
            path.unlink()
        for path in folder.rglob(".*.*"):
            path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


def test_a_power_cut_loses_nothing_that_was_signed(tmp_path: Path) -> None:
    cuts = 0
    with empty_engine("sqlite", tmp_path) as engine:
        log = published_log(engine, tmp_path)
        for last in range(0, 30, 2):
            log.append(40)
            with pytest.MonkeyPatch.context() as patched:
                disk = Disk(patched, last)
                try:
                    log.publish()
                except PowerCut:
                    cuts += 1
                disk.cut(log.folder)
            with log.units.reading() as unit:
                signed = unit.signed_heads.get(LOG)
            if signed is not None:
                _check_whole(log, signed.head.size)
        assert cuts > 5
        size = log.publish().size
        assert size == 40 * 15
        _check_whole(log, size)


def _check_whole(log: PublishedLog, size: int) -> None:
    """Every leaf up to `size` is served, and every tile of that tree leads to its head."""
    with log.units.reading() as unit:
        signed = unit.signed_heads.get(LOG)
    assert signed is not None
    audit = Audit(log.tiles, LOG)
    for function in TreeHash:
        assert audit.root(function, size, signed.head) == function.pick(signed.head.roots)
        for tile in growth(0, size):
            log.tiles.read(prefix(LOG, function), tile)
    leaves = log.leaves()
    for index in {0, size // 2, size - 1}:
        assert audit.leaf(index, signed.head) == leaves[index]
