"""CRLs from the journal to the bytes that leave, on both databases and in both suites."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from ca.crl import Crl, Scope, load_crl
from ca.crllint import check_entries_follow
from ca.errors import LintFailed, NotFound, Refused
from ca.order import authority_case
from ca.publish import CrlPolicy, CrlPublisher
from ca.registry import AuthorityId, RevocationReason
from keys.suites import Algorithm
from tests.support.revocable import BASE_URL, Hierarchy, open_hierarchy
from tests.support.units import TENANT

MINUTE = timedelta(minutes=1)


@pytest.fixture(params=[Algorithm.P256, Algorithm.SM2], ids=lambda one: one.suite.value)
def made(engine: sa.Engine, tmp_path: Path, request: pytest.FixtureRequest) -> Hierarchy:
    return open_hierarchy(engine, tmp_path, request.param)


def complete(made: Hierarchy) -> Crl:
    return load_crl(made.publisher.publish(made.person_id).data)


def delta(made: Hierarchy) -> Crl:
    return load_crl(made.publisher.publish(made.person_id, delta=True).data)


def test_first_crl_is_empty_and_right(made: Hierarchy) -> None:
    crl = complete(made)
    crl.check_signed_by(made.person.public)
    assert (crl.number, crl.count, crl.base_number) == (1, 0, None)
    assert crl.scope.distribution_points == (f"{BASE_URL}/v1/crl/{made.person_id}",)
    assert crl.freshest == ()
    assert crl.key_identifier == made.person.public.key_identifier
    assert crl.expired_from == made.person.not_before
    assert crl.this_update == made.clock.now()
    assert crl.next_update == made.clock.now() + timedelta(days=7)


def test_entries_say_when_and_why(made: Hierarchy) -> None:
    for reason in (RevocationReason.UNSPECIFIED, RevocationReason.KEY_COMPROMISE):
        certificate = made.issue()
        made.clock.advance(minutes=1)
        with made.units() as unit:
            known = made.clock.now() - MINUTE
            unit.certificates.revoke(certificate.serial, reason, made.clock.now(), "op", known)
        entry = complete(made).entry(certificate.serial)
        assert entry is not None
        assert (entry.reason, entry.revoked_at) == (reason, made.clock.now())
        assert entry.invalidity_date == known


def test_unspecified_is_said_by_silence(made: Hierarchy) -> None:
    made.revoke(made.issue(), RevocationReason.UNSPECIFIED)
    assert b"\x55\x1d\x15" not in complete(made).encoded_entries  # 2.5.29.21, reasonCode


def test_entries_carry_on_and_equal_those_made_anew(made: Hierarchy) -> None:
    revoked = [made.issue() for _ in range(3)]
    for certificate in revoked[:2]:
        made.revoke(certificate)
        complete(made)
    made.revoke(revoked[2])
    crl = complete(made)
    anew = load_crl(made.publisher.publish(made.person_id, rebuild=True).data)
    assert (crl.number, anew.number) == (3, 4)
    assert anew.encoded_entries == crl.encoded_entries
    assert {one.serial for one in crl.entries()} == {one.serial for one in revoked}


def test_entry_stays_after_its_certificate_expired(made: Hierarchy) -> None:
    certificate = made.issue()
    made.revoke(certificate)
    before = complete(made)
    made.clock.advance(days=400)
    crl = complete(made)
    check_entries_follow(crl, before)
    assert crl.entry(certificate.serial) is not None


def test_lost_entry_is_found(made: Hierarchy) -> None:
    empty = complete(made)
    made.revoke(made.issue())
    with pytest.raises(LintFailed, match="entries-stay"):
        check_entries_follow(empty, complete(made))


def test_hold_ends(made: Hierarchy) -> None:
    held, other = made.issue(), made.issue()
    made.revoke(held, RevocationReason.CERTIFICATE_HOLD)
    made.revoke(other)
    assert complete(made).count == 2
    made.revoke(held, RevocationReason.REMOVE_FROM_CRL)
    change = delta(made)
    entry = change.entry(held.serial)
    assert entry is not None
    assert entry.reason is RevocationReason.REMOVE_FROM_CRL
    crl = complete(made)
    assert crl.entry(held.serial) is None
    assert crl.entry(other.serial) is not None
    made.revoke(held, RevocationReason.CERTIFICATE_HOLD)
    made.revoke(held, RevocationReason.REMOVE_FROM_CRL)
    assert delta(made).count == 0  # never was in the complete CRL that this one adds to


def test_hold_becomes_final(made: Hierarchy) -> None:
    certificate = made.issue()
    made.revoke(certificate, RevocationReason.CERTIFICATE_HOLD)
    complete(made)
    made.revoke(certificate, RevocationReason.KEY_COMPROMISE)
    entry = complete(made).entry(certificate.serial)
    assert entry is not None
    assert entry.reason is RevocationReason.KEY_COMPROMISE


def test_many_new_entries_at_once(made: Hierarchy) -> None:
    held = made.issue()
    made.revoke(held, RevocationReason.CERTIFICATE_HOLD)
    complete(made)
    for _ in range(70):  # more than are searched for one by one
        made.revoke(made.issue())
    made.revoke(held, RevocationReason.SUPERSEDED)
    assert complete(made).count == 71


def test_delta_says_what_changed(made: Hierarchy) -> None:
    made.revoke(made.issue())
    base = complete(made)
    new = made.issue()
    made.revoke(new)
    crl = delta(made)
    assert (crl.number, crl.base_number, crl.count) == (base.number + 1, base.number, 1)
    assert crl.entry(new.serial) is not None
    assert crl.freshest == ()
    assert crl.scope == base.scope


def test_delta_without_a_complete_crl_is_refused(made: Hierarchy) -> None:
    with pytest.raises(Refused, match="no complete CRL"):
        delta(made)
    assert complete(made).number == 1  # the number of the refused one was given back


def test_shards_hold_their_own(made: Hierarchy) -> None:
    policy = CrlPolicy(BASE_URL, shards={made.person_id: 2})
    publisher = CrlPublisher(made.units, made.signers, made.clock, policy)
    in_first, in_second = made.issue(), made.issue(shard=1)
    for certificate in (in_first, in_second):
        made.revoke(certificate)
    first, second = (load_crl(publisher.publish(made.person_id, shard).data) for shard in (0, 1))
    assert (first.entry(in_first.serial) is None, first.entry(in_second.serial) is None) == (False, True)
    assert second.entry(in_second.serial) is not None
    assert second.scope.distribution_points == (f"{BASE_URL}/v1/crl/{made.person_id}/1",)
    assert {first.number, second.number} == {1, 2}
    with pytest.raises(Refused, match="no shard 2"):
        publisher.publish(made.person_id, 2)


def test_root_publishes_for_every_kind_and_no_delta(made: Hierarchy) -> None:
    crl = load_crl(made.publisher.publish(made.root_id).data)
    assert crl.scope == Scope()
    assert crl.freshest == ()
    with pytest.raises(Refused, match="no delta CRLs"):
        made.publisher.publish(made.root_id, delta=True)


def test_due_as_time_goes(made: Hierarchy) -> None:
    assert [(one.authority_id, one.delta) for one in made.publisher.due()] == [
        (made.root_id, False),
        (made.person_id, False),
    ]
    published = made.publisher.publish_due()
    assert [(one.authority_id, one.base_number is not None) for one in published] == [
        (made.root_id, False),
        (made.person_id, False),
        (made.person_id, True),
    ]
    assert made.publisher.due() == ()
    made.clock.advance(hours=1)
    assert [one.delta for one in made.publisher.due()] == [True]
    made.clock.advance(days=8)
    assert [(one.delta, one.expired) for one in made.publisher.due()] == [(False, True), (True, True)]


def test_publication_is_evidence_and_counts_a_use(made: Hierarchy) -> None:
    key_id = made.authority(made.person_id).key_id
    with made.units.reading() as unit:
        uses = unit.keys.get(key_id).use_count
    crl = complete(made)
    with made.units.reading() as unit:
        assert unit.keys.get(key_id).use_count == uses + 1
        last = unit.events.case(TENANT, authority_case(made.person_id))[-1]
        stored = unit.crls.latest(made.person_id, 0)
    assert b'"CRL_PUBLISHED"' in last.envelope
    assert f'"number":{crl.number}'.encode() in last.envelope
    assert stored is not None
    assert stored.data == crl.data


def test_altered_crl_at_rest_is_not_carried_on(made: Hierarchy) -> None:
    certificate = made.issue()
    made.revoke(certificate)
    made.publisher.publish(made.person_id)
    with made.units() as unit:
        good = unit.crls.latest(made.person_id, 0)
        assert good is not None
        number = unit.crls.next_number(made.person_id)
        serial = certificate.serial.to_bytes(16, "big")
        forged = good.data.replace(serial, bytes([serial[0]]) + bytes(15))
        unit.crls.add(dataclasses.replace(good, number=number, data=forged))
    assert complete(made).entry(certificate.serial) is not None


def test_unknown_authority(made: Hierarchy) -> None:
    with pytest.raises(NotFound):
        made.publisher.publish(AuthorityId("intl-nobody"))


def test_expired_authority_publishes_no_more(made: Hierarchy) -> None:
    made.clock.advance(days=365 * 24)
    with pytest.raises(Refused, match="not valid now"):
        complete(made)
