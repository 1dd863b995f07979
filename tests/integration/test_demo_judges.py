"""What the demonstration left, before judges not ours: OpenSSL, Bouncy Castle, gmssl, pkilint, pyHanko."""

from __future__ import annotations

import asyncio
import hashlib
import json
import subprocess
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from asn1crypto import cms, core, ocsp, tsp
from asn1crypto import crl as asn1_crl
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from gmssl.sm2 import CryptSM2
from pyhanko.sign.validation.generic_cms import validate_tst_signed_data
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from pyhanko_certvalidator.errors import PathValidationError

from api.demo.parties import BORROWER
from ca.adapters.pkilint import Pkilint
from ca.deeplint import require_no_error
from evidence.adapters.system_clock import SystemClock
from tests.support import pyhankojudge
from tests.support.demonstration import COMMAND, LEAVES, ROLES, SUITES, WITHDRAWN, Demonstration
from tests.support.judge import BouncyCastle, Refused
from tests.support.openssl import OpenSSL, OpenSSLRefused
from tests.support.pdfjudge import PdfBox
from tests.support.services import environment

pytestmark = pytest.mark.interop

SUBJECTS = [(name, role) for name, role in LEAVES.items()]
SM2_SIZE = 64


class _Sm2Signature(core.Sequence):  # type: ignore[misc]
    _fields = [("r", core.Integer), ("s", core.Integer)]  # noqa: RUF012  (asn1crypto wants a list)


def token(demonstration: Demonstration, suite: str) -> cms.SignedData:
    return cms.ContentInfo.load(demonstration.file(suite, "timestamp.tst"))["content"]


def unit(demonstration: Demonstration, suite: str) -> bytes:
    """The timestamping unit's certificate, DER."""
    signed = token(demonstration, suite)
    serial = signed["signer_infos"][0]["sid"].chosen["serial_number"].native
    (found,) = [one.chosen.dump() for one in signed["certificates"] if one.chosen.serial_number == serial]
    return bytes(found)


def answer(demonstration: Demonstration, suite: str) -> ocsp.BasicOCSPResponse:
    return ocsp.OCSPResponse.load(demonstration.file(suite, "ocsp.der")).basic_ocsp_response


def responder(demonstration: Demonstration, suite: str) -> bytes:
    (found,) = answer(demonstration, suite)["certs"]
    return bytes(found.dump())


def certificates(demonstration: Demonstration, suite: str) -> dict[str, tuple[bytes, str]]:
    """Every certificate of the suite, with the role of its issuer."""
    found = {role: (demonstration.authority(suite, role), "root") for role in ROLES}
    found |= {name: (demonstration.leaf(suite, name), role) for name, role in SUBJECTS}
    found[WITHDRAWN] = (demonstration.leaf(suite, WITHDRAWN), "person")
    found["unit"] = (unit(demonstration, suite), "timestamp")
    found["responder"] = (responder(demonstration, suite), "person")
    return found


def crls(demonstration: Demonstration, suite: str, role: str) -> list[bytes]:
    """What a path through the authority needs."""
    return [demonstration.crl(suite, one) for one in {role: 0, "root": 0}]


def signatures(demonstration: Demonstration, suite: str) -> dict[str, tuple[bytes, bytes, bytes]]:
    """Every signature in what was left: SubjectPublicKeyInfo, signature, what it covers."""
    found = {}
    for name, (data, role) in certificates(demonstration, suite).items():
        parsed = asn1_x509.Certificate.load(data)
        issuer = asn1_x509.Certificate.load(demonstration.authority(suite, role))
        found[name] = (
            issuer.public_key.dump(),
            parsed["signature_value"].native,
            parsed["tbs_certificate"].dump(),
        )
    for role in ROLES:
        parsed = asn1_crl.CertificateList.load(demonstration.crl(suite, role))
        issuer = asn1_x509.Certificate.load(demonstration.authority(suite, role))
        found[f"{role} CRL"] = (
            issuer.public_key.dump(),
            parsed["signature"].native,
            parsed["tbs_cert_list"].dump(),
        )
    basic = answer(demonstration, suite)
    delegate = asn1_x509.Certificate.load(responder(demonstration, suite))
    found["answer"] = (
        delegate.public_key.dump(),
        basic["signature"].native,
        basic["tbs_response_data"].dump(),
    )
    (signer,) = token(demonstration, suite)["signer_infos"]
    stamped_by = asn1_x509.Certificate.load(unit(demonstration, suite))
    found["token"] = (
        stamped_by.public_key.dump(),
        signer["signature"].native,
        signer["signed_attrs"].untag().dump(),
    )
    return found


class TestOpenSSL:
    @pytest.mark.parametrize(("name", "role"), SUBJECTS)
    def test_intl_paths_with_crls(
        self, demonstration: Demonstration, openssl: OpenSSL, name: str, role: str
    ) -> None:
        path = [demonstration.leaf("intl", name), *demonstration.above("intl", role)]
        openssl.verify(path, crls=crls(demonstration, "intl", role))

    @pytest.mark.parametrize("role", ROLES)
    def test_intl_authorities(self, demonstration: Demonstration, openssl: OpenSSL, role: str) -> None:
        openssl.verify(
            demonstration.above("intl", role) if role != "root" else [demonstration.root("intl")] * 2,
            crls=[demonstration.crl("intl", "root")],
        )
        openssl.crl(demonstration.crl("intl", role), issuer=demonstration.authority("intl", role))

    def test_intl_withdrawn(self, demonstration: Demonstration, openssl: OpenSSL) -> None:
        path = [demonstration.leaf("intl", WITHDRAWN), *demonstration.above("intl", "person")]
        with pytest.raises(OpenSSLRefused, match="certificate revoked"):
            openssl.verify(path, crls=crls(demonstration, "intl", "person"))

    def test_the_files_as_they_lie(self, demonstration: Demonstration, openssl: OpenSSL) -> None:
        """With nothing but the names that the interface promises."""
        trust = demonstration.out / "trust"
        chain = ("-CAfile", trust / "intl-root.pem", "-untrusted", trust / "intl-chain.pem")
        for name in LEAVES:
            openssl.run("verify", "-x509_strict", *chain, demonstration.out / f"intl/{name}.pem")
        files = [demonstration.out / f"intl/timestamp.{one}" for one in ("tst", "data")]
        said, _ = openssl.run("ts", "-verify", "-in", files[0], "-token_in", "-data", files[1], *chain)
        assert b"Verification: OK" in said
        anchor = ("-CAfile", trust / "intl-root.pem", "-verify_other", trust / "intl-chain.pem")
        person, borrower = (
            demonstration.out / f"intl/{one}.pem" for one in ("authorities/person", "borrower")
        )
        asked = ("-issuer", person, "-cert", borrower)
        out, said_ = openssl.run("ocsp", "-respin", demonstration.out / "intl/ocsp.der", *asked, *anchor)
        assert b": good" in out
        assert "Response verify OK" in said_

    def test_intl_answer(self, demonstration: Demonstration, openssl: OpenSSL) -> None:
        person, root = demonstration.above("intl", "person")
        response, borrower = demonstration.file("intl", "ocsp.der"), demonstration.leaf("intl", "borrower")
        assert openssl.ocsp(response, issuer=person, cert=borrower, anchors=[root]) == "good"
        other = demonstration.leaf("intl", "guarantor")
        with pytest.raises((OpenSSLRefused, IndexError)):
            openssl.ocsp(response, issuer=person, cert=other, anchors=[root])

    def test_intl_token(self, demonstration: Demonstration, openssl: OpenSSL) -> None:
        data, stamp = (demonstration.file("intl", f"timestamp.{one}") for one in ("data", "tst"))
        root = demonstration.root("intl")
        openssl.ts_verify(stamp, anchors=[root], data=data)  # the token carries its path
        with pytest.raises(OpenSSLRefused):
            openssl.ts_verify(stamp, anchors=[root], data=data + b"\n")
        path = [unit(demonstration, "intl"), *demonstration.above("intl", "timestamp")]
        openssl.verify(path, crls=crls(demonstration, "intl", "timestamp"), purpose="timestampsign")

    @pytest.mark.parametrize("name", [*LEAVES, WITHDRAWN])
    def test_guomi_paths_link_by_link(
        self, demonstration: Demonstration, openssl: OpenSSL, name: str
    ) -> None:
        role = LEAVES.get(name, "person")
        openssl.verify_sm2([demonstration.leaf("guomi", name), *demonstration.above("guomi", role)])

    def test_guomi_authorities(self, demonstration: Demonstration, openssl: OpenSSL) -> None:
        for role in ROLES[1:]:
            openssl.verify_sm2(demonstration.above("guomi", role))

    def test_guomi_token_by_the_manual_recipe(self, demonstration: Demonstration, openssl: OpenSSL) -> None:
        signed = token(demonstration, "guomi")
        (signer,) = signed["signer_infos"]
        attributes = signer["signed_attrs"]
        info = signed["encap_content_info"]["content"].contents
        digest, _ = openssl.run("dgst", "-sm3", "-binary", stdin=info)
        (named,) = [one["values"][0].native for one in attributes if one["type"].native == "message_digest"]
        assert digest == named
        data = demonstration.file("guomi", "timestamp.data")
        stamped = tsp.TSTInfo.load(info)["message_imprint"]
        assert stamped["hashed_message"].native == openssl.run("dgst", "-sm3", "-binary", stdin=data)[0]
        retagged = b"\x31" + attributes.dump()[1:]
        key = asn1_x509.Certificate.load(unit(demonstration, "guomi")).public_key.dump()
        openssl.sm2_signature(signer["signature"].native, public_key=key, data=retagged)
        with pytest.raises(OpenSSLRefused):
            openssl.sm2_signature(signer["signature"].native, public_key=key, data=attributes.dump())
        path = [unit(demonstration, "guomi"), *demonstration.above("guomi", "timestamp")]
        openssl.verify_sm2(path, purpose="timestampsign")

    def test_every_guomi_signature(self, demonstration: Demonstration, openssl: OpenSSL) -> None:
        for key, signature, covered in signatures(demonstration, "guomi").values():
            openssl.sm2_signature(signature, public_key=key, data=covered)


@pytest.mark.parametrize("suite", SUITES)
class TestBouncyCastle:
    def test_paths_with_crls(
        self, demonstration: Demonstration, bouncycastle: BouncyCastle, suite: str
    ) -> None:
        for name, (data, role) in certificates(demonstration, suite).items():
            if name in {"root", WITHDRAWN}:
                continue
            bouncycastle.chain(
                data,
                anchors=[demonstration.root(suite)],
                certs=demonstration.chain(suite),
                crls=crls(demonstration, suite, role),
            )

    def test_withdrawn(self, demonstration: Demonstration, bouncycastle: BouncyCastle, suite: str) -> None:
        with pytest.raises(Refused, match="cessationOfOperation"):
            bouncycastle.chain(
                demonstration.leaf(suite, WITHDRAWN),
                anchors=[demonstration.root(suite)],
                certs=demonstration.chain(suite),
                crls=crls(demonstration, suite, "person"),
            )

    def test_crls(self, demonstration: Demonstration, bouncycastle: BouncyCastle, suite: str) -> None:
        for role in ROLES:
            verdict = bouncycastle.crl(
                demonstration.crl(suite, role), issuer=demonstration.authority(suite, role)
            )
            assert verdict.detail("entries") == f"{int(role == 'person')} entries"

    def test_answer(self, demonstration: Demonstration, bouncycastle: BouncyCastle, suite: str) -> None:
        issuer, borrower = demonstration.authority(suite, "person"), demonstration.leaf(suite, "borrower")
        response = demonstration.file(suite, "ocsp.der")
        verdict = bouncycastle.ocsp(response, issuer=issuer, cert=borrower, status="good")
        assert verdict.detail("responder").startswith("a delegate")

    def test_token(self, demonstration: Demonstration, bouncycastle: BouncyCastle, suite: str) -> None:
        bouncycastle.timestamp(
            demonstration.file(suite, "timestamp.tst"),
            data=demonstration.file(suite, "timestamp.data"),
            anchors=[demonstration.root(suite)],
            certs=demonstration.chain(suite),
        )


def test_gmssl_verifies_every_guomi_signature(demonstration: Demonstration) -> None:
    found = signatures(demonstration, "guomi")
    assert len(found) == 2 * len(ROLES) + len(LEAVES) + 5
    for name, (key, signature, covered) in found.items():
        point = asn1_x509.PublicKeyInfo.load(key)["public_key"].native
        value = _Sm2Signature.load(signature, strict=True)
        raw = f"{value['r'].native:064x}{value['s'].native:064x}"
        assert len(raw) == 2 * SM2_SIZE
        engine = CryptSM2(private_key="", public_key="")
        engine.public_key = point[1:].hex()  # the constructor takes leading 0 and 4 off some keys
        assert engine.verify_with_sm3(raw, covered), name


class TestPkilint:
    def test_every_intl_object(self, demonstration: Demonstration) -> None:
        linter = Pkilint()
        for data, _ in certificates(demonstration, "intl").values():
            require_no_error(linter.certificate(data))
        for role in ROLES:
            require_no_error(linter.crl(demonstration.crl("intl", role)))
        require_no_error(linter.ocsp_response(demonstration.file("intl", "ocsp.der")))


def context(
    demonstration: Demonstration, crls: Sequence[bytes], ocsps: Sequence[bytes] = ()
) -> ValidationContext:
    return ValidationContext(
        trust_roots=[asn1_x509.Certificate.load(demonstration.root("intl"))],
        other_certs=[asn1_x509.Certificate.load(one) for one in demonstration.chain("intl")],
        crls=crls,
        ocsps=ocsps,
        revocation_mode="hard-fail",
        allow_fetching=False,
    )


class TestPyHanko:
    def validate(self, demonstration: Demonstration, name: str, judged: ValidationContext) -> None:
        certificate = asn1_x509.Certificate.load(demonstration.leaf("intl", name))
        validator = CertificateValidator(certificate, validation_context=judged)
        asyncio.run(validator.async_validate_usage({"digital_signature", "non_repudiation"}))  # type: ignore[no-untyped-call]

    def test_path_with_crls(self, demonstration: Demonstration) -> None:
        for name, role in SUBJECTS:
            self.validate(demonstration, name, context(demonstration, crls(demonstration, "intl", role)))
        material = crls(demonstration, "intl", "person")
        with pytest.raises(PathValidationError, match="revoked"):
            self.validate(demonstration, WITHDRAWN, context(demonstration, material))

    def test_path_with_the_answer(self, demonstration: Demonstration) -> None:
        above = [demonstration.crl("intl", "root")]
        answers = [demonstration.file("intl", "ocsp.der")]
        self.validate(demonstration, "borrower", context(demonstration, above, answers))
        with pytest.raises(PathValidationError):  # the answer is about another
            self.validate(demonstration, "guarantor", context(demonstration, above, answers))

    def test_token(self, demonstration: Demonstration) -> None:
        data = demonstration.file("intl", "timestamp.data")

        def imprint(algorithm: str) -> bytes:
            return hashlib.new(algorithm, data).digest()

        judged = context(demonstration, crls(demonstration, "intl", "timestamp"))
        status = asyncio.run(validate_tst_signed_data(token(demonstration, "intl"), judged, imprint))
        assert status["intact"]
        assert status["valid"]
        assert status["trust_problem_indic"] is None
        step = demonstration.step("timestamp", "intl")
        assert status["timestamp"] == datetime.fromisoformat(step["gen_time"])


def test_cryptography_reads_and_verifies_every_intl_link(demonstration: Demonstration) -> None:
    for data, role in certificates(demonstration, "intl").values():
        issuer = x509.load_der_x509_certificate(demonstration.authority("intl", role))
        x509.load_der_x509_certificate(data).verify_directly_issued_by(issuer)
    for role in ROLES:
        issuer = x509.load_der_x509_certificate(demonstration.authority("intl", role))
        crl = x509.load_der_x509_crl(demonstration.crl("intl", role))
        assert crl.is_signature_valid(issuer.public_key())  # type: ignore[arg-type]
        assert crl.next_update_utc is not None
        assert crl.last_update_utc <= SystemClock().now() < crl.next_update_utc


class TestContract:
    """The contract that was signed, before every judge of PDFs, and before ours by the trust folder alone."""

    def test_pdfbox_with_bouncy_castle(self, demonstration: Demonstration, pdfbox: PdfBox) -> None:
        for suite in SUITES:
            path = demonstration.out / suite / "contract.pdf"
            pdfbox.pdf(path, anchors=[demonstration.root(suite)], at=SystemClock().now())

    def test_pyhanko(self, demonstration: Demonstration) -> None:
        data, root = demonstration.file("intl", "contract.pdf"), demonstration.root("intl")
        found = pyhankojudge.accept(data, root, SystemClock().now(), long_term=True)
        assert [one.timestamped for one in found] == [True] * 5

    def test_poppler_and_qpdf(self, demonstration: Demonstration) -> None:
        for suite in SUITES:
            path = str(demonstration.out / suite / "contract.pdf")
            subprocess.run(["qpdf", "--check", path], check=True, capture_output=True)
            words = subprocess.run(
                ["pdftotext", path, "-"], check=True, capture_output=True, text=True
            ).stdout
            assert BORROWER.name in words
            assert "个人借款合同" in words
        said = subprocess.run(
            ["pdfsig", "-nocert", str(demonstration.out / "intl/contract.pdf")],
            check=False,
            capture_output=True,
            text=True,
        ).stdout
        assert said.count("Signature is Valid.") == 4

    def test_by_command_with_the_trust_folder_alone(self, demonstration: Demonstration) -> None:
        for suite in SUITES:
            code, report = verify(demonstration, demonstration.out / suite / "contract.pdf")
            assert code == 0, report
            assert report["indication"] == "TOTAL-PASSED"
            assert report["attacks"] == []
            people = [one for one in report["signatures"] if one["kind"] == "signature"]
            assert [one["level"] for one in people] == ["B-LTA"] * 4
            assert {one["suite"] for one in people} == {suite}

    def test_one_octet_more_is_told(self, demonstration: Demonstration, tmp_path: Path) -> None:
        changed = tmp_path / "changed.pdf"
        changed.write_bytes(demonstration.file("guomi", "contract.pdf") + b" %")
        code, report = verify(demonstration, changed)
        assert code in {1, 3}
        assert report["indication"] != "TOTAL-PASSED"
        assert [one["class"] for one in report["attacks"]] == ["trailing-bytes"]


def verify(demonstration: Demonstration, path: Path) -> tuple[int, dict[str, Any]]:
    trust = str(demonstration.out / "trust")
    done = subprocess.run(
        [COMMAND, "contract", "verify", str(path), "--trust", trust, "--format", "json"],
        env=environment(),
        check=False,
        capture_output=True,
        text=True,
    )
    return done.returncode, json.loads(done.stdout)
