"""Which policy a timestamping unit stamps under."""

from __future__ import annotations

import pytest

from api.sandbox import TEST_ORGANISATION, timestamp_policy
from ca import extension, oids
from ca.certificate import Certificate
from ca.oids import TSA_POLICY_GUOMI, TSA_POLICY_INTL, TSA_POLICY_TEST
from keys.suites import Algorithm, Suite
from tests.support import chains
from tests.support.minting import Recipe, common, mint_bytes


def unit(algorithm: Algorithm, organisation: str, policy: str | None = None) -> Certificate:
    value = None if policy is None else extension.certificate_policies((policy,), None)
    extra = [] if value is None else [extension.extension(oids.CERTIFICATE_POLICIES, value)]
    data, _ = mint_bytes(Recipe(common("Unit", organisation=organisation), algorithm, extra=extra))
    return Certificate(data)


@pytest.mark.parametrize(
    ("algorithm", "policy"), [(Algorithm.P256, TSA_POLICY_INTL), (Algorithm.SM2, TSA_POLICY_GUOMI)]
)
def test_each_suite_has_its_own(algorithm: Algorithm, policy: str) -> None:
    certificate = chains.leaf(algorithm, "timestamp-unit").certificate
    assert timestamp_policy(certificate, algorithm.suite) == policy


@pytest.mark.parametrize("suite", list(Suite))
def test_a_sandbox_stamps_under_the_test_policy(suite: Suite) -> None:
    algorithm = Algorithm.P256 if suite is Suite.INTL else Algorithm.SM2
    assert timestamp_policy(unit(algorithm, TEST_ORGANISATION), suite) == TSA_POLICY_TEST


def test_a_unit_certified_under_the_test_policy_stamps_under_it() -> None:
    for policy, expected in (
        (oids.POLICY_TIMESTAMP_TEST, TSA_POLICY_TEST),
        (oids.POLICY_TIMESTAMP, TSA_POLICY_INTL),
        (None, TSA_POLICY_INTL),
    ):
        assert timestamp_policy(unit(Algorithm.P256, "Bank", policy), Suite.INTL) == expected
