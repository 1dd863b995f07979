"""manifest.json: every file with its size, both digests, its role; and what was withheld from this variant.

The manifest is canonical JSON. It lists every file but itself and those below META-INF/, which sign it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from evidence.canonical import JSON, canonical
from evidence.clock import rfc3339
from evidence.digest import DIGEST_SIZE, DigestPair
from forensics.errors import PackageInvalid
from forensics.package.role import Role, is_in_place, media_type_of
from forensics.package.strictjson import member, objects, read_json

MANIFEST = "manifest.json"
META = "META-INF/"
FORMAT, VERSION = "xinqian-evidence-package", 1
MAX_TEXT = 200  # characters of the identifiers in the manifest's head


@dataclass(frozen=True, slots=True)
class FileRecord:
    """A file as the manifest has it."""

    path: str
    size: int
    """Octets."""
    digests: DigestPair
    role: Role
    over: str | None = None
    """Of a timestamp: the path of the file whose octets it is over."""

    @property
    def media_type(self) -> str:
        """By the end of the name."""
        return media_type_of(self.path)

    def matches(self, data: bytes) -> bool:
        """Whether these are the octets."""
        return len(data) == self.size and DigestPair.of(data) == self.digests


@dataclass(frozen=True, slots=True)
class Head:
    """What a package says of itself."""

    package_id: str
    variant: str
    """`full` or a name of what it leaves out, as `masked`."""
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Manifest:
    """The files that are there, and those of the full package that this variant leaves out."""

    head: Mapping[str, JSON]
    """`package_id`, `variant`, `created_at` (RFC 3339) as they stand."""
    files: tuple[FileRecord, ...]
    withheld: tuple[FileRecord, ...]

    def by_role(self, *roles: Role) -> tuple[FileRecord, ...]:
        """Files that are there, of these roles, in the order of their paths."""
        return tuple(one for one in self.files if one.role in roles)


def write_manifest(head: Head, files: Sequence[FileRecord], withheld: Sequence[FileRecord]) -> bytes:
    """The octets of manifest.json."""
    document: dict[str, JSON] = {
        "created_at": rfc3339(head.created_at),
        "files": [_row(one) for one in sorted(files, key=_order)],
        "format": FORMAT,
        "package_id": head.package_id,
        "variant": head.variant,
        "version": VERSION,
        "withheld": [_row(one) for one in sorted(withheld, key=_order)],
    }
    return canonical(document, field=MANIFEST)


def read_manifest(data: bytes) -> Manifest:
    """The inverse; raises `PackageInvalid`."""
    document = read_json(data, MANIFEST)
    expected = {"created_at", "files", "format", "package_id", "variant", "version", "withheld"}
    if set(document) != expected:
        raise PackageInvalid(MANIFEST, "has other members than a manifest")
    if document["format"] != FORMAT or document["version"] != VERSION:
        raise PackageInvalid(MANIFEST, "is of another format or version than is read here")
    head = {key: member(document, key, str, MANIFEST) for key in ("package_id", "variant", "created_at")}
    if any(not 1 <= len(text) <= MAX_TEXT for text in head.values()):
        raise PackageInvalid(MANIFEST, f"names itself in more than {MAX_TEXT} characters, or in none")
    files = tuple(map(_record, objects(document, "files", MANIFEST)))
    withheld = tuple(map(_record, objects(document, "withheld", MANIFEST)))
    for records in (files, withheld):
        paths = [one.path.encode() for one in records]
        if paths != sorted(set(paths)):
            raise PackageInvalid(MANIFEST, "lists files twice or out of order")
    if {one.path for one in files} & {one.path for one in withheld}:
        raise PackageInvalid(MANIFEST, "lists a file as held and as withheld")
    return Manifest(head, files, withheld)


def check_files(manifest: Manifest, files: Mapping[str, bytes], digests: Mapping[str, DigestPair]) -> None:
    """Every file is listed and is what the list says, by its `digests`; raises `PackageInvalid`."""
    listed = {one.path: one for one in manifest.files}
    held = {path for path in files if path != MANIFEST and not path.startswith(META)}
    if missing := sorted(listed.keys() - held):
        raise PackageInvalid(missing[0], "is listed in the manifest and not in the package")
    if unlisted := sorted(held - listed.keys()):
        raise PackageInvalid(unlisted[0], "is in the package and not listed in the manifest")
    for path, record in listed.items():
        data = files[path]
        if len(data) != record.size:
            raise PackageInvalid(path, f"is {len(data)} octets; the manifest says {record.size}")
        found = digests[path]
        if found.sha256 != record.digests.sha256:
            raise PackageInvalid(path, "has another SHA-256 than the manifest says")
        if found.sm3 != record.digests.sm3:
            raise PackageInvalid(path, "has another SM3 than the manifest says")
        if record.over is not None and record.over not in listed:
            raise PackageInvalid(path, "is over a file that is not listed")


def _order(record: FileRecord) -> bytes:
    return record.path.encode()


def _row(record: FileRecord) -> dict[str, JSON]:
    row: dict[str, JSON] = {
        "media_type": record.media_type,
        "path": record.path,
        "role": record.role.value,
        "size": record.size,
        **record.digests.as_json(),
    }
    return row if record.over is None else {**row, "over": record.over}


def _record(row: Mapping[str, JSON]) -> FileRecord:
    if set(row) - {"over"} != {"media_type", "path", "role", "sha256", "size", "sm3"}:
        raise PackageInvalid(MANIFEST, "has a file with other members than a file has")
    path = member(row, "path", str, MANIFEST)
    named = member(row, "role", str, MANIFEST)
    if named not in set(Role):
        raise PackageInvalid(MANIFEST, f"has a file of the unknown role {named!r}")
    role = Role(named)
    if not is_in_place(role, path):
        raise PackageInvalid(MANIFEST, f"has a file of role {named} at another place: {path!r}")
    digests = DigestPair(_digest(row, "sha256"), _digest(row, "sm3"))
    over = member(row, "over", str, MANIFEST) if "over" in row else None
    if (over is not None) != (role is Role.TIMESTAMP):
        raise PackageInvalid(MANIFEST, "must say of every timestamp, and of nothing else, what it is over")
    record = FileRecord(path, member(row, "size", int, MANIFEST), digests, role, over)
    if record.size < 0 or row["media_type"] != record.media_type:
        raise PackageInvalid(MANIFEST, f"gives {path!r} another size or media type than can be")
    return record


def _digest(row: Mapping[str, Any], key: str) -> bytes:
    return hex_octets(member(row, key, str, MANIFEST), MANIFEST)


def hex_octets(text: str, part: str, size: int = DIGEST_SIZE) -> bytes:
    """Octets of lower-case hexadecimal of a digest's length; raises `PackageInvalid`."""
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if len(found) != size or found.hex() != text:
        raise PackageInvalid(part, f"has no {size} octets of hexadecimal where they belong")
    return found
