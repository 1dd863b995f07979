"""Our CRLs and OCSP answers before judges of other makes, and their answers before ours."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest

from ca.certificate import Certificate
from ca.crl import load_crl
from ca.errors import RevocationDataInvalid
from ca.indication import SubIndication
from ca.ocsp import certificate_id, encode_request, load_request
from ca.ocspresponse import CertificateState, load_response
from ca.ocspverify import verify_response
from ca.path import validate
from ca.registry import RevocationReason
from ca.trust import RevocationData, load_trust
from evidence.adapters.system_clock import SystemClock
from keys.suites import Algorithm, Suite
from tests.support.clock import FixedClock
from tests.support.database import empty_engine
from tests.support.judge import BouncyCastle, Refused
from tests.support.openssl import OpenSSL, OpenSSLRefused
from tests.support.openssl_pki import make
from tests.support.revocable import Hierarchy, open_hierarchy

pytestmark = pytest.mark.interop
ALGORITHMS = (Algorithm.P256, Algorithm.RSA3072, Algorithm.SM2)


@pytest.fixture(params=ALGORITHMS, ids=lambda one: one.value, scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Hierarchy]:
    folder = tmp_path_factory.mktemp("authority")
    now = SystemClock().now().replace(microsecond=0)  # openssl judges by the machine's clock
    with empty_engine("sqlite", folder) as engine:
        yield open_hierarchy(engine, folder, request.param, FixedClock(now))


@pytest.fixture(scope="module")
def leaves(made: Hierarchy) -> tuple[Certificate, Certificate]:
    """One good, one revoked."""
    good, revoked = made.issue(), made.issue()
    made.revoke(revoked, RevocationReason.KEY_COMPROMISE)
    return good, revoked


@pytest.fixture(scope="module")
def crls(made: Hierarchy, leaves: tuple[Certificate, Certificate]) -> list[bytes]:
    return [one.data for one in made.publisher.publish_all()]


def test_bouncycastle_accepts_crls(made: Hierarchy, crls: list[bytes], bouncycastle: BouncyCastle) -> None:
    for crl, issuer in zip(crls, (made.root, made.person), strict=True):
        bouncycastle.crl(crl, issuer=issuer.data, at=made.clock.now())
    delta = made.publisher.publish(made.person_id, delta=True)
    bouncycastle.crl(delta.data, issuer=made.person.data, at=made.clock.now())


def test_bouncycastle_judges_paths_by_our_crls(
    made: Hierarchy, leaves: tuple[Certificate, Certificate], crls: list[bytes], bouncycastle: BouncyCastle
) -> None:
    good, revoked = leaves
    material = {"anchors": [made.root.data], "certs": [made.person.data], "crls": crls}
    bouncycastle.chain(good.data, at=made.clock.now(), **material)  # type: ignore[arg-type]
    with pytest.raises(Refused):
        bouncycastle.chain(revoked.data, at=made.clock.now(), **material)  # type: ignore[arg-type]


def test_bouncycastle_accepts_answers(
    made: Hierarchy, leaves: tuple[Certificate, Certificate], bouncycastle: BouncyCastle
) -> None:
    nonce = secrets.token_bytes(32)
    for leaf, status in zip(leaves, ("good", "revoked"), strict=True):
        asked = encode_request(certificate_id(made.person, leaf.serial), nonce)
        answer = made.responder().answer(made.person_id, asked)
        bouncycastle.ocsp(
            answer.data,
            issuer=made.person.data,
            cert=leaf.data,
            nonce=nonce,
            status=status,  # type: ignore[arg-type]
            at=made.clock.now(),
        )


def test_openssl_judges_paths_by_our_crls(
    made: Hierarchy, leaves: tuple[Certificate, Certificate], crls: list[bytes], openssl: OpenSSL
) -> None:
    good, revoked = leaves
    above = [made.person.data, made.root.data]
    if made.algorithm.suite is Suite.GUOMI:  # openssl checks no SM2 signature of a CRL
        for data, issuer in zip(crls, (made.root, made.person), strict=True):
            crl = load_crl(data)
            openssl.sm2_signature(crl.signature, public_key=issuer.spki, data=crl.tbs)
        openssl.verify_sm2([good.data, *above])
        return
    openssl.verify([good.data, *above], crls=crls)
    with pytest.raises(OpenSSLRefused, match="certificate revoked"):
        openssl.verify([revoked.data, *above], crls=crls)
    for data, issuer in zip(crls, (made.root, made.person), strict=True):
        openssl.crl(data, issuer=issuer.data)


def test_bouncycastle_heeds_our_delta(made: Hierarchy, crls: list[bytes], bouncycastle: BouncyCastle) -> None:
    """OpenSSL looks at deltas only where the complete CRL points to them; ours stand alone."""
    late = made.issue()
    material = {"anchors": [made.root.data], "certs": [made.person.data], "deltas": True}
    bouncycastle.chain(late.data, at=made.clock.now(), crls=crls, **material)  # type: ignore[arg-type]
    made.revoke(late)
    delta = made.publisher.publish(made.person_id, delta=True).data
    with pytest.raises(Refused):
        bouncycastle.chain(late.data, at=made.clock.now(), crls=[*crls, delta], **material)  # type: ignore[arg-type]


def test_openssl_asks_and_accepts(
    made: Hierarchy, leaves: tuple[Certificate, Certificate], openssl: OpenSSL, tmp_path: Path
) -> None:
    issuer, responder = made.person, made.responder()
    for leaf, status in zip(leaves, ("good", "revoked"), strict=True):
        files = {name: tmp_path / name for name in ("issuer.pem", "leaf.pem", "request")}
        files["issuer.pem"].write_text(issuer.pem())
        files["leaf.pem"].write_text(leaf.pem())
        openssl.run(
            *("ocsp", "-issuer", files["issuer.pem"], "-cert", files["leaf.pem"]),
            *("-nonce", "-reqout", files["request"]),
        )
        asked = files["request"].read_bytes()
        assert load_request(asked).nonce is not None
        answer = responder.answer(made.person_id, asked)
        if made.algorithm.suite is Suite.GUOMI:  # openssl checks no SM2 signature of an answer
            basic = load_response(answer.data)
            delegate = basic.certificates[0]
            openssl.sm2_signature(basic.signature, public_key=delegate.spki, data=basic.tbs)
            continue
        found = openssl.ocsp(
            answer.data, issuer=issuer.data, cert=leaf.data, anchors=[made.root.data], request=asked
        )
        assert found == status


@pytest.mark.parametrize("suite", ["intl", "guomi"])
def test_we_judge_openssls_crl_and_answers(suite: str, tmp_path: Path) -> None:
    pki = make(suite, tmp_path)  # type: ignore[arg-type]
    names = ("root", "issuing", "leaf", "revoked")
    files = {f"{one}.pem": pki.file(f"{one}.pem").read_bytes() for one in names}
    files |= {f"{one}.crl": pki.file(f"{one}.crl").read_bytes() for one in ("root", "issuing")}
    trust = load_trust(files)
    assert trust.unread == ()
    by_name = {one.subject.rfc4514_string(): one for one in (*trust.anchors, *trust.intermediates)}
    found = {name: by_name[f"CN={name},O=Test,C=CN"] for name in names}
    assert trust.anchors == (found["root"],)
    now = max(one.this_update for one in trust.revocation.crls)  # they may be of two different seconds
    expected = {"leaf": None, "revoked": SubIndication.REVOKED_NO_POE}
    for name, sub in expected.items():
        report = validate(
            found[name],
            anchors=trust.anchors,
            intermediates=trust.intermediates,
            at=now,
            revocation=trust.revocation,
        )
        assert report.sub_indication is sub, report.steps
        request, response = pki.ocsp(name, nonce=True)
        asked = load_request(request)
        assert asked.certificate.is_of(found["issuing"])
        later = SystemClock().now()
        if b"\x2b\x06\x01\x05\x05\x07\x30\x01\x05" not in load_response(response).certificates[0].data:
            with pytest.raises(RevocationDataInvalid, match="ocsp-nocheck"):
                verify_response(response, found[name], found["issuing"], later, asked.nonce)
            continue
        answer = verify_response(response, found[name], found["issuing"], later, asked.nonce)
        wanted = CertificateState.GOOD if sub is None else CertificateState.REVOKED
        assert answer.status.state is wanted


def test_trust_folder_sorts_what_it_holds(
    made: Hierarchy, leaves: tuple[Certificate, Certificate], crls: list[bytes]
) -> None:
    asked = encode_request(certificate_id(made.person, leaves[0].serial))
    answer = made.responder().answer(made.person_id, asked).data
    files = {
        "root.pem": made.root.pem().encode(),
        "person.cer": made.person.data,
        "person.crl": crls[1],
        "leaf.ors": answer,
        "notes.txt": b"not a certificate",
        "long.pem": b"-----BEGIN CERTIFICATE-----\nMII",
    }
    trust = load_trust(files)
    assert trust.anchors == (made.root,)
    assert trust.intermediates == (made.person,)
    assert trust.revocation == RevocationData((load_crl(crls[1]),), (load_response(answer),))
    assert [name for name, _ in trust.unread] == ["long.pem", "notes.txt"]
