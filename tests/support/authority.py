"""A whole authority over a test's database: ceremony held, ready to issue."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
import yaml

from api.db import Database
from ca.ceremony import run_ceremony
from ca.ceremonyplan import Ceremony, parse_ceremony, shipped_ceremony
from ca.certify import Certifier
from ca.identity import IdentityRecord, SubjectKind
from ca.issue import Issuance
from ca.order import Requester
from ca.publish import CrlPolicy
from ca.registry import AuthorityRole, authority_id
from ca.transcript import Transcript
from evidence.clock import Clock
from keys.adapters.software import SoftwareCustody
from keys.open import OpenSigners
from keys.private import PrivateKey
from keys.public import PublicKey
from keys.suites import Algorithm, Suite
from keys.wrapping import MasterKey, MasterKeyRing
from tests.support.clock import NOON, FixedClock
from tests.support.units import MASTER, open_units

BASE_URL = "http://pki.test"
BANK = Requester("bank-app", profiles=frozenset({"person-event"}))
OPERATOR = Requester("operator")
ALGORITHM = {Suite.INTL: Algorithm.P256, Suite.GUOMI: Algorithm.SM2}


@dataclass(frozen=True, slots=True)
class Administrator:
    """A person with a key: witness of ceremonies, approver of plans."""

    name: str
    private: PrivateKey

    @classmethod
    def of(cls, name: str, algorithm: Algorithm = Algorithm.P256) -> Administrator:
        return cls(name, PrivateKey.generate(algorithm))

    @property
    def public(self) -> PublicKey:
        return self.private.public

    def sign(self, data: bytes) -> bytes:
        return self.private.sign(data)


@dataclass(frozen=True, slots=True)
class AuthorityFixture:
    """Everything that a test of the authority asks for."""

    units: Database
    clock: FixedClock
    signers: OpenSigners
    certifier: Certifier
    policy: CrlPolicy
    administrators: tuple[Administrator, Administrator]
    transcript: Transcript
    issuance: Issuance


def default_ceremony() -> Ceremony:
    return parse_ceremony(yaml.safe_load(shipped_ceremony()))


def prepared_custody(clock: Clock) -> tuple[OpenSigners, Certifier]:
    custody = SoftwareCustody(MasterKeyRing(MasterKey(MASTER)))
    signers = OpenSigners([custody])
    return signers, Certifier(signers, {"software": custody}, BASE_URL)


def found_authority(engine: sa.Engine, folder: Path, ceremony: Ceremony | None = None) -> AuthorityFixture:
    """The shipped ceremony (or another) held at noon; the clock then stands a minute later."""
    clock = FixedClock()
    units = open_units(engine, clock, folder)
    signers, certifier = prepared_custody(clock)
    administrators = Administrator.of("first"), Administrator.of("second", Algorithm.SM2)
    transcript = run_ceremony(units, certifier, clock, ceremony or default_ceremony(), administrators)
    clock.advance(minutes=1)
    policy = CrlPolicy(BASE_URL)
    issuance = Issuance(units, signers, clock, policy)
    return AuthorityFixture(units, clock, signers, certifier, policy, administrators, transcript, issuance)


PERSON_AUTHORITY = {suite: authority_id(suite, AuthorityRole.PERSON) for suite in Suite}


def person(at: datetime = NOON, **changes: object) -> IdentityRecord:
    record = IdentityRecord(
        record_id="idr-1",
        kind=SubjectKind.PERSON,
        name="王小明",
        pseudonym="p-0001",
        organisation_id=None,
        assurance="high",
        methods=("face", "id-card"),
        provider="mps",
        transaction="t-1",
        verified_at=at,
        valid_until=at + timedelta(hours=2),
        simulated=False,
    )
    return replace(record, **changes)  # type: ignore[arg-type]
