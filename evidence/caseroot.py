"""The root of a case: RFC 9162 section 2.1.1 tree hash over its leaf hashes, under SHA-256 and SM3.

A case is small, a log is not: whoever holds a case holds all of its leaves, so that no proofs are needed.
"""

from __future__ import annotations

from collections.abc import Sequence

from evidence.digest import DigestPair
from evidence.tree import EMPTY, CompactRange, TreeHash

NO_LEAVES = EMPTY.roots
"""RFC 9162 2.1.1: the hash of an empty list is the hash of an empty string."""


def tree_hash(leaf_hashes: Sequence[DigestPair]) -> DigestPair:
    """MTH of leaves whose hashes these are, in order."""
    tree = CaseTree()
    for one in leaf_hashes:
        tree.add(one)
    return tree.root()


class CaseTree:
    """Grows leaf by leaf and knows its root at every size: log2 n digests each."""

    def __init__(self) -> None:
        self._sha256, self._sm3 = CompactRange(TreeHash.SHA256), CompactRange(TreeHash.SM3)

    @property
    def size(self) -> int:
        """Leaves."""
        return self._sha256.size

    def add(self, leaf_hash: DigestPair) -> None:
        """One more leaf on the right."""
        self._sha256 = self._sha256.extended((leaf_hash.sha256,))
        self._sm3 = self._sm3.extended((leaf_hash.sm3,))

    def root(self) -> DigestPair:
        """MTH of the leaves so far."""
        return DigestPair(self._sha256.root(), self._sm3.root())
