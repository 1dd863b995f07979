"""Certification requests between OpenSSL and us."""

from __future__ import annotations

from pathlib import Path

import pytest

from ca.errors import ProofOfPossessionInvalid
from ca.request import build_request, parse_request
from keys.private import PrivateKey
from keys.suites import Algorithm
from tests.support.chains import operator_name
from tests.support.openssl import SM2_IDENTIFIER, OpenSSL

pytestmark = pytest.mark.interop

KEYS = {
    Algorithm.P256: ("EC", "ec_paramgen_curve:P-256", "-sha256"),
    Algorithm.RSA3072: ("RSA", "rsa_keygen_bits:3072", "-sha256"),
    Algorithm.SM2: ("EC", "ec_paramgen_curve:SM2", "-sm3"),
}


def made_by_openssl(openssl: OpenSSL, folder: Path, algorithm: Algorithm, *words: str) -> bytes:
    kind, option, digest = KEYS[algorithm]
    key = folder / "key.pem"
    openssl.run("genpkey", "-algorithm", kind, "-pkeyopt", option, "-out", key)
    subject = ("-subj", "/C=US/CN=someone else", "-addext", "basicConstraints=CA:TRUE")
    return openssl.run("req", "-new", "-key", key, digest, *subject, *words)[0]


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_we_read_what_openssl_makes(openssl: OpenSSL, tmp_path: Path, algorithm: Algorithm) -> None:
    words = ("-sigopt", SM2_IDENTIFIER) if algorithm is Algorithm.SM2 else ()
    found = parse_request(made_by_openssl(openssl, tmp_path, algorithm, *words))
    assert found.public.algorithm is algorithm
    assert found.ignored == ("subject.C", "subject.CN", "extension.2.5.29.19")


def test_an_sm2_request_under_another_identity_proves_nothing(openssl: OpenSSL, tmp_path: Path) -> None:
    request = made_by_openssl(openssl, tmp_path, Algorithm.SM2, "-sigopt", "distid:somebody")
    with pytest.raises(ProofOfPossessionInvalid, match="1234567812345678"):
        parse_request(request)


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_openssl_reads_what_we_make(openssl: OpenSSL, algorithm: Algorithm) -> None:
    request = build_request(PrivateKey.generate(algorithm), operator_name("某"))
    openssl.req(request, sm2=algorithm is Algorithm.SM2)
