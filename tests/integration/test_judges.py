"""The judges are judged: they accept what OpenSSL makes, and refuse it once it is altered."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from asn1crypto import cms, ocsp

from tests.support import openssl_pki, services
from tests.support.judge import BouncyCastle, Refused, Verdict
from tests.support.openssl import OpenSSL, OpenSSLRefused
from tests.support.openssl_pki import SM3, Pki, algorithm

pytestmark = pytest.mark.interop

DATA = "借款合同".encode()


@pytest.fixture(scope="module")
def intl(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    services.require("openssl")
    return openssl_pki.make("intl", tmp_path_factory.mktemp("intl"))


@pytest.fixture(scope="module")
def guomi(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    services.require("openssl")
    return openssl_pki.make("guomi", tmp_path_factory.mktemp("guomi"))


@pytest.fixture(params=["intl", "guomi"])
def pki(request: pytest.FixtureRequest) -> Pki:
    made: Pki = request.getfixturevalue(request.param)
    return made


def path(pki: Pki, leaf: str) -> list[Path]:
    return [pki.file(f"{name}.pem") for name in (leaf, "issuing", "root")]


def after(pki: Pki, *, days: int) -> datetime:
    """A time so long after the hierarchy was made."""
    made: datetime = pki.certificate("leaf").not_valid_before
    return made + timedelta(days=days)


def altered(der: bytes, part: bytes) -> bytes:
    """The last bit of the last octet of `part`, which occurs in the DER once, is another."""
    assert der.count(part) == 1
    return der.replace(part, part[:-1] + bytes([part[-1] ^ 1]))


def signed_by_openssl(openssl: OpenSSL, pki: Pki) -> tuple[bytes, bytes]:
    """SignedData over DATA by the leaf, with the content inside and without it."""
    signer = ("-signer", pki.file("leaf.pem"), "-inkey", pki.file("leaf.key"))
    words = ("cms", "-sign", "-binary", "-outform", "DER")
    attached, _ = openssl.run(*words, *signer, "-nodetach", stdin=DATA)
    detached, _ = openssl.run(*words, *signer, stdin=DATA)
    return attached, detached


def refused(act: Callable[[], Verdict], check: str) -> str:
    with pytest.raises(Refused) as caught:
        act()
    found = {c.name for c in caught.value.verdict.checks if c.outcome != "passed"}
    assert check in found, caught.value
    return caught.value.verdict.detail(check)


class TestBouncyCastle:
    def chain(self, judge: BouncyCastle, pki: Pki, leaf: str | bytes, at: datetime | None = None) -> Verdict:
        return judge.chain(
            pki.file(f"{leaf}.pem") if isinstance(leaf, str) else leaf,
            anchors=[pki.file("root.pem")],
            certs=[pki.file("issuing.pem")],
            crls=[pki.file("root.crl"), pki.file("issuing.crl")],
            at=at,
        )

    def test_accepts_a_chain(self, bouncycastle: BouncyCastle, pki: Pki) -> None:
        signature = {"intl": "SHA256WITHECDSA", "guomi": "SM3WITHSM2"}[pki.suite]
        assert self.chain(bouncycastle, pki, "leaf").detail("links") == ", ".join([signature] * 3)

    def test_refuses_a_revoked_certificate(self, bouncycastle: BouncyCastle, pki: Pki) -> None:
        assert "keyCompromise" in refused(lambda: self.chain(bouncycastle, pki, "revoked"), "path")

    def test_refuses_an_altered_certificate(self, bouncycastle: BouncyCastle, pki: Pki) -> None:
        leaf = pki.certificate("leaf")
        forged = altered(leaf.dump(), leaf.public_key["public_key"].dump())
        refused(lambda: self.chain(bouncycastle, pki, forged), "path")
        forged = altered(leaf.dump(), leaf["tbs_certificate"]["subject"].dump())
        refused(lambda: self.chain(bouncycastle, pki, forged), "path")

    def test_refuses_a_time_outside_validity(self, bouncycastle: BouncyCastle, pki: Pki) -> None:
        late = after(pki, days=25)
        assert "expired" in refused(lambda: self.chain(bouncycastle, pki, "leaf", late), "path")

    def test_refuses_an_end_entity_as_issuer(self, bouncycastle: BouncyCastle, pki: Pki) -> None:
        anchor = [pki.file("leaf.pem")]
        refused(lambda: bouncycastle.chain(pki.file("issuing.pem"), anchors=anchor), "path")

    def test_refuses_without_the_issuers_crl(self, bouncycastle: BouncyCastle, pki: Pki) -> None:
        leaf, issuing, root = path(pki, "leaf")
        crls = [pki.file("root.crl")]
        found = refused(lambda: bouncycastle.chain(leaf, anchors=[root], certs=[issuing], crls=crls), "path")
        assert "No CRLs found" in found

    def test_heeds_a_delta_crl(self, bouncycastle: BouncyCastle, pki: Pki) -> None:
        leaf, issuing, root = path(pki, "leaf")
        delta = pki.delta("leaf")
        assert bouncycastle.crl(delta, issuer=issuing).detail("extensions") == "number 2, delta of 1"
        crls = [pki.file("root.crl"), pki.file("issuing.crl"), delta]

        def judge(*, deltas: bool) -> Verdict:
            return bouncycastle.chain(leaf, anchors=[root], certs=[issuing], crls=crls, deltas=deltas)

        judge(deltas=False)
        assert "revocation" in refused(lambda: judge(deltas=True), "path")

    def test_judges_a_crl(self, bouncycastle: BouncyCastle, openssl: OpenSSL, pki: Pki) -> None:
        issuer = pki.file("issuing.pem")
        assert bouncycastle.crl(pki.file("issuing.crl"), issuer=issuer).detail("entries") == "1 entries"
        der, _ = openssl.run("crl", "-in", pki.file("issuing.crl"), "-outform", "DER")
        revoked = pki.certificate("revoked")["tbs_certificate"]["serial_number"].dump()
        refused(lambda: bouncycastle.crl(altered(der, revoked), issuer=issuer), "signature")
        refused(lambda: bouncycastle.crl(der, issuer=pki.file("root.pem")), "issuer")
        late = after(pki, days=8)
        refused(lambda: bouncycastle.crl(der, issuer=issuer, at=late), "time")

    def test_judges_an_ocsp_answer(self, bouncycastle: BouncyCastle, pki: Pki) -> None:
        request, response = pki.ocsp("leaf", nonce=True)
        issuer, leaf, other = pki.file("issuing.pem"), pki.file("leaf.pem"), pki.file("revoked.pem")
        nonce = ocsp.OCSPRequest.load(request).nonce_value.native

        def judge(answer: bytes, nonce: bytes = nonce, cert: Path = leaf) -> Verdict:
            return bouncycastle.ocsp(answer, issuer=issuer, cert=cert, nonce=nonce, status="good")

        assert judge(response).detail("responder").startswith("a delegate")
        refused(lambda: judge(response, nonce=b"another"), "nonce")
        refused(lambda: judge(response, cert=other), "certificate")
        refused(lambda: judge(altered(response, nonce)), "responder")
        _, response = pki.ocsp("revoked", nonce=False)
        bouncycastle.ocsp(response, issuer=issuer, cert=other, status="revoked")
        assert "revoked" in refused(lambda: judge(response, cert=other), "certificate")

    def test_refuses_an_ocsp_answer_of_a_stranger(self, bouncycastle: BouncyCastle, pki: Pki) -> None:
        _, response = pki.ocsp("leaf", nonce=False)
        root = pki.file("root.pem")
        refused(lambda: bouncycastle.ocsp(response, issuer=root, cert=pki.file("leaf.pem")), "responder")

    def token(self, openssl: OpenSSL, pki: Pki) -> bytes:
        if pki.suite == "intl":
            return pki.timestamp(openssl.ts_query(DATA))
        return pki.sm2_timestamp(DATA, serial=0x1001, nonce=7)

    def test_judges_a_timestamp(self, bouncycastle: BouncyCastle, openssl: OpenSSL, pki: Pki) -> None:
        token = self.token(openssl, pki)
        _, issuing, root = path(pki, "tsa")

        def judge(token: bytes, data: bytes = DATA, anchor: Path = root) -> Verdict:
            return bouncycastle.timestamp(token, data=data, anchors=[anchor], certs=[issuing])

        assert judge(token).detail("signing-certificate") == "ESSCertIDv2"
        refused(lambda: judge(token, data=b"another"), "imprint")
        refused(lambda: judge(token, anchor=pki.file("leaf.pem")), "path")
        refused(lambda: judge(altered(token, pki.hash(DATA)), data=DATA), "signature")
        policy = openssl_pki.oid(openssl_pki.POLICY)
        refused(lambda: judge(altered(token, policy)), "signature")

    def test_refuses_an_answer_to_another_query(
        self, bouncycastle: BouncyCastle, openssl: OpenSSL, intl: Pki
    ) -> None:
        _, issuing, root = path(intl, "tsa")
        query, other = openssl.ts_query(DATA), openssl.ts_query(DATA)
        answer = intl.timestamp(query)
        token = cms.ContentInfo.load(answer[answer.index(b"\x06\x09\x2a\x86\x48") - 4 :]).dump()
        for subject, check in ((answer, "token"), (token, "query")):

            def judge(query: bytes, subject: bytes = subject) -> Verdict:
                return bouncycastle.timestamp(
                    subject, data=DATA, anchors=[root], certs=[issuing], query=query
                )

            judge(query)
            assert "nonce" in refused(lambda judge=judge: judge(other), check)  # type: ignore[misc]

    def test_refuses_a_timestamp_by_a_signer_of_documents(
        self, bouncycastle: BouncyCastle, guomi: Pki
    ) -> None:
        _, issuing, root = path(guomi, "leaf")
        token = guomi.signed_data(DATA, content_type="1.2.840.113549.1.9.16.1.4")
        refused(lambda: bouncycastle.timestamp(token, data=DATA, anchors=[root], certs=[issuing]), "token")

    def test_judges_cms_of_openssl(self, bouncycastle: BouncyCastle, openssl: OpenSSL, intl: Pki) -> None:
        _, issuing, root = path(intl, "leaf")
        attached, detached = signed_by_openssl(openssl, intl)
        bouncycastle.cms(attached, content=None, anchors=[root], certs=[issuing])
        bouncycastle.cms(detached, content=DATA, anchors=[root], certs=[issuing])

        def judge(signed: bytes, content: bytes | None) -> Verdict:
            return bouncycastle.cms(signed, content=content, anchors=[root], certs=[issuing])

        refused(lambda: judge(detached, b"another"), "signature")
        refused(lambda: judge(altered(attached, DATA), None), "signature")
        refused(lambda: judge(detached, None), "content-type")

    @pytest.mark.parametrize("null", [False, True])
    def test_accepts_sm2_cms_with_and_without_null(
        self, bouncycastle: BouncyCastle, guomi: Pki, *, null: bool
    ) -> None:
        _, issuing, root = path(guomi, "leaf")
        signed = guomi.signed_data(
            DATA,
            digest_algorithm=algorithm(SM3, null=null),
            signature_algorithm=algorithm("1.2.156.10197.1.501", null=null),
        )
        bouncycastle.cms(signed, content=None, anchors=[root], certs=[issuing])
        refused(
            lambda: bouncycastle.cms(altered(signed, DATA), content=None, anchors=[root], certs=[issuing]),
            "signature",
        )

    @pytest.mark.parametrize("identifier", ["1.2.156.10197.1.301.1", "1.2.840.10045.2.1"])
    def test_has_no_name_for_sm2_signatures_under_key_identifiers(
        self, bouncycastle: BouncyCastle, guomi: Pki, identifier: str
    ) -> None:
        _, issuing, root = path(guomi, "leaf")
        signed = guomi.signed_data(DATA, signature_algorithm=algorithm(identifier))
        with pytest.raises(Refused) as caught:
            bouncycastle.cms(signed, content=None, anchors=[root], certs=[issuing])
        assert caught.value.verdict.outcome == "unsupported"

    def test_accepts_content_types_of_gbt_35275(self, bouncycastle: BouncyCastle, guomi: Pki) -> None:
        _, issuing, root = path(guomi, "leaf")
        family = "1.2.156.10197.6.1.4.2"
        signed = guomi.signed_data(DATA, content_type=f"{family}.1", outer_type=f"{family}.2", attached=False)
        verdict = bouncycastle.cms(signed, content=DATA, anchors=[root], certs=[issuing])
        assert verdict.detail("content-type") == "GB/T 35275"

    def test_signs_with_sm2_what_openssl_accepts(
        self, bouncycastle: BouncyCastle, openssl: OpenSSL, tmp_path: Path
    ) -> None:
        spki, signature, _ = bouncycastle.sm2_sign(DATA, tmp_path)
        bouncycastle.signature(signature, public_key=spki, data=DATA)
        openssl.sm2_signature(signature, public_key=spki, data=DATA)
        refused(lambda: bouncycastle.signature(signature, public_key=spki, data=b"another"), "signature")
        with pytest.raises(OpenSSLRefused, match="Verification failure"):
            openssl.sm2_signature(signature, public_key=spki, data=b"another")

    def test_refuses_bytes_that_do_not_parse(self, bouncycastle: BouncyCastle, intl: Pki) -> None:
        issuer = intl.file("issuing.pem")
        for garbage in (
            b"",
            b"\x30",
            b"0\x80",
            b"-----BEGIN CERTIFICATE-----\n",
            bytes(100),
            b"\x30\x80" * 5000,
        ):
            refused(lambda g=garbage: bouncycastle.crl(g, issuer=issuer), "input")  # type: ignore[misc]
            refused(lambda g=garbage: bouncycastle.chain(g, anchors=[issuer]), "input")  # type: ignore[misc]

    def test_says_when_it_was_asked_wrongly(self, bouncycastle: BouncyCastle) -> None:
        assert bouncycastle.judge("bless").outcome == "usage"
        assert bouncycastle.judge("crl", "--issuer").outcome == "usage"


class TestOpenSSL:
    def test_judges_a_chain(self, openssl: OpenSSL, intl: Pki) -> None:
        crls = [intl.file("root.crl"), intl.file("issuing.crl")]
        openssl.verify(path(intl, "leaf"), crls=crls)
        openssl.verify(path(intl, "tsa"), purpose="timestampsign")
        with pytest.raises(OpenSSLRefused, match="revoked"):
            openssl.verify(path(intl, "revoked"), crls=crls)
        with pytest.raises(OpenSSLRefused, match="expired"):
            openssl.verify(path(intl, "leaf"), at=after(intl, days=25))
        with pytest.raises(OpenSSLRefused, match="purpose"):
            openssl.verify(path(intl, "leaf"), purpose="timestampsign")
        leaf = intl.certificate("leaf")
        forged = altered(leaf.dump(), leaf["tbs_certificate"]["subject"].dump())
        with pytest.raises(OpenSSLRefused, match="signature failure"):
            openssl.verify([forged, *path(intl, "leaf")[1:]])

    def test_judges_an_sm2_chain_link_by_link(self, openssl: OpenSSL, guomi: Pki) -> None:
        openssl.verify_sm2(path(guomi, "leaf"))
        openssl.verify_sm2(path(guomi, "tsa"), purpose="timestampsign")
        whole = path(guomi, "leaf")
        for number, name in enumerate(("leaf", "issuing", "root")):
            certificate = guomi.certificate(name)
            forged = altered(certificate.dump(), certificate["signature_value"].dump())
            with pytest.raises(OpenSSLRefused, match=r"signature failure|Verification failure"):
                openssl.verify_sm2([*whole[:number], forged, *whole[number + 1 :]])

    def test_knows_the_identifier_of_the_named_certificate_alone(self, openssl: OpenSSL, guomi: Pki) -> None:
        leaf, issuing, root = path(guomi, "leaf")
        with pytest.raises(OpenSSLRefused, match="error 7 at 1 depth"):
            openssl.run(
                *("verify", "-vfyopt", "distid:1234567812345678"),
                *("-CAfile", root, "-untrusted", issuing, leaf),
            )

    def test_judges_a_crl(self, openssl: OpenSSL, intl: Pki) -> None:
        openssl.crl(intl.file("issuing.crl"), issuer=intl.file("issuing.pem"))
        der, _ = openssl.run("crl", "-in", intl.file("issuing.crl"), "-outform", "DER")
        revoked = intl.certificate("revoked")["tbs_certificate"]["serial_number"].dump()
        with pytest.raises(OpenSSLRefused):
            openssl.crl(altered(der, revoked), issuer=intl.file("issuing.pem"))

    def test_judges_an_ocsp_answer(self, openssl: OpenSSL, intl: Pki) -> None:
        request, response = intl.ocsp("leaf", nonce=True)
        leaf, issuer, root = path(intl, "leaf")

        def judge(response: bytes, request: bytes | None = None, at: datetime | None = None) -> str:
            return openssl.ocsp(response, issuer=issuer, cert=leaf, anchors=[root], request=request, at=at)

        assert judge(response, request) == "good"
        with pytest.raises(OpenSSLRefused, match="Nonce"):
            judge(response, intl.ocsp("leaf", nonce=True)[0])
        with pytest.raises(OpenSSLRefused, match="no nonce"):
            judge(intl.ocsp("leaf", nonce=False)[1], request)
        nonce = ocsp.OCSPRequest.load(request).nonce_value.native
        with pytest.raises(OpenSSLRefused, match="Verify Failure"):
            judge(altered(response, nonce))
        with pytest.raises(OpenSSLRefused, match="expired"):
            judge(response, at=after(intl, days=25))
        _, response = intl.ocsp("revoked", nonce=False)
        revoked = intl.file("revoked.pem")
        assert openssl.ocsp(response, issuer=issuer, cert=revoked, anchors=[root]) == "revoked"

    def test_judges_a_timestamp(self, openssl: OpenSSL, intl: Pki) -> None:
        _, issuing, root = path(intl, "tsa")
        query = openssl.ts_query(DATA)
        answer = intl.timestamp(query)
        openssl.ts_verify(answer, data=DATA, anchors=[root], untrusted=[issuing])
        openssl.ts_verify(answer, query=query, anchors=[root], untrusted=[issuing])
        answered = intl.file("answer.tsr")
        token, _ = openssl.run("ts", "-reply", "-in", answered, "-token_out")
        openssl.ts_verify(token, data=DATA, anchors=[root], untrusted=[issuing])
        for wrong in (b"another", DATA + b"\n"):
            with pytest.raises(OpenSSLRefused, match="imprint mismatch"):
                openssl.ts_verify(answer, data=wrong, anchors=[root], untrusted=[issuing])
        with pytest.raises(OpenSSLRefused, match="nonce mismatch"):
            openssl.ts_verify(answer, query=openssl.ts_query(DATA), anchors=[root], untrusted=[issuing])
        with pytest.raises(OpenSSLRefused, match="certificate verify error"):
            openssl.ts_verify(answer, data=DATA, anchors=[intl.file("leaf.pem")], untrusted=[issuing])

    def test_judges_a_request(self, openssl: OpenSSL, pki: Pki) -> None:
        request = pki.file("leaf.csr")
        openssl.req(request, sm2=pki.suite == "guomi")
        der, _ = openssl.run("req", "-in", request, "-outform", "DER")
        forged = altered(der, b"Test")
        with pytest.raises(OpenSSLRefused):
            openssl.req(forged, sm2=pki.suite == "guomi")

    def test_judges_cms(self, openssl: OpenSSL, intl: Pki) -> None:
        _, issuing, root = path(intl, "leaf")
        attached, detached = signed_by_openssl(openssl, intl)
        assert openssl.cms_verify(attached, anchors=[root], certs=[issuing]) == DATA
        assert openssl.cms_verify(detached, content=DATA, anchors=[root], certs=[issuing]) == DATA
        with pytest.raises(OpenSSLRefused, match="content verify error"):
            openssl.cms_verify(detached, content=b"another", anchors=[root], certs=[issuing])
        with pytest.raises(OpenSSLRefused, match="unable to get"):
            openssl.cms_verify(attached, anchors=[issuing])
