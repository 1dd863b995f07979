"""Trees over groups, their paths, and the sizes that a group may have (RFC 4998 4.2, 4.3)."""

from __future__ import annotations

import pytest

from forensics.errors import RenewalRefused
from forensics.preservation.tree import HashTree, leaf_of, node_of, root_of
from keys.suites import Digest

H = Digest.SHA256.of


def test_the_example_of_rfc_4998() -> None:
    """Figure 1 of section 4.2: h1, h3 and the group h2a, h2b, h2c, as a binary tree makes it."""
    h1, h2, h3 = H(b"1"), [H(b"2a"), H(b"2b"), H(b"2c")], H(b"3")
    tree = HashTree(Digest.SHA256, [[h1], h2, [h3]])
    leaves = sorted([h1, H(b"".join(sorted(h2))), h3])
    assert tree.root == node_of(Digest.SHA256, [node_of(Digest.SHA256, leaves[:2]), leaves[2]])
    assert tree.reduced(1)[0] == tuple(sorted(h2))
    assert h1 in tree.reduced(0)[0]
    assert len(tree.reduced(0)[0]) == 2, "a lone document stands beside its neighbour"


def test_one_document_alone_needs_no_tree() -> None:
    tree = HashTree(Digest.SHA256, [[H(b"1")]])
    assert (tree.root, tree.reduced(0)) == (H(b"1"), ())


def test_one_group_alone_is_its_own_tree() -> None:
    group = [H(b"1"), H(b"2")]
    tree = HashTree(Digest.SHA256, [group])
    assert tree.reduced(0) == (tuple(sorted(group)),)
    assert tree.root == leaf_of(Digest.SHA256, group) == root_of(Digest.SHA256, tree.reduced(0))


def test_the_order_of_groups_does_not_matter() -> None:
    groups = [[H(bytes((one, two))) for two in range(one % 3 + 1)] for one in range(9)]
    backwards = [group[::-1] for group in groups[::-1]]
    assert HashTree(Digest.SHA256, groups).root == HashTree(Digest.SHA256, backwards).root


def test_a_document_that_comes_twice_stands_once() -> None:
    tree = HashTree(Digest.SHA256, [[H(b"1"), H(b"1")], [H(b"1")], [H(b"2")]])
    assert tree.reduced(0) == tree.reduced(1) == (tuple(sorted([H(b"1"), H(b"2")])),)


@pytest.mark.parametrize(
    ("groups", "reason"),
    [
        ([], "nothing to preserve"),
        ([[]], "has 0 documents"),
        ([[bytes(31)]], "has 32 octets"),
        ([[bytes((one // 256, one % 256)) + bytes(30) for one in range(4097)]], "has 4097 documents"),
    ],
)
def test_what_no_tree_is_made_of(groups: list[list[bytes]], reason: str) -> None:
    with pytest.raises(RenewalRefused, match=reason):
        HashTree(Digest.SHA256, groups)
