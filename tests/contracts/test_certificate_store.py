"""What every `CertificateStore` keeps to."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from api.db import Database
from ca.errors import AlreadyRevoked, DuplicateKey, IssuanceMismatch, NotFound, Refused, RegistryBehind
from ca.ports import CaUnit, CertificateFilter
from ca.registry import (
    AuthorityId,
    CertificateRecord,
    CertificateStatus,
    Reservation,
    Revocation,
    RevocationReason,
)
from ca.serial import SerialNumber, new_serial
from tests.support.clock import NOON, FixedClock
from tests.support.units import open_units

PERSON = AuthorityId("intl-person")
HOLD = RevocationReason.CERTIFICATE_HOLD
COMPROMISE = RevocationReason.KEY_COMPROMISE
REMOVE = RevocationReason.REMOVE_FROM_CRL


@pytest.fixture
def units(engine: sa.Engine, tmp_path: Path) -> Database:
    return open_units(engine, FixedClock(), tmp_path)


def reservation(**changes: object) -> Reservation:
    made = Reservation(
        serial=new_serial(),
        authority_id=PERSON,
        profile="person-event",
        profile_hash="ab" * 32,
        spki_fingerprint=secrets.token_hex(32),
        subject="CN=王小明,serialNumber=p-1",
        identity_record="idr-1",
        not_before=NOON,
        not_after=NOON + timedelta(hours=1),
        crl_shard=3,
        tbs_sha256=bytes(32),
        requested_at=NOON,
        requester="caller-1",
    )
    return replace(made, **changes)  # type: ignore[arg-type]


def issued(units: Database, **changes: object) -> SerialNumber:
    one = reservation(**changes)
    with units() as unit:
        unit.certificates.reserve([one])
        unit.certificates.complete([(one.serial, b"certificate")])
    return one.serial


def record(units: Database, serial: SerialNumber) -> CertificateRecord:
    with units() as unit:
        return unit.certificates.get(serial)


def revoke(units: Database, serial: SerialNumber, reason: RevocationReason) -> Revocation:
    with units() as unit:
        return unit.certificates.revoke(serial, reason, NOON, "officer", None)


def test_a_reservation_comes_back_as_it_was(units: Database) -> None:
    one = reservation()
    with units() as unit:
        unit.certificates.reserve([one])
    assert record(units, one.serial) == CertificateRecord(one, CertificateStatus.RESERVED, None, None)


def test_a_batch_is_completed_or_failed_serial_by_serial(units: Database) -> None:
    batch = [reservation() for _ in range(7)]
    with units() as unit:
        unit.certificates.reserve(batch)
        unit.certificates.complete([(one.serial, b"certificate %d" % at) for at, one in enumerate(batch[:5])])
        unit.certificates.fail([one.serial for one in batch[5:]])
    kept = [record(units, one.serial) for one in batch]
    assert [one.certificate for one in kept] == [b"certificate %d" % at for at in range(5)] + [None, None]
    assert [one.status for one in kept] == [CertificateStatus.ISSUED] * 5 + [CertificateStatus.FAILED] * 2


ACTS: dict[str, Callable[[CaUnit, list[SerialNumber]], None]] = {
    "complete": lambda unit, serials: unit.certificates.complete([(serial, b"new") for serial in serials]),
    "fail": lambda unit, serials: unit.certificates.fail(serials),
}


@pytest.mark.parametrize("act", ACTS)
def test_nothing_but_a_reserved_serial_is_completed_or_failed(units: Database, act: str) -> None:
    done, waiting = issued(units), reservation()
    with units() as unit:
        unit.certificates.reserve([waiting])
    for serial in (done, new_serial()):
        with pytest.raises(IssuanceMismatch), units() as unit:
            ACTS[act](unit, [waiting.serial, serial])
    assert record(units, waiting.serial).status is CertificateStatus.RESERVED
    assert record(units, done).certificate == b"certificate"


def test_a_serial_is_taken_once(units: Database) -> None:
    serial = issued(units)
    with pytest.raises(sa.exc.IntegrityError), units() as unit:
        unit.certificates.reserve([reservation(serial=serial)])
    assert record(units, serial).certificate == b"certificate"


def test_a_key_has_one_certificate(units: Database) -> None:
    issued(units, spki_fingerprint="cd" * 32)
    with units() as unit:
        with pytest.raises(DuplicateKey) as caught:
            unit.certificates.reserve([reservation(), reservation(spki_fingerprint="cd" * 32)])
        assert caught.value.fingerprint == "cd" * 32
        assert len(unit.certificates.by_key("cd" * 32)) == 1  # the transaction still works
    with pytest.raises(DuplicateKey), units() as unit:
        unit.certificates.reserve([reservation(spki_fingerprint="ef" * 32) for _ in range(2)])


def test_a_failed_certificate_gives_its_key_back(units: Database) -> None:
    first = reservation(spki_fingerprint="cd" * 32)
    with units() as unit:
        unit.certificates.reserve([first])
        unit.certificates.fail([first.serial])
    second = issued(units, spki_fingerprint="cd" * 32)
    with units() as unit:
        serials = [one.reservation.serial for one in unit.certificates.by_key("cd" * 32)]
    assert serials == sorted([first.serial, second])
    assert record(units, first.serial).reservation == first


def test_a_certificate_is_renewed_once(units: Database) -> None:
    first = issued(units, spki_fingerprint="cd" * 32)
    second = issued(units, spki_fingerprint="cd" * 32, renews=first)
    assert record(units, second).reservation.renews == first
    with pytest.raises(DuplicateKey):
        issued(units, spki_fingerprint="cd" * 32, renews=first)
    issued(units, spki_fingerprint="cd" * 32, renews=second)


def test_names_lie_sealed(units: Database, engine: sa.Engine) -> None:
    serial = issued(units, subject="CN=Zhang San")
    with engine.connect() as connection:
        row = connection.execute(sa.text("SELECT subject, certificate FROM ca_certificates")).one()
    assert b"Zhang" not in bytes(row.subject)
    assert b"certificate" not in bytes(row.certificate)
    assert record(units, serial).reservation.subject == "CN=Zhang San"


@pytest.mark.parametrize("serial", [1, -1, 0, 2**128, 2**200])
def test_a_stranger_serial_is_not_found(units: Database, serial: int) -> None:
    with pytest.raises(NotFound), units() as unit:
        unit.certificates.get(SerialNumber(serial))
    with pytest.raises(NotFound):
        revoke(units, SerialNumber(serial), COMPROMISE)


def test_pages_and_filters(units: Database) -> None:
    serials = sorted(issued(units) for _ in range(5))
    late = issued(units, not_after=NOON + timedelta(days=2), authority_id=AuthorityId("guomi-seal"))
    waiting = reservation(profile="seal")
    with units() as unit:
        unit.certificates.reserve([waiting])
    revoke(units, serials[0], COMPROMISE)

    def found(which: CertificateFilter) -> list[SerialNumber]:
        with units() as unit:
            page = [one.reservation.serial for one in unit.certificates.find(which)]
            assert [one.reservation.serial for one in unit.certificates.scan(which)] == page
            return page

    everything = sorted([*serials, late, waiting.serial])
    assert found(CertificateFilter()) == everything
    assert found(CertificateFilter(after=everything[3])) == everything[4:]
    assert found(CertificateFilter(authority_id=AuthorityId("guomi-seal"))) == [late]
    assert found(CertificateFilter(profile="seal")) == [waiting.serial]
    assert found(CertificateFilter(status=CertificateStatus.RESERVED)) == [waiting.serial]
    assert found(CertificateFilter(revoked=True)) == serials[:1]
    assert found(CertificateFilter(revoked=False, status=CertificateStatus.ISSUED)) == sorted(
        [*serials[1:], late]
    )
    assert late not in found(CertificateFilter(expires_before=NOON + timedelta(days=1)))
    with units() as unit:
        assert len(unit.certificates.find(CertificateFilter(limit=2))) == 2


def test_a_scan_crosses_pages(units: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ca.adapters.certificates.SCAN_PAGE", 3)
    serials = sorted(issued(units) for _ in range(6))
    with units() as unit:
        assert [one.reservation.serial for one in unit.certificates.scan(CertificateFilter())] == serials


def test_revocations_have_dense_numbers_over_all_issuers(units: Database) -> None:
    first, second = issued(units), issued(units, authority_id=AuthorityId("guomi-seal"), crl_shard=0)
    entries = [revoke(units, serial, COMPROMISE) for serial in (first, second)]
    assert [one.sequence for one in entries] == [1, 2]
    with pytest.raises(AlreadyRevoked):
        revoke(units, first, RevocationReason.SUPERSEDED)
    entries.append(revoke(units, issued(units), COMPROMISE))
    assert entries[-1].sequence == 3
    with units() as unit:
        assert list(unit.certificates.journal(0)) == entries
        assert list(unit.certificates.journal(2)) == entries[2:]
        assert list(unit.certificates.revocations(PERSON, 3)) == [entries[0], entries[2]]
        assert list(unit.certificates.revocations(PERSON, 3, after=1)) == [entries[2]]
        assert unit.certificates.last_sequence() == 3
        assert unit.certificates.get(first).revocation == entries[0]


def test_a_refusal_inside_a_transaction_leaves_no_gap(units: Database) -> None:
    first, second = issued(units), issued(units)
    revoke(units, first, COMPROMISE)
    with units() as unit:
        with pytest.raises(AlreadyRevoked) as caught:
            unit.certificates.revoke(first, COMPROMISE, NOON, "officer", None)
        assert caught.value.at == NOON
        assert unit.certificates.revoke(second, COMPROMISE, NOON, "officer", None).sequence == 2


def test_a_hold_ends_or_becomes_a_revocation(units: Database) -> None:
    serial = issued(units)
    with pytest.raises(Refused):
        revoke(units, serial, REMOVE)
    revoke(units, serial, HOLD)
    with pytest.raises(AlreadyRevoked):
        revoke(units, serial, HOLD)
    revoke(units, serial, REMOVE)
    assert record(units, serial).revocation is None
    with pytest.raises(Refused):
        revoke(units, serial, REMOVE)
    revoke(units, serial, HOLD)
    last = revoke(units, serial, COMPROMISE)
    assert record(units, serial).revocation == last
    for reason in (REMOVE, HOLD, COMPROMISE):
        with pytest.raises(AlreadyRevoked):
            revoke(units, serial, reason)
    with units() as unit:
        reasons = [one.reason for one in unit.certificates.journal(0)]
    assert reasons == [HOLD, REMOVE, HOLD, COMPROMISE]


def test_a_reserved_serial_can_be_revoked(units: Database) -> None:
    one = reservation()
    with units() as unit:
        unit.certificates.reserve([one])
    assert revoke(units, one.serial, COMPROMISE).crl_shard == one.crl_shard


def test_a_replay_keeps_a_lost_certificate_revoked(units: Database) -> None:
    lost = Revocation(
        1, PERSON, new_serial(), COMPROMISE, NOON, NOON, NOON + timedelta(hours=1), 3, "officer"
    )
    with units() as unit:
        unit.certificates.append_revocation(lost)
    kept = record(units, lost.serial)
    assert kept.revocation == lost
    assert kept.status is CertificateStatus.FAILED
    with pytest.raises(RegistryBehind), units() as unit:
        unit.certificates.append_revocation(replace(lost, sequence=3))
    with pytest.raises(RegistryBehind), units() as unit:
        unit.certificates.append_revocation(lost)
