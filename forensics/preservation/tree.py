"""Hash trees over groups of documents, and the path of one group through them (RFC 4998 4.2, 4.3).

An inner node is the digest of its children, concatenated in binary ascending order. Trees are binary; a
node without a neighbour moves up as it is. The leaf of a group of several documents is the digest of
theirs, in the same order; that of a group of one is the document's digest itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from forensics.errors import RenewalRefused
from forensics.preservation.record import MAX_VALUES
from keys.suites import Digest

Lists = tuple[tuple[bytes, ...], ...]
"""A reducedHashtree: for each step towards the root the digests to add; the group's own stand first."""


def node_of(digest: Digest, values: Iterable[bytes]) -> bytes:
    """The node above `values`."""
    return digest.of(b"".join(sorted(values)))


def leaf_of(digest: Digest, group: Sequence[bytes]) -> bytes:
    """The leaf of a group of documents by their digests."""
    return group[0] if len(group) == 1 else node_of(digest, group)


def root_of(digest: Digest, lists: Lists) -> bytes:
    """The root that a reducedHashtree leads to (RFC 4998 4.3).

    A first list of one digest stands for its document as it is, not digested again: so do the trees
    that Bouncy Castle makes. Ours put a lone document's neighbour into its first list, as 4.2 does, so
    that both readings of 4.3 come to the same root.
    """
    node = leaf_of(digest, lists[0])
    for values in lists[1:]:
        node = node_of(digest, (node, *values))
    return node


class HashTree:
    """A tree over groups of digests, the same whatever their order and however often one comes."""

    def __init__(self, digest: Digest, groups: Sequence[Sequence[bytes]]) -> None:
        """Raises `RenewalRefused` for no group, an empty one, one too large, or a digest of another size."""
        if not groups:
            raise RenewalRefused("there is nothing to preserve")
        self._digest = digest
        self._groups = [tuple(sorted(set(group))) for group in groups]
        for group in self._groups:
            if not 1 <= len(group) <= MAX_VALUES:
                raise RenewalRefused(f"a group has {len(group)} documents; 1 to {MAX_VALUES} are accepted")
            if any(len(value) != digest.size for value in group):
                raise RenewalRefused(f"a {digest.value} digest has {digest.size} octets")
        self._leaves = [leaf_of(digest, group) for group in self._groups]
        level = sorted(set(self._leaves))
        self._places = {leaf: place for place, leaf in enumerate(level)}
        self._levels = [level]
        while len(level) > 1:
            pairs = zip(level[::2], level[1::2], strict=False)
            above = [digest.of(a + b if a <= b else b + a) for a, b in pairs]
            level = above + level[len(above) * 2 :]
            self._levels.append(level)

    @property
    def root(self) -> bytes:
        """What is timestamped."""
        return self._levels[-1][0]

    def reduced(self, number: int) -> Lists:
        """The reducedHashtree of the group of this number; empty when the root is its only digest."""
        group = self._groups[number]
        place = self._places[self._leaves[number]]
        lists = [group]
        for level in self._levels[:-1]:
            beside = place ^ 1
            if beside < len(level):
                lists.append((level[beside],))
            place //= 2
        if len(group) > 1:
            return tuple(lists)
        if len(lists) == 1:
            return ()
        return (tuple(sorted(lists[0] + lists[1])), *lists[2:])
