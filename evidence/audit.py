"""Proofs from tiles: that an event is in a log under a head, and that a log only grew between two heads.

Every proof is verified against the heads before it is given away, so that a damaged or altered tile shows
here, and not at whoever receives the proof.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evidence.errors import ProofInvalid, TileInvalid
from evidence.event import LogId
from evidence.proof import (
    ConsistencyProof,
    InclusionProof,
    prove_consistency,
    prove_inclusion,
    root_of,
    verify_consistency,
    verify_inclusion,
)
from evidence.publish_ports import TileStore
from evidence.tile import (
    ENTRIES,
    TILE_HEIGHT,
    TILE_WIDTH,
    Tile,
    prefix,
    split_entries,
    split_hashes,
    width_at,
)
from evidence.tree import Node, TreeHash, TreeHead, subtree_root

_ALTERED = "is not what was signed"


class TileHashes:
    """`HashSource` over the tiles of a tree of `size` leaves; each tile is read once."""

    def __init__(self, tiles: TileStore, log: LogId, function: TreeHash, size: int) -> None:
        self._tiles = tiles
        self._prefix = prefix(log, function)
        self._function = function
        self._size = size
        self._read: dict[tuple[int, int], tuple[bytes, ...]] = {}

    def hashes(self, nodes: Sequence[Node]) -> Mapping[Node, bytes]:
        """From at most one tile a node; nodes beside one another share theirs."""
        return {node: self._hash(node) for node in nodes}

    def _hash(self, node: Node) -> bytes:
        level, above = divmod(node.level, TILE_HEIGHT)
        index, place = divmod(node.index << above, TILE_WIDTH)
        under = self._tile(level, index)[place : place + (1 << above)]
        if len(under) != 1 << above:
            raise TileInvalid(Tile(level, index).path(), "is not in a tree of this size")
        return subtree_root(self._function, under)

    def _tile(self, level: int, index: int) -> tuple[bytes, ...]:
        known = self._read.get((level, index))
        if known is None:
            tile = Tile(level, index, width_at(level, index, self._size))
            known = split_hashes(tile, read_tile(self._tiles, self._prefix, tile))
            self._read[level, index] = known
        return known


def read_tile(tiles: TileStore, place: str, tile: Tile) -> bytes:
    """A tile of hashes; where a partial one is gone, its beginning of the full one that took its place."""
    if tile.width == 0:
        raise TileInvalid(Tile(tile.level, tile.index).path(), "is not in a tree of this size")
    try:
        return tiles.read(place, tile)
    except TileInvalid:
        if tile.width == TILE_WIDTH:
            raise
        full = split_hashes(Tile(tile.level, tile.index), tiles.read(place, Tile(tile.level, tile.index)))
        return b"".join(full[: tile.width])


@dataclass(frozen=True, slots=True)
class Audit:
    """Makes proofs for one log, whose heads were published to `tiles` and whose signatures were verified."""

    tiles: TileStore
    log: LogId

    def inclusion(
        self, function: TreeHash, index: int, head: TreeHead, leaf_hash: bytes | None = None
    ) -> InclusionProof:
        """For the event at `index` under `head`; `leaf_hash` is checked too when it is known.

        Raises `TileInvalid` for tiles that do not lead to the head, ValueError for an index outside it.
        """
        source = TileHashes(self.tiles, self.log, function, head.size)
        proof = prove_inclusion(function, source, index, head.size)
        leaf = leaf_hash or source.hashes([Node(0, index)])[Node(0, index)]
        try:
            verify_inclusion(function, proof, leaf, function.pick(head.roots))
        except ProofInvalid as error:
            raise TileInvalid(Tile(0, index // TILE_WIDTH).path(), _ALTERED) from error
        return proof

    def consistency(self, function: TreeHash, old: TreeHead, head: TreeHead) -> ConsistencyProof:
        """From `old` to `head`; raises `ProofInvalid` when the tiles do not lead to both.

        ValueError where `old` is the larger.
        """
        source = TileHashes(self.tiles, self.log, function, head.size)
        proof = prove_consistency(function, source, old.size, head.size)
        verify_consistency(function, proof, function.pick(old.roots), function.pick(head.roots))
        return proof

    def root(self, function: TreeHash, size: int, head: TreeHead) -> bytes:
        """Of the first `size` leaves, from the tiles of `head`; unverified."""
        return root_of(function, TileHashes(self.tiles, self.log, function, head.size), size)

    def leaf(self, index: int, head: TreeHead) -> bytes:
        """The bytes of a leaf from its entry bundle, verified under `head`; raises `TileInvalid`."""
        bundle, place = divmod(index, TILE_WIDTH)
        tile = Tile(ENTRIES, bundle, width_at(0, bundle, head.size))
        where = prefix(self.log, TreeHash.SHA256)
        leaf = split_entries(tile, self.tiles.read(where, tile))[place]
        for function in TreeHash:
            self.inclusion(function, index, head, function.leaf(leaf))
        return leaf
