"""What a judge of evidence records must find, each by its step (RFC 4998 5.3)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from ca.certificate import Certificate
from ca.crl import load_crl
from ca.indication import Indication, Outcome, SubIndication
from ca.registry import AuthorityId, AuthorityRole, Revocation, RevocationReason
from ca.serial import SerialNumber
from ca.trust import RevocationData, TrustStore
from forensics.preservation.judge import RecordReport, judge_record
from forensics.preservation.policy import SHIPPED
from forensics.preservation.preserve import preserve
from forensics.preservation.record import EvidenceRecord, canonical_token, of_chains, parse_record
from forensics.preservation.renew import Rehashed, renew_hash_trees, renew_timestamps
from keys import cms
from keys.suites import Algorithm, Digest
from tests.support import chains, minting
from tests.support.preservation import (
    DOCUMENTS,
    FIRST,
    NOW,
    SECOND,
    STRONGER,
    THIRD,
    Timestamps,
    Validation,
    batch,
    digests,
    life,
    trust,
)
from tests.support.timestamping import anchor

DAY = timedelta(days=1)
STAGES = (("initial", FIRST), ("renewed", SECOND), ("rehashed", THIRD))


@pytest.fixture(params=list(chains.DEFAULTS))
def algorithm(request: pytest.FixtureRequest) -> Algorithm:
    found: Algorithm = request.param
    return found


def judge(record: bytes, algorithm: Algorithm, at: datetime = NOW, **changes: object) -> RecordReport:
    values: dict[str, object] = {"data": DOCUMENTS, "trust": trust(algorithm, at), "now": at, **changes}
    return judge_record(record, **values)  # type: ignore[arg-type]


def failed(report: RecordReport) -> str:
    (step,) = [one for one in report.steps if one.outcome is Outcome.FAILED]
    assert report.steps[-1] is step
    assert report.indication is not Indication.TOTAL_PASSED
    assert (report.existed_at, report.expires) == (None, None)
    return step.step_id


def test_unused_bits_of_a_carried_signature_are_found(algorithm: Algorithm) -> None:
    """The count of unused bits is not among the octets that a signature check reads."""
    record = parse_record(life(algorithm).initial)
    for data in cms.parse(record.last.token).certificates:
        signature = Certificate(data).signature
        if signature[-1] & 1:
            continue
        changed = data[: -len(signature) - 1] + b"\x01" + signature
        token = canonical_token(record.last.token.replace(data, changed))
        odd = record.with_last(replace(record.last, token=token)).encoded()
        assert judge(odd, algorithm, FIRST + DAY).indication is not Indication.TOTAL_PASSED


@pytest.mark.parametrize(("stage", "at"), STAGES)
def test_a_record_passes_through_its_life(algorithm: Algorithm, stage: str, at: datetime) -> None:
    report = judge(getattr(life(algorithm), stage), algorithm, at + DAY)
    assert report.indication is Indication.TOTAL_PASSED, report.steps[-1]
    assert report.existed_at == FIRST + timedelta(seconds=1)
    assert report.expires == chains.leaf(algorithm, "timestamp-unit").certificate.not_after
    assert len(report.timestamps) == [one for one, _ in STAGES].index(stage) + 1


def test_material_may_be_ocsp(algorithm: Algorithm) -> None:
    at = FIRST + timedelta(hours=1)
    records = renew_timestamps(
        [life(algorithm).initial], Timestamps(algorithm, at), Validation(algorithm, at, ocsp=True)
    )
    assert judge(records[0], algorithm, at + DAY).indication is Indication.TOTAL_PASSED


def test_another_document_is_none_of_it(algorithm: Algorithm) -> None:
    report = judge(life(algorithm).initial, algorithm, FIRST + DAY, data=[DOCUMENTS[0], b"other"])
    assert (failed(report), report.sub_indication) == ("1.1.data", SubIndication.HASH_FAILURE)
    report = judge(life(algorithm).initial, algorithm, FIRST + DAY, data=[])
    assert (failed(report), report.sub_indication) == ("data", SubIndication.SIGNED_DATA_NOT_FOUND)


def test_a_group_that_is_shown_in_part_is_found() -> None:
    group = [b"contract", b"manifest", b"annex"]
    source = Timestamps(Algorithm.P256, FIRST)
    (record,) = preserve([digests(Digest.SHA256, group)], Digest.SHA256, source)
    at = FIRST + DAY
    assert judge(record, Algorithm.P256, at, data=group).indication is Indication.TOTAL_PASSED
    report = judge(record, Algorithm.P256, at, data=group[:2])
    assert (failed(report), report.sub_indication) == ("1.1.group", SubIndication.SIGNED_DATA_NOT_FOUND)
    alone = judge(record, Algorithm.P256, at, data=group[:1])
    assert alone.indication is Indication.TOTAL_PASSED
    assert next(one.step_id for one in alone.steps if one.outcome is Outcome.SKIPPED) == "1.1.group"


def without_first(record: EvidenceRecord) -> EvidenceRecord:
    return of_chains((record.chains[0][1:], *record.chains[1:]))


def without_last(record: EvidenceRecord) -> EvidenceRecord:
    return of_chains((record.chains[0][:1], *record.chains[1:]))


def without_chain(record: EvidenceRecord) -> EvidenceRecord:
    return of_chains(record.chains[1:])


def twice(record: EvidenceRecord) -> EvidenceRecord:
    return of_chains((record.chains[0], *record.chains[1:], record.chains[1]))


def swapped(record: EvidenceRecord) -> EvidenceRecord:
    return of_chains((record.chains[0][::-1], *record.chains[1:]))


def other_tree(record: EvidenceRecord) -> EvidenceRecord:
    last = record.last
    return record.with_last(replace(last, lists=(last.lists[0], (bytes(last.digest.size),))))


def other_token(record: EvidenceRecord) -> EvidenceRecord:
    return record.with_last(replace(record.last, token=record.chains[0][0].token))


def more_digests(record: EvidenceRecord) -> EvidenceRecord:
    return replace(record, digest_algorithms=(*record.digest_algorithms, record.digest_algorithms[0]))


@pytest.mark.parametrize(
    ("change", "step"),
    [
        (without_first, "1.1.data"),
        (without_last, "2.1.data"),
        (without_chain, "1.1.data"),
        (twice, "3.1.digest"),
        (swapped, "1.1.data"),
        (other_tree, "2.1.tree"),
        (other_token, "format"),
        (more_digests, "algorithms"),
    ],
)
def test_parts_dropped_repeated_and_swapped_are_found(
    algorithm: Algorithm, change: Callable[[EvidenceRecord], EvidenceRecord], step: str
) -> None:
    changed = change(parse_record(life(algorithm).rehashed)).encoded()
    assert failed(judge(changed, algorithm)) == step


def test_a_renewal_of_another_record_is_found(algorithm: Algorithm) -> None:
    digest = algorithm.digest
    other = preserve(batch(digest, 2), digest, Timestamps(algorithm, FIRST))[1]
    renewed = parse_record(life(algorithm).renewed)
    mixed = of_chains(((parse_record(other).last, renewed.last),)).encoded()
    report = judge(mixed, algorithm, SECOND + DAY, data=[b"1-0", b"1-1"])
    assert (failed(report), report.sub_indication) == ("1.2.renewal", SubIndication.HASH_FAILURE)


def test_a_renewal_before_its_time_is_found(algorithm: Algorithm) -> None:
    early = Timestamps(algorithm, FIRST - timedelta(seconds=30))
    (record,) = renew_timestamps([life(algorithm).initial], early, None)
    assert failed(judge(record, algorithm, FIRST + DAY)) == "1.2.order"


def test_a_record_from_the_future_is_not_believed_yet(algorithm: Algorithm) -> None:
    report = judge(life(algorithm).initial, algorithm, FIRST - timedelta(seconds=30))
    assert (failed(report), report.indication) == ("1.1.time", Indication.INDETERMINATE)


def test_without_kept_material_an_old_token_hangs_on_what_is_said_now(algorithm: Algorithm) -> None:
    (record,) = renew_timestamps([life(algorithm).initial], Timestamps(algorithm, SECOND), None)
    assert judge(record, algorithm, SECOND + DAY).indication is Indication.TOTAL_PASSED
    silent = TrustStore((anchor(algorithm),))
    report = judge(record, algorithm, SECOND + DAY, trust=silent)
    assert (failed(report), report.indication) == ("1.1.revocation", Indication.INDETERMINATE)


def test_a_certificate_among_those_carried_that_nobody_signed_is_found(algorithm: Algorithm) -> None:
    """The path is found without it, from the verifier's own folder."""
    record = parse_record(life(algorithm).initial)
    above = chains.intermediate(algorithm, AuthorityRole.TIMESTAMP).party.certificate
    changed = above.data[:-1] + bytes((above.data[-1] ^ 1,))
    token = canonical_token(record.last.token.replace(above.data, changed))
    at = FIRST + DAY
    helped = replace(trust(algorithm, at), intermediates=(above,))
    intact = judge(record.encoded(), algorithm, at, trust=helped)
    assert intact.indication is Indication.TOTAL_PASSED
    odd = record.with_last(replace(record.last, token=token)).encoded()
    assert failed(judge(odd, algorithm, at, trust=helped)) == "1.1.carried"


def test_an_expired_last_token_is_open(algorithm: Algorithm) -> None:
    at = chains.leaf(algorithm, "timestamp-unit").certificate.not_after + DAY
    report = judge(life(algorithm).initial, algorithm, at)
    assert failed(report) == "1.1.in-time"
    assert report.sub_indication is SubIndication.OUT_OF_BOUNDS_NO_POE


def test_an_untrusted_authority_is_none(algorithm: Algorithm) -> None:
    other = next(one for one in chains.DEFAULTS if one is not algorithm)
    report = judge(life(algorithm).initial, algorithm, FIRST + DAY, trust=trust(other))
    assert (failed(report), report.sub_indication) == (
        "1.1.path",
        SubIndication.NO_CERTIFICATE_CHAIN_FOUND,
    )


def revoking(algorithm: Algorithm, since: datetime, at: datetime, reason: RevocationReason) -> TrustStore:
    """Trust in which the unit's certificate is revoked, as the authorities say at `at`."""
    above, root = chains.intermediate(algorithm, AuthorityRole.TIMESTAMP), chains.root(algorithm)
    unit = chains.leaf(algorithm, "timestamp-unit").certificate
    revoked = Revocation(
        sequence=1,
        authority_id=AuthorityId("timestamp"),
        serial=SerialNumber(unit.serial),
        reason=reason,
        revoked_at=since,
        invalidity_date=None,
        not_after=unit.not_after,
        crl_shard=0,
        requester="test",
    )
    crls = [
        minting.crl_of(
            minting.Minted(one.party.certificate, one.party.key), entries, at=at, url=None, number=2
        )
        for one, entries in ((above, [revoked]), (root, []))
    ]
    return TrustStore((anchor(algorithm),), revocation=RevocationData(tuple(map(load_crl, crls))))


@pytest.mark.parametrize(
    ("reason", "step"),
    [
        (RevocationReason.KEY_COMPROMISE, "1.1.compromise"),
        (RevocationReason.SUPERSEDED, "1.2.revocation"),
    ],
)
def test_a_compromise_that_became_known_later_counts(
    algorithm: Algorithm, reason: RevocationReason, step: str
) -> None:
    """The material kept says nothing of it: the authority learnt of it after the renewal.

    One unit made both tokens: revoked for a harmless reason its first token stays good, and its second,
    from after the revocation, does not.
    """
    (renewed,) = renew_timestamps(
        [life(algorithm).initial], Timestamps(algorithm, SECOND), Validation(algorithm, SECOND)
    )
    at = SECOND + DAY
    told = revoking(algorithm, SECOND - DAY, at, reason)
    assert failed(judge(renewed, algorithm, at, trust=told)) == step


@pytest.mark.parametrize(
    ("weak", "step"),
    [(lambda one: one.digest, "1.1.policy"), (lambda one: one, "1.1.policy")],
    ids=["digest", "signature"],
)
def test_an_algorithm_is_judged_by_the_time_of_the_next_renewal(
    algorithm: Algorithm, weak: Callable[[Algorithm], Algorithm | Digest], step: str
) -> None:
    early = SHIPPED.with_end(weak(algorithm), FIRST + DAY, "test")
    report = judge(life(algorithm).initial, algorithm, FIRST + 2 * DAY, policy=early)
    assert (failed(report), report.sub_indication) == (step, SubIndication.CRYPTO_CONSTRAINTS_FAILURE)
    assert judge(life(algorithm).initial, algorithm, FIRST + DAY / 2, policy=early).sub_indication is None


def test_a_weak_tree_is_saved_by_a_stronger_one_in_time() -> None:
    """SHA-256 ends after the hash-tree renewal; SHA-512 under a P-256 signature does too, so SM2 signs."""
    first = preserve([digests(Digest.SHA512)], Digest.SHA512, Timestamps(Algorithm.P256, FIRST))
    asked = [Rehashed(first[0], digests(Digest.SHA384))]
    (record,) = renew_hash_trees(
        asked, Digest.SHA384, Timestamps(Algorithm.P256, SECOND), Validation(Algorithm.P256, SECOND)
    )
    at = SECOND + 2 * DAY
    ended = SHIPPED.with_end(Digest.SHA512, SECOND + DAY, "test")
    assert judge(record, Algorithm.P256, at, policy=ended).indication is Indication.TOTAL_PASSED
    late = SHIPPED.with_end(Digest.SHA512, SECOND - DAY, "test")
    assert failed(judge(record, Algorithm.P256, at, policy=late)) == "1.1.policy"


def test_a_hash_tree_renewal_over_other_documents_is_found(algorithm: Algorithm) -> None:
    stronger = STRONGER[algorithm]
    asked = [Rehashed(life(algorithm).initial, digests(stronger, [DOCUMENTS[0], b"other"]))]
    (record,) = renew_hash_trees(
        asked, stronger, Timestamps(algorithm, SECOND), Validation(algorithm, SECOND)
    )
    assert failed(judge(record, algorithm, SECOND + DAY)) == "2.1.data"


@pytest.mark.parametrize("data", [b"", b"\x30\x00", bytes(100), b"\x30\x80"])
def test_what_is_no_record_is_said_so(data: bytes) -> None:
    report = judge(data, Algorithm.P256)
    assert (failed(report), report.sub_indication) == ("format", SubIndication.FORMAT_FAILURE)
