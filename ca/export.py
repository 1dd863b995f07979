"""Export everything issued and refused, as CSV or JSON, streamed in bounded memory and signed."""

from __future__ import annotations

import csv
import enum
import hashlib
import io
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from cryptography.hazmat.primitives.hashes import SM3, Hash

from ca.certificate import Certificate
from ca.certify import Certifier, operator_requester
from ca.exportsigner import export_signer
from ca.ports import CaUnit, CertificateFilter, Signers, Units
from ca.registry import CertificateRecord
from ca.serial import serial_text
from evidence.canonical import JSON
from evidence.clock import Clock, rfc3339
from evidence.digest import DigestPair
from evidence.event import CaseId, Draft, EventType, Recorded
from keys.cms import SignerIdentity, signing_time
from keys.cms_build import SignedDataBuilder
from keys.suites import Digest, Suite

PAGE = 1_000  # events read at a time
FORMAT = "xinqian-certificates/1"
FIELDS = (
    "status",
    "serial",
    "authority",
    "profile",
    "profile_hash",
    "subject",
    "public_key",
    "identity_record",
    "requester",
    "requested_at",
    "not_before",
    "not_after",
    "certificate_sha256",
    "renews",
    "revoked_at",
    "revocation_reason",
    "refusal_code",
    "refusal_field",
)
_FORMULA = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet would carry out instead of showing


class Form(enum.StrEnum):
    """How it is written."""

    CSV = "csv"
    JSON = "json"


Row = dict[str, str]
"""Every field of `FIELDS`; empty text where there is nothing to say."""


@dataclass(frozen=True, slots=True)
class SignedExport:
    """What stands beside the exported bytes."""

    rows: int
    size: int
    digest: DigestPair
    signature: bytes
    """CMS SignedData (RFC 5652) in DER, detached, over the exported bytes."""
    signer: Certificate


class Export:
    """Exports, each recorded as EXPORTED."""

    def __init__(self, units: Units, certifier: Certifier, signers: Signers, clock: Clock) -> None:
        self._units = units
        self._certifier = certifier
        self._signers = signers
        self._clock = clock

    def write(
        self, form: Form, sink: Callable[[bytes], object], operator: str, suite: Suite = Suite.INTL
    ) -> SignedExport:
        """Everything as one consistent view has it, to `sink` piece by piece, then the signature.

        The signer is the system's own, below the suite's service authority; it is made when there is
        none. Raises `NotFound` for a suite without that authority, and what `sink` raises.
        """
        own = export_signer(self._units, self._certifier, self._clock, suite, operator)
        key, certificate = own.key, own.certificate
        sha256, sm3 = hashlib.sha256(), Hash(SM3())
        rows = size = 0
        with self._units.reading() as unit:
            for piece, counted in pieces(form, entries(unit)):
                sha256.update(piece)
                sm3.update(piece)
                sink(piece)
                size += len(piece)
                rows += counted
        digest = DigestPair(sha256.digest(), sm3.finalize())
        identity = SignerIdentity(certificate.data, certificate.issuer_der, certificate.serial)
        carried = [certificate.data, own.issuer.data]
        builder = SignedDataBuilder(identity, key.algorithm, certificates=carried)
        now = self._clock.now()
        signed = digest.sm3 if key.algorithm.digest is Digest.SM3 else digest.sha256
        prepared = builder.prepare(signed, [signing_time(now)])
        facts: dict[str, JSON] = {
            "digest": digest.as_json(),
            "form": form.value,
            "rows": rows,
            "signer": certificate.fingerprint,
        }
        with self._units() as unit:
            unit.keys.count_use(key.key_id, 1)
            actor = operator_requester(operator).actor
            unit.log.append([Draft(EventType.EXPORTED, CaseId("certificates"), actor, now, facts)])
        signature = prepared.complete(self._signers.signer(key).sign(prepared.to_sign), None)
        return SignedExport(rows, size, digest, signature, certificate)


def entries(unit: CaUnit) -> Iterator[Row]:
    """Certificates by serial, then refusals in the order of the log."""
    for record in unit.certificates.scan(CertificateFilter()):
        yield _certificate_row(record)
    for log, head in sorted(unit.events.heads().items()):
        for start in range(0, head.size, PAGE):
            for event in unit.events.read(log, start, min(start + PAGE, head.size)):
                if event.type is EventType.CERT_REFUSED:
                    yield _refusal_row(event)


def pieces(form: Form, rows: Iterator[Row]) -> Iterator[tuple[bytes, int]]:
    """The bytes of the file piece by piece, each with the number of rows that it holds."""
    if form is Form.CSV:
        yield _csv_line(list(FIELDS)), 0
        for row in rows:
            yield _csv_line([_shown(row.get(name, "")) for name in FIELDS]), 1
        return
    yield f'{{"format":{json.dumps(FORMAT)},"entries":['.encode(), 0
    before = "\n"
    for row in rows:
        kept = {name: row[name] for name in FIELDS if row.get(name)}
        yield (before + json.dumps(kept, ensure_ascii=False, separators=(",", ":"))).encode(), 1
        before = ",\n"
    yield b"\n]}\n", 0


def _certificate_row(record: CertificateRecord) -> Row:
    one = record.reservation
    row = {
        "status": record.status.value,
        "serial": serial_text(one.serial),
        "authority": str(one.authority_id),
        "profile": one.profile,
        "profile_hash": one.profile_hash,
        "subject": one.subject,
        "public_key": one.spki_fingerprint,
        "identity_record": one.identity_record or "",
        "requester": one.requester,
        "requested_at": rfc3339(one.requested_at),
        "not_before": rfc3339(one.not_before),
        "not_after": rfc3339(one.not_after),
    }
    if record.certificate is not None:
        row["certificate_sha256"] = hashlib.sha256(record.certificate).hexdigest()
    if one.renews is not None:
        row["renews"] = serial_text(one.renews)
    if record.revocation is not None:
        row["revoked_at"] = rfc3339(record.revocation.revoked_at)
        row["revocation_reason"] = record.revocation.reason.text
    return row


def _refusal_row(event: Recorded) -> Row:
    envelope = json.loads(event.envelope)
    facts, result = envelope["facts"], envelope["result"]
    return {
        "status": "refused",
        "serial": facts.get("serial", ""),
        "authority": facts["authority"],
        "profile": facts.get("profile", ""),
        "public_key": facts.get("public_key", ""),
        "requester": envelope["actor"]["pseudonym"],
        "requested_at": envelope["occurred_at"],
        "refusal_code": result["code"],
        "refusal_field": result["reason"],
    }


def _shown(value: str) -> str:
    return "'" + value if value.startswith(_FORMULA) else value


def _csv_line(values: list[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(values)  # RFC 4180 2
    return text.getvalue().encode()
