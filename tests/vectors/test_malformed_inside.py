"""Signatures that must be refused, where they do harm: in a certificate, a CRL, a CMS message."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ca.certificate import Certificate, certificate_der
from ca.crl import load_crl
from ca.errors import CaError
from ca.indication import SubIndication
from ca.path import validate
from ca.token import identity_of, read_certificate
from keys import cms, cms_verify, ecsignature
from keys.cms_build import SignedDataBuilder
from keys.errors import KeysError
from keys.suites import Algorithm
from tests.support.clock import NOON
from tests.support.minting import Minted, crl_of, mint
from tests.vectors.make_malformed import P256_ORDER, SM2_ORDER, Case, Subject, cases

CONTENT = "借款合同".encode()
CURVES = {Algorithm.P256: ("P-256", P256_ORDER), Algorithm.SM2: ("SM2", SM2_ORDER)}


def variants(signer: Minted, signed: bytes) -> list[Case]:
    """Every malformed signature, made from a good one over `signed`."""
    name, order = CURVES[signer.key.algorithm]
    r, s = ecsignature.decode(signer.key.sign(signed), order)
    other = ecsignature.decode(signer.key.sign(b"another"), order)
    return list(cases(Subject(name, signer.key.public.spki, order, signed, r, s, other)))


def judge(found: list[Case], accepts: Callable[[bytes], bool]) -> None:
    wrong = [case.comment for case in found if accepts(case.signature) is not case.valid]
    assert wrong == []
    assert len(found) > 90
    assert sum(case.valid for case in found) in (1, 2)


@pytest.fixture(scope="module", params=list(CURVES), ids=lambda one: one.value)
def root(request: pytest.FixtureRequest) -> Minted:
    return mint("Root", request.param, authority=True)


@pytest.fixture(scope="module")
def leaf(root: Minted) -> Minted:
    return mint("Leaf", root.key.algorithm, root)


def test_in_a_certificate(root: Minted, leaf: Minted) -> None:
    tbs = leaf.certificate.tbs

    def accepts(signature: bytes) -> bool:
        data = certificate_der(tbs, root.key.algorithm, signature)
        report = validate(data, anchors=[root.certificate], at=NOON)
        if report.sub_indication is not None:
            assert report.sub_indication in {
                SubIndication.SIG_CRYPTO_FAILURE,
                SubIndication.FORMAT_FAILURE,
                SubIndication.NO_CERTIFICATE_CHAIN_FOUND,
            }
        return report.sub_indication is None

    judge(variants(root, tbs), accepts)


def test_in_a_self_signed_certificate_that_would_be_an_anchor(root: Minted) -> None:
    tbs = root.certificate.tbs

    def accepts(signature: bytes) -> bool:
        try:
            anchor = Certificate(certificate_der(tbs, root.key.algorithm, signature))
            anchor.check_signed_by(anchor.public)
        except (CaError, KeysError):
            return False
        return True

    judge(variants(root, tbs), accepts)


def test_in_a_crl(root: Minted) -> None:
    tbs = load_crl(crl_of(root)).tbs

    def accepts(signature: bytes) -> bool:
        try:
            crl = load_crl(certificate_der(tbs, root.key.algorithm, signature))
            root.certificate.public.verify(crl.signature, crl.tbs)
        except (CaError, KeysError):
            return False
        return True

    judge(variants(root, tbs), accepts)


def test_in_a_cms_message(leaf: Minted) -> None:
    builder = SignedDataBuilder(identity_of(leaf.certificate), leaf.key.algorithm)
    prepared = builder.prepare(leaf.key.algorithm.digest.of(CONTENT))

    def accepts(signature: bytes) -> bool:
        try:
            cms_verify.verify(cms.parse(prepared.complete(signature, CONTENT)), read_certificate)
        except KeysError:
            return False
        return True

    judge(variants(leaf, prepared.to_sign), accepts)
