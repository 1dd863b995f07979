"""Merkle trees of RFC 9162 section 2.1 over leaf hashes, kept as the roots of their complete subtrees.

The twin trees of a log have the same leaves in the same order; everything here works on one of them, under
one `TreeHash`. A tree of n leaves splits into complete subtrees, one for each bit of n that is set: their
roots (a compact range) are all that is needed to append leaves, and to know the root.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from evidence.digest import DIGEST_SIZE, DigestPair, sha256, sm3
from evidence.merkle import LEAF_PREFIX

NODE_PREFIX = b"\x01"  # RFC 9162 2.1.1: domain separation of inner nodes from leaves
MAX_TREE_SIZE = 2**63 - 1  # leaves: RFC 9162 says uint64, databases and other implementations int64
MAX_LEVEL = 62  # of a complete subtree in a tree of that size


class TreeHash(enum.StrEnum):
    """The function that a tree is built with: RFC 9162's HASH."""

    SHA256 = "sha256"
    SM3 = "sm3"

    def leaf(self, data: bytes) -> bytes:
        """MTH({data}), 32 bytes."""
        return self._of(LEAF_PREFIX + data)

    def node(self, left: bytes, right: bytes) -> bytes:
        """The hash of an inner node over those of its two children, 32 bytes each."""
        return self._of(NODE_PREFIX + left + right)

    @property
    def empty(self) -> bytes:
        """MTH({}): HASH of nothing."""
        return self._of(b"")

    def pick(self, pair: DigestPair) -> bytes:
        """This function's half of a pair."""
        return pair.sha256 if self is TreeHash.SHA256 else pair.sm3

    def _of(self, data: bytes) -> bytes:
        return sha256(data) if self is TreeHash.SHA256 else sm3(data)


@dataclass(frozen=True, slots=True, order=True)
class Node:
    """The complete subtree over the leaves [index · 2^level, (index + 1) · 2^level)."""

    level: int
    index: int


def complete(start: int, end: int) -> list[Node]:
    """The complete subtrees whose fold is MTH(D[start:end]), largest first.

    `start` is a multiple of the smallest power of two that is not below end - start, as it is wherever
    RFC 9162 speaks of such a range.
    """
    found = []
    while start < end:
        level = (end - start).bit_length() - 1
        found.append(Node(level, start >> level))
        start += 1 << level
    return found


def fold(function: TreeHash, hashes: Sequence[bytes]) -> bytes:
    """The root over adjacent complete subtrees, largest first; MTH({}) over none."""
    if not hashes:
        return function.empty
    root = hashes[-1]
    for left in reversed(hashes[:-1]):
        root = function.node(left, root)
    return root


def subtree_root(function: TreeHash, hashes: Sequence[bytes]) -> bytes:
    """MTH over `hashes` taken for leaf hashes; their number is a power of two."""
    level = list(hashes)
    node = function.node
    while len(level) > 1:
        level = [node(level[at], level[at + 1]) for at in range(0, len(level), 2)]
    return level[0]


@dataclass(frozen=True, slots=True)
class CompactRange:
    """A tree as it is appended to: its size, and the roots of its complete subtrees, largest first."""

    function: TreeHash
    size: int = 0
    roots: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if self.size.bit_count() != len(self.roots) or any(len(one) != DIGEST_SIZE for one in self.roots):
            raise ValueError("the roots do not belong to a tree of this size")

    def extended(self, leaf_hashes: Iterable[bytes]) -> CompactRange:
        """With more leaves, one inner node hashed for each on average."""
        size, roots, node = self.size, list(self.roots), self.function.node
        for leaf in leaf_hashes:
            carried, rest = leaf, size
            while rest & 1:
                carried = node(roots.pop(), carried)
                rest >>= 1
            roots.append(carried)
            size += 1
        return CompactRange(self.function, size, tuple(roots))

    def root(self) -> bytes:
        """MTH of all leaves, 32 bytes."""
        return fold(self.function, self.roots)


@dataclass(frozen=True, slots=True)
class TreeHead:
    """A size, and the roots of both trees at it."""

    size: int
    roots: DigestPair


EMPTY = TreeHead(0, DigestPair(TreeHash.SHA256.empty, TreeHash.SM3.empty))
"""Of a log before its first event."""
