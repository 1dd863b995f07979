"""Revocation at the time a path is judged at."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from ca import extension as ext
from ca import oids
from ca.crl import load_crl
from ca.indication import SubIndication
from ca.registry import RevocationReason
from ca.trust import RevocationData
from keys.private import PrivateKey
from keys.suites import Algorithm
from tests.support.clock import NOON
from tests.support.minting import POINT, Minted, crl_of, mint
from tests.support.paths import DAY, assert_sub, judge, revocation


@pytest.mark.parametrize(
    ("moment", "expected"),
    [(NOON - 2 * DAY, SubIndication.REVOKED_NO_POE), (NOON + DAY, None)],
    ids=["revoked before", "revoked after"],
)
def test_revocation_counts_at_the_time(
    leaf: Minted, issuing: Minted, root: Minted, moment: datetime, expected: SubIndication | None
) -> None:
    now = NOON + 2 * DAY
    entry = revocation(leaf.certificate, RevocationReason.KEY_COMPROMISE, moment)
    crls = RevocationData((load_crl(crl_of(issuing, [entry], at=now)), load_crl(crl_of(root, at=now))))
    report = judge(leaf, issuing, root=root, revocation=crls, now=now)
    assert report.sub_indication is expected, report.steps
    assert [one.evidence for one in report.revocation] == [crls.crls[1], crls.crls[0]]
    if expected is not None:
        assert report.revoked_at == moment


def test_revoked_authority_has_its_own_name(leaf: Minted, issuing: Minted, root: Minted) -> None:
    entry = revocation(issuing.certificate, RevocationReason.CESSATION_OF_OPERATION, NOON - DAY)
    crls = RevocationData((load_crl(crl_of(issuing)), load_crl(crl_of(root, [entry]))))
    assert_sub(judge(leaf, issuing, root=root, revocation=crls), SubIndication.REVOKED_CA_NO_POE)


def test_hold_ends_by_a_newer_crl(leaf: Minted, issuing: Minted, root: Minted) -> None:
    entry = revocation(leaf.certificate, RevocationReason.CERTIFICATE_HOLD, NOON - 3 * DAY)
    held = load_crl(crl_of(issuing, [entry], at=NOON - 2 * DAY))
    freed = load_crl(crl_of(issuing, at=NOON - DAY, number=2))
    above = load_crl(crl_of(root))
    assert_sub(
        judge(leaf, issuing, root=root, revocation=RevocationData((above, held))),
        SubIndication.REVOKED_NO_POE,
    )
    assert (
        judge(leaf, issuing, root=root, revocation=RevocationData((held, above, freed))).sub_indication
        is None
    )


def test_a_final_revocation_outlives_a_newer_crl_without_it(
    leaf: Minted, issuing: Minted, root: Minted
) -> None:
    entry = revocation(leaf.certificate, RevocationReason.SUPERSEDED, NOON - 3 * DAY)
    known = load_crl(crl_of(issuing, [entry], at=NOON - 2 * DAY))
    silent = load_crl(crl_of(issuing, at=NOON - DAY, number=2))
    crls = RevocationData((known, silent, load_crl(crl_of(root))))
    assert_sub(judge(leaf, issuing, root=root, revocation=crls), SubIndication.REVOKED_NO_POE)


def test_delta_adds_to_its_base(leaf: Minted, issuing: Minted, root: Minted) -> None:
    entry = revocation(leaf.certificate, RevocationReason.SUPERSEDED, NOON - DAY)
    base = load_crl(crl_of(issuing, at=NOON - 2 * DAY, number=3))
    delta = load_crl(crl_of(issuing, [entry], at=NOON, number=4, base_number=3))
    late = load_crl(crl_of(issuing, [entry], at=NOON, number=6, base_number=5))
    above = load_crl(crl_of(root))
    data = RevocationData((base, delta, above))
    assert_sub(judge(leaf, issuing, root=root, revocation=data), SubIndication.REVOKED_NO_POE)
    for alone in ((base, late, above), (base, above)):
        assert judge(leaf, issuing, root=root, revocation=RevocationData(alone)).sub_indication is None
    assert_sub(
        judge(leaf, issuing, root=root, revocation=RevocationData((delta, above))), SubIndication.TRY_LATER
    )


def _stale(issuing: Minted, root: Minted) -> bytes:
    return crl_of(issuing, at=NOON - 20 * DAY)


def _future(issuing: Minted, root: Minted) -> bytes:
    return crl_of(issuing, at=NOON + DAY)


def _other_point(issuing: Minted, root: Minted) -> bytes:
    return crl_of(issuing, url="http://ca.test/crl/1")


def _wrong_signer(issuing: Minted, root: Minted) -> bytes:
    return crl_of(Minted(issuing.certificate, PrivateKey.generate(issuing.key.algorithm)))


@pytest.mark.parametrize("made", [_stale, _future, _other_point, _wrong_signer])
def test_crl_that_proves_nothing(
    leaf: Minted, issuing: Minted, root: Minted, made: Callable[[Minted, Minted], bytes]
) -> None:
    data = RevocationData((load_crl(made(issuing, root)), load_crl(crl_of(root))))
    report = judge(leaf, issuing, root=root, revocation=data)
    assert_sub(report, SubIndication.TRY_LATER)
    assert "CRL 1" in report.steps[-1].detail


def test_crl_of_users_says_nothing_of_authorities(leaf: Minted, issuing: Minted, root: Minted) -> None:
    crls = (load_crl(crl_of(issuing)), load_crl(crl_of(root, only_user_certificates=True)))
    report = judge(leaf, issuing, root=root, revocation=RevocationData(crls))
    assert_sub(report, SubIndication.TRY_LATER)


def test_crl_after_expiry_must_keep_the_expired(algorithm: Algorithm, issuing: Minted, root: Minted) -> None:
    leaf = mint("leaf", algorithm, issuing, not_after=NOON + timedelta(hours=1))
    now = NOON + DAY
    above = load_crl(crl_of(root, at=now))
    keeps = load_crl(crl_of(issuing, at=now))
    drops = load_crl(crl_of(issuing, at=now, expired_from=NOON + timedelta(hours=2)))
    good = judge(leaf, issuing, root=root, revocation=RevocationData((keeps, above)), now=now)
    assert good.sub_indication is None, good.steps
    bad = judge(leaf, issuing, root=root, revocation=RevocationData((drops, above)), now=now)
    assert_sub(bad, SubIndication.TRY_LATER)


@pytest.mark.parametrize(
    ("point", "told"),
    [(POINT, True), ("http://pki.test/\x1b[31m.crl", False), ("http://pki.test/" + "x" * 256, False)],
    ids=["plain", "control", "long"],
)
def test_a_report_says_where_evidence_may_be_found(
    algorithm: Algorithm, issuing: Minted, root: Minted, point: str, *, told: bool
) -> None:
    extension = ext.extension(oids.CRL_DISTRIBUTION_POINTS, ext.crl_distribution_point(point))
    leaf = mint("leaf", algorithm, issuing, replaced={oids.CRL_DISTRIBUTION_POINTS: extension})
    above = load_crl(crl_of(root))
    report = judge(leaf, issuing, root=root, revocation=RevocationData((above,)))
    assert_sub(report, SubIndication.TRY_LATER)
    detail = report.steps[-1].detail
    assert detail.endswith(f"; its CRLs are found at {POINT}") == told
    assert detail.isprintable()


def test_no_evidence_is_no_verdict(leaf: Minted, issuing: Minted, root: Minted) -> None:
    report = judge(leaf, issuing, root=root, revocation=RevocationData())
    assert_sub(report, SubIndication.TRY_LATER)
