"""The OCSP responder: what it says, and that it never says good after a revocation was committed."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from ca.certificate import Certificate
from ca.errors import EncodingInvalid
from ca.ocsp import IDENTIFIER_DIGESTS, certificate_id, encode_request
from ca.ocspresponse import CertificateState, ResponseStatus, load_response
from ca.ocspverify import verify_response
from ca.registry import AuthorityId, RevocationReason
from ca.respond import OcspPolicy, OcspResponder
from ca.serial import new_serial
from keys.key import KeyPurpose, KeyState
from keys.suites import Algorithm
from tests.support.revocable import Hierarchy, open_hierarchy


@pytest.fixture(params=[Algorithm.P256, Algorithm.SM2], ids=lambda one: one.suite.value)
def made(engine: sa.Engine, tmp_path: Path, request: pytest.FixtureRequest) -> Hierarchy:
    return open_hierarchy(engine, tmp_path, request.param)


@pytest.fixture
def certificate(made: Hierarchy) -> Certificate:
    return made.issue()


@pytest.fixture
def responder(made: Hierarchy) -> OcspResponder:
    return made.responder()


def request_for(made: Hierarchy, serial: int, nonce: bytes | None = None) -> bytes:
    return encode_request(certificate_id(made.person, serial), nonce)


def state(made: Hierarchy, responder: OcspResponder, certificate: Certificate) -> CertificateState:
    answer = responder.answer(made.person_id, request_for(made, certificate.serial))
    return verify_response(answer.data, certificate, made.person, made.clock.now()).status.state


@pytest.mark.parametrize("digest", IDENTIFIER_DIGESTS)
def test_good_under_every_digest(
    made: Hierarchy, responder: OcspResponder, certificate: Certificate, digest: str
) -> None:
    asked = encode_request(certificate_id(made.person, certificate.serial, digest))
    answer = responder.answer(made.person_id, asked)
    assert answer.status is ResponseStatus.SUCCESSFUL, answer.reason
    single = verify_response(answer.data, certificate, made.person, made.clock.now())
    assert single.status.state is CertificateState.GOOD
    assert single.certificate.digest_oid == digest
    assert single.archive_cutoff is None


def test_answer_is_kept_until_the_journal_moves(
    made: Hierarchy, responder: OcspResponder, certificate: Certificate
) -> None:
    other = made.issue()
    asked = request_for(made, certificate.serial)
    answer = responder.answer(made.person_id, asked)
    assert responder.prepared(made.person_id, asked, responder.head()) is answer
    made.revoke(other)
    assert responder.prepared(made.person_id, asked, responder.head()) is None  # not before it was read
    assert responder.answer(made.person_id, asked) is answer  # the journal spoke of another
    assert responder.prepared(made.person_id, asked, responder.head()) is answer
    made.revoke(certificate)
    assert responder.prepared(made.person_id, asked, responder.head()) is None
    assert state(made, responder, certificate) is CertificateState.REVOKED


def test_revocation_by_another_process_counts_at_once(
    made: Hierarchy, responder: OcspResponder, certificate: Certificate
) -> None:
    other = made.responder()
    for one in (responder, other):
        assert state(made, one, certificate) is CertificateState.GOOD
    made.revoke(certificate, RevocationReason.CERTIFICATE_HOLD)
    for one in (responder, other):
        assert state(made, one, certificate) is CertificateState.REVOKED
    made.revoke(certificate, RevocationReason.REMOVE_FROM_CRL)
    for one in (responder, other):
        assert state(made, one, certificate) is CertificateState.GOOD


def test_revoked_says_when_and_why(
    made: Hierarchy, responder: OcspResponder, certificate: Certificate
) -> None:
    made.revoke(certificate, RevocationReason.SUPERSEDED)
    answer = responder.answer(made.person_id, request_for(made, certificate.serial))
    status = verify_response(answer.data, certificate, made.person, made.clock.now()).status
    assert (status.revoked_at, status.reason) == (made.clock.now(), RevocationReason.SUPERSEDED)


@pytest.mark.parametrize("size", [1, 32, 128])
def test_nonce_comes_back(
    made: Hierarchy, responder: OcspResponder, certificate: Certificate, size: int
) -> None:
    nonce = bytes(range(size))
    asked = request_for(made, certificate.serial, nonce)
    answer = responder.answer(made.person_id, asked)
    verify_response(answer.data, certificate, made.person, made.clock.now(), nonce)
    assert answer.next_update is None  # no cache may keep it
    assert responder.prepared(made.person_id, asked, responder.head()) is None


@pytest.mark.parametrize("size", [0, 129])
def test_nonce_of_a_wrong_length(
    made: Hierarchy, responder: OcspResponder, certificate: Certificate, size: int
) -> None:
    answer = responder.answer(made.person_id, request_for(made, certificate.serial, bytes(size)))
    assert answer.status is ResponseStatus.MALFORMED_REQUEST


def test_serial_never_taken_is_unknown(made: Hierarchy, responder: OcspResponder) -> None:
    for serial in (new_serial(), 1, (1 << 158) + 1):
        answer = responder.answer(made.person_id, request_for(made, serial))
        assert answer.status is ResponseStatus.SUCCESSFUL, answer.reason
        (single,) = load_response(answer.data).answers
        assert single.status.state is CertificateState.UNKNOWN
        assert answer.next_update is None


def test_certificate_of_another_issuer_is_unknown(made: Hierarchy, responder: OcspResponder) -> None:
    asked = request_for(made, made.person.serial)  # the authority's own, which the root issued
    (single,) = load_response(responder.answer(made.person_id, asked).data).answers
    assert single.status.state is CertificateState.UNKNOWN


def test_another_issuers_identifier_is_not_ours_to_answer(
    made: Hierarchy, responder: OcspResponder, certificate: Certificate
) -> None:
    asked = encode_request(certificate_id(made.root, certificate.serial))
    assert responder.answer(made.person_id, asked).status is ResponseStatus.UNAUTHORIZED
    missing = responder.answer(AuthorityId("intl-nobody"), asked)
    assert missing.status is ResponseStatus.UNAUTHORIZED
    with pytest.raises(EncodingInvalid, match="unauthorized"):
        load_response(missing.data)


def test_root_answers_for_authorities(made: Hierarchy, responder: OcspResponder) -> None:
    asked = encode_request(certificate_id(made.root, made.person.serial))
    answer = responder.answer(made.root_id, asked)
    single = verify_response(answer.data, made.person, made.root, made.clock.now())
    assert single.status.state is CertificateState.GOOD


@pytest.mark.parametrize("request_bytes", [b"", b"\x30\x00", b"\x30" * 100, bytes(3_000)])
def test_malformed_request(made: Hierarchy, responder: OcspResponder, request_bytes: bytes) -> None:
    answer = responder.answer(made.person_id, request_bytes)
    assert answer.status is ResponseStatus.MALFORMED_REQUEST
    assert answer.data == bytes.fromhex("30030a0101")


def test_expired_certificate_has_a_cutoff(
    made: Hierarchy, responder: OcspResponder, certificate: Certificate
) -> None:
    made.clock.advance(days=10)
    assert made.clock.now() > certificate.not_after
    answer = responder.answer(made.person_id, request_for(made, certificate.serial))
    single = verify_response(answer.data, certificate, made.person, made.clock.now())
    assert single.archive_cutoff == made.person.not_before


def test_answer_ends_with_its_delegate(
    made: Hierarchy, responder: OcspResponder, certificate: Certificate
) -> None:
    (delegate,) = made.delegates(made.person_id)
    made.clock.moment = delegate.not_after - timedelta(minutes=10)
    answer = responder.answer(made.person_id, request_for(made, certificate.serial))
    assert answer.next_update == delegate.not_after
    made.clock.advance(minutes=11)
    later = responder.answer(made.person_id, request_for(made, certificate.serial))
    assert later.status is ResponseStatus.TRY_LATER


def test_answer_is_signed_anew_at_half_its_life(
    made: Hierarchy, responder: OcspResponder, certificate: Certificate
) -> None:
    asked = request_for(made, certificate.serial)
    first = responder.answer(made.person_id, asked)
    made.clock.advance(hours=5)
    assert responder.answer(made.person_id, asked) is first
    made.clock.advance(hours=2)
    assert responder.answer(made.person_id, asked) is not first


def test_revoked_delegate_answers_no_more(
    made: Hierarchy, responder: OcspResponder, certificate: Certificate
) -> None:
    state(made, responder, certificate)
    (delegate,) = made.delegates(made.person_id)
    made.revoke(delegate)
    asked = request_for(made, certificate.serial, b"n" * 16)
    assert responder.answer(made.person_id, asked).status is ResponseStatus.TRY_LATER


def test_stopped_key_signs_no_more_once_its_counted_uses_lapse(
    made: Hierarchy, responder: OcspResponder, certificate: Certificate
) -> None:
    asked = request_for(made, certificate.serial, b"n" * 16)
    assert responder.answer(made.person_id, asked).status is ResponseStatus.SUCCESSFUL
    with made.units() as unit:
        for record in unit.keys.list(purpose=KeyPurpose.OCSP):
            unit.keys.transition(record.key_id, KeyState.SUSPENDED)
    made.clock.advance(seconds=11)
    assert responder.answer(made.person_id, asked).status is ResponseStatus.INTERNAL_ERROR
    made.clock.advance(minutes=2)
    assert responder.answer(made.person_id, asked).status is ResponseStatus.TRY_LATER


def test_uses_are_counted_before_they_are_made(
    made: Hierarchy, responder: OcspResponder, certificate: Certificate
) -> None:
    responder.answer(made.person_id, request_for(made, certificate.serial, b"n" * 16))
    with made.units.reading() as unit:
        counts = [one.use_count for one in unit.keys.list(purpose=KeyPurpose.OCSP)]
    assert sorted(counts) == [0, 256]


def test_signatures_on_demand_are_bounded(made: Hierarchy, certificate: Certificate) -> None:
    responder = made.responder(OcspPolicy(live_per_second=1, live_burst=2))
    asked = [request_for(made, certificate.serial, bytes([place] * 16)) for place in range(4)]
    statuses = [responder.answer(made.person_id, one).status for one in asked[:3]]
    assert statuses == [ResponseStatus.SUCCESSFUL, ResponseStatus.SUCCESSFUL, ResponseStatus.TRY_LATER]
    prepared = responder.answer(made.person_id, request_for(made, certificate.serial))
    assert prepared.status is ResponseStatus.SUCCESSFUL
    made.clock.advance(seconds=1)
    assert responder.answer(made.person_id, asked[3]).status is ResponseStatus.SUCCESSFUL


def test_memory_is_bounded(made: Hierarchy, certificate: Certificate) -> None:
    responder = made.responder(OcspPolicy(answers_kept=2))
    for one in (certificate, made.issue(), made.issue()):
        state(made, responder, one)
    assert len(responder._signed) == len(responder._known) == 2
    assert responder.prepared(made.person_id, request_for(made, certificate.serial), responder.head()) is None
