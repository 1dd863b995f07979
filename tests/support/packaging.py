"""Evidence packages for tests: a case from the event store, contracts of both suites, seals in memory."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import cache
from pathlib import Path

from ca.crl import load_crl
from ca.registry import AuthorityRole
from ca.trust import RevocationData, TrustStore
from evidence.digest import DigestPair
from evidence.event import Actor, ActorKind, Attestation, EventId, EventType, Recorded
from evidence.payload import Opened
from forensics.package.asic import ALL_META, Seal, sign_container
from forensics.package.container import MIMETYPE, write_container
from forensics.package.contents import PackageContents, PackageFile, build
from forensics.package.disclosure import EVERYTHING, Choice, disclose
from forensics.package.manifest import MANIFEST, FileRecord, Head, read_manifest, write_manifest
from forensics.package.role import Role
from keys.adapters.software import SoftwareSigner
from keys.key import KeyId, new_key_id
from keys.public import PublicKey
from keys.suites import Algorithm, Digest
from tests.support import chains
from tests.support.clock import FixedClock
from tests.support.database import empty_engine
from tests.support.evidence import draft
from tests.support.signing import LATER, UnitTimestamps, crl, person, prepared_document, sign_one
from tests.support.units import TENANT, open_units

NOW = LATER + timedelta(minutes=5)
NAME, MOBILE, NUMBER = "欧阳娜娜", "13800001234", "11010519491231002X"
"""Planted: what a masked package must not hold."""
PERSONAL = {"name": NAME, "mobile": MOBILE, "id_number": NUMBER}
BORROWER = Actor(ActorKind.PERSON, "p-1", "borrower")
ROLES = (AuthorityRole.PERSON, AuthorityRole.TIMESTAMP, AuthorityRole.SEAL)
MASKED = Choice(frozenset({"outcome"}))


@cache
def case(count: int) -> tuple[tuple[Recorded, ...], Mapping[EventId, Opened]]:
    """A case of the event store over SQLite, with its personal payloads in the clear."""
    kinds = [EventType.IDV_CONCLUDED, EventType.OTP_VERIFIED, EventType.SIGNATURE_CREATED]
    drafts = [
        draft(
            "case-7",
            type=kinds[number % 3],
            actor=BORROWER,
            occurred_at=LATER,
            personal={**PERSONAL, "outcome": "match"} if number % 3 == 0 else {},
            attestation=Attestation("gateway-1", "p256-sha256", b"\1") if number > 2 else None,
        )
        for number in range(count)
    ]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with empty_engine("sqlite", folder) as engine:
            units = open_units(engine, FixedClock(LATER), folder)
            for one in drafts:
                with units() as unit:
                    unit.log.append([one])
            with units() as unit:
                events = tuple(unit.events.case(TENANT, drafts[0].case_id))
                opened = {one.event_id: unit.log.open_payload(one) for one in events}
    return events, {event: one for event, one in opened.items() if one is not None}


@cache
def contract(algorithm: Algorithm) -> bytes:
    """A contract with one B-T signature."""
    return sign_one(prepared_document(), "party-1", person(algorithm), UnitTimestamps(algorithm))


class RememberedSigner:
    """`Signer` that gives the same signature over the same data: the schemes themselves are randomised."""

    def __init__(self, signer: SoftwareSigner) -> None:
        self._signer = signer
        self._made: dict[bytes, bytes] = {}

    @property
    def key_id(self) -> KeyId:
        return self._signer.key_id

    @property
    def public(self) -> PublicKey:
        return self._signer.public

    def sign(self, data: bytes) -> bytes:
        return self._made.setdefault(data, self._signer.sign(data))


class RememberedTimestamps(UnitTimestamps):
    """`TimestampSource` that gives the same token for the same imprint."""

    def __init__(self, algorithm: Algorithm) -> None:
        super().__init__(algorithm)
        self._made: dict[bytes, bytes] = {}

    def token(self, imprint: bytes, digest: Digest) -> bytes:
        return self._made.setdefault(imprint, super().token(imprint, digest))


@cache
def seal(algorithm: Algorithm) -> Seal:
    """The institution's."""
    party = chains.leaf(algorithm, "organisation-seal")
    path = chains.path(algorithm, "organisation-seal")
    signer = RememberedSigner(SoftwareSigner(new_key_id(), party.key))
    stamp = tuple(chains.path(algorithm, "timestamp-unit"))
    return Seal(signer, tuple(path[:2]), RememberedTimestamps(algorithm), stamp)


SEALS = Algorithm.P256, Algorithm.SM2


def seals() -> tuple[Seal, ...]:
    return tuple(map(seal, SEALS))


@cache
def trust(*algorithms: Algorithm) -> TrustStore:
    """Roots as anchors; authorities and their CRLs as help; of both suites by default."""
    wanted = algorithms or SEALS
    roots = [chains.root(one) for one in wanted]
    below = [chains.intermediate(one, role) for one in wanted for role in ROLES]
    crls = tuple(load_crl(crl(one)) for one in (*roots, *below))
    between = tuple(one.party.certificate for one in below)
    return TrustStore(tuple(one.party.certificate for one in roots), between, RevocationData(crls))


@dataclass(frozen=True, slots=True)
class Variant:
    """What a package is to hold."""

    algorithm: Algorithm = Algorithm.P256
    choice: Choice = EVERYTHING
    name: str = "full"
    events: int = 3


def contents(variant: Variant = Variant()) -> PackageContents:
    events, opened = case(variant.events)
    document = contract(variant.algorithm)
    stamped = "contract/loan-signed.pdf"
    digest = variant.algorithm.digest
    token = seal(variant.algorithm).timestamps.token(digest.of(document), digest)
    masked = variant.choice is not EVERYTHING
    files = [
        PackageFile(Role.CONTRACT, "loan-signed.pdf", document, withheld=masked),
        PackageFile(Role.ATTACHMENT, "附件一.txt", f"借款人 {NAME} {MOBILE}".encode(), withheld=masked),
        PackageFile(
            Role.CRL, "intl-person.crl", crl(chains.intermediate(Algorithm.P256, AuthorityRole.PERSON))
        ),
    ]
    if not masked:
        files.append(PackageFile(Role.TIMESTAMP, "contract.tst", token, over=stamped))
    head = Head("package-1", variant.name, LATER)
    return PackageContents(head, disclose(events, opened, variant.choice), tuple(files))


@cache
def package(algorithm: Algorithm = Algorithm.P256) -> bytes:
    return build(contents(Variant(algorithm)), seals())


@cache
def masked_package() -> bytes:
    return build(contents(Variant(choice=MASKED, name="masked")), seals())


def relisted(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files with a manifest that fits them, as whoever holds no key can make it."""
    manifest = read_manifest(files[MANIFEST])
    known = {one.path: one for one in manifest.files}
    records = []
    for path, data in files.items():
        if path == MANIFEST or path in ALL_META:
            continue
        record = known.get(path) or FileRecord(path, 0, DigestPair.of(b""), Role.ATTACHMENT)
        records.append(replace(record, size=len(data), digests=DigestPair.of(data)))
    head = Head(str(manifest.head["package_id"]), str(manifest.head["variant"]), LATER)
    return {**files, MANIFEST: write_manifest(head, records, manifest.withheld)}


def resealed(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """The files with a manifest, signatures and timestamps that fit: as the operator itself could cheat."""
    listed = {path: data for path, data in relisted(files).items() if path not in ALL_META}
    digests = {path: DigestPair.of(data) for path, data in listed.items()}
    return {**listed, **sign_container(digests, {one.suite: one for one in seals()}, LATER)}


def zipped(files: Mapping[str, bytes]) -> bytes:
    return write_container({path: data for path, data in files.items() if path != MIMETYPE})
