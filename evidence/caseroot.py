"""The root of a case: RFC 9162 section 2.1.1 tree hash over its leaf hashes, under SHA-256 and SM3.

A case is small, a log is not: whoever holds a case holds all of its leaves, so that no proofs are needed.
"""

from __future__ import annotations

from collections.abc import Sequence

from evidence.digest import DigestPair, sha256, sm3

NODE_PREFIX = b"\x01"  # RFC 9162 2.1.1: domain separation of inner nodes from leaves
NO_LEAVES = DigestPair.of(b"")
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
        self.size = 0
        self._full: list[DigestPair] = []
        """Roots of the full subtrees, larger ones first: one for every bit that is set in `size`."""

    def add(self, leaf_hash: DigestPair) -> None:
        """One more leaf on the right."""
        whole = leaf_hash
        for _ in range((self.size + 1 & -(self.size + 1)).bit_length() - 1):
            whole = _node(self._full.pop(), whole)
        self._full.append(whole)
        self.size += 1

    def root(self) -> DigestPair:
        """MTH of the leaves so far."""
        if not self._full:
            return NO_LEAVES
        right = self._full[-1]
        for left in reversed(self._full[:-1]):
            right = _node(left, right)
        return right


def _node(left: DigestPair, right: DigestPair) -> DigestPair:
    return DigestPair(
        sha256(NODE_PREFIX + left.sha256 + right.sha256), sm3(NODE_PREFIX + left.sm3 + right.sm3)
    )
