"""Trees: publishing and proofs against the hashing alone that they cannot do without, in the same run."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.figure import Figure, in_turns, rate
from evidence.adapters.tiles import FileTileStore
from evidence.audit import Audit
from evidence.event import LogId
from evidence.merkle import leaf_hash
from evidence.proof import verify_inclusion
from evidence.publish import BATCH, Publisher
from evidence.publish_ports import SignedHead, StoredLeaf
from evidence.tree import CompactRange, TreeHash, TreeHead
from tests.support.publishing import LOG, log_keys

SMALL, LARGE = BATCH, 8 * BATCH  # leaves before what is measured
PROOFS = 200
LEAF_SIZE = 119  # octets, as `evidence.leaf` packs them


class Memory:
    """`PublishUnits` over leaves in memory, so that no database is measured."""

    def __init__(self, stored: Sequence[StoredLeaf]) -> None:
        self.stored = stored
        self.shown = 0
        self.last: SignedHead | None = None

    @contextmanager
    def __call__(self) -> Iterator[Memory]:
        yield self

    reading = __call__

    @property
    def leaves(self) -> Leaves:
        return Leaves(self)

    @property
    def signed_heads(self) -> Heads:
        return Heads(self)


class Leaves:
    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def size(self, log: LogId) -> int:
        assert log == LOG
        return self._memory.shown

    def leaves(self, log: LogId, start: int, stop: int) -> Sequence[StoredLeaf]:
        assert log == LOG
        return self._memory.stored[start : min(stop, self._memory.shown)]


class Heads:
    def __init__(self, memory: Memory) -> None:
        self._memory = memory

    def get(self, log: LogId) -> SignedHead | None:
        assert log == LOG
        return self._memory.last

    def swap(self, log: LogId, old: TreeHead | None, new: SignedHead) -> bool:
        assert log == LOG
        assert old == (self._memory.last.head if self._memory.last else None)
        self._memory.last = new
        return True


def leaves(count: int) -> list[StoredLeaf]:
    made = (number.to_bytes(LEAF_SIZE, "big") for number in range(count))
    return [StoredLeaf(leaf, leaf_hash(leaf)) for leaf in made]


def hashing(stored: Sequence[StoredLeaf]) -> None:
    """Both trees over the same leaves, in memory: two hashes of each leaf, and two inner nodes."""
    pairs = [leaf_hash(one.leaf) for one in stored]
    for function in TreeHash:
        CompactRange(function).extended(map(function.pick, pairs)).root()


def publishing(stored: Sequence[StoredLeaf], before: int, folder: Path) -> Figure:
    """A batch that follows `before` leaves; each turn publishes the next one."""
    memory = Memory(stored)
    publisher = Publisher(memory, FileTileStore(folder), log_keys())
    memory.shown = before
    publisher.publish(LOG)

    def batch() -> None:
        memory.shown += BATCH
        assert publisher.publish(LOG).size == memory.shown

    ours, peer, ratio = in_turns(
        lambda: BATCH * rate(batch, 1), lambda: BATCH * rate(lambda: hashing(stored[:BATCH]), 1), rounds=3
    )
    name = f"leaves published after {before:,}, both trees, synced"
    return Figure(name, ours, "the hashing of both trees alone", peer, ratio, "25%")


def proving(folder: Path, size: int) -> Sequence[Figure]:
    memory = Memory(leaves(size))
    memory.shown = size
    tiles = FileTileStore(folder)
    head = Publisher(memory, tiles, log_keys()).publish(LOG)
    return [one for function in TreeHash for one in proofs(Audit(tiles, LOG), function, memory, head)]


def proofs(audit: Audit, function: TreeHash, memory: Memory, head: TreeHead) -> Sequence[Figure]:
    places = [number * 7_919 % head.size for number in range(PROOFS)]
    made = [audit.inclusion(function, index, head) for index in places]
    leaf_hashes = [function.pick(memory.stored[index].leaf_hash) for index in places]
    root = function.pick(head.roots)

    def prove() -> float:
        return PROOFS * rate(lambda: [audit.inclusion(function, index, head) for index in places], 1)

    def verify() -> None:
        for proof, leaf in zip(made, leaf_hashes, strict=True):
            verify_inclusion(function, proof, leaf, root)

    def nodes() -> None:
        for proof in made:
            for one in proof.hashes:
                function.node(one, one)

    ours, peer, ratio = in_turns(prove, lambda: PROOFS * rate(verify, 1), rounds=3)
    octets = max(32 * len(proof.hashes) for proof in made)
    note = f"{1_000 / ours:.2f} ms and at most {octets} octets each; target under 5 ms and 1,024 octets"
    name = f"inclusion proofs from tiles of {head.size:,} leaves, {function.value}"
    found = [Figure(name, ours, "verifying them", peer, ratio, "200", note)]
    ours, peer, ratio = in_turns(lambda: PROOFS * rate(verify, 1), lambda: PROOFS * rate(nodes, 1))
    name = f"inclusion proofs verified, {function.value}"
    return [*found, Figure(name, ours, "their node hashes alone", peer, ratio, "60%")]


def appending(function: TreeHash, stored: Sequence[StoredLeaf]) -> Figure:
    hashes = [function.pick(one.leaf_hash) for one in stored]
    ours, peer, ratio = in_turns(
        lambda: len(hashes) * rate(lambda: CompactRange(function).extended(hashes), 1),
        lambda: len(hashes) * rate(lambda: [function.node(one, one) for one in hashes], 1),
    )
    name = f"leaves appended to a compact range, {function.value}"
    return Figure(name, ours, "one node hash each", peer, ratio, "60%")


def figures() -> Sequence[Figure]:
    found = []
    stored = leaves(LARGE + 5 * BATCH)
    for before in (SMALL, LARGE):
        with tempfile.TemporaryDirectory() as folder:
            found.append(publishing(stored, before, Path(folder)))
    with tempfile.TemporaryDirectory() as folder:
        found += proving(Path(folder), LARGE)
    return [*found, *(appending(function, stored[:BATCH]) for function in TreeHash)]
