"""Inclusion and consistency proofs of RFC 9162 2.1.3 and 2.1.4: made from stored hashes, and verified.

Making is in two steps. The plan names the complete subtrees that a proof needs, so that their hashes can be
read at once; folding them gives the proof. Verifying follows the RFC's own algorithms, and knows nothing of
how a proof was made.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Protocol

from evidence.digest import DIGEST_SIZE
from evidence.errors import ProofInvalid
from evidence.tree import MAX_TREE_SIZE, Node, TreeHash, complete, fold

MAX_PROOF_HASHES = 63  # the height of a tree of MAX_TREE_SIZE leaves; also the bound of C2SP tlog-witness


class HashSource(Protocol):
    """Hashes of the complete subtrees of one tree."""

    def hashes(self, nodes: Sequence[Node]) -> Mapping[Node, bytes]:
        """The hash of each, 32 bytes; raises `TileInvalid` for one that cannot be had."""
        ...


@dataclass(frozen=True, slots=True)
class InclusionProof:
    """PATH(index, D[size]) of RFC 9162 2.1.3.1, from the leaf upwards."""

    index: int
    size: int
    hashes: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class ConsistencyProof:
    """PROOF(old, D[size]) of RFC 9162 2.1.4.1; no hashes where old is 0 or size."""

    old: int
    size: int
    hashes: tuple[bytes, ...]


Span = tuple[int, int]
"""Leaves [start, end)."""


def inclusion_spans(index: int, size: int) -> list[Span]:
    """The ranges whose roots are the proof, from the leaf upwards; ValueError outside the tree."""
    if not 0 <= index < size <= MAX_TREE_SIZE:
        raise ValueError("no such leaf in a tree of this size")
    spans: list[Span] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            spans.append((middle, end))
            end = middle
        else:
            spans.append((start, middle))
            start = middle
    return spans[::-1]


def consistency_spans(old: int, size: int) -> list[Span]:
    """The ranges whose roots are the proof, in its order; ValueError where there can be none."""
    if not 0 <= old <= size <= MAX_TREE_SIZE:
        raise ValueError("no tree of this size has grown from one of that size")
    if old in {0, size}:
        return []
    spans: list[Span] = []
    start, end, known = 0, size, True
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            spans.append((middle, end))
            end = middle
        else:
            spans.append((start, middle))
            start, known = middle, False
    if not known:
        spans.append((start, end))
    return spans[::-1]


def prove_inclusion(function: TreeHash, source: HashSource, index: int, size: int) -> InclusionProof:
    """For the leaf at `index` in the tree of `size` leaves; ValueError for one outside it."""
    return InclusionProof(index, size, _roots(function, source, inclusion_spans(index, size)))


def prove_consistency(function: TreeHash, source: HashSource, old: int, size: int) -> ConsistencyProof:
    """Between the trees of `old` and `size` leaves; ValueError where old > size."""
    return ConsistencyProof(old, size, _roots(function, source, consistency_spans(old, size)))


def root_of(function: TreeHash, source: HashSource, size: int) -> bytes:
    """MTH of the first `size` leaves."""
    return _roots(function, source, [(0, size)])[0] if size else function.empty


def verify_inclusion(function: TreeHash, proof: InclusionProof, leaf_hash: bytes, root: bytes) -> None:
    """RFC 9162 2.1.3.2; raises `ProofInvalid`."""
    if not 0 <= proof.index < proof.size <= MAX_TREE_SIZE:
        raise ProofInvalid("inclusion", "the leaf is not in a tree of this size")
    _check_shape("inclusion", proof.hashes)
    found = leaf_hash
    for one, is_left in _steps("inclusion", proof.index, proof.size - 1, proof.hashes):
        found = function.node(one, found) if is_left else function.node(found, one)
    if found != root:
        raise ProofInvalid("inclusion", "it leads to another root")


def verify_consistency(function: TreeHash, proof: ConsistencyProof, old_root: bytes, root: bytes) -> None:
    """RFC 9162 2.1.4.2, also from nothing and without growth, which it leaves out; raises `ProofInvalid`."""
    old, size = proof.old, proof.size
    if not 0 <= old <= size <= MAX_TREE_SIZE:
        raise ProofInvalid("consistency", "no tree of this size has grown from one of that size")
    _check_shape("consistency", proof.hashes)
    if old in {0, size}:
        first, second = _without_steps(function, proof, root)
    else:
        first, second = _both_roots(function, proof, old_root)
    if first != old_root:
        raise ProofInvalid("consistency", "it leads to another root of the smaller tree")
    if second != root:
        raise ProofInvalid("consistency", "it leads to another root")


def _without_steps(function: TreeHash, proof: ConsistencyProof, root: bytes) -> tuple[bytes, bytes]:
    """From nothing to anything, and no growth: the two roots as they must be."""
    if proof.hashes:
        raise ProofInvalid("consistency", "it has too many hashes")
    return (root if proof.old else function.empty), (root if proof.size else function.empty)


def _both_roots(function: TreeHash, proof: ConsistencyProof, old_root: bytes) -> tuple[bytes, bytes]:
    """Steps 2 to 7: the roots that the proof leads to."""
    is_complete = proof.old & (proof.old - 1) == 0
    path = (old_root, *proof.hashes) if is_complete else proof.hashes
    if not path:
        raise ProofInvalid("consistency", "it has too few hashes")
    fn, sn = proof.old - 1, proof.size - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    first = second = path[0]
    for one, is_left in _steps("consistency", fn, sn, path[1:]):
        if is_left:
            first, second = function.node(one, first), function.node(one, second)
        else:
            second = function.node(second, one)
    return first, second


def _steps(kind: str, fn: int, sn: int, hashes: Sequence[bytes]) -> Iterator[tuple[bytes, bool]]:
    """Each hash of a proof, and whether it stands to the left; `fn` and `sn` are the RFC's names."""
    for one in hashes:
        if sn == 0:
            raise ProofInvalid(kind, "it has too many hashes")
        is_left = fn & 1 == 1 or fn == sn
        yield one, is_left
        while is_left and fn and not fn & 1:
            fn, sn = fn >> 1, sn >> 1
        fn, sn = fn >> 1, sn >> 1
    if sn:
        raise ProofInvalid(kind, "it has too few hashes")


def _split(count: int) -> int:
    """The largest power of two below `count`, which is at least 2."""
    return 1 << (count - 1).bit_length() - 1


def _roots(function: TreeHash, source: HashSource, spans: Sequence[Span]) -> tuple[bytes, ...]:
    plans = [complete(start, end) for start, end in spans]
    known = source.hashes(list(chain.from_iterable(plans)))
    return tuple(fold(function, [known[node] for node in plan]) for plan in plans)


def _check_shape(kind: str, hashes: Sequence[bytes]) -> None:
    if len(hashes) > MAX_PROOF_HASHES:
        raise ProofInvalid(kind, "it has too many hashes")
    if any(len(one) != DIGEST_SIZE for one in hashes):
        raise ProofInvalid(kind, "a hash of it has another length")
