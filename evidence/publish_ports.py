"""What publishing a log needs from outside: leaves, signed heads, and a place for tiles."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from evidence.digest import DigestPair
from evidence.event import LogId
from evidence.tile import Tile
from evidence.tree import TreeHead


@dataclass(frozen=True, slots=True)
class StoredLeaf:
    """A leaf's bytes, and the hashes that were stored beside them when it was recorded."""

    leaf: bytes
    leaf_hash: DigestPair


@dataclass(frozen=True, slots=True)
class SignedHead:
    """A head, and the checkpoint of each of the twin trees at it, as signed notes."""

    head: TreeHead
    sha256: bytes
    sm3: bytes


class LeafStore(Protocol):
    """Leaves of recorded events, as far as they are committed."""

    def size(self, log: LogId) -> int:
        """How many events the log holds; 0 for one that is not there."""
        ...

    def leaves(self, log: LogId, start: int, stop: int) -> Sequence[StoredLeaf]:
        """Those with start ≤ index < stop that there are, in order."""
        ...


class SignedHeadStore(Protocol):
    """The last signed head of each log, inside the caller's transaction; nothing here commits."""

    def get(self, log: LogId) -> SignedHead | None:
        """None before the first."""
        ...

    def swap(self, log: LogId, old: TreeHead | None, new: SignedHead) -> bool:
        """Compare-and-swap: False, and nothing done, when the last head is another than `old`."""
        ...


class PublishUnit(Protocol):
    """The stores of one transaction."""

    @property
    def leaves(self) -> LeafStore:
        """Leaves."""
        ...

    @property
    def signed_heads(self) -> SignedHeadStore:
        """Signed heads."""
        ...


class PublishUnits(Protocol):
    """Opens transactions: committed, durably, when the block ends well; rolled back when it raises."""

    def __call__(self) -> AbstractContextManager[PublishUnit]:
        """A new transaction."""
        ...

    def reading(self) -> AbstractContextManager[PublishUnit]:
        """One consistent view that waits for no writer; nothing done in it is kept."""
        ...


class TileStore(Protocol):
    """Tiles, entry bundles and checkpoints below the prefix of a tree (`evidence.tile.prefix`).

    Durability: what was written is there, whole, after a power cut once the call has returned, and a call
    cut short leaves each resource as it was or as it was to be. Tiles never change: to write one anew with
    other content is refused. Raises `TilesUnavailable` when the place refuses.
    """

    def write(self, prefix: str, contents: Sequence[tuple[Tile, bytes]]) -> None:
        """Keep tiles; raises `TileInvalid` where another content of the same length lies.

        One of another length was damaged by something else than us, and is written anew.
        """
        ...

    def read(self, prefix: str, tile: Tile) -> bytes:
        """A tile's content; raises `TileInvalid` when it is missing or not as long as it should be."""
        ...

    def put_checkpoint(self, prefix: str, note: bytes) -> None:
        """Replace the tree's checkpoint by this one."""
        ...

    def checkpoint(self, prefix: str) -> bytes | None:
        """The tree's checkpoint; None before the first."""
        ...

    def exclusive(self, log: LogId) -> AbstractContextManager[None]:
        """While it lasts nobody else on this place publishes the log; waits for whoever does."""
        ...
