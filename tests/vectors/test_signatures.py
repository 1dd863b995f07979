"""Signatures: the samples of the standards, and those that must be refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_public_key
from gmssl import sm2 as gmssl_sm2

from keys import ecsignature, sm2
from keys.errors import SignatureInvalid
from keys.public import PublicKey
from keys.suites import Algorithm
from tests.support.judge import BouncyCastle, Refused
from tests.support.openssl import OpenSSL
from tests.vectors import make_malformed

VECTORS = Path(__file__).parent
ALGORITHMS = {"P-256": "SHA256withECDSA", "SM2": "SM3withSM2"}

SAMPLE: dict[str, Any] = json.loads((VECTORS / "gbt/sm2.json").read_text())
SAMPLE_SIGNATURE = ecsignature.encode(int(SAMPLE["r"], 16), int(SAMPLE["s"], 16))
SAMPLE_POINT = bytes.fromhex("04" + SAMPLE["public_key"]["x"] + SAMPLE["public_key"]["y"])
SAMPLE_MESSAGE = bytes.fromhex(SAMPLE["message"])
SAMPLE_KEY = PublicKey.of_point(Algorithm.SM2, SAMPLE_POINT)


DOCUMENTS: list[dict[str, Any]] = [
    json.loads((VECTORS / "malformed" / name).read_text()) for name in make_malformed.FILES
]
CASES = [
    pytest.param(document, case, id=f"{document['algorithm']}: {case['comment']}")
    for document in DOCUMENTS
    for case in document["cases"]
]


@pytest.mark.parametrize("name", list(make_malformed.FILES))
def test_the_script_makes_the_files_again(name: str) -> None:
    stored = (VECTORS / "malformed" / name).read_text(encoding="utf-8")
    assert make_malformed.render(make_malformed.FILES[name]()) == stored


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document["algorithm"])
def test_each_case_is_another(document: dict[str, Any]) -> None:
    signatures = [case["signature"] for case in document["cases"]]
    assert len(set(signatures)) == len(signatures) > 90


@pytest.mark.parametrize(("document", "case"), CASES)
def test_gives_the_verdict(document: dict[str, Any], case: dict[str, str]) -> None:
    key = PublicKey.from_spki(bytes.fromhex(document["public_key"]))
    signature, message = bytes.fromhex(case["signature"]), bytes.fromhex(document["message"])
    if case["result"] == "valid":
        key.verify(signature, message)
        return
    with pytest.raises(SignatureInvalid):
        key.verify(signature, message)


@pytest.mark.parametrize("backend", [sm2.NativeBackend(), sm2.PureBackend()], ids=lambda b: b.name)
def test_both_implementations_of_sm2_give_the_verdict(backend: sm2.Backend) -> None:
    document = json.loads((VECTORS / "malformed/sm2.json").read_text())
    message = bytes.fromhex(document["message"])
    key = backend.open_public(bytes.fromhex(document["public_key"])[-65:])
    accepted = []
    for case in document["cases"]:
        try:
            key.verify(bytes.fromhex(case["signature"]), message)
        except SignatureInvalid:
            continue
        accepted.append(case["comment"])
    assert accepted == [case["comment"] for case in document["cases"] if case["result"] == "valid"]


@pytest.mark.interop
@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document["algorithm"])
def test_bouncy_castle_gives_the_verdict(document: dict[str, Any], bouncycastle: BouncyCastle) -> None:
    public_key, message = bytes.fromhex(document["public_key"]), bytes.fromhex(document["message"])
    algorithm = ALGORITHMS[document["algorithm"]]
    for case in document["cases"]:
        signature = bytes.fromhex(case["signature"])
        try:
            bouncycastle.signature(signature, public_key=public_key, data=message, algorithm=algorithm)
        except Refused:
            assert case["result"] == "invalid", case
        else:
            assert case["result"] == "valid", case


def test_the_signatures_of_rfc_6979_are_as_printed() -> None:
    subject = make_malformed.p256()
    assert f"{subject.r:064X}" == "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
    assert f"{subject.s:064X}" == "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8"
    key = load_der_public_key(subject.spki)
    assert isinstance(key, ec.EllipticCurvePublicKey)
    key.verify(make_malformed.pair(subject.r, subject.s), b"sample", ec.ECDSA(SHA256()))


class TestSampleOfGbt32918:
    """GB/T 32918.5-2017 A.2."""

    def test_private_key_has_this_public_key(self) -> None:
        for backend in (sm2.NativeBackend(), sm2.PureBackend()):
            assert backend.open_private(int(SAMPLE["private_key"], 16)).point == SAMPLE_POINT

    def test_gmssl_signs_with_this_nonce_as_printed(self) -> None:
        engine = gmssl_sm2.CryptSM2(private_key=SAMPLE["private_key"], public_key=SAMPLE_POINT[1:].hex())
        assert engine._sm3_z(SAMPLE_MESSAGE) == SAMPLE["e"]
        assert engine.sign_with_sm3(SAMPLE_MESSAGE, SAMPLE["k"]) == SAMPLE["r"] + SAMPLE["s"]

    def test_verifies(self) -> None:
        SAMPLE_KEY.verify(SAMPLE_SIGNATURE, SAMPLE_MESSAGE)
        for backend in (sm2.NativeBackend(), sm2.PureBackend()):
            key = backend.open_public(SAMPLE_POINT)
            key.verify(SAMPLE_SIGNATURE, SAMPLE_MESSAGE)
            with pytest.raises(SignatureInvalid):
                key.verify(SAMPLE_SIGNATURE, SAMPLE_MESSAGE + b"\n")

    @pytest.mark.interop
    def test_others_verify_it(self, bouncycastle: BouncyCastle, openssl: OpenSSL) -> None:
        spki = SAMPLE_KEY.spki
        bouncycastle.signature(SAMPLE_SIGNATURE, public_key=spki, data=SAMPLE_MESSAGE)
        openssl.sm2_signature(SAMPLE_SIGNATURE, public_key=spki, data=SAMPLE_MESSAGE)


@pytest.mark.interop
class TestOthersSignatures:
    def test_verifies_what_bouncy_castle_signs(self, bouncycastle: BouncyCastle, tmp_path: Path) -> None:
        spki, signature, _ = bouncycastle.sm2_sign(SAMPLE_MESSAGE, tmp_path)
        key = PublicKey.from_spki(spki)
        key.verify(signature, SAMPLE_MESSAGE)
        with pytest.raises(SignatureInvalid):
            key.verify(signature, SAMPLE_MESSAGE + b"\n")

    @pytest.mark.parametrize("backend", [sm2.NativeBackend(), sm2.PureBackend()], ids=lambda b: b.name)
    def test_others_verify_what_we_sign(
        self, bouncycastle: BouncyCastle, openssl: OpenSSL, backend: sm2.Backend
    ) -> None:
        pair = backend.generate()
        signature = pair.operation.sign(SAMPLE_MESSAGE)
        spki = PublicKey.of_point(Algorithm.SM2, pair.point).spki
        bouncycastle.signature(signature, public_key=spki, data=SAMPLE_MESSAGE)
        openssl.sm2_signature(signature, public_key=spki, data=SAMPLE_MESSAGE)
        sm2.NativeBackend().open_public(pair.point).verify(signature, SAMPLE_MESSAGE)
        sm2.PureBackend().open_public(pair.point).verify(signature, SAMPLE_MESSAGE)
