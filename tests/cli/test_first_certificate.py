"""From nothing to a certificate, with the public commands alone and requests that others made."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import algos, core, csr, keys
from asn1crypto import x509 as asn1_x509
from gmssl.sm2 import CryptSM2

from api.cli.main import run
from ca.certificate import load_pem
from tests.cli.conftest import Ran, program
from tests.support import services
from tests.support.interop import bouncycastle, openssl
from tests.support.judge import BouncyCastle, Refused
from tests.support.openssl import SM2_IDENTIFIER, OpenSSL, OpenSSLRefused

__all__ = ["bouncycastle", "openssl"]

pytestmark = pytest.mark.interop

IDENTITY = {
    "record_id": "idr-1",
    "kind": "organisation",
    "name": "信签示范银行",
    "pseudonym": "o-0001",
    "organisation_id": "91320000MA00000000",
    "assurance": "high",
    "methods": ["register"],
    "provider": "register",
    "transaction": "t-1",
    "verified_at": "2020-01-01T00:00:00Z",
    "valid_until": "2090-01-01T00:00:00Z",
}
SM2_PRIVATE = "3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8"  # GB/T 32918.5-2017 A.2
SM2_NONCE = "59276e27d506861a16680f3ad9c02dccef3cc1fa3cdbe4ce6d54b80deac1bc21"
SERVICE = ("--subject", "C=CN", "--subject", "O=Bank", "--subject", "CN=api.bank.example")
HOST = ("--dns-name", "api.bank.example")


@dataclass(frozen=True, slots=True)
class Office:
    """An installation as its operator sees it: a folder and the command, run in this process for speed."""

    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        return {"XINQIAN_STATE_DIR": str(self.folder / "state")}

    def ran(self, *words: str | Path) -> Ran:
        out, err = io.StringIO(), io.StringIO()
        with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(err):
            for name, value in self.environment.items():
                patch.setenv(name, value)
            code = run(["--format", "json", "--lang", "en", *map(str, words)])
        return Ran(code, out.getvalue(), err.getvalue())

    def run(self, *words: str | Path) -> Any:  # noqa: ANN401  (whatever the command prints)
        ran = self.ran(*words)
        assert ran.code == 0, ran.err
        return ran.json

    def issue(self, profile: str, request: Path, *words: str | Path) -> tuple[dict[str, Any], list[bytes]]:
        """What the command printed, and the certificates of its file, leaf first."""
        out = request.with_suffix(".pem")
        given = ("--csr", request, "--chain", "--out", out)
        printed = self.run("cert", "issue", "--profile", profile, *given, *words)
        return printed, [one.data for one in load_pem(out.read_bytes())]

    def crls(self, authorities: list[str]) -> list[bytes]:
        for one in authorities:
            self.run("crl", "show", one, "--out", self.folder / f"{one}.crl")
        return [(self.folder / f"{one}.crl").read_bytes() for one in authorities]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    made = Office(tmp_path_factory.mktemp("office"))
    done = program("ca", "init", "--format", "json", **made.environment)
    assert (done.code, done.json["certificates"]) == (0, 26)
    assert made.ran("ca", "init").code == 5  # refused: it stands
    return made


def request(openssl: OpenSSL, path: Path, kind: str) -> Path:
    """A request and its key, both by OpenSSL."""
    words = {
        "p256": ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"),
        "rsa3072": ("-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:3072"),
        "sm2": ("-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:SM2"),
    }[kind]
    key = path.with_suffix(".key")
    openssl.run("genpkey", *words, "-out", key)
    extra = ("-sm3", "-sigopt", SM2_IDENTIFIER) if kind == "sm2" else ()
    openssl.run("req", "-new", "-key", key, "-subj", "/C=XX/CN=whatever", *extra, "-out", path)
    return path


@pytest.mark.parametrize("kind", ["p256", "rsa3072", "sm2"])
def test_a_request_by_openssl(
    office: Office, openssl: OpenSSL, bouncycastle: BouncyCastle, tmp_path: Path, kind: str
) -> None:
    asked = request(openssl, tmp_path / f"{kind}.csr", kind)
    suite = "guomi" if kind == "sm2" else "intl"
    printed, path = office.issue("service", asked, *SERVICE, *HOST)
    assert printed["authority"] == f"{suite}-service"
    assert printed["subject"] == "CN=api.bank.example,O=Bank,C=CN"  # nothing of the request's name
    leaf, *above = path
    assert int(printed["serial"], 16) == asn1_x509.Certificate.load(leaf).serial_number
    made = asn1_x509.Certificate.load(leaf)
    wanted, _ = openssl.run("pkey", "-in", asked.with_suffix(".key"), "-pubout", "-outform", "DER")
    assert made.public_key.dump() == wanted
    assert made.subject_alt_name_value.native == ["api.bank.example"]
    crls = office.crls([f"{suite}-root", f"{suite}-service"])
    bouncycastle.chain(leaf, anchors=above[-1:], certs=above[:-1], crls=crls)
    if suite == "intl":
        openssl.verify(path, crls=crls)
    else:
        openssl.verify_sm2(path)
    again = office.ran("cert", "issue", "--profile", "service", "--csr", asked, *SERVICE, *HOST)
    assert (again.code, again.out) == (5, "")
    assert "duplicate-key" in again.err


def test_a_request_that_gmssl_signed(office: Office, openssl: OpenSSL, tmp_path: Path) -> None:
    """Key and signature by gmssl, the structure by asn1crypto: nothing of ours takes part in the request."""
    engine = CryptSM2(private_key=SM2_PRIVATE, public_key="")
    point = engine._kg(int(SM2_PRIVATE, 16), engine.ecc_table["g"])
    engine = CryptSM2(private_key=SM2_PRIVATE, public_key=point)
    curve = keys.ECDomainParameters(name="named", value="1.2.156.10197.1.301")
    public = keys.PublicKeyInfo(
        {
            "algorithm": keys.PublicKeyAlgorithm({"algorithm": "ec", "parameters": curve}),
            "public_key": bytes.fromhex("04" + point),
        }
    )
    info = csr.CertificationRequestInfo(
        {"version": "v1", "subject": asn1_x509.Name.build({}), "subject_pk_info": public, "attributes": []}
    )
    raw = engine.sign_with_sm3(info.dump(), SM2_NONCE)
    signature = core.SequenceOf([int(raw[:64], 16), int(raw[64:], 16)], spec=core.Integer).dump()
    asked = tmp_path / "gmssl.csr"
    made = csr.CertificationRequest(
        {
            "certification_request_info": info,
            "signature_algorithm": algos.SignedDigestAlgorithm({"algorithm": "1.2.156.10197.1.501"}),
            "signature": signature,
        }
    )
    asked.write_bytes(made.dump())
    openssl.req(asked.read_bytes(), sm2=True)
    _, path = office.issue("service", asked, *SERVICE, *HOST)
    openssl.verify_sm2(path)
    wrong = asked.with_name("wrong.csr")
    wrong.write_bytes(made.dump()[:-1] + bytes([made.dump()[-1] ^ 1]))
    ran = office.ran("cert", "issue", "--profile", "service", "--csr", wrong, *SERVICE, *HOST)
    assert (ran.code, ran.out) == (1, "")
    assert "csr.signature" in ran.err


def test_a_request_under_another_sm2_identity_is_told_which(
    office: Office, openssl: OpenSSL, tmp_path: Path
) -> None:
    """OpenSSL signs with an empty identity unless it is told one."""
    asked = request(openssl, tmp_path / "sm2.csr", "sm2")
    key = asked.with_suffix(".key")
    openssl.run("req", "-new", "-key", key, "-subj", "/CN=whatever", "-sm3", "-out", asked)
    ran = office.ran("cert", "issue", "--profile", "service", "--csr", asked, *SERVICE, *HOST)
    assert ran.code == 1
    assert "SM2 signs with the identity 1234567812345678" in ran.err


def test_a_seal_and_its_end(
    office: Office, openssl: OpenSSL, bouncycastle: BouncyCastle, tmp_path: Path
) -> None:
    """The subject comes from the identity record; revoked and published, others refuse the certificate."""
    identity = tmp_path / "identity.json"
    identity.write_text(json.dumps(IDENTITY, ensure_ascii=False), encoding="utf-8")
    asked = request(openssl, tmp_path / "seal.csr", "sm2")
    printed, (leaf, *above) = office.issue("organisation-seal", asked, "--identity", identity)
    subject = asn1_x509.Certificate.load(leaf).subject.native
    assert subject["organization_name"] == subject["common_name"] == IDENTITY["name"]
    authorities = ["guomi-root", "guomi-seal"]
    bouncycastle.chain(leaf, anchors=above[-1:], certs=above[:-1], crls=office.crls(authorities))
    reason = ("--reason", "keyCompromise")
    office.run("cert", "revoke", printed["serial"], *reason, "--commit")
    office.run("crl", "publish", "--authority", "guomi-seal")
    with pytest.raises(Refused, match="keyCompromise"):
        bouncycastle.chain(leaf, anchors=above[-1:], certs=above[:-1], crls=office.crls(authorities))
    shown = office.run("cert", "show", printed["serial"])
    assert shown["revocation"]["reason"] == "keyCompromise"


@pytest.mark.parametrize("suite", ["intl", "guomi"])
def test_a_timestamp(
    office: Office, openssl: OpenSSL, bouncycastle: BouncyCastle, tmp_path: Path, suite: str
) -> None:
    """Stamped and verified by the command, offline, and by others; under the policy of the suite."""
    services.require("openssl")
    data, stamp, trust = tmp_path / "contract.txt", tmp_path / "contract.tst", tmp_path / "trust"
    data.write_text("借款合同", encoding="utf-8")
    trust.mkdir()
    printed = office.run("tsa", "stamp", data, "--suite", suite, "--out", stamp)
    assert printed["policy"].endswith({"intl": ".3.1", "guomi": ".3.2"}[suite])
    office.run("ca", "show", f"{suite}-timestamp", "--chain", "--out", trust / "chain.pem")
    for authority in (f"{suite}-root", f"{suite}-timestamp"):
        office.run("crl", "show", authority, "--out", trust / f"{authority}.crl")
    verify = ("tsa", "verify", stamp, data, "--trust", trust)
    verdict = Office(tmp_path / "elsewhere").run(*verify)  # no installation is there
    assert verdict["indication"] == "TOTAL-PASSED"
    root = load_pem((trust / "chain.pem").read_bytes())[-1].data
    bouncycastle.timestamp(stamp, data=data, anchors=[root])
    if suite == "intl":
        openssl.ts_verify(stamp, anchors=[root], data=data)
    data.write_text("借款合同 ", encoding="utf-8")
    refused = office.ran(*verify)
    assert (refused.code, refused.json["sub_indication"]) == (1, "HASH_FAILURE")
    with pytest.raises(Refused):
        bouncycastle.timestamp(stamp, data=data, anchors=[root])
    if suite == "intl":
        with pytest.raises(OpenSSLRefused):
            openssl.ts_verify(stamp, anchors=[root], data=data)
