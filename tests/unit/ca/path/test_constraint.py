"""What authorities above allow: names, purposes, policies."""

from __future__ import annotations

import pytest

from ca import extension as ext
from ca import oids
from ca.indication import SubIndication
from ca.purpose import DOCUMENT_SIGNING, OCSP_SIGNING, TIMESTAMPING, Purpose
from keys import der
from keys.suites import Algorithm
from tests.support.minting import Minted, mint, name
from tests.support.paths import assert_sub, judge


def _constraint(*subtrees: bytes, tag: int = 0xA0, critical: bool = True) -> bytes:
    trees = b"".join(der.sequence(one) for one in subtrees)
    return ext.extension(oids.NAME_CONSTRAINTS, der.sequence(der.wrap(tag, trees)), critical=critical)


def _directory(subject: bytes) -> bytes:
    return der.explicit(4, subject)


OWN = name(("2.5.4.6", "CN"), ("2.5.4.10", "bank"))  # another case than the subjects': RFC 5280 7.1
OTHER = name(("2.5.4.6", "CN"), ("2.5.4.10", "Other"))
MAIL = der.wrap(0x81, b"bank.example")
DNS = der.wrap(0x82, b"bank.example")


def _names(*encoded: bytes) -> bytes:
    return ext.extension(oids.SUBJECT_ALT_NAME, der.sequence(*encoded))


@pytest.mark.parametrize(
    ("constraint", "names", "passes"),
    [
        (_constraint(_directory(OWN)), (), True),
        (_constraint(_directory(OTHER)), (), False),
        (_constraint(_directory(OTHER), _directory(OWN)), (), True),
        (_constraint(_directory(OWN), tag=0xA1), (), False),
        (_constraint(_directory(OTHER), tag=0xA1), (), True),
        (_constraint(_directory(OWN)), (_directory(OTHER),), False),
        (_constraint(_directory(OWN), critical=False), (), False),
        (_constraint(DNS), (), True),
        (_constraint(DNS), (der.wrap(0x82, b"www.bank.example"),), True),
        (_constraint(DNS), (der.wrap(0x82, b"notbank.example"),), False),
        (_constraint(DNS, tag=0xA1), (der.wrap(0x82, b"WWW.bank.example"),), False),
        (_constraint(MAIL), (), True),
        (_constraint(MAIL), (der.wrap(0x81, b"a@bank.example"),), False),
    ],
)
def test_name_constraints(
    algorithm: Algorithm, root: Minted, constraint: bytes, names: tuple[bytes, ...], *, passes: bool
) -> None:
    limited = mint("limited", algorithm, root, authority=True, extra=[constraint])
    leaf = mint("leaf", algorithm, limited, extra=[_names(*names)] if names else [])
    report = judge(leaf, limited, root=root)
    if passes:
        assert report.sub_indication is None, report.steps
    else:
        assert_sub(report, SubIndication.CHAIN_CONSTRAINTS_FAILURE)
        assert report.steps[-1].step_id == "name-constraints"


def test_constraints_add_up_down_the_path(algorithm: Algorithm, root: Minted) -> None:
    wide = mint("wide", algorithm, root, authority=True, extra=[_constraint(_directory(OWN))])
    narrow = mint("narrow", algorithm, wide, authority=True, extra=[_constraint(_directory(OTHER))])
    leaf = mint("leaf", algorithm, narrow)
    assert_sub(judge(leaf, wide, narrow, root=root), SubIndication.CHAIN_CONSTRAINTS_FAILURE)


def _extended(*purposes: str, critical: bool = False) -> bytes:
    return ext.extension(oids.EXTENDED_KEY_USAGE, ext.extended_key_usage(purposes), critical=critical)


@pytest.mark.parametrize(
    ("extra", "purpose", "passes"),
    [
        ([], DOCUMENT_SIGNING, True),
        ([_extended(oids.EKU_DOCUMENT_SIGNING)], DOCUMENT_SIGNING, True),
        ([_extended(oids.ANY_EXTENDED_KEY_USAGE)], DOCUMENT_SIGNING, True),
        ([_extended(oids.EKU_TIME_STAMPING)], DOCUMENT_SIGNING, False),
        ([], TIMESTAMPING, False),
        ([_extended(oids.EKU_TIME_STAMPING)], TIMESTAMPING, False),
        ([_extended(oids.EKU_TIME_STAMPING, critical=True)], TIMESTAMPING, True),
        ([_extended(oids.EKU_TIME_STAMPING, "1.2.3.4", critical=True)], TIMESTAMPING, False),
        ([_extended(oids.ANY_EXTENDED_KEY_USAGE, critical=True)], TIMESTAMPING, False),
        ([_extended(oids.EKU_OCSP_SIGNING)], OCSP_SIGNING, True),
        ([_extended(oids.ANY_EXTENDED_KEY_USAGE)], OCSP_SIGNING, False),
    ],
)
def test_purpose(
    algorithm: Algorithm, issuing: Minted, root: Minted, extra: list[bytes], purpose: Purpose, *, passes: bool
) -> None:
    report = judge(mint("leaf", algorithm, issuing, extra=extra), issuing, root=root, purpose=purpose)
    if passes:
        assert report.sub_indication is None, report.steps
    else:
        assert_sub(report, SubIndication.CHAIN_CONSTRAINTS_FAILURE)


def test_authority_is_not_for_documents(issuing: Minted, root: Minted) -> None:
    report = judge(issuing, root=root, purpose=DOCUMENT_SIGNING)
    assert_sub(report, SubIndication.CHAIN_CONSTRAINTS_FAILURE)


def test_extended_usage_of_an_authority_limits_what_is_below(algorithm: Algorithm, root: Minted) -> None:
    extra = [_extended(oids.EKU_TIME_STAMPING)]
    stamping = mint("stamping", algorithm, root, authority=True, extra=extra)
    leaf = mint("leaf", algorithm, stamping)
    report = judge(leaf, stamping, root=root, purpose=DOCUMENT_SIGNING)
    assert_sub(report, SubIndication.CHAIN_CONSTRAINTS_FAILURE)


def _policies(*policies: str) -> bytes:
    return ext.extension(oids.CERTIFICATE_POLICIES, ext.certificate_policies(policies, None))


@pytest.mark.parametrize(
    ("above", "own", "passes"),
    [
        (["2.5.29.32.0"], ["1.2.3"], True),
        (["1.2.3"], ["1.2.3"], True),
        (["1.2.4"], ["1.2.3"], False),
        (["2.5.29.32.0"], ["1.2.4"], False),
        (["1.2.3"], [], False),
    ],
)
def test_policies(
    algorithm: Algorithm, root: Minted, above: list[str], own: list[str], *, passes: bool
) -> None:
    issuer = mint("issuer", algorithm, root, authority=True, extra=[_policies(*above)])
    leaf = mint("leaf", algorithm, issuer, extra=[_policies(*own)] if own else [])
    report = judge(leaf, issuer, root=root, policies=frozenset({"1.2.3"}))
    assert (report.sub_indication is None) is passes, report.steps
