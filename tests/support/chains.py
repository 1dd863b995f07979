"""Certification paths of the shipped profiles, with keys in memory: no store, no service."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cache

from ca.certificate import Certificate
from ca.extension import DigestInfo
from ca.identity import IdentityRecord, SubjectKind
from ca.issuer import IssuerContext
from ca.name import Name
from ca.profile import shipped_profile
from ca.registry import Authority, AuthorityId, AuthorityRole, authority_id
from ca.serial import new_serial
from ca.template import CertificateRequest, prepare
from keys.key import KeyId
from keys.private import PrivateKey
from keys.suites import DEFAULT_ALGORITHM, Algorithm, Digest, Suite
from tests.support.clock import NOON

BASE_URL = "http://ca.test"
INTENT = DigestInfo(Digest.SHA256, bytes(range(32)))
ISSUING_ROLES = tuple(role for role in AuthorityRole if role is not AuthorityRole.ROOT)
LEAVES = {
    "person-event": AuthorityRole.PERSON,
    "organisation-seal": AuthorityRole.SEAL,
    "timestamp-unit": AuthorityRole.TIMESTAMP,
    "ocsp-responder": AuthorityRole.OCSP,
    "service": AuthorityRole.SERVICE,
    "administrator": AuthorityRole.SERVICE,
}
"""Profiles of leaves, each with an authority that issues it."""


def operator_name(common_name: str, **more: str) -> Name:
    return Name.of([("C", "CN"), ("O", "信签信任服务"), ("CN", common_name), *more.items()])


PERSON = IdentityRecord(
    record_id="identity-1",
    kind=SubjectKind.PERSON,
    name="欧阳娜娜",
    pseudonym="p-0f1e2d3c4b5a69788796a5b4c3d2e1f0",
    organisation_id=None,
    assurance="substantial",
    methods=("face",),
    provider="simulator",
    transaction="t-1",
    verified_at=NOON - timedelta(minutes=10),
    valid_until=NOON + timedelta(hours=24),
    simulated=False,
)
FIRM = replace(
    PERSON,
    kind=SubjectKind.ORGANISATION,
    name="杭州示例银行股份有限公司",
    organisation_id="91330100MA2ABCDE0X",
)


@dataclass(frozen=True, slots=True)
class Party:
    """A key with its certificate."""

    key: PrivateKey
    certificate: Certificate


@dataclass(frozen=True, slots=True)
class Issuing:
    """An authority that tests may sign with."""

    party: Party
    context: IssuerContext


def _authority(party: Party, role: AuthorityRole) -> Issuing:
    suite = party.certificate.suite
    authority = Authority(
        authority_id(suite, role),
        suite,
        role,
        1,
        KeyId("key-test"),
        party.key.public.algorithm,
        party.certificate.data,
        None,
        active=True,
    )
    return Issuing(party, IssuerContext.of(authority, BASE_URL))


def issue(
    issuer: Issuing, profile: str, request: CertificateRequest, *, key: PrivateKey, at: datetime = NOON
) -> Party:
    """A certificate of a shipped profile."""
    prepared = prepare(shipped_profile(profile), issuer.context, request, serial=new_serial(), at=at)
    return Party(key, Certificate(prepared.finish(issuer.party.key.sign(prepared.tbs))))


@cache
def root(algorithm: Algorithm) -> Issuing:
    """A self-signed root, a day old."""
    key = PrivateKey.generate(algorithm)
    name = operator_name(f"信签根 {algorithm.suite.value}")
    context = IssuerContext.self_signed(
        AuthorityId(f"{algorithm.suite.value}-root"), name, key.public, BASE_URL
    )
    prepared = prepare(
        shipped_profile("root"),
        context,
        CertificateRequest(key.public, name),
        serial=new_serial(),
        at=NOON - timedelta(days=1),
    )
    return _authority(Party(key, Certificate(prepared.finish(key.sign(prepared.tbs)))), AuthorityRole.ROOT)


@cache
def intermediate(algorithm: Algorithm, role: AuthorityRole) -> Issuing:
    """An issuing authority below the root, an hour old."""
    key = PrivateKey.generate(algorithm)
    request = CertificateRequest(key.public, operator_name(f"信签 {role.value}"))
    at = NOON - timedelta(hours=1)
    return _authority(issue(root(algorithm), f"intermediate-{role.value}", request, key=key, at=at), role)


@cache
def leaf(algorithm: Algorithm, profile: str) -> Party:
    """A leaf of a shipped profile."""
    key = PrivateKey.generate(algorithm)
    return issue(intermediate(algorithm, LEAVES[profile]), profile, leaf_request(profile, key), key=key)


def leaf_request(profile: str, key: PrivateKey) -> CertificateRequest:
    """A request that the profile accepts."""
    match profile:
        case "person-event":
            return CertificateRequest(key.public, PERSON, parameters={"intent": INTENT})
        case "organisation-seal":
            return CertificateRequest(key.public, FIRM)
        case "service":
            return CertificateRequest(key.public, operator_name("api"), dns_names=("api.ca.test",))
        case "administrator":
            return CertificateRequest(key.public, operator_name("管理员一", serialNumber="admin-1"))
        case _:
            return CertificateRequest(key.public, operator_name(profile))


def path(algorithm: Algorithm, profile: str) -> list[bytes]:
    """DER of leaf, intermediate and root."""
    above = intermediate(algorithm, LEAVES[profile]).party.certificate
    return [leaf(algorithm, profile).certificate.data, above.data, root(algorithm).party.certificate.data]


def algorithms_of(suite: Suite) -> tuple[Algorithm, ...]:
    return tuple(algorithm for algorithm in Algorithm if algorithm.suite is suite)


DEFAULTS = tuple(DEFAULT_ALGORITHM.values())
