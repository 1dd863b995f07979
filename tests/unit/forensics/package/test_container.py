"""The zip of a package: the same octets each time, other zips refused, other readers content."""

from __future__ import annotations

import io
import shutil
import struct
import subprocess
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import pytest

from forensics.errors import ContentsInvalid, PackageInvalid
from forensics.package import container
from forensics.package.container import MEDIA_TYPE, MIMETYPE, read_container, write_container

FILES = {
    "README-验证说明.txt": "说明".encode() * 50,
    "META-INF/ASiCManifest001.xml": b"<a></a>",
    "events/events.jsonl": b'{"a":1}\n' * 40,
    "empty": b"",
    "contract/c.pdf": bytes(range(256)),
}


def foreign(files: Mapping[str, bytes], **changes: object) -> bytes:
    """As another program zips."""
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", **changes) as target:  # type: ignore[call-overload]
        for name, data in files.items():
            target.writestr(name, data)
    return written.getvalue()


def test_what_is_written_is_read() -> None:
    found = read_container(write_container(FILES))
    assert found == {MIMETYPE: MEDIA_TYPE.encode(), **FILES}
    assert list(found) == [MIMETYPE, *sorted(FILES, key=str.encode)]


def test_the_order_of_the_files_makes_no_difference() -> None:
    assert write_container(FILES) == write_container(dict(reversed(FILES.items())))


def test_the_type_can_be_read_at_a_fixed_place() -> None:
    """EN 319 162-1 A.1: octets 30 and 38, as `file` looks for them."""
    data = write_container(FILES)
    assert data[30:38] == b"mimetype"
    assert data[38 : 38 + len(MEDIA_TYPE)] == MEDIA_TYPE.encode()


def test_what_squeezes_like_a_bomb_is_stored() -> None:
    zeros = {"zeros": bytes(5_000_000)}
    data = write_container(zeros)
    assert len(data) > 5_000_000
    assert read_container(data)["zeros"] == zeros["zeros"]


@pytest.mark.interop
def test_zipfile_and_unzip_read_it(tmp_path: Path) -> None:
    data = write_container(FILES)
    with zipfile.ZipFile(io.BytesIO(data)) as other:
        assert other.testzip() is None
        assert {one.filename: other.read(one) for one in other.infolist()} == read_container(data)
        assert {one.extra for one in other.infolist()} == {b""}
    if shutil.which("unzip") is None:
        pytest.skip("no unzip")
    path = tmp_path / "package.zip"
    path.write_bytes(data)
    assert (
        b"No errors detected" in subprocess.run(["unzip", "-t", path], check=True, capture_output=True).stdout
    )


@pytest.mark.parametrize(
    "name",
    [
        *(
            "",
            "/etc/passwd",
            "../up",
            "a/../../b",
            "a//b",
            "a/",
            "./a",
            "a\\b",
            "c:x",
            "a\0b",
            "a\nb",
            "a%2fb",
        ),
        *(
            "nul",
            "x/COM1.txt",
            "end.",
            " a",
            "a ",
            "e\u0301",
            "\ud800",
            "x" * 241,
            "a/" * 8 + "b",
            "mimetype",
        ),
    ],
)
def test_names_that_lead_elsewhere_are_not_written(name: str) -> None:
    with pytest.raises(ContentsInvalid) as refused:
        write_container({name: b""})
    assert refused.value.part == name


def test_names_that_fall_on_each_other_are_not_written() -> None:
    with pytest.raises(ContentsInvalid, match="loosely"):
        write_container({"a": b"", "A": b""})


def test_too_much_is_not_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(container, "MAX_FILE", 100)
    with pytest.raises(ContentsInvalid, match="more than 100"):
        write_container({"a": bytes(101)})
    monkeypatch.setattr(container, "MAX_TOTAL", 150)
    with pytest.raises(ContentsInvalid, match="more than 150"):
        write_container({"a": bytes(100), "b": bytes(100)})
    monkeypatch.setattr(container, "MAX_FILES", 1)
    with pytest.raises(ContentsInvalid, match="more than 1 files"):
        write_container({"a": b""})


def test_every_octet_counts() -> None:
    """One changed bit anywhere is refused; within packed data by the CRC at the latest."""
    data = write_container(FILES)
    for place in range(len(data)):
        changed = bytearray(data)
        changed[place] ^= 1
        with pytest.raises(PackageInvalid):
            read_container(bytes(changed))


def test_a_cut_or_longer_file_is_refused() -> None:
    data = write_container(FILES)
    for size in range(len(data)):
        with pytest.raises(PackageInvalid):
            read_container(data[:size])
    for longer in (data + b"\0", b"\0" + data, data + data):
        with pytest.raises(PackageInvalid):
            read_container(longer)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize("name", ["../up", "/abs", "a\\b", "a/../b"])
def test_a_zip_of_another_program_is_refused(name: str) -> None:
    with pytest.raises(PackageInvalid):
        read_container(foreign({MIMETYPE: MEDIA_TYPE.encode(), name: b"x"}))


def entry(name: bytes, packed: bytes, size: int, crc: int, method: int = 8) -> bytes:
    """A container of one file beside `mimetype`, with whatever is said of it."""
    files = [(MIMETYPE.encode(), MEDIA_TYPE.encode(), len(MEDIA_TYPE), zlib.crc32(MEDIA_TYPE.encode()), 0)]
    files.append((name, packed, size, crc, method))
    body = directory = b""
    for raw, data, length, check, how in files:
        flags = 0 if raw.isascii() else 0x800
        fixed = (20, flags, how, 0, 33, check, len(data), length, len(raw), 0)
        directory += (
            struct.pack("<4s6H3I5H2I", b"PK\1\2", 788, *fixed, 0, 0, 0, 0o100644 << 16, len(body)) + raw
        )
        body += struct.pack("<4s5H3I2H", b"PK\3\4", *fixed) + raw + data
    end = struct.pack("<4s4H2IH", b"PK\5\6", 0, 0, len(files), len(files), len(directory), len(body), 0)
    return body + directory + end


def deflated(data: bytes) -> bytes:
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    return squeeze.compress(data) + squeeze.flush()


def test_a_bomb_is_refused_before_it_is_unpacked() -> None:
    zeros = bytes(1_000_000)
    with pytest.raises(PackageInvalid, match="bomb"):
        read_container(entry(b"z", deflated(zeros), len(zeros), zlib.crc32(zeros)))


def test_a_bomb_that_understates_itself_stops_at_what_it_states() -> None:
    zeros = bytes(1_000_000)
    with pytest.raises(PackageInvalid, match="does not end"):
        read_container(entry(b"z", deflated(zeros), 10, zlib.crc32(bytes(10))))


@pytest.mark.parametrize(
    ("name", "packed", "size", "words"),
    [
        (b"z", deflated(b"data") + b"hidden", 4, "does not end"),
        (b"z", b"\xff\xff", 4, "cannot be unpacked"),
        (b"z", deflated(b"data"), 5, "4 octets, not 5"),
        (b"z", deflated(b"data"), 4, "another CRC"),
        (b"mimetype", deflated(b"data"), 4, "method 8"),
        (b"MIMETYPE", deflated(b"data"), 4, "stands twice"),
        (b"a/../z", deflated(b"data"), 4, "leads out"),
        (b"\xff", deflated(b"data"), 4, "not UTF-8"),
        (b"\xed\xa0\x80", deflated(b"data"), 4, "not UTF-8"),
    ],
)
def test_what_an_entry_says_is_checked(name: bytes, packed: bytes, size: int, words: str) -> None:
    with pytest.raises(PackageInvalid, match=words):
        read_container(entry(name, packed, size, 7))


def test_a_container_without_its_type_is_refused() -> None:
    data = write_container(FILES).replace(MEDIA_TYPE.encode(), b"application/vnd.etsi.asic-s+zip")
    with pytest.raises(PackageInvalid):
        read_container(data)
