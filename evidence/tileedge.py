"""The right edge of a tiled tree: all that is needed to append leaves to it and to know its root."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from evidence.tile import TILE_HEIGHT, TILE_WIDTH, Tile, edge, split_hashes
from evidence.tree import TreeHash, complete, fold, subtree_root


@dataclass(frozen=True, slots=True)
class TileEdge:
    """A tree's size, and the hashes of its partial tiles by level, lowest first; none where it has none."""

    function: TreeHash
    size: int = 0
    levels: tuple[tuple[bytes, ...], ...] = ()

    @classmethod
    def read(cls, function: TreeHash, size: int, content: Callable[[Tile], bytes]) -> TileEdge:
        """From the stored partial tiles of a tree of `size` leaves; what `content` raises passes."""
        stored = {tile.level: split_hashes(tile, content(tile)) for tile in edge(size)}
        height = max(stored, default=-1) + 1
        return cls(function, size, tuple(stored.get(level, ()) for level in range(height)))

    def grown(self, leaf_hashes: Sequence[bytes]) -> tuple[TileEdge, list[tuple[Tile, bytes]]]:
        """The edge after more leaves, and the tiles that this writes: those of `growth`, in its order."""
        levels = [list(one) for one in self.levels]
        written: list[tuple[Tile, bytes]] = []
        level, incoming = 0, list(leaf_hashes)
        while incoming:
            if level == len(levels):
                levels.append([])
            held = levels[level] + incoming
            index = (self.size >> TILE_HEIGHT * level) // TILE_WIDTH
            incoming = []
            while len(held) >= TILE_WIDTH:
                full, held = held[:TILE_WIDTH], held[TILE_WIDTH:]
                written.append((Tile(level, index), b"".join(full)))
                incoming.append(subtree_root(self.function, full))
                index += 1
            if held:
                written.append((Tile(level, index, len(held)), b"".join(held)))
            levels[level] = held
            level += 1
        return TileEdge(self.function, self.size + len(leaf_hashes), tuple(map(tuple, levels))), written

    def root(self) -> bytes:
        """MTH of all leaves."""
        found = []
        for hashes in reversed(self.levels):
            for node in complete(0, len(hashes)):
                start = node.index << node.level
                found.append(subtree_root(self.function, hashes[start : start + (1 << node.level)]))
        return fold(self.function, found)
