"""The same files before the product: the verdicts of the manifests, or a refusal by a policy named here."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from ca.certificate import Certificate
from ca.errors import EncodingInvalid, RevocationDataInvalid, TimestampInvalid
from ca.indication import Indication, SubIndication
from ca.ocsp import load_request
from ca.ocspresponse import CertificateState, load_response
from ca.ocspverify import verify_response
from ca.timestamp import parse_request
from ca.timestamp_response import parse_response
from ca.token import read_certificate, verify_token
from ca.trust import load_trust
from ca.verifystamp import judge_timestamp
from keys import cms, cms_verify
from keys.errors import CmsInvalid
from keys.suites import Digest

FOLDER = Path(__file__).parent
STAMPS = FOLDER / "rfc3161"
REQUESTS = FOLDER / "ocsp/pyca"
ANSWERS = FOLDER / "ocsp/openssl"
TIMESTAMPS: list[dict[str, Any]] = json.loads((STAMPS / "answers.json").read_text())
OCSP_REQUESTS: list[dict[str, str]] = json.loads((REQUESTS / "requests.json").read_text())
OCSP_ANSWERS: list[dict[str, str]] = json.loads((ANSWERS / "answers.json").read_text())
SIGNER = "CN=Test TSA Timestamping,O=local"
LATER = datetime(2026, 11, 23, tzinfo=UTC)

# What is wrong with each token, in our words. Those of P-384 and RSA-2048 are valid; our suites refuse them.
TOKENS_REFUSED = {
    "response-p384-chain.tsr": "public key: is not of P-256, RSA-3072 or SM2",
    "response-rsa.tsr": "signatureAlgorithm: is not accepted",
    "response-invalid-signature.tsr": "public key: is not of P-256, RSA-3072 or SM2",
    "response-negative-serial.tsr": "tstInfo.serialNumber: is not positive",
    "response-no-accuracy.tsr": "does not name its certificate by ESSCertIDv2",
    "response-sha1-no-cert.tsr": "digestAlgorithm: is not accepted",
}


def stamp(answer: dict[str, Any]) -> tuple[bytes, bytes, dict[str, bytes]]:
    """Token, data and the verifier's files."""
    token = parse_response((STAMPS / answer["file"]).read_bytes()).token
    assert token is not None
    named = answer["chain"]
    files = {named: (STAMPS / named).read_bytes()} if named else {}
    return token, bytes.fromhex(answer["data"] or ""), files


def of(name: str) -> dict[str, Any]:
    return next(one for one in TIMESTAMPS if one["file"] == name)


def test_every_token_that_is_not_accepted_has_its_reason_here() -> None:
    valid = {one["file"] for one in TIMESTAMPS if one["result"] == "valid"}
    by_policy = {"response-p384-chain.tsr", "response-rsa.tsr"}
    assert valid - by_policy == {one["file"] for one in TIMESTAMPS} - set(TOKENS_REFUSED)
    assert by_policy < valid


@pytest.mark.parametrize("answer", TIMESTAMPS, ids=lambda answer: answer["file"])
def test_tokens(answer: dict[str, Any]) -> None:
    token, data, files = stamp(answer)
    trust = load_trust(files)
    known = [one.data for one in trust.intermediates]
    reason = TOKENS_REFUSED.get(answer["file"])
    if reason is None:
        assert verify_token(token, data=data).info.imprint.digest is Digest.SHA512
        with pytest.raises(TimestampInvalid, match="of other data"):
            verify_token(token, data=data + b"!")
        return
    with pytest.raises((CmsInvalid, TimestampInvalid)) as caught:
        verify_token(token, data=data, certificates=known)
    assert reason in str(caught.value)


@pytest.mark.parametrize("answer", TIMESTAMPS, ids=lambda answer: answer["file"])
def test_reports_on_tokens(answer: dict[str, Any]) -> None:
    token, data, files = stamp(answer)
    report = judge_timestamp(data, token, load_trust(files), now=LATER, revocation=False)
    if answer["file"] in TOKENS_REFUSED:
        assert report.indication is Indication.TOTAL_FAILED
        assert report.token is None
        return
    assert report.indication is Indication.TOTAL_PASSED
    assert len(report.path) == 3
    stranger = load_trust({"other": (STAMPS / "no-accuracy-root.der").read_bytes()})
    report = judge_timestamp(data, token, stranger, now=LATER, revocation=False)
    assert report.sub_indication is SubIndication.NO_CERTIFICATE_CHAIN_FOUND


@pytest.mark.parametrize("name", ["response.tsr", "response-injected-certs.tsr"])
def test_the_signer_is_the_certificate_that_verified_whatever_lies_beside_it(name: str) -> None:
    token, data, _ = stamp(of(name))
    verified = verify_token(token, data=data)
    assert verified.certificate.subject.rfc4514_string() == SIGNER
    names = [Certificate(one).subject.rfc4514_string() for one in verified.certificates]
    assert any("Spoofed" in one for one in names) is (name == "response-injected-certs.tsr")


def test_the_answer_is_to_the_request() -> None:
    request = parse_request((STAMPS / "request.der").read_bytes())
    token, data, _ = stamp(of("response.tsr"))
    assert request.imprint.matches(Digest.SHA512, Digest.SHA512.of(data))
    assert verify_token(token, data=data, nonce=request.nonce).info.nonce == request.nonce
    assert request.nonce is not None
    with pytest.raises(TimestampInvalid, match="not the one that was sent"):
        verify_token(token, data=data, nonce=request.nonce + 1)


# The first two are valid: RFC 5019 2.1.1 lets a responder take one certificate a request; RFC 5280 4.1.2.2
# knows no serial number over 20 octets, and this one has 160 bits, hence 21.
REQUESTS_REFUSED = {
    "req-multi-sha1.der": "asks about 2 certificates; one is answered",
    "req-sha1.der": "serial number out of range",
    "req-duplicate-ext.der": "holds the extension 1.3.6.1.5.5.7.48.1.2 twice",
    "req-invalid-hash-alg.der": "names its issuer by a digest other than SHA-1, SHA-256 and SM3",
    "req-invalid-version.der": "is of a version other than 1",
}


@pytest.mark.parametrize("request_", OCSP_REQUESTS, ids=lambda one: one["file"])
def test_ocsp_requests(request_: dict[str, str]) -> None:
    data = (REQUESTS / request_["file"]).read_bytes()
    reason = REQUESTS_REFUSED.get(request_["file"])
    if reason is None:
        assert request_["result"] == "valid"
        asked = load_request(data)
        assert (asked.nonce is not None) is (request_["file"] == "req-ext-nonce.der")
        assert asked.certificate.encoded in data
        return
    with pytest.raises(EncodingInvalid, match=reason):
        load_request(data)


RESPONSES = {
    "resp-sha256.der": CertificateState.GOOD,
    "resp-revoked-no-next-update.der": CertificateState.REVOKED,
    "resp-invalid-version.der": "is not a ResponseData of version 1",
    "resp-response-type-unknown-oid.der": "is not a basic response",
    "resp-successful-no-response-bytes.der": "has no response bytes",
    "resp-unauthorized.der": "carries no answer but the status unauthorized",
    "resp-unknown-response-status.der": "7 is not a valid ResponseStatus",
}


def test_every_response_of_the_folder_is_here() -> None:
    assert {one.name for one in REQUESTS.glob("resp-*")} == set(RESPONSES)


@pytest.mark.parametrize("name", sorted(RESPONSES))
def test_ocsp_responses_are_read(name: str) -> None:
    data, expected = (REQUESTS / name).read_bytes(), RESPONSES[name]
    if isinstance(expected, CertificateState):
        response = load_response(data)
        assert [one.status.state for one in response.answers] == [expected]
        with pytest.raises(EncodingInvalid):
            load_response(data + b"\x00")
        return
    with pytest.raises(EncodingInvalid, match=expected):
        load_response(data)


@pytest.mark.parametrize("answer", OCSP_ANSWERS, ids=lambda answer: answer["file"])
def test_no_ocsp_answer_under_sha1_proves_anything(answer: dict[str, str]) -> None:
    """All of OpenSSL's are signed with SHA-1; the responder's other defects never come to be judged."""
    certificate, issuer = (
        Certificate.from_pem((ANSWERS / answer[name]).read_bytes()) for name in ("certificate", "issuer")
    )
    with pytest.raises((EncodingInvalid, RevocationDataInvalid), match="algorithm that is not accepted"):
        verify_response(
            (ANSWERS / answer["file"]).read_bytes(), certificate, issuer, datetime.fromisoformat(answer["at"])
        )


def test_cms_with_rsa_2048_is_read_and_not_believed() -> None:
    signed = cms.parse((FOLDER / "cms/cms-signed.der").read_bytes())
    assert signed.content_type == cms.RFC5652.data
    assert len(signed.signers) == len(signed.certificates) == 1
    with pytest.raises(CmsInvalid, match="RSA of 2048 bits; 3072 to 4096 are accepted"):
        cms_verify.verify(signed, read_certificate)


def test_cms_of_a_version_that_is_none_is_refused() -> None:
    """RFC 5652 5.1 has the versions 1, 3, 4 and 5."""
    with pytest.raises(CmsInvalid, match=r"version: is 2 around 1\.2\.840\.113549\.1\.7\.5"):
        cms.parse((FOLDER / "cms/cms-signed-digested.der").read_bytes())
