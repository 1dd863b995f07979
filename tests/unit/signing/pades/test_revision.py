"""Byte ranges of files of every size, and the digest of what they cover."""

from __future__ import annotations

import hashlib

import pytest

from evidence.digest import sm3
from keys.suites import Digest
from signing.pades.revision import OpenRevision, SignatureDictionary
from signing.pdf.increment import Appended

DICTIONARY = SignatureDictionary.compose(b"/Type /Sig", b"/M (now)", 10)


def opened(size: int) -> OpenRevision:
    data = b"9 0 obj\n" + DICTIONARY.body + b"\nendobj\n"
    return OpenRevision.of(size, Appended(data, {9: size + 8}), 9, DICTIONARY)


@pytest.mark.parametrize("size", [0, 99_999_900, 99_999_999, 100_000_000, 4_294_967_296, 9_999_990_000])
def test_numbers_of_every_width_fit_and_move_nothing(size: int) -> None:
    revision = opened(size)
    assert len(revision.appended) == len(opened(1).appended)
    start, before, after, rest = revision.byte_range
    written = revision.appended.partition(b"/ByteRange [")[2].partition(b"]")[0]
    assert [int(one) for one in written.split()] == [start, before, after, rest]
    assert revision.appended[before - size : after - size] == b"<" + b"0" * 20 + b">"
    assert after + rest == size + len(revision.appended)


def test_a_file_too_large_for_the_format_is_refused() -> None:
    with pytest.raises(OverflowError):
        opened(10**16)


@pytest.mark.parametrize("digest", Digest)
def test_the_digest_is_of_all_but_the_contents(digest: Digest) -> None:
    before = bytes(range(256)) * 10
    revision = opened(len(before))
    closed = before + revision.close(b"\xab\xcd")
    _, end, after, _ = revision.byte_range
    covered = closed[:end] + closed[after:]
    expected = sm3(covered) if digest is Digest.SM3 else hashlib.new(digest.value, covered).digest()
    for given in (before, bytearray(before), memoryview(before)):
        assert revision.digest(given, digest) == expected
    assert closed[end:after] == b"<ABCD" + b"0" * 16 + b">"


def test_what_does_not_fit_is_refused() -> None:
    revision = opened(5)
    assert len(revision.close(bytes(10))) == len(revision.appended)
    with pytest.raises(ValueError, match="11 octets do not fit into the 10"):
        revision.close(bytes(11))
