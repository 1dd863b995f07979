"""The command end to end: data alone on standard output, words on standard error."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from api.cli.exits import Exit
from ca.certificate import to_pem
from ca.request import build_request
from keys.private import PrivateKey
from keys.suites import Algorithm
from tests.cli.conftest import Ran, Run
from tests.support.installation import Installation


def write_request(path: Path, algorithm: Algorithm = Algorithm.P256) -> Path:
    key = PrivateKey.generate(algorithm)
    path.write_text(to_pem("CERTIFICATE REQUEST", build_request(key)), encoding="ascii")
    return path


def write_identity(path: Path, **changes: object) -> Path:
    document = {
        "record_id": "idr-1",
        "kind": "person",
        "name": "王小明",
        "pseudonym": "p-0001",
        "assurance": "high",
        "methods": ["face"],
        "provider": "mps",
        "transaction": "t-1",
        "verified_at": "2020-01-01T00:00:00Z",
        "valid_until": "2090-01-01T00:00:00Z",
    }
    path.write_text(json.dumps({**document, **changes}, ensure_ascii=False), encoding="utf-8")
    return path


def issue(here: Run, folder: Path, algorithm: Algorithm = Algorithm.P256) -> str:
    request = write_request(folder / "request.pem", algorithm)
    ran = here(
        "cert", "issue", "--profile", "person-event", "--csr", request, "--intent-digest", "ab" * 32,
        "--identity", write_identity(folder / "identity.json"), "--validity", "15m",
    )  # fmt: skip
    assert ran.code == Exit.DONE, ran.err
    serial: str = ran.json["serial"]
    return serial


def test_from_nothing_to_a_certificate(xinqian: Run, tmp_path: Path) -> None:
    state = {"XINQIAN_STATE_DIR": str(tmp_path / "state")}
    before = xinqian("cert", "list", **state)
    assert (before.code, "xinqian ca init" in before.err) == (Exit.UNAVAILABLE, True)
    made = xinqian("ca", "init", "--format", "json", **state)
    assert made.code == Exit.DONE, made.err
    assert (tmp_path / "state/master.key").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "state").stat().st_mode & 0o777 == 0o700
    ran = xinqian(
        "cert", "issue", "--profile", "service", "--csr", write_request(tmp_path / "r.pem"),
        "--subject", "C=CN", "--subject", "O=Bank", "--subject", "CN=bank.example",
        "--dns-name", "bank.example",
        "--out", tmp_path / "c.pem", **state,
    )  # fmt: skip
    assert ran.code == Exit.DONE, ran.err
    assert (tmp_path / "c.pem").read_text(encoding="ascii").startswith("-----BEGIN CERTIFICATE-----")
    assert xinqian("cert", "lint", tmp_path / "c.pem", "--deep", **state).code == Exit.DONE
    again = xinqian("ca", "init", **state)
    assert (again.code, again.out) == (Exit.REFUSED, "")


def test_a_life_of_a_certificate(here: Run, tmp_path: Path) -> None:
    serial = issue(here, tmp_path)
    shown = here("cert", "show", serial)
    assert shown.json["status"] == "issued"
    assert "王小明" in shown.json["subject"]
    planned = here("cert", "revoke", serial, "--reason", "superseded")
    assert (planned.code, planned.json["committed"]) == (Exit.DONE, False)
    assert here("cert", "show", serial).json["revocation"] is None
    done = here("cert", "revoke", serial, "--reason", "superseded", "--commit")
    assert done.json["revocations"][0]["serial"] == serial
    again = here("cert", "revoke", serial, "--reason", "superseded", "--commit")
    assert (again.code, again.out) == (Exit.REFUSED, "")
    listed = here("cert", "list", "--revoked", "--profile", "person-event").json["certificates"]
    assert [one["serial"] for one in listed] == [serial]
    here("crl", "publish", "--all", "--out", tmp_path / "crls")
    assert (tmp_path / "crls/intl-person.crl").stat().st_size > 100
    entries = here("crl", "show", "intl-person").json["entries"]
    assert [one["serial"] for one in entries] == [serial]


@pytest.mark.parametrize("suite", ["intl", "guomi"])
def test_a_timestamp_is_verified_offline(here: Run, xinqian: Run, tmp_path: Path, suite: str) -> None:
    data, token, trust = tmp_path / "data", tmp_path / "token.tst", tmp_path / "trust"
    data.write_bytes(b"contract")
    here("crl", "publish", "--all", "--out", trust)
    here("ca", "show", f"{suite}-root", "--out", trust / "root.pem")
    assert here("tsa", "stamp", data, "--suite", suite, "--out", token).code == Exit.DONE
    nowhere = {"XINQIAN_DATABASE_URL": "postgresql+psycopg://nobody@127.0.0.1:1/nothing"}

    def verdict(*arguments: object) -> tuple[int, str, str | None]:
        ran = xinqian("tsa", "verify", *arguments, "--trust", trust, "--format", "json", **nowhere)
        assert ran.json["steps"]
        return ran.code, ran.json["indication"], ran.json["sub_indication"]

    assert verdict(token, data) == (Exit.DONE, "TOTAL-PASSED", None)
    alone = xinqian(
        "tsa", "verify", token, data, "--trust", trust / "root.pem", "--format", "json", **nowhere
    )
    assert (alone.code, alone.json["sub_indication"]) == (Exit.INDETERMINATE, "TRY_LATER")
    assert "http://ca.test/" in alone.json["steps"][-1]["detail"]
    assert "xinqian crl show ISSUER --out FILE" in alone.err
    assert "--without-revocation" in alone.err
    left = xinqian(
        "tsa", "verify", token, data, "--trust", trust / "root.pem", "--without-revocation", **nowhere
    )
    assert (left.code, "crl show" in left.err) == (Exit.DONE, False)
    other = tmp_path / "other"
    other.write_bytes(b"another contract")
    assert verdict(token, other) == (Exit.INVALID, "TOTAL-FAILED", "HASH_FAILURE")
    assert verdict(data, data) == (Exit.INVALID, "TOTAL-FAILED", "FORMAT_FAILURE")
    assert verdict(tmp_path / "absent", data) == (Exit.INVALID, "TOTAL-FAILED", "FORMAT_FAILURE")
    flipped = bytearray(token.read_bytes())
    flipped[-1] ^= 1
    token.write_bytes(flipped)
    assert verdict(token, data)[:2] == (Exit.INVALID, "TOTAL-FAILED")
    token.write_bytes(bytes(flipped[:-1]) + bytes([flipped[-1] ^ 1]))
    shutil.rmtree(trust)
    here("ca", "show", f"{'guomi' if suite == 'intl' else 'intl'}-root", "--out", tmp_path / "wrong.pem")
    trust = tmp_path / "wrong.pem"
    assert verdict(token, data) == (Exit.INDETERMINATE, "INDETERMINATE", "NO_CERTIFICATE_CHAIN_FOUND")


def test_a_key_is_destroyed_by_two(here: Run, installation: Installation, tmp_path: Path) -> None:
    key_id = here(
        "key", "generate", "--algorithm", "p256-sha256", "--purpose", "service", "--label", "tls"
    ).json["key_id"]
    early = here("key", "destroy", key_id, "--commit")
    assert (early.code, early.out) == (Exit.REFUSED, "")
    assert here("key", "disable", key_id, "--commit").json["state"] == "deactivated"
    proposed = here("key", "destroy", key_id, "--commit")
    assert proposed.code == Exit.NEEDS_APPROVAL
    plan = proposed.json["plan_hash"]
    unapproved = here("key", "destroy", key_id, "--plan", plan, "--commit")
    assert (unapproved.code, "xinqian approval approve" in unapproved.err) == (Exit.NEEDS_APPROVAL, True)
    assert [one["plan_hash"] for one in here("approval", "list").json["plans"]] == [plan]
    assert here("admin", "key", "--out", tmp_path / "me.key", "--public", tmp_path / "me.pub").code == 0
    stranger = here("approval", "approve", plan, "--as", "me", "--key", tmp_path / "me.key", "--commit")
    assert stranger.code == Exit.NOT_FOUND
    wrong = here("approval", "approve", plan, "--as", "first", "--key", tmp_path / "me.key", "--commit")
    assert wrong.code == Exit.REFUSED

    def sign(name: str) -> Ran:
        return here("approval", "approve", plan, "--as", name, "--key", tmp_path / f"{name}.key", "--commit")

    one = sign("first")
    assert (one.code, one.json["signatures"], one.json["signatures_needed"]) == (Exit.DONE, 1, 2)
    assert f"xinqian approval approve {plan} --as NAME" in one.err
    assert sign("first").code == Exit.REFUSED
    alone = here("key", "destroy", key_id, "--plan", plan, "--commit")
    assert (alone.code, alone.out, "1 of 2" in alone.err) == (Exit.NEEDS_APPROVAL, "", True)
    assert here("approval", "list").json["plans"][0]["signatures"] == 1
    two = sign("second")
    assert (two.json["signatures"], f"--plan {plan} --commit" in two.err) == (2, True)
    shown = here("approval", "show", plan).json
    assert [given["administrator"] for given in shown["approvals"]] == ["first", "second"]
    assert here("key", "destroy", key_id, "--plan", plan).json["committed"] is False
    assert here("key", "destroy", key_id, "--plan", plan, "--commit").json["state"] == "destroyed"
    assert here("key", "destroy", key_id, "--plan", plan, "--commit").code == Exit.REFUSED
    assert here("approval", "list").json["plans"] == []


def test_the_master_key_is_rotated_and_everything_still_opens(
    here: Run, installation: Installation, tmp_path: Path
) -> None:
    serial = issue(here, tmp_path)
    here("caller", "add", "lender", "--scope", "admin")
    path = installation.state_dir / "master.key"
    before = path.read_text(encoding="ascii")
    assert here("key", "rotate-master").json["committed"] is False
    assert path.read_text(encoding="ascii") == before
    done = here("key", "rotate-master", "--commit").json
    assert done["keys"] > 0
    assert done["values"] > 2
    new, old = path.read_text(encoding="ascii").splitlines()
    assert old == before.strip()
    assert path.stat().st_mode & 0o777 == 0o600
    path.write_text(new + "\n", encoding="ascii")  # the earlier one is needed no more
    assert "王小明" in here("cert", "show", serial).json["subject"]
    assert here("key", "test").code == Exit.DONE
    again = here("key", "rotate-master", "--reseal-only", "--commit").json
    assert (again["keys"], again["values"]) == (0, 0)


def test_callers_are_kept(here: Run) -> None:
    made = here("caller", "add", "lender", "--scope", "certificates:issue", "--profile", "person-event")
    assert len(made.json["secret"]) == 64
    listed = here("caller", "list")
    assert made.json["secret"] not in listed.out
    assert here("caller", "add", "lender", "--scope", "admin").code == Exit.REFUSED
    assert here("caller", "disable", "lender", "--commit").json["disabled_at"]
    assert here("caller", "disable", "nobody", "--commit").code == Exit.NOT_FOUND


def test_everything_is_exported_signed(here: Run, tmp_path: Path) -> None:
    issue(here, tmp_path)
    if here("ca", "show", "intl-service").code != Exit.DONE:
        assert here("cert", "export", "--out", tmp_path / "all.csv").code == Exit.NOT_FOUND
        assert not list(tmp_path.glob("*.csv*"))


def test_profiles_can_be_read_and_compared(here: Run, tmp_path: Path) -> None:
    names = [one["profile"] for one in here("profile", "list").json["profiles"]]
    assert "person-event" in names
    data = here("profile", "show", "person-event").json["data"]
    assert here("profile", "diff", "person-event").json["diff"] == []
    data["description"] = "changed"
    (tmp_path / "p.json").write_text(json.dumps(data), encoding="utf-8")
    assert any(
        "changed" in line
        for line in here("profile", "diff", "person-event", tmp_path / "p.json").json["diff"]
    )
    assert here("profile", "activate", tmp_path / "p.json", "--commit").code == Exit.NEEDS_APPROVAL


def test_the_doctor_examines(here: Run) -> None:
    ran = here("doctor")
    assert ran.code in {Exit.DONE, Exit.INVALID}
    findings = {one["code"]: one for one in ran.json["findings"]}
    assert {one["check"] for one in findings.values()} >= {"signers", "crls", "clock", "keys"}
    assert findings["clock-host"]["severity"] == "warning"
    assert "base-url-ok" in findings
    local = here("doctor", XINQIAN_BASE_URL="http://127.0.0.1:8000")
    assert "base-url-local" in {one["code"] for one in local.json["findings"]}
