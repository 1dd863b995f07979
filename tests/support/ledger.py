"""What left an installation, held against what it recorded."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

import sqlalchemy as sa

from api.wiring import Centre
from ca.adapters.crls import crls
from ca.adapters.tables import certificates, revocations
from ca.adapters.timestamps import tokens
from ca.certificate import Certificate
from ca.ocsp import certificate_id, encode_request
from ca.ocspresponse import CertificateState
from ca.ocspverify import verify_response
from ca.registry import AuthorityId, CertificateRecord, CertificateStatus
from ca.serial import parse_serial, serial_text
from evidence import leaf
from evidence.adapters.sql import logs
from evidence.digest import NO_DIGEST, DigestPair
from evidence.event import CaseHead, CaseId, EventType, LogId, Recorded
from evidence.merkle import leaf_hash
from tests.support.acts import digest_of
from tests.support.crash import Outcome


class Ledger:
    """Follows one installation over many starts: each `check` judges it whole, reading events once."""

    def __init__(self) -> None:
        self.left: list[Mapping[str, Any]] = []
        """Every answer that left, in order."""
        self._answered = 0
        self._next: Counter[LogId] = Counter()
        self._cases: dict[CaseId, CaseHead] = {}
        self._signing: set[str] = set()
        self._issued: dict[str, str] = {}
        self._stamped: list[str] = []
        self._revoked: dict[int, str] = {}
        self._published: list[tuple[str, int]] = []

    def note(self, outcome: Outcome) -> None:
        """What a process said before it ended."""
        self.left += outcome.answers

    def check(self, centre: Centre) -> None:
        """Every invariant, after a start; raises AssertionError."""
        self.check_log(centre)
        rows = self._check_certificates(centre)
        self._check_tokens(centre)
        self._check_revocations(centre)
        self._check_crls(centre)
        assert CertificateStatus.RESERVED.value not in rows.values(), "a start leaves no serial reserved"
        for answer in self.left[self._answered :]:
            self._check_answer(centre, answer)
        self._answered = len(self.left)
        serials = [one["serial"] for one in self.left if one["act"] in {"issue", "stamp"}]
        assert len(set(serials)) == len(serials), "a serial left twice"
        numbers = [(one["authority"], one["number"]) for one in self.left if one["act"] == "publish"]
        assert len(set(numbers)) == len(numbers), "a CRL number left twice"

    def check_log(self, centre: Centre) -> None:
        """Dense indexes, dense case numbers, every envelope in its leaf and chained to the one before."""
        with centre.database.reading() as unit:
            rows = unit._connection.execute(sa.select(logs.c.log, logs.c.next_index))
            counters: dict[str, int] = {row.log: row.next_index for row in rows}
            for log, end in counters.items():
                events = unit.events.read(LogId(log), self._next[LogId(log)], 1 << 62)
                for event in events:
                    assert event.index == self._next[event.log], "the log has a gap"
                    self._next[event.log] += 1
                    self._take(event)
                assert self._next[LogId(log)] == end, "the log is shorter than its counter"
            heads = unit.events.heads()
        assert centre.watermark.newest() == heads

    def _take(self, event: Recorded) -> None:
        envelope = json.loads(event.envelope)
        head = self._cases.get(event.case_id, CaseHead(0, NO_DIGEST))
        assert (event.case_seq, envelope["case_seq"]) == (head.next_seq, head.next_seq)
        assert envelope["prev_case_event_hash"] == head.last.as_json()
        digests = DigestPair.of(event.envelope)
        assert leaf.envelope_digests(event.leaf) == digests
        assert event.leaf_hash == leaf_hash(event.leaf)
        self._cases[event.case_id] = CaseHead(head.next_seq + 1, digests)
        self._sort(event.type, envelope["facts"])

    def _sort(self, kind: EventType, facts: Mapping[str, Any]) -> None:
        if kind is EventType.CERT_SIGNING:
            self._signing.update(serial for serial, _ in facts["tbs_sha256"])
        elif kind is EventType.CERT_ISSUED:
            assert facts["serial"] not in self._issued, "issued twice"
            self._issued[facts["serial"]] = facts["digest"]["sha256"]
        elif kind is EventType.CERT_REVOKED:
            assert facts["sequence"] not in self._revoked, "a sequence was given twice"
            self._revoked[facts["sequence"]] = facts["serial"]
        elif kind is EventType.TST_ISSUED:
            self._stamped += [token.split()[0] for token in facts["tokens"]]
        elif kind is EventType.CRL_PUBLISHED:
            self._published.append((facts["authority"], facts["number"]))

    def _check_certificates(self, centre: Centre) -> dict[str, str]:
        column = certificates.c
        query = sa.select(column.serial, column.status, column.certificate.is_not(None))
        rows = {}
        for serial, status, kept in _read(centre, query):
            rows[bytes(serial).hex()] = status
            assert kept == (status == CertificateStatus.ISSUED.value)
        issued = {serial for serial, status in rows.items() if status == CertificateStatus.ISSUED.value}
        assert issued == self._issued.keys(), "certificates and their events differ"
        assert rows.keys() == self._signing, "a serial was taken without the intent to sign being recorded"
        return rows

    def _check_tokens(self, centre: Centre) -> None:
        kept = [serial for (serial,) in _read(centre, sa.select(tokens.c.serial))]
        assert sorted(kept) == sorted(self._stamped), "tokens and their events differ"

    def _check_revocations(self, centre: Centre) -> None:
        query = sa.select(revocations.c.sequence, revocations.c.serial).order_by(revocations.c.sequence)
        kept = {sequence: bytes(serial).hex() for sequence, serial in _read(centre, query)}
        assert list(kept) == list(range(1, len(kept) + 1)), "the journal's rows are not dense"
        assert kept == self._revoked, "revocations and their events differ"
        filed = {one.sequence: serial_text(one.serial) for one in centre.journal.read(0)}
        assert filed == kept, "the journal beside the database holds other revocations"

    def _check_crls(self, centre: Centre) -> None:
        kept = set(_read(centre, sa.select(crls.c.authority_id, crls.c.number)))
        assert kept == set(self._published), "CRLs and their events differ"
        for authority in {authority for authority, _ in self._published}:
            numbers = [number for one, number in self._published if one == authority]
            assert all(before < after for before, after in pairwise(numbers)), "CRL numbers do not grow"

    def _check_answer(self, centre: Centre, answer: Mapping[str, Any]) -> None:
        match answer["act"]:
            case "issue":
                record = _record(centre, answer["serial"])
                assert record.certificate is not None
                assert digest_of(record.certificate) == answer["digest"] == self._issued[answer["serial"]]
            case "stamp":
                with centre.database.reading() as unit:
                    token = unit.timestamps.get(parse_serial(answer["serial"])).token
                assert digest_of(token) == answer["digest"]
            case "revoke":
                assert self._revoked[answer["sequence"]] == answer["serial"]
                assert status_of(centre, answer["serial"]) is CertificateState.REVOKED
            case "publish":
                which = crls.c.authority_id == answer["authority"], crls.c.number == answer["number"]
                ((data,),) = _read(centre, sa.select(crls.c.data).where(*which))
                assert digest_of(bytes(data)) == answer["digest"]


def status_of(centre: Centre, serial: str) -> CertificateState:
    """What OCSP says of a certificate, its answer verified."""
    record = _record(centre, serial)
    issuer = issuer_of(centre, record.reservation.authority_id)
    asked = encode_request(certificate_id(issuer, record.reservation.serial))
    answer = centre.responder.answer(record.reservation.authority_id, asked)
    assert record.certificate is not None
    now = centre.clock.now()
    return verify_response(answer.data, Certificate(record.certificate), issuer, now).status.state


def issuer_of(centre: Centre, authority: AuthorityId) -> Certificate:
    with centre.database.reading() as unit:
        return Certificate(unit.authorities.get(authority).certificate)


def _record(centre: Centre, serial: str) -> CertificateRecord:
    with centre.database.reading() as unit:
        return unit.certificates.get(parse_serial(serial))


def _read(centre: Centre, query: sa.Select[*tuple[Any, ...]]) -> Iterable[Any]:
    with centre.database.reading() as unit:
        return [tuple(row) for row in unit._connection.execute(query)]
