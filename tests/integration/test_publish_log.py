"""Publishing a log: tiles, entries, heads and checkpoints, and refusing to fork it."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from evidence.adapters.tiles import FileTileStore
from evidence.audit import Audit, TileHashes
from evidence.digest import DigestPair
from evidence.errors import LogForked, ProofInvalid, TileInvalid
from evidence.event import LogId
from evidence.proof import verify_consistency, verify_inclusion
from evidence.publish import Publisher
from evidence.publish_ports import SignedHead, StoredLeaf
from evidence.tile import Tile, edge, growth, prefix
from evidence.tree import EMPTY, CompactRange, Node, TreeHash, TreeHead
from tests.support.database import empty_engine
from tests.support.publishing import LOG, PublishedLog, log_keys, published_log
from tests.support.sumdb import open_judge

BOTH = list(TreeHash)


@pytest.fixture
def log(engine: sa.Engine, tmp_path: Path) -> PublishedLog:
    return published_log(engine, tmp_path)


@pytest.fixture
def small(tmp_path: Path) -> Iterator[PublishedLog]:
    """On SQLite alone: what is looked at is beside the database."""
    with empty_engine("sqlite", tmp_path) as engine:
        yield published_log(engine, tmp_path)


def expected(leaves: Sequence[bytes]) -> TreeHead:
    roots = [CompactRange(one).extended(map(one.leaf, leaves)).root() for one in BOTH]
    return TreeHead(len(leaves), DigestPair(*roots))


def test_a_log_without_events_has_nothing_to_publish(log: PublishedLog) -> None:
    assert log.publish() == EMPTY
    assert log.files() == {}


def test_a_log_is_published_as_it_grows(log: PublishedLog) -> None:
    heads = []
    for count in (1, 254, 1, 1, 700):
        log.append(count)
        heads.append(log.publish())
        assert heads[-1] == expected(log.leaves())
    assert log.publish() == heads[-1]
    audit = Audit(log.tiles, LOG)
    leaves = log.leaves()
    for function in BOTH:
        for index in (0, 254, 255, 256, 956):
            leaf = function.leaf(leaves[index])
            proof = audit.inclusion(function, index, heads[-1], leaf)
            verify_inclusion(function, proof, leaf, function.pick(heads[-1].roots))
        for old in (EMPTY, *heads):
            grown = audit.consistency(function, old, heads[-1])
            verify_consistency(function, grown, function.pick(old.roots), function.pick(heads[-1].roots))
    assert [audit.leaf(index, heads[-1]) for index in (0, 256, 956)] == [leaves[i] for i in (0, 256, 956)]


def test_what_is_served_is_what_go_reads(log: PublishedLog) -> None:
    log.append(300)
    head = log.publish()
    files = log.files()
    named = {tile.path() for tile in growth(0, 300)} | {tile.path() for tile in growth(0, 300, entries=True)}
    assert {f"{LOG}/{path}" for path in named} <= files.keys()
    with open_judge() as judge:
        key = log.keys.verifiers[TreeHash.SHA256][0].verifier_key()  # type: ignore[attr-defined]
        opened = judge.ask("open", note=files[f"{LOG}/checkpoint"], keys=[key])
        assert opened["Text"].splitlines()[:2] == [f"log.example/{LOG}", "300"]
        root = judge.octets("root", leaves=log.leaves(), size=300)
        assert root == head.roots.sha256
        proof = Audit(log.tiles, LOG).inclusion(TreeHash.SHA256, 299, head).hashes
        leaf = TreeHash.SHA256.leaf(log.leaves()[299])
        judge.ask("inclusion", proof=proof, size=300, root=root, index=299, other=leaf)


def test_each_tree_has_a_checkpoint_of_its_own_origin(log: PublishedLog) -> None:
    log.append(3)
    head = log.publish()
    for function in BOTH:
        note = log.tiles.checkpoint(prefix(LOG, function))
        assert note is not None
        found = log.keys.opened(LOG, function, note)
        assert (found.size, found.root) == (3, function.pick(head.roots))
        other = TreeHash.SM3 if function is TreeHash.SHA256 else TreeHash.SHA256
        with pytest.raises(Exception, match="known key"):
            log.keys.opened(LOG, other, note)


def test_two_publishers_at_once_publish_one_log(log: PublishedLog) -> None:
    log.append(900)
    with ThreadPoolExecutor(2) as pool:
        first, second = pool.map(lambda _: log.publisher().publish(LOG), range(2))
    assert first == second == expected(log.leaves())


def test_a_head_is_swapped_only_for_the_one_that_it_follows(log: PublishedLog) -> None:
    log.append(5)
    head = log.publish()
    log.append(1)
    signed = log.keys.signed(LOG, expected(log.leaves()))
    false = replace(head, roots=DigestPair(head.roots.sha256, bytes(32)))
    for old in (None, false, replace(head, size=4)):
        with log.units() as unit:
            assert not unit.signed_heads.swap(LOG, old, signed)
    with log.units() as unit:
        assert unit.signed_heads.swap(LOG, head, signed)
    with log.units.reading() as unit:
        assert unit.signed_heads.get(LOG) == signed


def rewrite(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[5] ^= 1
    path.write_bytes(content)


FORKS: Mapping[str, Callable[[PublishedLog], object]] = {
    "a tile of the edge was altered": lambda log: rewrite(log.folder / LOG / "tile/0/001.p/44"),
    "a tile of the twin was altered": lambda log: rewrite(log.folder / LOG / "sm3/tile/0/001.p/44"),
    "a tile was cut": lambda log: (log.folder / LOG / "tile/0/001.p/44").write_bytes(bytes(32)),
    "a tile is gone": lambda log: (log.folder / LOG / "tile/1/000.p/1").unlink(),
    "every tile is gone": lambda log: shutil.rmtree(log.folder / LOG / "tile"),
    "the checkpoint was altered": lambda log: rewrite(log.folder / LOG / "checkpoint"),
    "the row of the head was altered": lambda log: change(log, "evidence_log_heads", "size = 299"),
    "the note of the head was altered": lambda log: change(
        log, "evidence_log_heads", "note_sm3 = note_sha256"
    ),
    "the newest event was altered": lambda log: change(
        log, "evidence_events", "leaf_sm3 = leaf_sha256", "leaf_index = 299"
    ),
    "an event was taken away": lambda log: change(log, "evidence_logs", "next_index = 299"),
    "the head was forgotten": lambda log: change(log, "evidence_log_heads", "log = 'x/2026h2'"),
}


def change(log: PublishedLog, table: str, values: str, where: str = "1 = 1") -> None:
    with log.units.engine.begin() as connection:
        connection.exec_driver_sql(f"UPDATE {table} SET {values} WHERE {where}")  # noqa: S608


@pytest.mark.parametrize("fork", FORKS)
def test_nothing_is_signed_over_what_disagrees(small: PublishedLog, fork: str) -> None:
    log = small
    log.append(300)
    log.publish()
    FORKS[fork](log)
    before = log.tiles.checkpoint(LOG)
    with pytest.raises(LogForked):
        log.publish()
    if fork not in {"the head was forgotten", "an event was taken away"}:
        log.append(3)
        with pytest.raises(LogForked):
            log.publish()
    assert log.tiles.checkpoint(LOG) == before


def test_an_older_backup_does_not_fork_the_log(tmp_path: Path) -> None:
    database = tmp_path / "xinqian.sqlite"
    engine = sa.create_engine(f"sqlite:///{database}")
    log = published_log(engine, tmp_path)
    log.append(5)
    log.publish()
    with sqlite3.connect(database) as source, sqlite3.connect(tmp_path / "backup") as backup:
        source.backup(backup)
    source.close()
    backup.close()
    log.append(5)
    log.publish()
    engine.dispose()
    shutil.copy(tmp_path / "backup", database)
    log.append(9)
    with pytest.raises(LogForked, match="10 events were signed, the database knows of 5"):
        log.publish()
    (log.folder / LOG / "checkpoint").unlink()
    (log.folder / LOG / "sm3/checkpoint").unlink()
    log.append(1)
    assert (
        log.publish().size == 15
    )  # without the checkpoint nobody here knows: that is what witnesses are for
    engine.dispose()


def test_events_that_were_published_and_lost_are_not_replaced(small: PublishedLog) -> None:
    """A crash between tiles and head, then a restored database with other events: the tiles tell."""
    small.append(5)
    small.publish()
    small.append(2)
    leaves = small.leaves()
    for function in BOTH:
        hashes = b"".join(function.leaf(leaf) for leaf in [*leaves[:5], b"lost", b"too"])
        small.tiles.write(prefix(LOG, function), [(Tile(0, 0, 7), hashes)])
    with pytest.raises(LogForked, match="something else"):
        small.publish()


class _Counted(FileTileStore):
    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.reads: list[str] = []

    def read(self, prefix: str, tile: Tile) -> bytes:
        self.reads.append(tile.path())
        return super().read(prefix, tile)


def big(tmp_path: Path, count: int) -> tuple[_Counted, TreeHead]:
    """A log of made leaves, written by the publisher without a database."""
    leaves = [number.to_bytes(8, "big") * 15 for number in range(count)]
    stored = [StoredLeaf(leaf, DigestPair.of(b"\x00" + leaf)) for leaf in leaves]
    tiles = _Counted(tmp_path / "tiles")
    return tiles, Publisher(_Memory(stored), tiles, log_keys()).publish(LOG)


class _Memory:
    """`PublishUnits` over a list."""

    def __init__(self, stored: Sequence[StoredLeaf]) -> None:
        self.stored = stored
        self.head: SignedHead | None = None

    @property
    def leaves(self) -> _Stores:
        return _Stores(self)

    @property
    def signed_heads(self) -> _Stores:
        return _Stores(self)

    @contextmanager
    def __call__(self) -> Iterator[_Memory]:
        yield self

    reading = __call__


class _Stores:
    def __init__(self, memory: _Memory) -> None:
        self.memory = memory

    def size(self, log: LogId) -> int:
        return len(self.memory.stored)

    def leaves(self, log: LogId, start: int, stop: int) -> Sequence[StoredLeaf]:
        return self.memory.stored[start:stop]

    def get(self, log: LogId) -> SignedHead | None:
        return self.memory.head

    def swap(self, log: LogId, old: TreeHead | None, new: SignedHead) -> bool:
        self.memory.head = new
        return True


def test_a_proof_reads_few_tiles_of_a_large_log(tmp_path: Path) -> None:
    size = 65_900
    tiles, head = big(tmp_path, size)
    assert {tile.level for tile in edge(size)} == {0, 1, 2}
    audit = Audit(tiles, LOG)
    for function in BOTH:
        for index in (0, 255, 65_535, 65_536, size - 1, size // 2):
            tiles.reads.clear()
            proof = audit.inclusion(function, index, head)
            assert len(tiles.reads) == len(set(tiles.reads)) <= 5  # its own of two levels, and the edge
            assert len(proof.hashes) <= 17
        old = TreeHead(65_537, DigestPair(*(audit.root(one, 65_537, head) for one in BOTH)))
        tiles.reads.clear()
        audit.consistency(function, old, head)
        assert len(set(tiles.reads)) <= 4


def test_an_altered_tile_gives_no_proof(small: PublishedLog) -> None:
    small.append(300)
    head = small.publish()
    audit = Audit(small.tiles, LOG)
    for name in ("tile/0/000", "tile/0/001.p/44", "tile/1/000.p/1"):
        path = small.folder / LOG / name
        kept = path.read_bytes()
        rewrite(path)
        with pytest.raises(TileInvalid, match="not what was signed"):
            audit.inclusion(TreeHash.SHA256, 1 if "000" in name and "/0/" in name else 299, head)
        path.unlink()
        with pytest.raises(TileInvalid, match="not there"):
            audit.inclusion(TreeHash.SHA256, 1 if "000" in name and "/0/" in name else 299, head)
        path.write_bytes(kept)
    rewrite(small.folder / LOG / "tile/entries/000")
    with pytest.raises(TileInvalid):
        audit.leaf(0, head)
    with pytest.raises(ProofInvalid):
        audit.consistency(TreeHash.SHA256, TreeHead(7, head.roots), head)


def test_a_partial_tile_that_is_gone_is_read_from_the_full_one(small: PublishedLog) -> None:
    small.append(200)
    old = small.publish()
    small.append(100)
    small.publish()
    (small.folder / LOG / "tile/0/000.p/200").unlink()
    assert Audit(small.tiles, LOG).inclusion(TreeHash.SHA256, 7, old).size == 200


def test_a_subtree_outside_the_tree_is_refused(small: PublishedLog) -> None:
    small.append(5)
    small.publish()
    source = TileHashes(small.tiles, LOG, TreeHash.SHA256, 5)
    for node in (Node(0, 5), Node(3, 0), Node(8, 0), Node(0, 256)):
        with pytest.raises(TileInvalid, match="size"):
            source.hashes([node])
