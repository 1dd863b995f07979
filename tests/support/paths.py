"""Judge minted paths, and what tests say of the reports."""

from __future__ import annotations

from datetime import datetime, timedelta

from ca.certificate import Certificate
from ca.indication import Outcome, SubIndication
from ca.path import PathReport, validate
from ca.registry import AuthorityId, Revocation, RevocationReason
from ca.serial import SerialNumber
from tests.support.clock import NOON
from tests.support.minting import Minted

DAY = timedelta(days=1)


def judge(leaf: Minted | bytes, *between: Minted, root: Minted, **more: object) -> PathReport:
    subject = leaf if isinstance(leaf, bytes) else leaf.certificate
    options: dict[str, object] = {"at": NOON, **more}
    return validate(
        subject,
        anchors=[root.certificate],
        intermediates=[one.certificate for one in between],
        **options,  # type: ignore[arg-type]
    )


def assert_sub(report: PathReport, expected: SubIndication) -> None:
    assert report.sub_indication is expected, report.steps
    assert report.indication is expected.indication
    assert report.steps[-1].outcome is Outcome.FAILED


def revocation(certificate: Certificate, reason: RevocationReason, at: datetime) -> Revocation:
    return Revocation(
        sequence=1,
        authority_id=AuthorityId("x"),
        serial=SerialNumber(certificate.serial),
        reason=reason,
        revoked_at=at,
        invalidity_date=None,
        not_after=certificate.not_after,
        crl_shard=0,
        requester="x",
    )
