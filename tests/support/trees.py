"""Trees for tests: made straight from the definition of RFC 9162 2.1.1, slowly, and kept in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from evidence.tree import Node, TreeHash

LEAVES = tuple(f"leaf {number}".encode() for number in range(700))


def defined_root(function: TreeHash, leaf_hashes: Sequence[bytes]) -> bytes:
    """MTH of RFC 9162 2.1.1, word for word, over leaf hashes."""
    if not leaf_hashes:
        return function.empty
    if len(leaf_hashes) == 1:
        return leaf_hashes[0]
    half = 1
    while half * 2 < len(leaf_hashes):
        half *= 2
    return function.node(
        defined_root(function, leaf_hashes[:half]), defined_root(function, leaf_hashes[half:])
    )


class MemoryTree:
    """`HashSource` over leaf hashes."""

    def __init__(self, function: TreeHash, leaves: Sequence[bytes] = LEAVES) -> None:
        self.function = function
        self.leaf_hashes = [function.leaf(leaf) for leaf in leaves]
        self._known: dict[Node, bytes] = {}

    def root(self, size: int) -> bytes:
        return defined_root(self.function, self.leaf_hashes[:size])

    def hashes(self, nodes: Sequence[Node]) -> Mapping[Node, bytes]:
        return {node: self._hash(node) for node in nodes}

    def _hash(self, node: Node) -> bytes:
        if node not in self._known:
            start = node.index << node.level
            under = self.leaf_hashes[start : start + (1 << node.level)]
            assert len(under) == 1 << node.level, "a subtree that is not complete"
            self._known[node] = defined_root(self.function, under)
        return self._known[node]
