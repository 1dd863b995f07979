"""A key from its making to its end, over both databases, with what the log says of it."""

from __future__ import annotations

import json
import secrets
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from api.db import Database
from evidence.event import CaseId, EventType, Recorded
from keys.adapters.software import SoftwareCustody
from keys.block import block_key, check_not_blocked
from keys.check import KeyCheck, check_keys
from keys.destroy import destroy_key
from keys.errors import (
    CustodyUnavailable,
    KeyBlocked,
    KeyPurposeInvalid,
    KeyStateInvalid,
    KeyUnsealFailed,
    MasterKeyDiffers,
)
from keys.generate import KeyPlan, generate_key
from keys.key import KeyPurpose, KeyRecord, KeyState
from keys.open import OpenSigners
from keys.private import PrivateKey
from keys.record import key_case
from keys.rewrap import MASTER_CASE, Rewrapped, rewrap
from keys.rotate import rotate_key
from keys.state import change_state
from keys.suites import Algorithm
from keys.wrapping import MasterKey, MasterKeyRing
from tests.support.clock import NOON, FixedClock
from tests.support.keys import OPERATOR
from tests.support.units import TENANT, open_units

PLAN = KeyPlan(Algorithm.P256, KeyPurpose.TIMESTAMP, "unit one", use_limit=3)


@pytest.fixture
def units(engine: sa.Engine, tmp_path: Path) -> Database:
    return open_units(engine, FixedClock(), tmp_path)


@pytest.fixture
def ring(units: Database) -> MasterKeyRing:
    wrapper = units._context.wrapper
    assert isinstance(wrapper, MasterKeyRing)
    return wrapper


@pytest.fixture
def custody(ring: MasterKeyRing) -> SoftwareCustody:
    return SoftwareCustody(ring)


@pytest.fixture
def signers(custody: SoftwareCustody) -> OpenSigners:
    return OpenSigners([custody])


@pytest.fixture
def key(units: Database, custody: SoftwareCustody) -> KeyRecord:
    with units() as unit:
        return generate_key(unit, custody, PLAN, OPERATOR, NOON)


def told(units: Database, case_id: CaseId) -> Sequence[Recorded]:
    with units() as unit:
        return unit.events.case(TENANT, case_id)


def facts(event: Recorded) -> dict[str, object]:
    known: dict[str, object] = json.loads(event.envelope)["facts"]
    return known


def types(units: Database, record: KeyRecord) -> list[EventType]:
    return [event.type for event in told(units, key_case(record.key_id))]


def test_a_generated_key_is_active_and_told(units: Database, key: KeyRecord, signers: OpenSigners) -> None:
    with units() as unit:
        assert unit.keys.get(key.key_id) == key
    assert (key.state, key.use_limit, key.label) == (KeyState.ACTIVE, 3, "unit one")
    key.public.verify(signers.signer(key).sign(b"x"), b"x")
    made, activated = told(units, key_case(key.key_id))
    assert (made.type, activated.type) == (EventType.KEY_GENERATED, EventType.KEY_STATE_CHANGED)
    assert facts(made) == {
        "algorithm": "p256-sha256",
        "custody": "software",
        "key_id": key.key_id,
        "public_key": key.public.fingerprint,
        "purpose": "timestamp",
        "state": "pre-active",
        "use_limit": 3,
    }
    assert facts(activated)["previous"] == "pre-active"
    assert b"unit one" not in made.envelope + activated.envelope


def test_a_key_may_wait_for_its_activation(
    units: Database, custody: SoftwareCustody, signers: OpenSigners
) -> None:
    with units() as unit:
        record = generate_key(unit, custody, PLAN, OPERATOR, NOON, activate=False)
    assert record.state is KeyState.PRE_ACTIVE
    with pytest.raises(KeyStateInvalid):
        signers.signer(record)


def test_a_suspended_key_signs_no_more_until_it_is_resumed(
    units: Database, key: KeyRecord, signers: OpenSigners
) -> None:
    signers.signer(key)
    with units() as unit:
        suspended = change_state(unit, key.key_id, KeyState.SUSPENDED, OPERATOR, NOON, reason="incident 7")
    with pytest.raises(KeyStateInvalid):
        signers.signer(suspended)
    with units() as unit:
        signers.signer(change_state(unit, key.key_id, KeyState.ACTIVE, OPERATOR, NOON))
    assert json.loads(told(units, key_case(key.key_id))[2].envelope)["result"]["reason"] == "incident 7"


def test_an_illegal_change_leaves_no_trace(units: Database, key: KeyRecord) -> None:
    for state in (KeyState.PRE_ACTIVE, KeyState.ACTIVE, KeyState.DESTROYED):
        with units() as unit, pytest.raises(KeyStateInvalid):
            change_state(unit, key.key_id, state, OPERATOR, NOON)
    assert len(types(units, key)) == 2


def test_rotation_leaves_the_old_key_for_nothing_but_verifying(
    units: Database, key: KeyRecord, custody: SoftwareCustody, signers: OpenSigners
) -> None:
    signature = signers.signer(key).sign(b"before")
    with units() as unit:
        rotation = rotate_key(unit, custody, key.key_id, OPERATOR, NOON, reason="yearly")
    old, new = rotation.retired, rotation.successor
    assert (old.state, old.successor) == (KeyState.DEACTIVATED, new.key_id)
    assert (new.state, new.algorithm, new.purpose) == (KeyState.ACTIVE, key.algorithm, key.purpose)
    assert new.public != key.public
    with units() as unit:
        assert unit.keys.list(purpose=KeyPurpose.TIMESTAMP, state=KeyState.ACTIVE) == [new]
    with pytest.raises(KeyStateInvalid):
        signers.signer(old)
    old.public.verify(signature, b"before")
    signers.signer(new)
    rotated = told(units, key_case(key.key_id))[-1]
    assert rotated.type is EventType.KEY_ROTATED
    assert facts(rotated)["successor"] == new.key_id


def test_a_destroyed_key_is_gone_and_told(
    units: Database, key: KeyRecord, custody: SoftwareCustody, signers: OpenSigners
) -> None:
    with units() as unit, pytest.raises(KeyStateInvalid):
        destroy_key(unit, signers, key.key_id, OPERATOR, NOON)  # active: it must be deactivated first
    with units() as unit:
        unit.keys.count_use(key.key_id, 2)
        change_state(unit, key.key_id, KeyState.DEACTIVATED, OPERATOR, NOON)
        destroyed = destroy_key(unit, signers, key.key_id, OPERATOR, NOON)
    assert (destroyed.state, destroyed.handle, destroyed.public) == (KeyState.DESTROYED, b"", key.public)
    with pytest.raises(KeyUnsealFailed):
        custody.open(destroyed)
    last = told(units, key_case(key.key_id))[-1]
    assert last.type is EventType.KEY_DESTROYED
    assert facts(last)["uses"] == 2
    with units() as unit, pytest.raises(KeyStateInvalid):
        destroy_key(unit, signers, key.key_id, OPERATOR, NOON)


def test_a_blocked_key_of_ours_leaves_service(units: Database, key: KeyRecord) -> None:
    with units() as unit:
        check_not_blocked(unit.keys, key.public)
        block_key(unit, key.public.fingerprint, "found in a dump", OPERATOR, NOON)
        block_key(unit, key.public.fingerprint, "again", OPERATOR, NOON)
        assert unit.keys.get(key.key_id).state is KeyState.DEACTIVATED
        with pytest.raises(KeyBlocked, match="found in a dump"):
            check_not_blocked(unit.keys, PrivateKey.generate(Algorithm.P256).public, key.public)
    assert types(units, key)[2:] == [EventType.KEY_BLOCKED, EventType.KEY_STATE_CHANGED]


def test_a_strangers_key_is_blocked_under_its_fingerprint(units: Database) -> None:
    stranger = PrivateKey.generate(Algorithm.SM2).public
    with units() as unit:
        block_key(unit, stranger.fingerprint, "reported", OPERATOR, NOON)
        with pytest.raises(KeyBlocked):
            check_not_blocked(unit.keys, stranger)
    (event,) = told(units, key_case(stranger.fingerprint))
    assert facts(event) == {"public_key": stranger.fingerprint}


def test_signers_are_opened_once_and_checked_every_time(
    key: KeyRecord, signers: OpenSigners, custody: SoftwareCustody
) -> None:
    assert signers.signer(key) is signers.signer(key, KeyPurpose.TIMESTAMP)
    with pytest.raises(KeyPurposeInvalid):
        signers.signer(key, KeyPurpose.OCSP)
    with pytest.raises(KeyUnsealFailed):
        signers.signer(replace(key, public=PrivateKey.generate(Algorithm.P256).public))
    with pytest.raises(CustodyUnavailable, match="pkcs11"):
        OpenSigners([custody]).signer(replace(key, custody="pkcs11"))


def test_keys_that_should_open_are_proved(
    units: Database, key: KeyRecord, custody: SoftwareCustody, signers: OpenSigners
) -> None:
    with units() as unit:
        waiting = generate_key(unit, custody, PLAN, OPERATOR, NOON, activate=False)
        retired = generate_key(unit, custody, PLAN, OPERATOR, NOON)
        change_state(unit, retired.key_id, KeyState.DEACTIVATED, OPERATOR, NOON)
        altered = generate_key(unit, custody, PLAN, OPERATOR, NOON)
        unit.keys.replace_handle(altered.key_id, altered.handle, altered.handle[:-1] + b"?")
        spent = generate_key(unit, custody, replace(PLAN, use_limit=1), OPERATOR, NOON)
        unit.keys.count_use(spent.key_id, 1)
        checks = {check.key_id: check for check in check_keys(unit.keys, signers, unit.keys.list())}
        assert unit.keys.get(key.key_id).use_count == 1
    assert checks.pop(key.key_id) == KeyCheck(key.key_id, signed=True)
    assert checks.pop(waiting.key_id) == KeyCheck(waiting.key_id, signed=False)
    assert checks.pop(altered.key_id).code == "key-unseal-failed"
    assert checks.pop(spent.key_id).code == "key-use-exhausted"
    assert not checks


def test_the_master_key_is_rotated_while_signing_goes_on(
    units: Database, ring: MasterKeyRing, custody: SoftwareCustody, signers: OpenSigners
) -> None:
    with units() as unit:
        records = [
            generate_key(unit, custody, replace(PLAN, algorithm=algorithm), OPERATOR, NOON)
            for algorithm in (Algorithm.P256, Algorithm.SM2, Algorithm.P256)
        ]
        dead = generate_key(unit, custody, PLAN, OPERATOR, NOON, activate=False)
        destroy_key(unit, signers, dead.key_id, OPERATOR, NOON)
        contexts = [f"xinqian/case-key\x00{TENANT}\x00case-{number}".encode() for number in range(7)]
        for number, context in enumerate(contexts):
            unit.case_keys.add(TENANT, CaseId(f"case-{number}"), ring.wrap(bytes(32), context))
        unit.case_keys.shred(TENANT, CaseId("case-3"))
    held = signers.signer(records[0])
    new = MasterKey(secrets.token_bytes(32))
    ring.rotate(new)

    def run() -> Rewrapped:
        return rewrap(units, ring, custody, [lambda unit: unit.case_keys], OPERATOR, NOON, batch=2)

    assert run() == Rewrapped(keys=3, values=6)
    assert run() == Rewrapped(keys=0, values=0)
    alone = MasterKeyRing(new)  # the old secret may go
    with units() as unit:
        for record in records:
            fresh = unit.keys.get(record.key_id)
            record.public.verify(SoftwareCustody(alone).open(fresh).sign(b"x"), b"x")
        page = unit.case_keys.wrapped_page(None, 100)
    assert {alone.unwrap(item.value, item.context) for item in page} == {bytes(32)}
    assert len(page) == 6
    records[0].public.verify(held.sign(b"x"), b"x")
    (event,) = told(units, MASTER_CASE)
    assert facts(event) == {"keys": 3, "master_key": new.key_id.hex(), "values": 6}


def test_an_interrupted_rotation_is_taken_up_again(
    units: Database, ring: MasterKeyRing, custody: SoftwareCustody
) -> None:
    with units() as unit:
        made = [generate_key(unit, custody, PLAN, OPERATOR, NOON) for _ in range(4)]
    lost = sorted(made, key=lambda record: record.key_id)[2]
    with units() as unit:  # one that no master key at hand opens, as a restored row would be
        unit.keys.replace_handle(lost.key_id, lost.handle, MasterKey(secrets.token_bytes(32)).seal(b"", b""))
    ring.rotate(MasterKey(secrets.token_bytes(32)))
    with pytest.raises(MasterKeyDiffers):
        rewrap(units, ring, custody, [], OPERATOR, NOON, batch=1)
    with units() as unit:
        foreign = unit.keys.get(lost.key_id).handle
        unit.keys.replace_handle(lost.key_id, foreign, lost.handle)
    assert rewrap(units, ring, custody, [], OPERATOR, NOON, batch=1) == Rewrapped(keys=2, values=0)
