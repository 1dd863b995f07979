"""Publish a log: from the last signed head to what the database holds, in batches.

Each batch writes tiles, then entries, then swaps the signed head, then writes the checkpoints; each step is
durable before the next, and each may be done again. After a crash at any of them the next run finds the last
signed head, and repeats what was lost: it writes the same bytes, since events never change.

Before anything is signed, the last signed head, the tiles and the database must agree. Where they do not, to
go on could sign two different logs of one name: a backup was restored, or somebody altered something.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from evidence.audit import Audit, read_tile
from evidence.checkpoint import Checkpoint, open_checkpoint, origin_of
from evidence.digest import DigestPair
from evidence.errors import LogForked, NoteInvalid, TileInvalid
from evidence.event import LogId
from evidence.merkle import leaf_hash
from evidence.note import NoteSigner, NoteVerifier, sign_note
from evidence.publish_ports import PublishUnits, SignedHead, StoredLeaf, TileStore
from evidence.tile import TILE_WIDTH, Tile, growth, pack_entries, prefix
from evidence.tileedge import TileEdge
from evidence.tree import EMPTY, TreeHash, TreeHead

BATCH = 64 * TILE_WIDTH  # leaves of one signed head, 2 MB of them: batches end where tiles do

Edges = Mapping[TreeHash, TileEdge]


@dataclass(frozen=True, slots=True)
class LogKeys:
    """Who signs the checkpoints of a log, by tree, and the keys under which those of the past are good.

    `verifiers` holds those of the signers too: a key that retires stays among them.
    """

    origin: str
    """What the origin of every log begins with: `log.example` for `log.example/bank/2026h2`."""
    signers: Mapping[TreeHash, NoteSigner]
    verifiers: Mapping[TreeHash, Sequence[NoteVerifier]]

    def origin_of(self, log: LogId, function: TreeHash) -> str:
        """The origin line of one of its trees."""
        return origin_of(f"{self.origin}/{log}", function)

    def opened(self, log: LogId, function: TreeHash, note: bytes) -> Checkpoint:
        """A checkpoint that was signed before; raises `NoteInvalid`."""
        return open_checkpoint(note, self.origin_of(log, function), self.verifiers[function])[0]

    def signed(self, log: LogId, head: TreeHead) -> SignedHead:
        """A head with its checkpoints."""
        notes = {}
        for function in TreeHash:
            checkpoint = Checkpoint(self.origin_of(log, function), head.size, function.pick(head.roots))
            notes[function] = sign_note(checkpoint.text(), [self.signers[function]]).encoded()
        return SignedHead(head, notes[TreeHash.SHA256], notes[TreeHash.SM3])


class Publisher:
    """Publishes the logs of one database to one place."""

    def __init__(self, units: PublishUnits, tiles: TileStore, keys: LogKeys, batch: int = BATCH) -> None:
        """`batch` is a multiple of the width of a tile."""
        self._units = units
        self._tiles = tiles
        self._keys = keys
        self._batch = batch

    def publish(self, log: LogId) -> TreeHead:
        """Bring what is published up to what is committed; the head afterwards, `EMPTY` without events.

        Raises `LogForked` when database, tiles and last signed head disagree, `TilesUnavailable`, and what
        the signers raise: what was signed before then stands.
        """
        with self._tiles.exclusive(log):
            while True:
                last, size = self._state(log)
                if last is None and size == 0:
                    return EMPTY
                edges = self._checked(log, last, size)
                if last is not None:
                    self._put_checkpoints(log, last)
                published = self._advance(log, last, edges, size)
                if published is not None:
                    return published

    def _advance(self, log: LogId, last: SignedHead | None, edges: Edges, size: int) -> TreeHead | None:
        """Batch after batch to `size`; None when another publisher was faster, whose head then stands."""
        head = last.head if last else None
        while (at := head.size if head else 0) < size:
            stop = min(size, (at // self._batch + 1) * self._batch)
            edges, signed = self._write(log, edges, at, stop)
            with self._units() as unit:
                if not unit.signed_heads.swap(log, head, signed):
                    return None
            self._put_checkpoints(log, signed)
            head = signed.head
        return head

    def _state(self, log: LogId) -> tuple[SignedHead | None, int]:
        with self._units.reading() as unit:
            return unit.signed_heads.get(log), unit.leaves.size(log)

    def _write(self, log: LogId, edges: Edges, at: int, stop: int) -> tuple[Edges, SignedHead]:
        """Tiles, then entries, of the leaves up to `stop`; the head over them, signed."""
        begin = at - at % TILE_WIDTH
        stored = self._leaves(log, begin, stop)
        fresh = {}
        roots = {}
        for function in TreeHash:
            hashes = [function.pick(one.leaf_hash) for one in stored]
            _check_known(log, edges[function], hashes[: at - begin])
            fresh[function], written = edges[function].grown(hashes[at - begin :])
            roots[function] = fresh[function].root()
            self._keep(log, function, written)
        leaves = [one.leaf for one in stored]
        bundles = []
        for tile in growth(at, stop, entries=True):
            start = tile.start - begin
            bundles.append((tile, pack_entries(leaves[start : start + tile.width])))
        self._keep(log, TreeHash.SHA256, bundles)
        head = TreeHead(stop, DigestPair(roots[TreeHash.SHA256], roots[TreeHash.SM3]))
        return fresh, self._keys.signed(log, head)

    def _keep(self, log: LogId, function: TreeHash, written: Sequence[tuple[Tile, bytes]]) -> None:
        try:
            self._tiles.write(prefix(log, function), written)
        except TileInvalid as error:
            raise LogForked(log, str(error)) from error

    def _leaves(self, log: LogId, start: int, stop: int) -> Sequence[StoredLeaf]:
        """All of them, each under the hash that was stored with it."""
        with self._units.reading() as unit:
            found = unit.leaves.leaves(log, start, stop)
        if len(found) != stop - start:
            raise LogForked(log, f"events from {start} to {stop} are not all in the database")
        for place, one in enumerate(found, start):
            if leaf_hash(one.leaf) != one.leaf_hash:
                raise LogForked(log, f"the leaf of event {place} was altered in the database")
        return found

    def _checked(self, log: LogId, last: SignedHead | None, size: int) -> Edges:
        """The edges of both trees at the last signed head, once everything agrees with it."""
        head = last.head if last else EMPTY
        if size < head.size:
            raise LogForked(log, f"{head.size} events were signed, the database holds {size}")
        edges = {function: self._edge(log, function, head) for function in TreeHash}
        for function in TreeHash:
            self._check_signed(log, function, last)
            self._check_beside(log, function, head)
        if head.size:
            begin = (head.size - 1) // TILE_WIDTH * TILE_WIDTH
            self._check_database(log, head, begin)
        return edges

    def _edge(self, log: LogId, function: TreeHash, head: TreeHead) -> TileEdge:
        edge = TileEdge.read(function, head.size, lambda tile: self._content(log, function, tile))
        if edge.root() != function.pick(head.roots):
            raise LogForked(log, f"the tiles of {head.size} events have another root under {function}")
        return edge

    def _content(self, log: LogId, function: TreeHash, tile: Tile) -> bytes:
        try:
            return read_tile(self._tiles, prefix(log, function), tile)
        except TileInvalid as error:
            raise LogForked(log, str(error)) from error

    def _check_signed(self, log: LogId, function: TreeHash, last: SignedHead | None) -> None:
        """The row of the head says what its checkpoints say."""
        if last is None:
            return
        note = last.sha256 if function is TreeHash.SHA256 else last.sm3
        try:
            found = self._keys.opened(log, function, note)
        except NoteInvalid as error:
            raise LogForked(log, str(error)) from error
        if (found.size, found.root) != (last.head.size, function.pick(last.head.roots)):
            raise LogForked(log, "the last head in the database is not that of its checkpoint")

    def _check_beside(self, log: LogId, function: TreeHash, head: TreeHead) -> None:
        """The checkpoint beside the tiles is the head's, or one that a crash kept from being replaced."""
        note = self._tiles.checkpoint(prefix(log, function))
        if note is None:
            return
        try:
            found = self._keys.opened(log, function, note)
        except NoteInvalid as error:
            raise LogForked(log, str(error)) from error
        if found.size > head.size:
            raise LogForked(log, f"{found.size} events were signed, the database knows of {head.size}")
        try:
            root = Audit(self._tiles, log).root(function, found.size, head)
        except TileInvalid as error:
            raise LogForked(log, str(error)) from error
        if found.root != root:
            raise LogForked(log, f"the tiles of {found.size} events have another root under {function}")

    def _check_database(self, log: LogId, head: TreeHead, begin: int) -> None:
        """The events under the last tile are those in the tile."""
        stored = self._leaves(log, begin, head.size)
        for function in TreeHash:
            hashes = b"".join(function.pick(one.leaf_hash) for one in stored)
            tile = Tile(0, begin // TILE_WIDTH, head.size - begin)
            if self._content(log, function, tile) != hashes:
                raise LogForked(log, f"the database holds other events below {head.size} than were signed")

    def _put_checkpoints(self, log: LogId, signed: SignedHead) -> None:
        for function, note in ((TreeHash.SHA256, signed.sha256), (TreeHash.SM3, signed.sm3)):
            if self._tiles.checkpoint(prefix(log, function)) != note:
                self._tiles.put_checkpoint(prefix(log, function), note)


def _check_known(log: LogId, edge: TileEdge, hashes: Sequence[bytes]) -> None:
    known = edge.levels[0] if edge.levels else ()
    if tuple(hashes) != known:
        raise LogForked(log, f"the database holds other events below {edge.size} than were signed")
