"""Trees and proofs of every size and place, against the definition and against Go's sumdb/tlog."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence.errors import ProofInvalid
from evidence.proof import (
    MAX_PROOF_HASHES,
    ConsistencyProof,
    InclusionProof,
    consistency_spans,
    inclusion_spans,
    prove_consistency,
    prove_inclusion,
    root_of,
    verify_consistency,
    verify_inclusion,
)
from evidence.tile import TILE_WIDTH, Tile, edge, growth, parse_path, width_at
from evidence.tree import MAX_TREE_SIZE, CompactRange, TreeHash
from tests.support.sumdb import Refused, SumdbJudge, open_judge
from tests.support.trees import LEAVES, MemoryTree, defined_root

FUNCTIONS = st.sampled_from(list(TreeHash))
SIZES = st.integers(1, 600)
HUGE = st.one_of(
    st.integers(0, 70_000),
    st.sampled_from([255, 256, 257, 511, 512, 65_535, 65_536, 65_537, 2**24, 2**40 + 1, 2**62]),
)


@cache
def tree(function: TreeHash) -> MemoryTree:
    return MemoryTree(function)


@pytest.fixture(scope="module")
def judge() -> Iterator[SumdbJudge]:
    with open_judge() as running:
        yield running


@given(FUNCTIONS, st.lists(st.integers(0, 300), max_size=4))
@settings(max_examples=40, deadline=None)
def test_a_tree_that_grows_in_batches_has_the_root_of_the_definition(
    function: TreeHash, batches: list[int]
) -> None:
    grown, size = CompactRange(function), 0
    for batch in batches:
        size = min(size + batch, len(LEAVES))
        grown = grown.extended(tree(function).leaf_hashes[grown.size : size])
    assert grown.size == size
    assert grown.root() == tree(function).root(size)
    assert len(grown.roots) <= size.bit_length()


@given(FUNCTIONS, st.data())
@settings(max_examples=150, deadline=None)
def test_an_inclusion_proof_holds_for_its_leaf_and_nothing_else(
    function: TreeHash, data: st.DataObject
) -> None:
    size = data.draw(SIZES)
    index = data.draw(st.integers(0, size - 1))
    source = tree(function)
    root, leaf = source.root(size), source.leaf_hashes[index]
    proof = prove_inclusion(function, source, index, size)
    verify_inclusion(function, proof, leaf, root)
    assert len(proof.hashes) <= (size - 1).bit_length()
    wrong = [
        (replace(proof, hashes=(*proof.hashes, leaf)), leaf, root),
        (proof, source.leaf_hashes[size], root),
        (proof, leaf, source.leaf_hashes[size]),
        (replace(proof, index=size), leaf, root),
        (replace(proof, index=-1), leaf, root),
    ]
    for place in range(len(proof.hashes)):
        changed = bytes([proof.hashes[place][0] ^ 1]) + proof.hashes[place][1:]
        wrong.append(
            (replace(proof, hashes=(*proof.hashes[:place], changed, *proof.hashes[place + 1 :])), leaf, root)
        )
        wrong.append((replace(proof, hashes=proof.hashes[:place] + proof.hashes[place + 1 :]), leaf, root))
    for other, other_leaf, other_root in wrong:
        with pytest.raises(ProofInvalid):
            verify_inclusion(function, other, other_leaf, other_root)


@given(FUNCTIONS, st.data())
@settings(max_examples=150, deadline=None)
def test_a_consistency_proof_holds_for_its_two_trees_and_no_others(
    function: TreeHash, data: st.DataObject
) -> None:
    size = data.draw(SIZES)
    old = data.draw(st.integers(0, size))
    source = tree(function)
    before, after = source.root(old), source.root(size)
    proof = prove_consistency(function, source, old, size)
    verify_consistency(function, proof, before, after)
    spare = source.leaf_hashes[-1]
    wrong = [
        (proof, spare, after),
        (replace(proof, hashes=(*proof.hashes, spare)), before, after),
        (replace(proof, old=size + 1), before, after),
    ]
    if old:
        wrong.append((proof, before, spare))
    wrong += [
        (replace(proof, hashes=proof.hashes[:place] + proof.hashes[place + 1 :]), before, after)
        for place in range(len(proof.hashes))
    ]
    for other, other_before, other_after in wrong:
        with pytest.raises(ProofInvalid):
            verify_consistency(function, other, other_before, other_after)


def test_roots_and_proofs_are_those_of_go(judge: SumdbJudge) -> None:
    source = tree(TreeHash.SHA256)
    for size in (1, 2, 3, 7, 8, 255, 256, 257, 300):
        leaves = LEAVES[:size]
        root = source.root(size)
        assert judge.octets("root", leaves=leaves, size=size) == root
        assert root_of(TreeHash.SHA256, source, size) == root
        for index in {0, size // 3, size - 1}:
            proof = prove_inclusion(TreeHash.SHA256, source, index, size)
            assert judge.proof("prove-inclusion", leaves=leaves, size=size, index=index) == proof.hashes
        for old in {1, size // 2, size - 1, size} - {0}:
            grown = prove_consistency(TreeHash.SHA256, source, old, size)
            assert judge.proof("prove-consistency", leaves=leaves, size=size, old=old) == grown.hashes


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_go_takes_every_proof_and_refuses_what_we_refuse(judge: SumdbJudge, data: st.DataObject) -> None:
    source = tree(TreeHash.SHA256)
    size = data.draw(SIZES)
    index = data.draw(st.integers(0, size - 1))
    root = source.root(size)
    proof = prove_inclusion(TreeHash.SHA256, source, index, size)
    leaf = source.leaf_hashes[index]
    judge.ask("inclusion", proof=proof.hashes, size=size, root=root, index=index, other=leaf)
    grown = prove_consistency(TreeHash.SHA256, source, index + 1, size)
    before = source.root(index + 1)
    judge.ask("consistency", proof=grown.hashes, size=size, root=root, old=index + 1, other=before)
    hashes = list(proof.hashes)
    change = data.draw(st.sampled_from(["drop", "swap", "add", "flip"]))
    if change == "drop" and hashes:
        hashes.pop(data.draw(st.integers(0, len(hashes) - 1)))
    elif change == "swap" and len(hashes) > 1:
        hashes[0], hashes[-1] = hashes[-1], hashes[0]
    elif change == "flip" and hashes:
        hashes[0] = bytes([hashes[0][0] ^ 1]) + hashes[0][1:]
    else:
        hashes.append(leaf)
    with pytest.raises(Refused):
        judge.ask("inclusion", proof=hashes, size=size, root=root, index=index, other=leaf)
    with pytest.raises(ProofInvalid):
        verify_inclusion(TreeHash.SHA256, replace(proof, hashes=tuple(hashes)), leaf, root)


@given(HUGE, HUGE)
@settings(max_examples=60, deadline=None)
def test_growth_writes_the_tiles_that_go_writes(judge: SumdbJudge, first: int, second: int) -> None:
    old, new = sorted((first, second))
    if new - old > 200_000:
        old = new - new % 1_000
    ours = list(growth(old, new))
    named = judge.ask("tiles", old=old, size=new)["Paths"] or []
    theirs = [path.replace("tile/8/", "tile/", 1) for path in named]
    # Go names the partial tiles of every size from the old on; ours are those of the new size alone.
    ended = {tile.path() for tile in set(edge(new)) - set(edge(old))}
    assert [tile.path() for tile in ours] == [path for path in theirs if ".p/" not in path or path in ended]
    assert [parse_path(tile.path()) for tile in ours] == ours
    assert all(tile.width == width_at(tile.level, tile.index, new) for tile in ours)
    bundles = list(growth(old, new, entries=True))
    assert [(one.index, one.width) for one in bundles] == [
        (one.index, one.width) for one in ours if one.level == 0
    ]


@given(HUGE)
def test_the_edge_is_every_partial_tile(size: int) -> None:
    assert edge(size) == [
        Tile(level, size >> 8 * level + 8, (size >> 8 * level) % TILE_WIDTH)
        for level in range(8)
        if (size >> 8 * level) % TILE_WIDTH
    ]


@given(st.integers(1, MAX_TREE_SIZE), st.data())
def test_a_proof_of_the_largest_tree_is_bounded(size: int, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, size - 1))
    assert len(inclusion_spans(place, size)) <= MAX_PROOF_HASHES
    assert len(consistency_spans(place, size)) <= MAX_PROOF_HASHES + 1


@given(st.integers(0, 2**63), st.integers(0, 2**63), st.lists(st.binary(max_size=33), max_size=70))
def test_a_strangers_proof_is_refused_and_no_more(place: int, size: int, hashes: list[bytes]) -> None:
    root = bytes(32)
    with pytest.raises(ProofInvalid):
        verify_inclusion(TreeHash.SHA256, InclusionProof(place, size, tuple(hashes)), bytes(31), root)
    with pytest.raises(ProofInvalid):
        verify_consistency(TreeHash.SHA256, ConsistencyProof(place, size, tuple(hashes)), bytes(32), b"x")


def test_the_published_vectors_of_certificate_transparency() -> None:
    """The reference trees of RFC 6962's own implementation, of eight leaves."""
    leaves = [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ]
    roots = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ]
    hashes = [TreeHash.SHA256.leaf(bytes.fromhex(leaf)) for leaf in leaves]
    grown = CompactRange(TreeHash.SHA256)
    assert grown.root().hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    for count, root in enumerate(roots, start=1):
        grown = grown.extended(hashes[count - 1 : count])
        assert grown.root().hex() == root == defined_root(TreeHash.SHA256, hashes[:count]).hex()


def test_parts_that_do_not_belong_together_are_refused() -> None:
    with pytest.raises(ValueError, match="roots"):
        CompactRange(TreeHash.SM3, 3, (bytes(32),))
    for size, index in ((0, 0), (5, 5), (5, -1), (MAX_TREE_SIZE + 1, 0)):
        with pytest.raises(ValueError, match="leaf"):
            inclusion_spans(index, size)
    with pytest.raises(ValueError, match="grown"):
        consistency_spans(6, 5)
