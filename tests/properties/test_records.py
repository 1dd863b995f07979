"""Hash trees and records of any batch: every group is proved, nothing else is; changed bytes are refused."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ca.indication import Indication
from forensics.errors import RecordInvalid
from forensics.preservation.judge import judge_record
from forensics.preservation.preserve import preserve
from forensics.preservation.record import parse_record
from forensics.preservation.tree import HashTree, root_of
from keys.suites import Algorithm, Digest
from tests.support import chains
from tests.support.preservation import DOCUMENTS, FIRST, NOW, Timestamps, life, trust

DAY = timedelta(days=1)

digests = st.sampled_from(list(Digest))
groups = st.lists(st.lists(st.binary(max_size=8), min_size=1, max_size=40), min_size=1, max_size=40)
stages = st.sampled_from(["initial", "renewed", "rehashed"])
algorithms = st.sampled_from(chains.DEFAULTS)


@given(digests, groups)
def test_every_group_leads_to_the_root(digest: Digest, documents: list[list[bytes]]) -> None:
    hashed = [[digest.of(one) for one in group] for group in documents]
    tree = HashTree(digest, hashed)
    for number, group in enumerate(hashed):
        lists = tree.reduced(number)
        assert set(group) <= set(lists[0] if lists else (tree.root,))
        assert (root_of(digest, lists) if lists else group[0]) == tree.root


@given(groups, st.randoms(use_true_random=False))
def test_a_root_does_not_depend_on_order(documents: list[list[bytes]], chance: object) -> None:
    hashed = [[Digest.SM3.of(one) for one in group] for group in documents]
    root = HashTree(Digest.SM3, hashed).root
    chance.shuffle(hashed)  # type: ignore[attr-defined]  # a random.Random, whose module is banned
    assert HashTree(Digest.SM3, hashed).root == root


@settings(max_examples=10, deadline=None)
@given(algorithms, st.lists(st.lists(st.binary(max_size=8), min_size=1, max_size=40), max_size=40))
def test_records_of_a_batch_pass_for_their_documents(
    algorithm: Algorithm, documents: list[list[bytes]]
) -> None:
    documents = [[b"always"], *documents]
    hashed = [[algorithm.digest.of(one) for one in group] for group in documents]
    records = preserve(hashed, algorithm.digest, Timestamps(algorithm, FIRST))
    trusted = trust(algorithm, FIRST + DAY)
    for record, group in list(zip(records, documents, strict=True))[:4]:
        report = judge_record(record, group, trusted, now=FIRST + DAY)
        assert report.indication is Indication.TOTAL_PASSED
        other = judge_record(record, [*group, b"a document too many"], trusted, now=FIRST + DAY)
        assert other.indication is Indication.TOTAL_FAILED


@given(st.binary(max_size=300))
def test_garbage_is_refused(data: bytes) -> None:
    with pytest.raises(RecordInvalid):
        parse_record(data)


@settings(max_examples=300, deadline=None)
@given(algorithms, stages, st.data())
def test_a_changed_octet_is_refused(algorithm: Algorithm, stage: str, data: st.DataObject) -> None:
    """Anywhere: also in the fields that no timestamp covers."""
    record = getattr(life(algorithm), stage)
    place = data.draw(st.integers(0, len(record) - 1))
    octet = data.draw(st.integers(0, 255).filter(lambda one: one != record[place]))
    changed = record[:place] + bytes((octet,)) + record[place + 1 :]
    report = judge_record(changed, DOCUMENTS, trust(algorithm, NOW), now=NOW)
    assert report.indication is not Indication.TOTAL_PASSED


@given(algorithms, stages, st.data())
def test_a_cut_or_longer_record_is_refused(algorithm: Algorithm, stage: str, data: st.DataObject) -> None:
    record = getattr(life(algorithm), stage)
    cut = data.draw(st.integers(0, len(record) - 1))
    for changed in (record[:cut], record + record[cut:]):
        with pytest.raises(RecordInvalid):
            parse_record(changed)
