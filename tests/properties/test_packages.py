"""Containers of any files come back as they were; any octets are refused by our own error alone."""

from __future__ import annotations

import io
import zipfile
from contextlib import suppress

from hypothesis import given, settings
from hypothesis import strategies as st

from forensics.errors import ContentsInvalid, PackageInvalid
from forensics.package.container import MIMETYPE, read_container, write_container

names = st.text(st.characters(codec="utf-8"), min_size=1, max_size=12) | st.sampled_from(
    ["a/b", "a/合同.pdf"]
)
files = st.dictionaries(names, st.binary(max_size=200) | st.just(bytes(3_000)), max_size=6)


@given(files)
def test_what_can_be_written_is_read_by_us_and_by_zipfile(given_files: dict[str, bytes]) -> None:
    try:
        data = write_container(given_files)
    except ContentsInvalid:
        return
    found = read_container(data)
    assert {name: octets for name, octets in found.items() if name != MIMETYPE} == given_files
    with zipfile.ZipFile(io.BytesIO(data)) as other:
        assert {one.filename: other.read(one) for one in other.infolist()} == found


@given(files, st.binary(max_size=40), st.integers(min_value=0), st.integers(min_value=0, max_value=40))
@settings(max_examples=200)
def test_octets_put_anywhere_are_refused(
    given_files: dict[str, bytes], put: bytes, place: int, cut: int
) -> None:
    try:
        data = write_container(given_files)
    except ContentsInvalid:
        return
    place %= len(data)
    changed = data[:place] + put + data[place + cut :]
    if changed == data:
        return
    with suppress(PackageInvalid):
        assert read_container(changed) == read_container(data)  # another encoding of the same octets


@given(st.binary(max_size=300))
def test_any_octets_are_refused(data: bytes) -> None:
    with suppress(PackageInvalid):
        read_container(b"PK" + data)
        raise AssertionError(data)
