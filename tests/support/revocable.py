"""Root and persons' authority of one suite in a test database, with certificates to revoke and ask about."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa

from api.db import Database
from ca.certificate import Certificate
from ca.certify import Certifier
from ca.extension import DigestInfo
from ca.hierarchy import AuthorityPlan, UnitPlan, create_authority, create_delegate, responder_subject
from ca.identity import IdentityRecord, SubjectKind
from ca.issuer import IssuerContext
from ca.name import Name
from ca.order import Order, Requester, reservation_of
from ca.ports import CertificateFilter
from ca.profile import parse_profile, shipped_profiles
from ca.publish import CrlPolicy, CrlPublisher
from ca.registry import Authority, AuthorityId, AuthorityRole, Revocation, RevocationReason, authority_id
from ca.respond import OcspPolicy, OcspResponder
from ca.serial import new_serial
from ca.template import CertificateRequest, prepare
from keys.adapters.software import SoftwareCustody
from keys.key import KeyPurpose
from keys.open import OpenSigners
from keys.private import PrivateKey
from keys.suites import Algorithm
from keys.wrapping import MasterKey, MasterKeyRing
from tests.support.clock import FixedClock
from tests.support.units import MASTER, open_units

BASE_URL = "http://ca.test"
OPERATOR = "operator-1"


@dataclass(slots=True)
class Hierarchy:
    """What a test holds in its hands."""

    units: Database
    signers: OpenSigners
    clock: FixedClock
    algorithm: Algorithm
    policy: CrlPolicy = field(default_factory=lambda: CrlPolicy(BASE_URL))

    @property
    def root_id(self) -> AuthorityId:
        return authority_id(self.algorithm.suite, AuthorityRole.ROOT)

    @property
    def person_id(self) -> AuthorityId:
        return authority_id(self.algorithm.suite, AuthorityRole.PERSON)

    def authority(self, which: AuthorityId) -> Authority:
        with self.units.reading() as unit:
            return unit.authorities.get(which)

    @property
    def root(self) -> Certificate:
        return Certificate(self.authority(self.root_id).certificate)

    @property
    def person(self) -> Certificate:
        return Certificate(self.authority(self.person_id).certificate)

    @property
    def publisher(self) -> CrlPublisher:
        return CrlPublisher(self.units, self.signers, self.clock, self.policy)

    def responder(self, policy: OcspPolicy | None = None) -> OcspResponder:
        return OcspResponder(self.units, self.signers, self.clock, policy or OcspPolicy())

    def issue(self, *, shard: int = 0) -> Certificate:
        (certificate,) = self.issue_many(1, shard=shard)
        return certificate

    def issue_many(self, count: int, *, shard: int = 0) -> list[Certificate]:
        """Event certificates of persons, with the records that issuing leaves in the registry."""
        now = self.clock.now()
        profile = parse_profile(shipped_profiles()["person-event"])
        with self.units() as unit:
            authority = unit.authorities.get(self.person_id)
            context = IssuerContext.of(authority, BASE_URL)
            signer = self.signers.signer(unit.keys.get(authority.key_id))
            made = []
            for _ in range(count):
                key = PrivateKey.generate(self.algorithm)
                intent = DigestInfo(self.algorithm.digest, secrets.token_bytes(32))
                subject = _person(now - timedelta(minutes=1), now + timedelta(days=1))
                request = CertificateRequest(key.public, subject, None, {"intent": intent}, crl_shard=shard)
                order = Order("person-event", self.person_id, request, Requester("app-1"))
                prepared = prepare(profile, context, request, serial=new_serial(), at=now)
                unit.certificates.reserve([reservation_of(prepared, order, now)])
                data = prepared.finish(signer.sign(prepared.tbs))
                unit.certificates.complete([(prepared.serial, data)])
                made.append(Certificate(data))
        return made

    def revoke(
        self, certificate: Certificate, reason: RevocationReason = RevocationReason.KEY_COMPROMISE
    ) -> Revocation:
        with self.units() as unit:
            return unit.certificates.revoke(certificate.serial, reason, self.clock.now(), OPERATOR, None)

    def delegates(self, which: AuthorityId) -> list[Certificate]:
        selected = CertificateFilter(authority_id=which, profile="ocsp-responder")
        with self.units.reading() as unit:
            return [Certificate(one.certificate or b"") for one in unit.certificates.find(selected)]


def open_hierarchy(
    engine: sa.Engine, folder: Path, algorithm: Algorithm, clock: FixedClock | None = None
) -> Hierarchy:
    """Root and persons' authority with a delegate each, on an empty database."""
    clock = clock or FixedClock()
    units = open_units(engine, clock, folder)
    custody = SoftwareCustody(MasterKeyRing(MasterKey(MASTER)))
    signers = OpenSigners([custody])
    certifier = Certifier(signers, {custody.name: custody}, BASE_URL)
    now = clock.now()
    with units() as unit:
        for data in shipped_profiles().values():
            profile = parse_profile(data)
            unit.profiles.activate(profile.name, profile.profile_hash, profile.data, now)
        for role in (AuthorityRole.ROOT, AuthorityRole.PERSON):
            subject = Name.of([("C", "CN"), ("O", "Test Trust"), ("CN", f"Test {role.value}")])
            plan = AuthorityPlan(algorithm.suite, role, subject, algorithm, custody.name)
            made, _ = create_authority(certifier, unit, plan, OPERATOR, now)
            delegate = UnitPlan(made.authority_id, responder_subject(subject), algorithm, custody.name)
            create_delegate(certifier, unit, delegate, KeyPurpose.OCSP, OPERATOR, now)
    return Hierarchy(units, signers, clock, algorithm)


def _person(verified_at: datetime, valid_until: datetime) -> IdentityRecord:
    return IdentityRecord(
        record_id="rec-1",
        kind=SubjectKind.PERSON,
        name="张伟",
        pseudonym=secrets.token_hex(8),
        organisation_id=None,
        assurance="high",
        methods=("face",),
        provider="test",
        transaction="1",
        verified_at=verified_at,
        valid_until=valid_until,
        simulated=False,
    )
