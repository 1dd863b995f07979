"""pkilint finds no error in what our profiles make, and finds those that we put in."""

from __future__ import annotations

from datetime import timedelta

import pytest

from ca import crlbuild, ocspresponse
from ca.adapters.pkilint import Pkilint
from ca.certificate import certificate_der
from ca.crlbuild import CrlDraft
from ca.deeplint import Severity, errors, require_no_error
from ca.errors import EncodingInvalid, LintFailed
from ca.ocsp import certificate_id
from ca.ocspresponse import CertificateState, SingleAnswer, Status
from ca.registry import AuthorityId, AuthorityRole, Revocation, RevocationReason
from ca.serial import new_serial
from keys.suites import Algorithm, Suite
from tests.support import chains, lintsamples
from tests.support.clock import NOON

pytestmark = pytest.mark.interop

ALGORITHMS = chains.algorithms_of(Suite.INTL)


@pytest.fixture(scope="module")
def linter() -> Pkilint:
    return Pkilint()


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("role", list(AuthorityRole))
def test_authorities_certificates(linter: Pkilint, algorithm: Algorithm, role: AuthorityRole) -> None:
    issuing = chains.root(algorithm) if role is AuthorityRole.ROOT else chains.intermediate(algorithm, role)
    findings = linter.certificate(issuing.party.certificate.data)
    require_no_error(findings)
    assert [one for one in findings if one.severity <= Severity.WARNING] == []


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("profile", list(chains.LEAVES))
def test_leaves(linter: Pkilint, algorithm: Algorithm, profile: str) -> None:
    findings = linter.certificate(chains.leaf(algorithm, profile).certificate.data)
    require_no_error(findings)
    assert [one for one in findings if one.severity <= Severity.WARNING] == []


def revocations() -> list[Revocation]:
    """One of every reason, with and without an invalidity date."""
    return [
        Revocation(
            number,
            AuthorityId("intl-person"),
            new_serial(),
            reason,
            NOON,
            NOON - timedelta(days=1) if number % 2 else None,
            NOON + timedelta(hours=1),
            0,
            "admin-1",
        )
        for number, reason in enumerate(RevocationReason, 1)
    ]


def crl(issuing: chains.Issuing, entries: bytes, *, base_number: int | None = None) -> bytes:
    url = "http://ca.test/v1/crl/intl-person"
    draft = CrlDraft(
        issuing.party.certificate,
        7,
        base_number,
        NOON,
        NOON + timedelta(days=1),
        url,
        only_user_certificates=issuing.context.role is not AuthorityRole.ROOT,
        expired_from=NOON - timedelta(days=1),
    )
    algorithm = issuing.party.key.public.algorithm
    tbs = crlbuild.encode_tbs(draft, algorithm, entries)
    return certificate_der(tbs, algorithm, issuing.party.key.sign(tbs))


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("role", [AuthorityRole.ROOT, AuthorityRole.PERSON])
@pytest.mark.parametrize("kind", ["empty", "complete", "delta"])
def test_crls(linter: Pkilint, algorithm: Algorithm, role: AuthorityRole, kind: str) -> None:
    issuing = chains.root(algorithm) if role is AuthorityRole.ROOT else chains.intermediate(algorithm, role)
    changes = revocations()
    match kind:
        case "empty":
            data = crl(issuing, b"")
        case "complete":
            data = crl(issuing, crlbuild.carry_on(b"", changes))
        case _:
            held = [one for one in changes if one.reason is RevocationReason.REMOVE_FROM_CRL]
            base = b"".join(crlbuild.encode_entry(one) for one in held)
            data = crl(issuing, crlbuild.delta_entries(base, changes), base_number=6)
    require_no_error(linter.crl(data))


STATUSES = [
    Status(CertificateState.GOOD),
    Status(CertificateState.UNKNOWN),
    Status(CertificateState.REVOKED, NOON),
    Status(CertificateState.REVOKED, NOON, RevocationReason.KEY_COMPROMISE),
]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("status", STATUSES, ids=lambda one: f"{one.state.value}-{one.reason.text}")
@pytest.mark.parametrize("nonce", [None, bytes(range(32))], ids=["cached", "nonce"])
def test_ocsp_responses(linter: Pkilint, algorithm: Algorithm, status: Status, nonce: bytes | None) -> None:
    responder = chains.leaf(algorithm, "ocsp-responder")
    issuer = chains.intermediate(algorithm, AuthorityRole.OCSP).party.certificate
    answer = SingleAnswer(
        certificate_id(issuer, new_serial()),
        status,
        NOON,
        NOON + timedelta(hours=1),
        NOON - timedelta(days=1),
    )
    tbs = ocspresponse.encode_tbs(answer, responder=responder.certificate, produced_at=NOON, nonce=nonce)
    signature = responder.key.sign(tbs)
    require_no_error(
        linter.ocsp_response(ocspresponse.encode_response(tbs, algorithm, signature, responder.certificate))
    )


def test_a_crl_that_ends_before_it_begins_is_seen(linter: Pkilint) -> None:
    good = crl(chains.intermediate(Algorithm.P256, AuthorityRole.PERSON), b"")
    assert good.count(b"261123120000Z") == 1
    bad = good.replace(b"261123120000Z", b"261125120000Z")
    assert [one.code for one in errors(linter.crl(bad))] == ["pkix.crl_negative_validity_period"]


def test_an_answer_that_ends_before_it_begins_is_seen(linter: Pkilint) -> None:
    responder = chains.leaf(Algorithm.P256, "ocsp-responder")
    issuer = chains.intermediate(Algorithm.P256, AuthorityRole.OCSP).party.certificate
    named = certificate_id(issuer, new_serial())
    answer = SingleAnswer(named, STATUSES[0], NOON, NOON - timedelta(hours=1), None)
    tbs = ocspresponse.encode_tbs(answer, responder=responder.certificate, produced_at=NOON, nonce=None)
    signature = responder.key.sign(tbs)
    data = ocspresponse.encode_response(tbs, Algorithm.P256, signature, responder.certificate)
    assert [one.code for one in errors(linter.ocsp_response(data))] == ["pkix.ocsp_negative_validity_period"]


# Rules that pkilint has too, with its word for each; the others are ours or need the issuer.
SEEN_BY_BOTH = {
    "version-3": "pkix.certificate_version_is_not_v3",
    "serial-positive": "pkix.certificate_serial_number_out_of_range",
    "authority-key-identifier": "pkix.authority_key_identifier_extension_absent",
    "extensions-unique": "pkix.duplicate_extension",
}


@pytest.mark.parametrize("rule", sorted(SEEN_BY_BOTH))
def test_pkilint_finds_the_same_defects(linter: Pkilint, rule: str) -> None:
    _, make = lintsamples.DEFECTS[rule][0]
    findings = errors(linter.certificate(make().der()))
    assert SEEN_BY_BOTH[rule] in {finding.code for finding in findings}
    with pytest.raises(LintFailed):
        require_no_error(findings)


@pytest.mark.parametrize("data", [b"", b"\x30\x00", b"x" * 100])
def test_what_it_cannot_read_is_an_error(linter: Pkilint, data: bytes) -> None:
    for lint in (linter.certificate, linter.crl, linter.ocsp_response):
        with pytest.raises(EncodingInvalid):
            lint(data)
