"""What marks a test installation, so that nobody can take what it makes for the real thing."""

from __future__ import annotations

from cryptography import x509
from cryptography.x509.oid import NameOID

from ca.certificate import Certificate
from ca.oids import POLICY_TIMESTAMP_TEST, TSA_POLICY_GUOMI, TSA_POLICY_INTL, TSA_POLICY_TEST
from ca.ports import Units
from keys.suites import Suite

TEST_ORGANISATION = "Xinqian TEST"
"""Organisation in the name of every authority, responder and timestamping unit of a sandbox."""
_TIMESTAMP_POLICIES = {Suite.INTL: TSA_POLICY_INTL, Suite.GUOMI: TSA_POLICY_GUOMI}


def is_sandbox(units: Units) -> bool:
    """Whether the names of the authorities say that nothing here is the real thing."""
    with units.reading() as unit:
        authorities = unit.authorities.list()
    return any(TEST_ORGANISATION in _organisations(Certificate(one.certificate)) for one in authorities)


def timestamp_policy(unit: Certificate, suite: Suite) -> str:
    """The policy a timestamping unit stamps under (RFC 3161 2.4.2: the TSA's, not a certificate policy).

    The unit's own certificate decides, which every verifier of its tokens sees: one of a sandbox, or one
    certified under the test policy, stamps under the test policy.
    """
    is_test = TEST_ORGANISATION in _organisations(unit) or POLICY_TIMESTAMP_TEST in _certified_under(unit)
    return TSA_POLICY_TEST if is_test else _TIMESTAMP_POLICIES[suite]


def _organisations(certificate: Certificate) -> set[str]:
    found = certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)
    return {str(one.value) for one in found}


def _certified_under(certificate: Certificate) -> set[str]:
    try:
        policies = certificate.extensions.get_extension_for_class(x509.CertificatePolicies).value
    except x509.ExtensionNotFound:
        return set()
    return {one.policy_identifier.dotted_string for one in policies}
