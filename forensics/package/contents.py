"""What goes into a package, and the package made of it."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ca.certificate import Certificate
from ca.errors import CaError
from evidence.digest import DigestPair
from forensics.errors import ContentsInvalid
from forensics.package.asic import Seal, sign_container
from forensics.package.container import MEDIA_TYPE, MIMETYPE, write_container
from forensics.package.disclosure import DisclosedEvents
from forensics.package.entryname import defect_of_name
from forensics.package.instructions import Recipe, instructions
from forensics.package.manifest import MANIFEST, MAX_TEXT, FileRecord, Head, write_manifest
from forensics.package.role import FIXED, FOLDERS, Role, is_in_place
from keys.suites import Suite

FULL = "full"
TSA_FOLDER = "trust/tsa/"


@dataclass(frozen=True, slots=True)
class PackageFile:
    """A file of the caller's, packed byte for byte; its place is its role's folder and its name."""

    role: Role
    """One that has a folder."""
    name: str
    """Below the folder, with its ending: `loan-signed.pdf`, `anchor-1.tst`, `roots/intl.pem`."""
    data: bytes
    over: str | None = None
    """Of a timestamp: the path in the package of the file whose octets it is over."""
    withheld: bool = False
    """Only named with its digests, because this variant does not show it.

    For files that cannot be guessed, as signed contracts: a digest does not hide a short text.
    """

    @property
    def path(self) -> str:
        """In the package; raises `ContentsInvalid` for a role whose files the package writes itself."""
        try:
            return FOLDERS[self.role] + self.name
        except KeyError as error:
            raise ContentsInvalid(
                self.name, f"has the role {self.role.value}, which is the package's"
            ) from error


@dataclass(frozen=True, slots=True)
class PackageContents:
    """A package before it is signed."""

    head: Head
    events: DisclosedEvents
    files: tuple[PackageFile, ...]
    """Contracts with attachments, proofs, checkpoints, timestamps, evidence records, certificates, CRLs, OCSP
    answers, the report."""


def build(contents: PackageContents, seals: Sequence[Seal]) -> bytes:
    """The package, signed and stamped in both suites: the octets of the `.asice` file.

    `seals` are one of each suite. The same contents, signatures and tokens make the same octets. Raises
    `ContentsInvalid` naming the file, and as signers and timestamp sources do.
    """
    by_suite = {seal.suite: seal for seal in seals}
    records: list[FileRecord] = []
    withheld: list[FileRecord] = []
    files: dict[str, bytes] = {}
    for role, data in contents.events.files().items():
        _add(files, records, FileRecord(FIXED[role], len(data), DigestPair.of(data), role), data)
    for file in contents.files:
        record = _record(file)
        if file.withheld:
            withheld.append(record)
        else:
            _add(files, records, record, file.data)
    units = _unit_certificates(by_suite)
    for path, data in units.items():
        _add(files, records, FileRecord(path, len(data), DigestPair.of(data), Role.CERTIFICATE), data)
    _check(contents, records, withheld)
    recipe = Recipe(contents.head, tuple(one for one in units if Suite.GUOMI.value in one))
    for path, data in instructions(recipe, records, withheld).items():
        _add(files, records, FileRecord(path, len(data), DigestPair.of(data), Role.INSTRUCTIONS), data)
    kind = MEDIA_TYPE.encode()
    records.append(FileRecord(MIMETYPE, len(kind), DigestPair.of(kind), Role.MIMETYPE))
    files[MANIFEST] = write_manifest(contents.head, records, withheld)
    digests = {one.path: one.digests for one in records}
    digests[MANIFEST] = DigestPair.of(files[MANIFEST])
    signed = sign_container(digests, by_suite, contents.head.created_at)
    return write_container({**files, **signed})


def _record(file: PackageFile) -> FileRecord:
    path = file.path
    if (reason := defect_of_name(path)) is not None:
        raise ContentsInvalid(path, reason)
    if not is_in_place(file.role, path):
        raise ContentsInvalid(path, f"is no place for the role {file.role.value}")
    if (file.over is not None) != (file.role is Role.TIMESTAMP):
        raise ContentsInvalid(path, "must say what it is over if it is a timestamp, and only then")
    return FileRecord(path, len(file.data), DigestPair.of(file.data), file.role, file.over)


def _add(files: dict[str, bytes], records: list[FileRecord], record: FileRecord, data: bytes) -> None:
    if record.path in files:
        raise ContentsInvalid(record.path, "is given twice")
    files[record.path] = data
    records.append(record)


def _check(contents: PackageContents, records: Sequence[FileRecord], withheld: Sequence[FileRecord]) -> None:
    held = {one.path for one in records}
    apart = [one.path for one in withheld]
    if len(set(apart)) != len(apart) or not held.isdisjoint(apart):
        raise ContentsInvalid(MANIFEST, "would list a file twice, or as held and as withheld")
    for one in records:
        if one.over is not None and one.over not in held:
            raise ContentsInvalid(one.path, "is over a file that is not given")
    for text in (contents.head.package_id, contents.head.variant):
        if not 1 <= len(text) <= MAX_TEXT:
            raise ContentsInvalid(
                MANIFEST, f"would name itself in more than {MAX_TEXT} characters, or in none"
            )


def _unit_certificates(seals: Mapping[Suite, Seal]) -> dict[str, bytes]:
    """Certificates of the timestamping units and their issuers, without roots: those come from elsewhere."""
    found: dict[str, bytes] = {}
    for suite, seal in sorted(seals.items()):
        for place, data in enumerate(seal.stamp_chain):
            try:
                certificate = Certificate(data)
            except CaError as error:
                raise ContentsInvalid("seal", "has no certificate that can be read") from error
            if not certificate.is_self_issued:
                name = "unit" if place == 0 else f"issuer-{place}"
                found[f"{TSA_FOLDER}{suite.value}-{name}.pem"] = _pem(data)
    return found


def _pem(data: bytes) -> bytes:
    return b"-----BEGIN CERTIFICATE-----\n%b-----END CERTIFICATE-----\n" % base64.encodebytes(data)
