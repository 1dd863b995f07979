"""The tree hash of RFC 9162 2.1.1: known answers, and the definition as it is written there."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence.caseroot import NO_LEAVES, CaseTree, tree_hash
from evidence.digest import DigestPair, sha256, sm3
from evidence.merkle import leaf_hash

# The reference leaves and roots of Certificate Transparency's implementations (RFC 6962 has the same tree).
LEAVES = [
    bytes.fromhex(one)
    for one in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


@pytest.mark.parametrize("size", range(9))
def test_known_roots(size: int) -> None:
    assert tree_hash([leaf_hash(one) for one in LEAVES[:size]]).sha256.hex() == ROOTS[size]


def by_definition(leaves: Sequence[bytes], name: str) -> bytes:
    """RFC 9162 2.1.1, word for word."""

    def digest(data: bytes) -> bytes:
        return sha256(data) if name == "sha256" else sm3(data)

    if not leaves:
        return digest(b"")
    if len(leaves) == 1:
        return digest(b"\x00" + leaves[0])
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return digest(b"\x01" + by_definition(leaves[:split], name) + by_definition(leaves[split:], name))


@given(st.lists(st.binary(max_size=4), max_size=70))
def test_the_root_is_that_of_the_definition_at_every_size(leaves: list[bytes]) -> None:
    tree = CaseTree()
    for size, one in enumerate(leaves):
        assert tree.size == size
        tree.add(leaf_hash(one))
    expected = DigestPair(by_definition(leaves, "sha256"), by_definition(leaves, "sm3"))
    assert tree.root() == tree_hash([leaf_hash(one) for one in leaves]) == expected


def test_no_leaves() -> None:
    assert tree_hash([]) == NO_LEAVES
    assert NO_LEAVES.sha256 == hashlib.sha256(b"").digest()
