"""What every `TileStore` keeps to."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from evidence.adapters.tiles import FileTileStore
from evidence.errors import TileInvalid, TilesUnavailable
from evidence.event import LogId
from evidence.tile import ENTRIES, MAX_ENTRY, Tile, pack_entries, parse_path, split_entries
from tests.support.disks import full, small_disk

LOG = LogId("bank/2026h2")
PARTIAL = Tile(0, 1_234_067, 3)
CONTENT = bytes(range(96))


@pytest.fixture
def store(tmp_path: Path) -> FileTileStore:
    return FileTileStore(tmp_path / "tiles")


def test_a_tile_comes_back_and_lies_where_it_is_served(store: FileTileStore, tmp_path: Path) -> None:
    store.write(LOG, [(PARTIAL, CONTENT), (Tile(1, 0), bytes(8_192))])
    assert store.read(LOG, PARTIAL) == CONTENT
    assert (tmp_path / "tiles" / LOG / "tile/0/x001/x234/067.p/3").read_bytes() == CONTENT
    assert (tmp_path / "tiles" / LOG / "tile/1/000").stat().st_size == 8_192


def test_a_tile_never_changes(store: FileTileStore) -> None:
    store.write(LOG, [(PARTIAL, CONTENT)])
    store.write(LOG, [(PARTIAL, CONTENT)])
    with pytest.raises(TileInvalid, match="something else"):
        store.write(LOG, [(PARTIAL, bytes(96))])
    assert store.read(LOG, PARTIAL) == CONTENT


@pytest.mark.parametrize("size", [0, 1, 95, 97, 5_000])
def test_a_damaged_tile_is_not_read_and_is_written_anew(
    store: FileTileStore, tmp_path: Path, size: int
) -> None:
    store.write(LOG, [(PARTIAL, CONTENT)])
    (tmp_path / "tiles" / LOG / PARTIAL.path()).write_bytes(bytes(size))
    with pytest.raises(TileInvalid, match="length"):
        store.read(LOG, PARTIAL)
    store.write(LOG, [(PARTIAL, CONTENT)])
    assert store.read(LOG, PARTIAL) == CONTENT


def test_what_is_not_there_is_named(store: FileTileStore) -> None:
    with pytest.raises(TileInvalid, match=r"tile/0/x001/x234/067\.p/3 is not there"):
        store.read(LOG, PARTIAL)
    assert store.checkpoint(LOG) is None


def test_entries_are_read_only_whole(store: FileTileStore, tmp_path: Path) -> None:
    bundle = Tile(ENTRIES, 0, 2)
    store.write(LOG, [(bundle, pack_entries([b"first", b""]))])
    assert split_entries(bundle, store.read(LOG, bundle)) == (b"first", b"")
    path = tmp_path / "tiles" / LOG / "tile/entries/000.p/2"
    for wrong in (b"", b"\x00", b"\x00\x05first", b"\x00\x05first\x00\x00\x00", b"\x00\x05fir"):
        path.write_bytes(wrong)
        with pytest.raises(TileInvalid):
            store.read(LOG, bundle)


def test_a_leaf_longer_than_its_length_can_say_is_refused() -> None:
    with pytest.raises(ValueError, match="octets"):
        pack_entries([bytes(MAX_ENTRY + 1)])


def test_a_checkpoint_is_replaced(store: FileTileStore) -> None:
    for note in (b"one", b"another"):
        store.put_checkpoint(LOG, note)
        assert store.checkpoint(LOG) == note


@pytest.mark.parametrize(
    "prefix", ["", "/etc", "..", "a/../b", "a//b", "a/", ".hidden", "a\nb", "租户/2026h2"]
)
def test_no_prefix_leads_out_of_the_folder(store: FileTileStore, prefix: str) -> None:
    with pytest.raises(TilesUnavailable):
        store.write(prefix, [(PARTIAL, CONTENT)])
    with pytest.raises(TilesUnavailable):
        store.read(prefix, PARTIAL)


def test_a_full_disk_is_said_and_leaves_no_tile(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 256) as folder:
        store = FileTileStore(folder)
        store.write(LOG, [(Tile(0, 0, 3), CONTENT)])
        with full(folder), pytest.raises(TilesUnavailable, match="space"):
            store.write(LOG, [(Tile(0, 1), bytes(8_192))])
        with pytest.raises(TileInvalid, match="not there"):
            store.read(LOG, Tile(0, 1))
        assert store.read(LOG, Tile(0, 0, 3)) == CONTENT


def test_publishers_take_turns(store: FileTileStore) -> None:
    turns: list[str] = []
    waiting = threading.Event()

    def second() -> None:
        waiting.set()
        with store.exclusive(LOG):
            turns.append("second")

    other = threading.Thread(target=second)
    with store.exclusive(LOG):
        other.start()
        assert waiting.wait(10)
        turns.append("first")
    other.join(10)
    assert turns == ["first", "second"]


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile/0/00",
        "tile/00/000",
        "tile/0/0000",
        "tile/0/x000/000",
        "tile/0/001/000",
        "tile/0/000.p/0",
        "tile/0/000.p/256",
        "tile/0/000.p/01",
        "tile/8/000",
        "tile/0/000/",
        "tile/entries/../000",
        "tile/0/" + "x999/" * 9 + "999",
        "tile/7/255",
        "tile/0/\u0660\u0660\u0660",
    ],
)
def test_what_is_no_path_of_a_tile(path: str) -> None:
    with pytest.raises(TileInvalid):
        parse_path(path)
