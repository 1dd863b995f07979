"""Each rule finds the defect it is for, and nothing in what our profiles make."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest

from ca.errors import EncodingInvalid, LintFailed
from ca.lint import RULES, VARYING_RULES, lint, lint_certificate, require_clean
from ca.rule import Rule
from ca.view import CertificateView
from keys.suites import Algorithm
from tests.support import chains, lintsamples
from tests.support.lintsamples import DEFECTS, Parts

ALL = [(rule, profile, make) for rule, samples in DEFECTS.items() for profile, make in samples]


def test_every_rule_has_a_defect_sample() -> None:
    assert [rule.rule_id for rule in RULES] == list(DEFECTS)


@pytest.mark.parametrize(
    ("rule", "profile", "make"), ALL, ids=[f"{r}-{n}" for n, (r, _, _) in enumerate(ALL)]
)
def test_the_defect_is_found(rule: str, profile: str, make: Callable[[], Parts]) -> None:
    issuer = lintsamples.certificate_of_issuer(profile)
    found = {finding.rule_id: finding for finding in lint_certificate(make().der(), issuer)}
    assert rule in found
    assert found[rule].detail
    assert found[rule].citation


@pytest.mark.parametrize("profile", ["person-event", "timestamp-unit", "ocsp-responder", "service"])
def test_the_samples_differ_from_a_clean_certificate_by_the_defect_alone(profile: str) -> None:
    clean = lintsamples.parts(profile).der()
    assert lint_certificate(clean, lintsamples.certificate_of_issuer(profile)) == ()


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_what_our_profiles_make_is_clean(algorithm: Algorithm) -> None:
    root = chains.root(algorithm).party.certificate
    assert lint_certificate(root.data, root) == ()
    for role in chains.ISSUING_ROLES:
        certificate = chains.intermediate(algorithm, role).party.certificate
        assert lint_certificate(certificate.data, root) == ()
    for profile, issued_by in chains.LEAVES.items():
        issuer = chains.intermediate(algorithm, issued_by).party.certificate
        assert lint_certificate(chains.leaf(algorithm, profile).certificate.data, issuer) == ()


def test_without_the_issuer_only_the_certificate_is_judged() -> None:
    _, make = DEFECTS["issuer-name"][0]
    assert lint_certificate(make().der()) == ()


def test_a_rule_does_not_reach_back() -> None:
    view = CertificateView.parse(lintsamples.parts("person-event").der())
    later = Rule("later", "none", date(2026, 11, 24), lambda _: "broken", varies=False)
    assert lint(view, (later,)) == ()
    today = Rule("today", "none", date(2026, 11, 23), lambda _: "broken", varies=False)
    assert [finding.rule_id for finding in lint(view, (today,))] == ["today"]


def test_a_failure_carries_every_finding() -> None:
    bad = lintsamples.parts("person-event").without("2.5.29.35").without("2.5.29.32")
    with pytest.raises(LintFailed) as failed:
        require_clean(CertificateView.parse(bad.der()))
    assert [rule for rule, _ in failed.value.findings] == ["authority-key-identifier", "policies-present"]


def test_rules_have_ids_of_their_own() -> None:
    ids = [rule.rule_id for rule in RULES]
    assert len(set(ids)) == len(ids)
    assert set(VARYING_RULES) < set(RULES)
    assert all(rule.effective_from <= date(2026, 11, 1) for rule in RULES)


@pytest.mark.parametrize(
    "data", [b"", b"\x30\x00", b"0" * 100, b"\x30\x80\x00\x00", bytes(20_000), b"\x30\x03\x02\x01\x01"]
)
def test_what_is_no_certificate_is_an_error(data: bytes) -> None:
    with pytest.raises(EncodingInvalid):
        lint_certificate(data)


def test_times_are_read_as_rfc_5280_says() -> None:
    begin, end = b"491231235959Z", b"500101000000Z"
    view = CertificateView.parse(lintsamples.times(begin, end).der())
    assert view.not_before.moment == datetime(2049, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert view.not_after.moment == datetime(1950, 1, 1, tzinfo=UTC)
