"""Certification requests: the key, the proof, and nothing more."""

from __future__ import annotations

import base64

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA384
from cryptography.hazmat.primitives.serialization import Encoding

from ca.certificate import to_pem
from ca.errors import ProofOfPossessionInvalid, RequestInvalid
from ca.request import MAX_REQUEST_SIZE, PEM_LABEL, build_request, parse_request
from keys.private import PrivateKey
from keys.suites import Algorithm
from tests.support.chains import operator_name

KEY = PrivateKey.generate(Algorithm.P256)
DER = build_request(KEY, operator_name("某"))


@pytest.mark.parametrize("algorithm", list(Algorithm))
def test_ours_are_read_in_der_and_pem(algorithm: Algorithm) -> None:
    key = PrivateKey.generate(algorithm)
    request = build_request(key, operator_name("某"))
    assert parse_request(request).public == key.public
    assert parse_request(to_pem(PEM_LABEL, request).encode()).public == key.public


def test_what_else_is_asked_for_is_ignored_and_told() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    request = (
        x509.CertificateSigningRequestBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "boss")]))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("bank.test")]), critical=False)
        .add_attribute(x509.oid.AttributeOID.CHALLENGE_PASSWORD, b"secret")
        .sign(key, SHA256())
    )
    found = parse_request(request.public_bytes(Encoding.DER))
    assert set(found.ignored) == {
        "subject.CN",
        "extension.2.5.29.19",
        "extension.2.5.29.17",
        "attribute.1.2.840.113549.1.9.7",
    }


def test_an_empty_subject_is_as_good() -> None:
    assert parse_request(build_request(KEY)).ignored == ()


def test_the_proof_must_hold() -> None:
    other = PrivateKey.generate(Algorithm.P256)
    stolen = DER.replace(KEY.public.spki, other.public.spki)
    with pytest.raises(ProofOfPossessionInvalid) as refused:
        parse_request(stolen)
    assert refused.value.field == "csr.signature"


def test_another_digest_than_the_suites_is_refused() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, SHA384())
    with pytest.raises(ProofOfPossessionInvalid) as refused:
        parse_request(request.public_bytes(Encoding.DER))
    assert refused.value.field == "csr.algorithm"


@pytest.mark.parametrize(
    "key", [ec.generate_private_key(ec.SECP384R1()), rsa.generate_private_key(65537, 2048)]
)
def test_keys_that_are_not_accepted_are_refused(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> None:
    request = x509.CertificateSigningRequestBuilder().subject_name(x509.Name([])).sign(key, SHA256())
    with pytest.raises(RequestInvalid) as refused:
        parse_request(request.public_bytes(Encoding.DER))
    assert refused.value.field == "csr.public_key"


PEM = to_pem(PEM_LABEL, DER).encode()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x30\x00",
        DER + b"\x00",
        DER[:-1],
        b"\x30\x80" + DER[4:] + b"\x00\x00",
        PEM + PEM,
        PEM.replace(b"CERTIFICATE REQUEST", b"CERTIFICATE"),
        PEM[: len(PEM) // 2],
        PEM.replace(b"\n-----END", b"=\n-----END"),
        b"-----BEGIN CERTIFICATE REQUEST-----\n-----END CERTIFICATE REQUEST-----\n",
        b"-----BEGIN CERTIFICATE REQUEST-----\n!!!!\n-----END CERTIFICATE REQUEST-----\n",
        base64.b64encode(DER),
        bytes(MAX_REQUEST_SIZE + 1),
        b"\x30\x84\xff\xff\xff\xff" + bytes(100),
    ],
)
def test_what_is_no_request_is_refused_by_field(data: bytes) -> None:
    with pytest.raises(RequestInvalid) as refused:
        parse_request(data)
    assert refused.value.field == "csr"


def test_version_is_zero() -> None:
    assert DER.count(b"\x02\x01\x00") == 1
    with pytest.raises(RequestInvalid) as refused:
        parse_request(DER.replace(b"\x02\x01\x00", b"\x02\x01\x01"))
    assert refused.value.field == "csr.version"


def test_text_around_the_block_is_no_harm() -> None:
    assert parse_request(b"Certificate Request:\n" + PEM + b"\n").public == KEY.public
    assert parse_request(PEM.replace(b"\n", b"\r\n")).public == KEY.public
