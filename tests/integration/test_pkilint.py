"""pkilint finds no error in what our profiles make, and finds those that we put in."""

from __future__ import annotations

import pytest

from ca.adapters.pkilint import Pkilint
from ca.deeplint import Severity, errors, require_no_error
from ca.errors import EncodingInvalid, LintFailed
from ca.registry import AuthorityRole
from keys.suites import Algorithm, Suite
from tests.support import chains, lintsamples

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
