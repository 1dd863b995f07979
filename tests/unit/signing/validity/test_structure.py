"""Revisions as cross-references tell them."""

from __future__ import annotations

import zlib

import pytest

from signing.validity.account import unaccounted
from signing.validity.attack import Attack
from signing.validity.graph import Graph
from signing.validity.structure import read_structure
from signing.validity.syntax import Stream, SyntaxInvalid, indirect
from signing.validity.xref import _row, inflated
from tests.support.attacks.contract import unsigned
from tests.support.attacks.increment import appended, last_xref
from tests.support.signing import blank_document


@pytest.mark.parametrize("streams", [False, True])
def test_each_save_is_a_revision(*, streams: bool) -> None:
    data = unsigned(streams=streams)
    twice = appended(appended(data, {30: b"1"}), {30: b"2", 31: b"[30 0 R]"})
    structure = read_structure(twice)
    assert [one.end for one in structure.revisions][-1] == len(twice)
    graph = Graph(structure)
    assert [graph.value(one, 30) for one in range(3)] == [None, 1, 2]
    assert structure.found == ()
    assert structure.ending_at(len(data)) == structure.revisions[0]
    assert structure.ending_at(len(data) - 1) == structure.revisions[0]
    assert structure.ending_at(len(data) - 2) is None
    assert unaccounted(graph, 0, 0) == ()


def test_objects_in_streams_are_found() -> None:
    graph = Graph(read_structure(blank_document(2, streams=True)))
    assert graph.catalog(0)[b"Type"] == b"Catalog"
    assert graph.broken == {}


@pytest.mark.parametrize("leading", [1, 1_000])
def test_octets_before_the_header_are_told(leading: int) -> None:
    structure = read_structure(b"x" * leading + unsigned())
    assert structure.leading == leading
    assert [one.attack for one in structure.found] == [Attack.LEADING_BYTES]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"x" * 2_000,
        b"%PDF-1.7\n",
        b"%PDF-1.7\nstartxref\n9\n%%EOF",
        b"%PDF-1.7\nstartxref\n99999999999\n%%EOF",
    ],
)
def test_what_is_no_file(data: bytes) -> None:
    with pytest.raises(SyntaxInvalid):
        read_structure(data)


def test_a_loop_of_cross_references_ends() -> None:
    data = unsigned()
    at = last_xref(data)
    looped = data.replace(b"/Root 1 0 R", b"/Prev %d /Root 1 0 R" % at)
    with pytest.raises(SyntaxInvalid, match="loop"):
        read_structure(looped)


def test_a_freed_object_is_gone_in_its_revision_alone() -> None:
    graph = Graph(read_structure(appended(unsigned(), {}, freed=(14,))))
    assert graph.value(0, 14) is not None
    assert graph.value(1, 14) is None


def test_a_bomb_is_not_inflated() -> None:
    packed = zlib.compress(bytes(200_000_000), 9)
    body = b"%d 0 obj\n<</Filter /FlateDecode /Length %d>>\nstream\n" % (5, len(packed))
    data = body + packed + b"\nendstream\nendobj\n"
    held = indirect(data, 0, lambda _: 0).value
    assert isinstance(held, Stream)
    with pytest.raises(SyntaxInvalid, match="octets"):
        inflated(data, held)


@pytest.mark.parametrize("predictor", [10, 11, 12, 13, 14])
def test_predictors_are_undone(predictor: int) -> None:
    """Each row under the filter that its first octet names (ISO 32000-2 7.4.4.4)."""
    above, plain = bytes([1, 2, 3, 250]), bytes([9, 8, 200, 7])
    kind = predictor - 10
    coded = bytearray()
    for place, one in enumerate(plain):
        left = plain[place - 1] if place else 0
        corner = above[place - 1] if place else 0
        up = above[place]
        guess = left + up - corner
        paeth = min((left, up, corner), key=lambda value: abs(guess - value))
        add = (0, left, up, (left + up) // 2, paeth)[kind]
        coded.append((one - add) & 0xFF)
    assert _row(kind, bytes(coded), above) == plain
