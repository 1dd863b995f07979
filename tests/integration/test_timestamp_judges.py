"""Our tokens before OpenSSL and Bouncy Castle, and OpenSSL's tokens before us."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from ca.errors import TimestampInvalid
from ca.registry import AuthorityRole
from ca.timestamp import Imprint, parse_request
from ca.timestamp_response import parse_response
from ca.token import identity_of, verify_token
from keys.cms import GBT35275, RFC5652, ContentTypes
from keys.cms_build import SignedDataBuilder
from keys.errors import CmsInvalid
from keys.suites import Algorithm, Digest
from tests.support import chains, openssl_pki, services
from tests.support.clock import NOON, FixedClock
from tests.support.judge import BouncyCastle
from tests.support.openssl import OpenSSL, OpenSSLRefused
from tests.support.openssl_pki import Pki
from tests.support.timestamping import POLICY, anchor, make_authority
from tests.support.units import open_units

pytestmark = pytest.mark.interop

DATA = "借款合同".encode()


@pytest.fixture(scope="module")
def foreign(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    services.require("openssl")
    return openssl_pki.make("intl", tmp_path_factory.mktemp("intl"))


@pytest.fixture(scope="module")
def foreign_sm2(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    services.require("openssl")
    return openssl_pki.make("guomi", tmp_path_factory.mktemp("guomi"))


def answered(query: bytes, algorithm: Algorithm, engine: sa.Engine, folder: Path) -> bytes:
    clock = FixedClock()
    stamping = make_authority(open_units(engine, clock, folder), clock, algorithm)
    (response,) = stamping.authority.stamp([query], "judge")
    return response


@pytest.mark.parametrize("digest", ["sha256", "sha384", "sha512", "sm3"])
def test_openssl_accepts_our_tokens(openssl: OpenSSL, engine: sa.Engine, tmp_path: Path, digest: str) -> None:
    query = openssl.ts_query(DATA, digest=digest, policy=POLICY)
    response = answered(query, Algorithm.P256, engine, tmp_path)
    root = anchor(Algorithm.P256).data
    openssl.ts_verify(response, anchors=[root], query=query, at=NOON)
    openssl.ts_verify(response, anchors=[root], data=DATA, at=NOON)
    token = parse_response(response).token
    assert token is not None
    openssl.ts_verify(token, anchors=[root], data=DATA, at=NOON)
    with pytest.raises(OpenSSLRefused, match="imprint mismatch"):
        openssl.ts_verify(token, anchors=[root], data=b"another", at=NOON)


def test_openssl_accepts_a_token_without_certificates(
    openssl: OpenSSL, engine: sa.Engine, tmp_path: Path
) -> None:
    query = openssl.ts_query(DATA, cert=False)
    response = answered(query, Algorithm.P256, engine, tmp_path)
    between = chains.path(Algorithm.P256, "timestamp-unit")[:2]
    root = anchor(Algorithm.P256).data
    openssl.ts_verify(response, anchors=[root], query=query, untrusted=between, at=NOON)


@pytest.mark.parametrize("algorithm", list(chains.DEFAULTS))
@pytest.mark.parametrize("cert", [True, False])
def test_bouncy_castle_accepts_our_tokens(
    bouncycastle: BouncyCastle,
    openssl: OpenSSL,
    engine: sa.Engine,
    tmp_path: Path,
    algorithm: Algorithm,
    *,
    cert: bool,
) -> None:
    query = openssl.ts_query(DATA, digest=algorithm.digest.value, cert=cert)
    response = answered(query, algorithm, engine, tmp_path)
    leaf, above, root = chains.path(algorithm, "timestamp-unit")
    verdict = bouncycastle.timestamp(response, data=DATA, anchors=[root], certs=[leaf, above], query=query)
    assert verdict.detail("signing-certificate") == "ESSCertIDv2"
    assert verdict.detail("accuracy") == "present"
    assert verdict.detail("policy") == POLICY


@pytest.mark.parametrize("algorithm", list(chains.DEFAULTS))
@pytest.mark.parametrize("family", [RFC5652, GBT35275])
@pytest.mark.parametrize("detached", [True, False])
def test_bouncy_castle_accepts_our_signed_data(
    bouncycastle: BouncyCastle, algorithm: Algorithm, family: ContentTypes, *, detached: bool
) -> None:
    party = chains.leaf(algorithm, "organisation-seal")
    root = chains.root(algorithm).party.certificate.data
    above = chains.intermediate(algorithm, AuthorityRole.SEAL).party.certificate.data
    builder = SignedDataBuilder(identity_of(party.certificate), algorithm, content_types=family)
    prepared = builder.prepare(algorithm.digest.of(DATA))
    message = prepared.complete(party.key.sign(prepared.to_sign), None if detached else DATA)
    content = DATA if detached else None
    verdict = bouncycastle.cms(message, content=content, anchors=[root], certs=[above], at=NOON)
    assert verdict.detail("content-type") == ("RFC 5652" if family is RFC5652 else "GB/T 35275")


def test_openssl_accepts_our_signed_data(openssl: OpenSSL) -> None:
    party = chains.leaf(Algorithm.P256, "organisation-seal")
    root = chains.root(Algorithm.P256).party.certificate.data
    above = chains.intermediate(Algorithm.P256, AuthorityRole.SEAL).party.certificate.data
    builder = SignedDataBuilder(identity_of(party.certificate), Algorithm.P256)
    prepared = builder.prepare(Digest.SHA256.of(DATA))
    message = prepared.complete(party.key.sign(prepared.to_sign), DATA)
    assert openssl.cms_verify(message, anchors=[root], certs=[above], at=NOON) == DATA


@pytest.mark.parametrize("digest", [Digest.SHA256, Digest.SM3])
def test_we_read_openssls_query_and_accept_its_token(openssl: OpenSSL, foreign: Pki, digest: Digest) -> None:
    query = openssl.ts_query(DATA, digest=digest.value)
    request = parse_request(query)
    assert request.imprint.matches(digest, digest.of(DATA))
    response = parse_response(foreign.timestamp(query))
    assert response.token is not None
    verified = verify_token(response.token, data=DATA, nonce=request.nonce, policy=openssl_pki.POLICY)
    assert verified.certificate.data == foreign.certificate("tsa").dump()
    assert verified.info.imprint.digest is digest
    assert verify_token(response.token, imprints=[Imprint.of(digest, DATA)]).info == verified.info
    with pytest.raises(TimestampInvalid):
        verify_token(response.token, data=b"another")
    with pytest.raises(CmsInvalid):
        verify_token(response.token[:-1], data=DATA)


def test_we_accept_a_token_whose_sm2_signature_openssl_made(foreign_sm2: Pki) -> None:
    token = foreign_sm2.sm2_timestamp(DATA, serial=77, nonce=3)
    verified = verify_token(token, data=DATA, nonce=3)
    assert (verified.info.serial, verified.algorithm) == (77, Algorithm.SM2)


def test_we_refuse_openssls_token_without_certificates_unless_we_know_them(
    openssl: OpenSSL, foreign: Pki
) -> None:
    response = parse_response(foreign.timestamp(openssl.ts_query(DATA, cert=False)))
    assert response.token is not None
    with pytest.raises(CmsInvalid):
        verify_token(response.token, data=DATA)
    known = foreign.certificate("tsa").dump()
    assert verify_token(response.token, data=DATA, certificates=[known]).certificate.data == known
