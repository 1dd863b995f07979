"""Tiles of C2SP tlog-tiles: the trees and their entries as files that never change once they are full.

A tile holds up to 256 hashes side by side; those at level l stand for 256^l leaves each. An entry bundle
holds the leaves under a tile of level 0, each after its length in two octets. The twin trees share their
entries: the tiles of the SM3 tree, which the specification does not know, lie under a prefix of their own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from evidence.digest import DIGEST_SIZE
from evidence.errors import TileInvalid
from evidence.event import LogId
from evidence.tree import MAX_TREE_SIZE, TreeHash

TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT
MAX_TILE_LEVEL = 7  # tlog-tiles allows 63; a tree of MAX_TREE_SIZE leaves has eight
ENTRIES = -1
"""In place of a level: the leaves themselves."""
MAX_ENTRY = 0xFFFF  # octets: an entry's length is a uint16
_LENGTH = 2
_GROUP = 1_000  # an index is written in groups of three digits
_PATH = re.compile(
    r"tile/(?P<level>entries|0|[1-9][0-9]?)/(?P<groups>(?:x[0-9]{3}/)*[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?\Z"
)
_MAX_PATH = 64  # characters, above any path of an index below 2^63


@dataclass(frozen=True, slots=True, order=True)
class Tile:
    """`width` hashes from the start of tile `index` of `level`; or entries, where level is `ENTRIES`."""

    level: int
    index: int
    width: int = TILE_WIDTH

    def path(self) -> str:
        """As tlog-tiles names it below the log's prefix: `tile/0/x001/x234/067.p/5`."""
        rest, last = divmod(self.index, _GROUP)
        groups = f"{last:03d}"
        while rest:
            rest, group = divmod(rest, _GROUP)
            groups = f"x{group:03d}/{groups}"
        level = "entries" if self.level == ENTRIES else str(self.level)
        partial = "" if self.width == TILE_WIDTH else f".p/{self.width}"
        return f"tile/{level}/{groups}{partial}"

    @property
    def start(self) -> int:
        """The index of the first leaf below it."""
        return self.index << TILE_HEIGHT * (max(self.level, 0) + 1)


def parse_path(path: str) -> Tile:
    """The inverse of `Tile.path`; raises `TileInvalid` for what is no path of a tile, in its one spelling."""
    found = _PATH.match(path) if len(path) <= _MAX_PATH else None
    if found is None:
        raise TileInvalid(path[:_MAX_PATH], "is no path of a tile")
    level = ENTRIES if found["level"] == "entries" else int(found["level"])
    width = int(found["width"] or TILE_WIDTH)
    tile = Tile(level, int(found["groups"].replace("x", "").replace("/", "")), width)
    if level > MAX_TILE_LEVEL or tile.start >= MAX_TREE_SIZE or tile.path() != path:
        raise TileInvalid(path, "is no path of a tile")
    return tile


def width_at(level: int, index: int, size: int) -> int:
    """How many hashes tile `index` of `level` has in a tree of `size` leaves; 0 for one outside it."""
    return max(0, min(TILE_WIDTH, (size >> TILE_HEIGHT * max(level, 0)) - index * TILE_WIDTH))


def edge(size: int) -> list[Tile]:
    """The partial tiles of a tree, lowest level first."""
    found = []
    level, count = 0, size
    while count:
        index, width = divmod(count, TILE_WIDTH)
        if width:
            found.append(Tile(level, index, width))
        level, count = level + 1, index
    return found


def growth(old: int, new: int, *, entries: bool = False) -> Iterator[Tile]:
    """Every tile that the tree of `new` leaves has and that of `old` has not, lowest level first.

    With `entries`, the entry bundles instead.
    """
    level, before, after = 0, old, new
    while after:
        if before != after:
            for index in range(before // TILE_WIDTH, after // TILE_WIDTH):
                yield Tile(ENTRIES if entries else level, index)
            if width := after % TILE_WIDTH:
                yield Tile(ENTRIES if entries else level, after // TILE_WIDTH, width)
        if entries:
            return
        level, before, after = level + 1, before // TILE_WIDTH, after // TILE_WIDTH


def split_hashes(tile: Tile, data: bytes) -> tuple[bytes, ...]:
    """The hashes of a tile's content; raises `TileInvalid` for another length."""
    if len(data) != tile.width * DIGEST_SIZE:
        raise TileInvalid(tile.path(), "has another length than its width says")
    return tuple(data[at : at + DIGEST_SIZE] for at in range(0, len(data), DIGEST_SIZE))


def pack_entries(leaves: Sequence[bytes]) -> bytes:
    """The content of an entry bundle; ValueError for a leaf longer than `MAX_ENTRY`."""
    if any(len(leaf) > MAX_ENTRY for leaf in leaves):
        raise ValueError(f"a leaf has at most {MAX_ENTRY} octets")
    return b"".join(len(leaf).to_bytes(_LENGTH, "big") + leaf for leaf in leaves)


def split_entries(tile: Tile, data: bytes) -> tuple[bytes, ...]:
    """The leaves of an entry bundle; raises `TileInvalid` unless it holds exactly as many as its width."""
    found: list[bytes] = []
    at = 0
    while at < len(data) and len(found) < tile.width:
        begin = at + _LENGTH
        at = begin + int.from_bytes(data[at:begin], "big")
        found.append(data[begin:at])
    if at != len(data) or len(found) != tile.width:
        raise TileInvalid(tile.path(), "has another length than its width says")
    return tuple(found)


def prefix(log: LogId, function: TreeHash) -> str:
    """Where the tiles of one of a log's trees lie; the entries of both lie with the SHA-256 tree."""
    return log if function is TreeHash.SHA256 else f"{log}/{function}"
