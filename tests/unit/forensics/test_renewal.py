"""Renewals: what is kept of outgoing tokens, what is planned when, what a drill proves."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ca.errors import TimestampInvalid
from ca.indication import Indication
from ca.token import MAX_TOKEN_SIZE, verify_token
from forensics.errors import RecordInvalid, RenewalRefused
from forensics.preservation.drill import Drill, Sample
from forensics.preservation.material import OID_REVOCATION_VALUES, keep, kept_in
from forensics.preservation.plan import LEAD, RenewalKind, next_renewal, plan_renewals
from forensics.preservation.policy import SHIPPED, AlgorithmPolicy
from forensics.preservation.preserve import preserve
from forensics.preservation.record import of_chains, parse_record
from forensics.preservation.renew import Rehashed, renew_hash_trees, renew_timestamps
from keys import cms
from keys.cms import Attribute
from keys.cms_build import with_unsigned
from keys.policy import RULES
from keys.suites import Algorithm, Digest
from signing.errors import TimestampUnavailable
from signing.ports import ValidationMaterial
from tests.support import chains
from tests.support.clock import FixedClock
from tests.support.preservation import (
    DOCUMENTS,
    FIRST,
    SECOND,
    STRONGER,
    Timestamps,
    Validation,
    digests,
    life,
    material,
    trust,
)
from tests.support.signing import NoTimestamps, OtherTimestamps

RECORD = life(Algorithm.P256).initial
TOKEN = parse_record(RECORD).last.token
INFO = parse_record(RECORD).last.info
EXPIRES = chains.leaf(Algorithm.P256, "timestamp-unit").certificate.not_after


def test_material_is_kept_inside_the_token_and_changes_nothing_signed() -> None:
    given = material(Algorithm.P256, FIRST, ocsp=True)
    token = keep(TOKEN, given)
    assert verify_token(token, imprints=[INFO.imprint]).info == INFO
    found = kept_in(token)
    assert {one.data for one in found.certificates} == set(given.certificates)
    assert {one.data for one in found.crls} == set(given.crls)
    assert len(found.responses) == 1
    assert keep(TOKEN, ValidationMaterial()) == TOKEN


def test_material_is_not_kept_twice() -> None:
    once = keep(TOKEN, material(Algorithm.P256, FIRST))
    with pytest.raises(RenewalRefused, match="cannot be kept"):
        keep(once, material(Algorithm.P256, SECOND))


def test_material_that_is_too_large_or_none_is_refused() -> None:
    with pytest.raises(RenewalRefused, match="262144 allowed"):
        keep(TOKEN, ValidationMaterial(certificates=(b"\x04\x83\x04\x00\x00" + bytes(MAX_TOKEN_SIZE),)))
    with pytest.raises(RenewalRefused, match="cannot be kept"):
        keep(TOKEN, ValidationMaterial(responses=(b"\x30\x00",)))


@pytest.mark.parametrize("value", [b"\x04\x00", b"\x30\x00\x00", b"\x30\x04\xa0\x02\x04\x00"])
def test_strangers_material_that_does_not_parse_is_refused(value: bytes) -> None:
    odd = Attribute(OID_REVOCATION_VALUES, (value,))
    with pytest.raises(RecordInvalid):
        kept_in(TOKEN, [odd])


def test_material_in_crypto_infos_helps() -> None:
    algorithm = Algorithm.SM2
    given = material(algorithm, FIRST)
    (signer,) = cms.parse(keep(parse_record(life(algorithm).initial).last.token, given)).signers
    record = replace(parse_record(life(algorithm).initial), crypto_infos=signer.unsigned_attributes)
    assert parse_record(record.encoded()) == record
    assert len(kept_in(record.last.token, record.crypto_infos).crls) == 2


def test_a_record_keeps_its_crypto_infos_through_renewals() -> None:
    infos = (Attribute("1.2.3", (b"\x05\x00",)),)
    record = replace(parse_record(RECORD), crypto_infos=infos).encoded()
    renewed = renew_timestamps([record], Timestamps(Algorithm.P256, SECOND), None)
    assert parse_record(renewed[0]).crypto_infos == infos


def test_what_a_source_does_not_give_is_no_renewal() -> None:
    with pytest.raises(TimestampUnavailable):
        renew_timestamps([RECORD], NoTimestamps(), None)
    with pytest.raises(TimestampInvalid):
        renew_timestamps([RECORD], OtherTimestamps(Algorithm.P256), None)


def test_a_hash_tree_under_the_same_digest_is_refused() -> None:
    asked = [Rehashed(RECORD, digests(Digest.SHA256))]
    with pytest.raises(RenewalRefused, match="already"):
        renew_hash_trees(asked, Digest.SHA256, Timestamps(Algorithm.P256, SECOND), None)


def test_records_of_several_digests_are_renewed_together_in_order() -> None:
    records = [life(one).initial for one in (Algorithm.P256, Algorithm.SM2, Algorithm.P256)]
    source = Timestamps(Algorithm.P256, SECOND)
    renewed = [parse_record(one) for one in renew_timestamps(records, source, None)]
    assert source.made == 2
    assert [one.last.digest for one in renewed] == [Digest.SHA256, Digest.SM3, Digest.SHA256]
    assert [one.chains[0][0] for one in renewed] == [parse_record(one).last for one in records]
    assert renewed[0] == renewed[2]


def test_no_records_are_nothing_to_renew() -> None:
    assert renew_timestamps([], NoTimestamps(), None) == ()


def test_a_certificates_end_is_planned_a_year_ahead() -> None:
    renewal = next_renewal("a", RECORD)
    assert (renewal.kind, renewal.because) == (RenewalKind.TIMESTAMP, "certificate")
    assert (renewal.ends, renewal.due) == (EXPIRES, EXPIRES - timedelta(days=365))


def test_a_signatures_end_needs_a_timestamp_and_a_digests_end_a_tree() -> None:
    end = EXPIRES - timedelta(days=100)
    signature = next_renewal("a", RECORD, SHIPPED.with_end(Algorithm.P256, end, "test"))
    assert (signature.kind, signature.ends, signature.because) == (
        RenewalKind.TIMESTAMP,
        end,
        "p256-sha256",
    )
    digest = next_renewal("a", RECORD, SHIPPED.with_end(Digest.SHA256, end, "test"))
    assert (digest.kind, digest.ends, digest.because) == (RenewalKind.HASH_TREE, end, "sha256")


def test_a_tree_that_is_due_soon_after_saves_the_timestamp() -> None:
    soon, later = EXPIRES + LEAD / 2, EXPIRES + 2 * LEAD
    both = next_renewal("a", RECORD, SHIPPED.with_end(Digest.SHA256, soon, "test"))
    assert (both.kind, both.ends) == (RenewalKind.HASH_TREE, EXPIRES)
    apart = next_renewal("a", RECORD, SHIPPED.with_end(Digest.SHA256, later, "test"))
    assert apart.kind is RenewalKind.TIMESTAMP


def test_a_renewed_record_is_planned_by_its_newest_token() -> None:
    rehashed = life(Algorithm.P256).rehashed
    ended = SHIPPED.with_end(Digest.SHA512, FIRST, "test")
    assert next_renewal("a", rehashed, ended).because == "sha512"


def test_a_plan_holds_what_is_due_most_urgent_first() -> None:
    records = {"b": RECORD, "a": RECORD, "sm": life(Algorithm.SM2).initial}
    due = EXPIRES - LEAD
    assert plan_renewals(records, now=due - timedelta(days=30)) == ()
    early = SHIPPED.with_end(Digest.SM3, due, "test")
    planned = plan_renewals(records, early, now=due - timedelta(days=30), horizon=timedelta(days=40))
    assert [one.name for one in planned] == ["sm", "a", "b"]
    assert [one.kind for one in planned] == [
        RenewalKind.HASH_TREE,
        RenewalKind.TIMESTAMP,
        RenewalKind.TIMESTAMP,
    ]
    assert planned[0].is_due(due)


@pytest.mark.parametrize("algorithm", list(chains.DEFAULTS))
def test_a_drill_proves_both_renewals(algorithm: Algorithm) -> None:
    samples = [
        Sample("first", life(algorithm).initial, DOCUMENTS),
        Sample("second", life(algorithm).renewed, DOCUMENTS),
    ]
    at = SECOND + timedelta(hours=1)
    found = drill(algorithm, at).rehearse(samples, STRONGER[algorithm])
    assert [(one.name, one.kind.value, one.works) for one in found] == [
        ("first", "timestamp", True),
        ("second", "timestamp", True),
        ("first", "hash-tree", True),
        ("second", "hash-tree", True),
    ]


def test_a_drill_reports_what_would_not_hold() -> None:
    sample = Sample("bad", RECORD, (b"another",))
    (first, _) = drill(Algorithm.P256, SECOND).rehearse([sample], Digest.SHA512)
    assert not first.works
    assert first.before.indication is first.after.indication is Indication.TOTAL_FAILED


def drill(algorithm: Algorithm, at: datetime) -> Drill:
    return Drill(Timestamps(algorithm, at), Validation(algorithm, at), FixedClock(at), trust(algorithm, at))


def test_a_policy_is_of_rules_for_verifying_and_its_earliest_end_holds() -> None:
    with pytest.raises(ValueError, match="verifying"):
        AlgorithmPolicy(RULES)
    first, second = FIRST, SECOND
    policy = SHIPPED.with_end(Digest.SM3, second, "later").with_end(Digest.SM3, first, "sooner")
    assert policy.until(Digest.SM3) == first
    assert policy.objection(Digest.SM3, first - timedelta(1)) is None
    assert policy.objection(Digest.SM3, first) == f"sm3 is accepted until {first:%F} only (sooner)"
    before = datetime(2010, 1, 1, tzinfo=UTC)
    assert (policy.objection(Digest.SM3, before) or "").startswith("sm3 is accepted from 2010-12-17 on only")
    assert AlgorithmPolicy(()).objection(Digest.SM3, first) == "no rule allows sm3"


def test_a_whole_batch_proves_what_one_record_does() -> None:
    """The token is shared; so is its digest in each renewal."""
    groups = [digests(Digest.SHA256), digests(Digest.SHA256, [b"x"])]
    records = preserve(groups, Digest.SHA256, Timestamps(Algorithm.P256, FIRST))
    renewed = renew_timestamps(
        records, Timestamps(Algorithm.P256, SECOND), Validation(Algorithm.P256, SECOND)
    )
    first, second = (parse_record(one) for one in renewed)
    assert first.last == second.last
    assert first.last.lists == (), "one timestamp over one digest needs no tree"
    assert of_chains(first.chains) == first


def test_another_attribute_beside_the_material_stays() -> None:
    odd = with_unsigned(TOKEN, [Attribute("1.2.3", (b"\x05\x00",))])
    assert len(kept_in(keep(odd, material(Algorithm.P256, FIRST))).crls) == 2
