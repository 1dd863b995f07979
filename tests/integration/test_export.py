"""Everything issued and refused, in a file that is signed."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import tracemalloc
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from ca.certificate import Certificate
from ca.errors import CaError
from ca.export import FIELDS, Export, Form, SignedExport
from ca.issue import event_order
from ca.registry import AuthorityRole, RevocationReason, authority_id
from evidence.digest import DigestPair
from keys.cms import parse
from keys.cms_verify import verify
from keys.onetime import OneTimeKey
from keys.suites import Algorithm, Digest, Suite
from tests.support.authority import BANK, PERSON_AUTHORITY, AuthorityFixture, found_authority, person
from tests.support.clock import NOON
from tests.support.services import require

PERSON = PERSON_AUTHORITY[Suite.INTL]


@pytest.fixture
def authority(engine: sa.Engine, tmp_path: Path) -> AuthorityFixture:
    authority = found_authority(engine, tmp_path)
    for name in ("王小明", '=cmd|"x"', "Li, Lei"):
        issue(authority, name)
    with pytest.raises(CaError):
        issue(authority, "王小明", assurance="low")
    return authority


def issue(authority: AuthorityFixture, name: str, **changes: object) -> None:
    key = OneTimeKey(Algorithm.P256, authority.clock)
    identity = person(name=name, **changes)  # type: ignore[arg-type]
    authority.issuance.issue(event_order(identity, bytes(32), key, PERSON, BANK))


def exported(
    authority: AuthorityFixture, form: Form, suite: Suite = Suite.INTL
) -> tuple[bytes, SignedExport]:
    written: list[bytes] = []
    export = Export(authority.units, authority.certifier, authority.signers, authority.clock)
    signed = export.write(form, written.append, "first", suite)
    return b"".join(written), signed


def test_csv_and_json_say_the_same(authority: AuthorityFixture) -> None:
    text, signed = exported(authority, Form.CSV)
    rows = list(csv.DictReader(io.StringIO(text.decode())))
    document, again = exported(authority, Form.JSON)
    entries = json.loads(document)["entries"]
    assert tuple(rows[0]) == FIELDS
    assert (len(rows), signed.rows, again.rows) == (
        31,
        31,
        31,
    )  # 26 of the ceremony, 3, 1 refused, the signer
    assert [{k: v for k, v in row.items() if v} for row in rows] == entries
    persons = [row for row in rows if row["authority"] == PERSON and row["profile"] == "person-event"]
    assert [row["status"] for row in persons] == ["issued"] * 3 + ["refused"]
    assert (persons[-1]["refusal_code"], persons[-1]["refusal_field"]) == ("refused", "identity.assurance")
    assert {row["subject"].split(",")[1] for row in persons[:3]} >= {"CN=王小明"}


def test_a_revocation_shows(authority: AuthorityFixture) -> None:
    rows = list(csv.DictReader(io.StringIO(exported(authority, Form.CSV)[0].decode())))
    serial = next(row["serial"] for row in rows if row["profile"] == "person-event")
    with authority.units() as unit:
        unit.certificates.revoke(int(serial, 16), RevocationReason.SUPERSEDED, NOON, "x", None)  # type: ignore[arg-type]
    rows = list(csv.DictReader(io.StringIO(exported(authority, Form.CSV)[0].decode())))
    (row,) = [row for row in rows if row["serial"] == serial]
    assert (row["revoked_at"], row["revocation_reason"]) == ("2026-11-23T12:00:00.000Z", "superseded")


@pytest.mark.parametrize("suite", Suite)
def test_the_signature_is_over_the_bytes(authority: AuthorityFixture, suite: Suite) -> None:
    data, signed = exported(authority, Form.CSV, suite)
    assert (signed.size, signed.digest) == (len(data), DigestPair.of(data))
    message = parse(signed.signature)
    (signer,) = verify(message, Certificate, content=data)
    digests = {Digest.SHA256: signed.digest.sha256, Digest.SM3: signed.digest.sm3}
    verify(message, Certificate, digests=digests)
    with authority.units.reading() as unit:
        issuer = unit.authorities.get(authority_id(suite, AuthorityRole.SERVICE))
    signed.signer.check_signed_by(Certificate(issuer.certificate).public)
    assert signer.certificate.data == signed.signer.data
    with pytest.raises(Exception, match="digest"):
        verify(message, Certificate, content=data + b"x")


@pytest.mark.interop
def test_openssl_verifies_it(authority: AuthorityFixture, tmp_path: Path) -> None:
    data, signed = exported(authority, Form.CSV)
    (tmp_path / "export.csv").write_bytes(data)
    (tmp_path / "export.p7s").write_bytes(signed.signature)
    with authority.units.reading() as unit:
        root = unit.authorities.get(authority_id(Suite.INTL, AuthorityRole.ROOT))
    (tmp_path / "root.pem").write_text(Certificate(root.certificate).pem())
    moment = str(int(authority.clock.now().timestamp()))
    command = [require("openssl"), "cms", "-verify", "-binary", "-inform", "DER", "-in", "export.p7s"]
    command += ["-content", "export.csv", "-CAfile", "root.pem"]
    command += ["-purpose", "any", "-attime", moment, "-out", "verified.csv"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "verified.csv").read_bytes() == data


def test_the_signer_is_kept_and_replaced_in_time(authority: AuthorityFixture) -> None:
    first = exported(authority, Form.CSV)[1].signer
    assert exported(authority, Form.JSON)[1].signer == first
    authority.clock.advance(days=340)
    second = exported(authority, Form.CSV)[1].signer
    assert second != first
    assert second.not_after - authority.clock.now() > timedelta(days=300)


def test_memory_does_not_grow_with_the_rows(authority: AuthorityFixture) -> None:
    for _ in range(8):
        key = [OneTimeKey(Algorithm.P256, authority.clock) for _ in range(200)]
        authority.issuance.issue_many([event_order(person(), bytes(32), one, PERSON, BANK) for one in key])
    export = Export(authority.units, authority.certifier, authority.signers, authority.clock)
    export.write(Form.CSV, lambda piece: None, "first")
    tracemalloc.start()
    signed = export.write(Form.CSV, lambda piece: None, "first")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert signed.rows > 1_600
    assert peak < 12_000_000  # a page of 500 certificates and one of 1,000 events
