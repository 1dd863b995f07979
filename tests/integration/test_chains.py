"""Certificates of every shipped profile, in both suites, as others read and judge them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ca import oids
from ca.certificate import Certificate, certificate_der
from ca.name import Name
from ca.registry import AuthorityRole
from ca.serial import new_serial
from ca.template import CertificateRequest, integer
from keys import der
from keys.private import PrivateKey
from keys.suites import Algorithm, Suite
from tests.support import chains
from tests.support.clock import NOON
from tests.support.judge import BouncyCastle, Refused
from tests.support.lintsamples import Parts
from tests.support.openssl import OpenSSL, OpenSSLRefused

pytestmark = pytest.mark.interop

PURPOSES = {"timestamp-unit": "timestampsign", "ocsp-responder": "ocsphelper", "service": "sslserver"}
EVERY = [(algorithm, profile) for algorithm in Algorithm for profile in chains.LEAVES]


@pytest.mark.parametrize(("algorithm", "profile"), EVERY)
def test_openssl_accepts_the_path(openssl: OpenSSL, algorithm: Algorithm, profile: str) -> None:
    path = chains.path(algorithm, profile)
    verify = openssl.verify_sm2 if algorithm.suite is Suite.GUOMI else openssl.verify
    verify(path, at=NOON, purpose=PURPOSES.get(profile))


@pytest.mark.parametrize(("algorithm", "profile"), EVERY)
def test_bouncy_castle_accepts_the_path(
    bouncycastle: BouncyCastle, algorithm: Algorithm, profile: str
) -> None:
    leaf, above, root = chains.path(algorithm, profile)
    bouncycastle.chain(leaf, anchors=[root], certs=[above], at=NOON)


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_an_altered_certificate_is_refused(
    openssl: OpenSSL, bouncycastle: BouncyCastle, algorithm: Algorithm
) -> None:
    leaf, above, root = chains.path(algorithm, "person-event")
    person = "欧阳娜娜".encode()
    assert leaf.count(person) == 1
    altered = leaf.replace(person, "欧阳娜姗".encode())
    with pytest.raises(Refused):
        bouncycastle.chain(altered, anchors=[root], certs=[above], at=NOON)
    verify = openssl.verify_sm2 if algorithm.suite is Suite.GUOMI else openssl.verify
    with pytest.raises(OpenSSLRefused):
        verify([altered, above, root], at=NOON)


def forged_subject(algorithm: Algorithm) -> bytes:
    """A person's certificate for a subject outside C=CN, which our issuer signs although no lint lets it."""
    issuer = chains.intermediate(algorithm, AuthorityRole.PERSON)
    good = Parts.of(chains.leaf(algorithm, "person-event").certificate)
    subject = Name.of([("C", "US"), ("CN", "John Doe")]).der
    forged = replace(good, subject=subject, serial=integer(new_serial())[2:])
    tbs = Certificate(forged.der()).tbs
    return certificate_der(tbs, issuer.party.key.public.algorithm, issuer.party.key.sign(tbs))


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_bouncy_castle_honours_the_name_constraints(bouncycastle: BouncyCastle, algorithm: Algorithm) -> None:
    _, above, root = chains.path(algorithm, "person-event")
    with pytest.raises(Refused) as refused:
        bouncycastle.chain(forged_subject(algorithm), anchors=[root], certs=[above], at=NOON)
    assert "permitted" in str(refused.value).lower()


def test_openssl_honours_the_name_constraints(openssl: OpenSSL) -> None:
    _, above, root = chains.path(Algorithm.P256, "person-event")
    with pytest.raises(OpenSSLRefused, match="permitted subtree violation"):
        openssl.verify([forged_subject(Algorithm.P256), above, root], at=NOON)


def test_a_leaf_issues_nothing(openssl: OpenSSL, bouncycastle: BouncyCastle) -> None:
    leaf, above, root = chains.path(Algorithm.P256, "person-event")
    forger = chains.leaf(Algorithm.P256, "person-event")
    below = replace(Parts.of(forger.certificate), issuer=forger.certificate.subject_der)
    tbs = Certificate(below.der()).tbs
    signed = certificate_der(tbs, Algorithm.P256, forger.key.sign(tbs))
    with pytest.raises(Refused):
        bouncycastle.chain(signed, anchors=[root], certs=[above, leaf], at=NOON)
    with pytest.raises(OpenSSLRefused):
        openssl.verify([signed, leaf, above, root], at=NOON)


@pytest.mark.parametrize("algorithm", chains.DEFAULTS)
def test_openssl_prints_what_was_asked_for(openssl: OpenSSL, algorithm: Algorithm) -> None:
    certificate = chains.leaf(algorithm, "person-event").certificate
    out, _ = openssl.run(
        "x509", "-noout", "-text", "-nameopt", "utf8,sep_comma_plus", stdin=certificate.pem().encode()
    )
    text = out.decode()
    for expected in (
        "Version: 3 (0x2)",
        "Not Before: Nov 23 11:59:00 2026 GMT",
        "Not After : Nov 23 12:58:59 2026 GMT",
        f"Subject: C=CN,CN=欧阳娜娜,serialNumber={chains.PERSON.pseudonym}",
        "X509v3 Basic Constraints: critical\n                CA:FALSE",
        "X509v3 Key Usage: critical\n                Digital Signature, Non Repudiation",
        f"Policy: {oids.POLICY_PERSON_EVENT}",
        f"URI:http://ca.test/v1/crl/{algorithm.suite.value}-person",
        f"OCSP - URI:http://ca.test/v1/ocsp/{algorithm.suite.value}-person",
        f"CA Issuers - URI:http://ca.test/v1/issuers/{algorithm.suite.value}-person.cer",
        f"{oids.EXTENSION_INTENT_DIGEST}:",
    ):
        assert expected in text


def test_the_constraints_of_an_intermediate_are_printed(openssl: OpenSSL) -> None:
    certificate = chains.intermediate(Algorithm.P256, AuthorityRole.TIMESTAMP).party.certificate
    out, _ = openssl.run("x509", "-noout", "-text", stdin=certificate.pem().encode())
    text = out.decode()
    for expected in (
        "CA:TRUE, pathlen:0",
        "X509v3 Name Constraints: critical\n                Permitted:\n                  DirName:C = CN",
        "Time Stamping, OCSP Signing",
        "Certificate Sign, CRL Sign",
    ):
        assert expected in text


def test_a_certificate_of_the_same_key_and_name_has_another_serial() -> None:
    key = PrivateKey.generate(Algorithm.P256)
    issuer = chains.intermediate(Algorithm.P256, AuthorityRole.TIMESTAMP)
    request = CertificateRequest(key.public, chains.operator_name("单元"))
    first, second = (chains.issue(issuer, "timestamp-unit", request, key=key) for _ in range(2))
    assert first.certificate.serial != second.certificate.serial
    assert len(der.encode(first.certificate.serial)) == 18
