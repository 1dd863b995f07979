"""The zip around a package (APPNOTE 6.3.x; ETSI EN 319 162-1 A.1), written reproducibly and read strictly.

Nothing is left to chance when writing: `mimetype` first and stored, the others in the order of their names,
one date, no extra fields, no comments, no data descriptors. The reader takes this form alone, so that no
octet of a container is without meaning, and none can be changed without notice.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from forensics.errors import ContentsInvalid, PackageInvalid
from forensics.package.entryname import defect_of_name, folded

MIMETYPE = "mimetype"
MEDIA_TYPE = "application/vnd.etsi.asic-e+zip"

MAX_CONTAINER = 256 * 1024 * 1024  # octets; a case of a hundred contracts with scanned attachments is 60 MB
MAX_FILE = 128 * 1024 * 1024  # octets, unpacked
MAX_TOTAL = 512 * 1024 * 1024  # octets of all files, unpacked
MAX_FILES = 10_000  # a case of a thousand events with a proof under each function has 2,100
MAX_RATIO = 200  # unpacked to packed; DEFLATE itself reaches 1,032, canonical JSON stays under 20

_LEVEL = 6  # 9 takes half as long again and saves 0.3 % of a contract's package
_STORED, _DEFLATED = 0, 8
_UTF8 = 0x0800  # general purpose bit 11
_VERSION = 20  # 2.0: DEFLATE
_MADE_BY = 3 << 8 | _VERSION  # Unix, so that the mode below means something
_TIME, _DATE = 0, 1 << 5 | 1  # 1980-01-01 00:00, the first that the format knows
_MODE = 0o100644 << 16  # a plain file
_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_LOCAL_MARK, _CENTRAL_MARK, _END_MARK = b"PK\x03\x04", b"PK\x01\x02", b"PK\x05\x06"
_DIRECTORY = "central directory"


@dataclass(frozen=True, slots=True)
class _Entry:
    name: str
    method: int
    crc: int
    packed: int
    size: int
    offset: int

    @property
    def raw_name(self) -> bytes:
        return self.name.encode()

    @property
    def _flags(self) -> int:
        return 0 if self.name.isascii() else _UTF8

    def local(self) -> bytes:
        raw = self.raw_name
        return (
            _LOCAL.pack(
                *(_LOCAL_MARK, _VERSION, self._flags, self.method, _TIME, _DATE),
                *(self.crc, self.packed, self.size, len(raw), 0),
            )
            + raw
        )

    def central(self) -> bytes:
        raw = self.raw_name
        return (
            _CENTRAL.pack(
                *(_CENTRAL_MARK, _MADE_BY, _VERSION, self._flags, self.method, _TIME, _DATE),
                *(self.crc, self.packed, self.size, len(raw), 0, 0, 0, 0, _MODE, self.offset),
            )
            + raw
        )


def write_container(files: Mapping[str, bytes]) -> bytes:
    """The container of these files, without `mimetype`, which is added; the same octets for the same files.

    The same, that is, with the same zlib: its releases may choose other encodings of the same data.
    Raises `ContentsInvalid` naming the file.
    """
    if MIMETYPE in files:
        raise ContentsInvalid(MIMETYPE, "is added by the container itself")
    complete = {MIMETYPE: MEDIA_TYPE.encode(), **files}
    _check_writable(complete)
    body: list[bytes] = []
    entries: list[_Entry] = []
    offset = 0
    for name in sorted(complete, key=_order):
        data = complete[name]
        method, packed = _pack(name, data)
        entry = _Entry(name, method, zlib.crc32(data), len(packed), len(data), offset)
        header = entry.local()
        body += header, packed
        entries.append(entry)
        offset += len(header) + len(packed)
    directory = b"".join(entry.central() for entry in entries)
    end = _END.pack(_END_MARK, 0, 0, len(entries), len(entries), len(directory), offset, 0)
    container = b"".join((*body, directory, end))
    if len(container) > MAX_CONTAINER:
        raise ContentsInvalid("container", f"is {len(container)} octets, more than {MAX_CONTAINER}")
    return container


def read_container(data: bytes) -> dict[str, bytes]:
    """Files by name, in their order, `mimetype` among them; every octet of the container is accounted for.

    Raises `PackageInvalid`: names twice or leading elsewhere, encryption, data between or behind, headers
    that disagree, sizes or ratios over the limits, anything that `write_container` would not write.
    """
    #   1. the end record closes the file and frames the directory
    #   2. the directory holds allowed names once, in order, sizes within the limits
    #   3. entry after entry: a local header that agrees, directly behind the entry before
    #   4. each unpacks to its size and CRC, and to nothing more
    if len(data) > MAX_CONTAINER:
        raise PackageInvalid("container", f"is {len(data)} octets, more than {MAX_CONTAINER}")
    start, count = _end_record(data)  # 1
    entries = _directory(data[start : -_END.size], count)  # 2
    files: dict[str, bytes] = {}
    offset = 0
    for entry in entries:
        header = entry.local()
        begin = offset + len(header)
        if entry.offset != offset or data[offset:begin] != header:  # 3
            raise PackageInvalid(entry.name, "has a local header other than the central directory says")
        offset = begin + entry.packed
        if offset > start:
            raise PackageInvalid(entry.name, "reaches into the central directory")
        files[entry.name] = _unpack(entry, data[begin:offset])  # 4
    if offset != start:
        raise PackageInvalid("container", "holds data that belongs to no file")
    if files.get(MIMETYPE) != MEDIA_TYPE.encode():
        raise PackageInvalid(MIMETYPE, f"is not {MEDIA_TYPE}")
    return files


def _order(name: str) -> tuple[bool, bytes]:
    return name != MIMETYPE, name.encode(errors="surrogatepass")


def _check_writable(files: Mapping[str, bytes]) -> None:
    if len(files) > MAX_FILES:
        raise ContentsInvalid("container", f"would hold more than {MAX_FILES} files")
    seen: dict[str, str] = {}
    for name, data in files.items():
        if (reason := defect_of_name(name)) is not None:
            raise ContentsInvalid(name, reason)
        if (other := seen.setdefault(folded(name), name)) != name:
            raise ContentsInvalid(name, f"would fall on {other} where names are told apart loosely")
        if len(data) > MAX_FILE:
            raise ContentsInvalid(name, f"is {len(data)} octets, more than {MAX_FILE}")
    if sum(map(len, files.values())) > MAX_TOTAL:
        raise ContentsInvalid("container", f"would unpack to more than {MAX_TOTAL} octets")


def _pack(name: str, data: bytes) -> tuple[int, bytes]:
    if name == MIMETYPE:
        return _STORED, data
    squeeze = zlib.compressobj(_LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = squeeze.compress(data) + squeeze.flush()
    # What squeezes like a bomb is stored: the reader takes it for one.
    if len(packed) >= len(data) or len(data) > len(packed) * MAX_RATIO:
        return _STORED, data
    return _DEFLATED, packed


def _end_record(data: bytes) -> tuple[int, int]:
    """Where the central directory begins, and how many entries it says to hold."""
    if len(data) < _END.size or data[-_END.size :][:4] != _END_MARK:
        raise PackageInvalid("container", "does not end as a zip without a comment does")
    _, disk, first, here, count, size, start, comment = _END.unpack(data[-_END.size :])
    if disk or first or here != count or comment:
        raise PackageInvalid("container", "is said to be a part of several, or to bear a comment")
    if start + size + _END.size != len(data):
        raise PackageInvalid("container", "holds data around its central directory")
    if not 1 <= count <= MAX_FILES:
        raise PackageInvalid("container", f"holds {count} files; 1 to {MAX_FILES} are allowed")
    return start, count


def _directory(directory: bytes, count: int) -> list[_Entry]:
    entries: list[_Entry] = []
    seen: set[str] = set()
    place = total = 0
    for _ in range(count):
        entry = _central(directory, place)
        if (reason := defect_of_name(entry.name)) is not None:
            raise PackageInvalid(repr(entry.name), reason)
        if folded(entry.name) in seen:
            raise PackageInvalid(entry.name, "stands twice, or beside a name that looks the same")
        seen.add(folded(entry.name))
        if entries and _order(entries[-1].name) >= _order(entry.name):
            raise PackageInvalid(entry.name, "is out of order")
        total += entry.size
        if entry.size > MAX_FILE or total > MAX_TOTAL:
            raise PackageInvalid(entry.name, "unpacks to more than is allowed")
        if entry.size > entry.packed * MAX_RATIO:
            raise PackageInvalid(entry.name, f"unpacks to over {MAX_RATIO} times its size, as a bomb does")
        entries.append(entry)
        place += _CENTRAL.size + len(entry.raw_name)
    if place != len(directory):
        raise PackageInvalid(_DIRECTORY, "holds more than its entries")
    return entries


def _central(directory: bytes, place: int) -> _Entry:
    fixed = directory[place : place + _CENTRAL.size]
    if len(fixed) != _CENTRAL.size:
        raise PackageInvalid(_DIRECTORY, "is cut off")
    (_, _, _, flags, method, _, _, crc, packed, size, length, *_, offset) = _CENTRAL.unpack(fixed)
    raw = directory[place + _CENTRAL.size :][:length]
    if flags & 0x2041:  # bits 0, 6, 13: the kinds of encryption
        raise PackageInvalid(_DIRECTORY, "says that a file is encrypted")
    try:
        name = raw.decode()
    except UnicodeDecodeError as error:
        raise PackageInvalid(_DIRECTORY, "holds a name that is not UTF-8") from error
    if method not in {_STORED, _DEFLATED} or (name == MIMETYPE and method != _STORED):
        raise PackageInvalid(name, f"is packed by method {method}, which is not expected")
    entry = _Entry(name, method, crc, packed, size, offset)
    if entry.central() != fixed + raw:  # dates, versions, attributes, extra fields, comments
        raise PackageInvalid(repr(name), "has an entry in another form than packages are written in")
    return entry


def _unpack(entry: _Entry, packed: bytes) -> bytes:
    if entry.method == _STORED:
        found = packed
    else:
        stream = zlib.decompressobj(-zlib.MAX_WBITS)
        try:
            found = stream.decompress(packed, entry.size + 1)
        except zlib.error as error:
            raise PackageInvalid(entry.name, "cannot be unpacked") from error
        if not stream.eof or stream.unused_data or stream.unconsumed_tail:
            raise PackageInvalid(entry.name, "does not end where its packed form does")
    if len(found) != entry.size:
        raise PackageInvalid(entry.name, f"unpacks to {len(found)} octets, not {entry.size}")
    if zlib.crc32(found) != entry.crc:
        raise PackageInvalid(entry.name, "unpacks to octets of another CRC")
    return found
