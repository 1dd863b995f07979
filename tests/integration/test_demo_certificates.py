"""The demonstration's certificates as an auditor reads them, their pointers against a running server."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Literal

import httpx
import pytest
from asn1crypto import cms
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import ocsp
from cryptography.x509.oid import AuthorityInformationAccessOID, ExtendedKeyUsageOID, NameOID

from ca import oids
from tests.support import services
from tests.support.demonstration import COMMAND, LEAVES, ROLES, SUITES, WITHDRAWN, Demonstration
from tests.support.judge import BouncyCastle
from tests.support.openssl import OpenSSL, OpenSSLRefused

START_SECONDS = 60
DOCUMENT_SIGNING = "1.3.6.1.5.5.7.3.36"  # RFC 9336
USAGES = (
    *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment"),
    *("key_agreement", "key_cert_sign", "crl_sign"),
)
PLACES = {"intl": "International", "guomi": "Guomi"}
NAMES = {
    "person": "Persons",
    "seal": "Seals",
    "timestamp": "Timestamping",
    "ocsp": "Status",
    "service": "Services",
}


@dataclass(frozen=True, slots=True)
class Audited:
    """A certificate and who issued it."""

    data: bytes
    issuer: str

    @property
    def read(self) -> x509.Certificate:
        return x509.load_der_x509_certificate(self.data)

    def usage(self) -> set[str]:
        value = self.read.extensions.get_extension_for_class(x509.KeyUsage).value
        return {name for name in USAGES if getattr(value, name)}

    def purposes(self) -> list[str]:
        try:
            value = self.read.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
        except x509.ExtensionNotFound:
            return []
        return [one.dotted_string for one in value]

    def policies(self) -> set[str]:
        try:
            value = self.read.extensions.get_extension_for_class(x509.CertificatePolicies).value
        except x509.ExtensionNotFound:
            return set()
        return {one.policy_identifier.dotted_string for one in value}

    def crl_urls(self) -> list[str]:
        points = self.read.extensions.get_extension_for_class(x509.CRLDistributionPoints).value
        return [name.value for point in points for name in point.full_name or ()]

    def access(self, method: x509.ObjectIdentifier) -> str:
        value = self.read.extensions.get_extension_for_class(x509.AuthorityInformationAccess).value
        (found,) = [one.access_location.value for one in value if one.access_method == method]
        return str(found)


def audited(demonstration: Demonstration, suite: str) -> dict[str, Audited]:
    """Every certificate of the suite that was left, the timestamping unit's and a responder's too."""
    found = {role: Audited(demonstration.authority(suite, role), "root") for role in ROLES}
    found |= {name: Audited(demonstration.leaf(suite, name), role) for name, role in LEAVES.items()}
    found[WITHDRAWN] = Audited(demonstration.leaf(suite, WITHDRAWN), "person")
    signed = cms.ContentInfo.load(demonstration.file(suite, "timestamp.tst"))["content"]
    above = {demonstration.authority(suite, "timestamp"), demonstration.root(suite)}
    (unit,) = [one for one in (each.chosen.dump() for each in signed["certificates"]) if one not in above]
    found["unit"] = Audited(unit, "timestamp")
    answer = ocsp.load_der_ocsp_response(demonstration.file(suite, "ocsp.der"))
    (responder,) = answer.certificates
    found["responder"] = Audited(responder.public_bytes(Encoding.DER), "person")
    return found


@pytest.fixture(scope="module", params=SUITES)
def suite(request: pytest.FixtureRequest) -> str:
    found: str = request.param
    return found


@pytest.fixture(scope="module")
def found(demonstration: Demonstration, suite: str) -> dict[str, Audited]:
    return audited(demonstration, suite)


def test_names(found: dict[str, Audited], suite: str) -> None:
    """Every authority, responder and unit says that it is of a test; nobody's name does."""
    operated = {role: f"Xinqian {PLACES[suite]} {name}" for role, name in NAMES.items()}
    operated |= {"root": f"Xinqian {PLACES[suite]} Root", "responder": f"{operated['person']} OCSP"}
    operated |= {"unit": f"Xinqian {PLACES[suite]} Timestamp Unit"}
    for name, common in operated.items():
        assert found[name].read.subject.rfc4514_string() == f"CN={common},O=Xinqian TEST,C=CN"
    for name in ("borrower", "guarantor", WITHDRAWN):
        subject = found[name].read.subject
        oid = [one.oid for one in subject]
        assert oid == [NameOID.COUNTRY_NAME, NameOID.COMMON_NAME, NameOID.SERIAL_NUMBER]
        pseudonym = str(subject.get_attributes_for_oid(NameOID.SERIAL_NUMBER)[0].value)
        assert re.fullmatch("demo-p-0003" if name == WITHDRAWN else "[0-9a-f]{32}", pseudonym)
    bank = found["bank"].read.subject
    # ETSI EN 319 412-1 5.1.4: the scheme, the country, a hyphen, the number
    assert bank.get_attributes_for_oid(NameOID.ORGANIZATION_IDENTIFIER)[0].value == "NTRCN-91321000123456788K"
    for one in found.values():
        assert one.read.issuer == found[one.issuer].read.subject


def test_validity(found: dict[str, Audited]) -> None:
    """Both ends are inside (RFC 5280 4.1.2.5), so that a life of an hour ends a second before the hour."""
    lives = dict.fromkeys(("borrower", "guarantor", WITHDRAWN), timedelta(hours=1))
    lives |= dict.fromkeys(ROLES[1:], timedelta(days=3650))
    lives |= {"root": timedelta(days=7300), "bank": timedelta(days=730)}
    lives |= {"unit": timedelta(days=1825), "responder": timedelta(days=14)}
    assert set(lives) == set(found)
    for name, life in lives.items():
        read = found[name].read
        assert read.not_valid_after_utc - read.not_valid_before_utc + timedelta(seconds=1) == life, name
        issuer = found[found[name].issuer].read
        assert issuer.not_valid_before_utc <= read.not_valid_before_utc
        assert read.not_valid_after_utc <= issuer.not_valid_after_utc


def test_serials(found: dict[str, Audited]) -> None:
    serials = [one.read.serial_number for one in found.values()]
    assert len(set(serials)) == len(serials)
    for serial in serials:
        assert serial.to_bytes(16, "big")[0] in range(1, 0x80)


def test_keys_and_usage(found: dict[str, Audited]) -> None:
    for name, one in found.items():
        basic = one.read.extensions.get_extension_for_class(x509.BasicConstraints)
        assert basic.critical
        assert one.read.extensions.get_extension_for_class(x509.KeyUsage).critical
        assert basic.value.ca is (name in ROLES)
        assert basic.value.path_length == {"root": 1}.get(name, 0 if name in ROLES else None)
        wanted = {"key_cert_sign", "crl_sign"} if name in ROLES else {"digital_signature"}
        if name in (*LEAVES, WITHDRAWN):
            wanted |= {"content_commitment"}
        assert one.usage() == wanted
    for name in (*LEAVES, WITHDRAWN):
        assert found[name].purposes() == [DOCUMENT_SIGNING]
    assert found["unit"].purposes() == [ExtendedKeyUsageOID.TIME_STAMPING.dotted_string]
    assert found["unit"].read.extensions.get_extension_for_class(x509.ExtendedKeyUsage).critical
    assert found["responder"].purposes() == [ExtendedKeyUsageOID.OCSP_SIGNING.dotted_string]
    assert not found["responder"].read.extensions.get_extension_for_class(x509.OCSPNoCheck).critical
    spki = {asn1_x509.Certificate.load(one.data).public_key.dump() for one in found.values()}
    assert len(spki) == len(found)


def test_key_identifiers(found: dict[str, Audited]) -> None:
    """RFC 5280 4.2.1.2, method 1: what pyHanko finds responders by, in both suites."""
    for one in found.values():
        parsed, above = (asn1_x509.Certificate.load(each.data) for each in (one, found[one.issuer]))
        for certificate, identifier in (
            (parsed, parsed.key_identifier),
            (above, parsed.authority_key_identifier),
        ):
            bits = certificate.public_key["public_key"].native
            assert identifier == hashlib.sha1(bits, usedforsecurity=False).digest()


def test_policies(found: dict[str, Audited]) -> None:
    """Simulated identities have the twin for tests; each authority permits what it certifies."""
    assert found["root"].policies() == set()
    for name in ("borrower", "guarantor", WITHDRAWN):
        assert found[name].policies() == {oids.POLICY_PERSON_EVENT_TEST}
    assert found["bank"].policies() == {oids.POLICY_SEAL_TEST}
    assert found["unit"].policies()
    assert found["responder"].policies()
    for one in found.values():
        if one.issuer != "root":
            assert one.policies() <= found[one.issuer].policies()


def test_intermediates_are_confined(found: dict[str, Audited]) -> None:
    for role in ROLES[1:]:
        constraints = found[role].read.extensions.get_extension_for_class(x509.NameConstraints)
        assert constraints.critical
        (permitted,) = constraints.value.permitted_subtrees or []
        assert permitted.value.rfc4514_string() == "C=CN"
    with pytest.raises(x509.ExtensionNotFound):
        found["root"].read.extensions.get_extension_for_class(x509.NameConstraints)
    stamping = [ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.OCSP_SIGNING]
    assert found["timestamp"].purposes() == [one.dotted_string for one in stamping]


def test_openssl_prints_them_without_complaint(found: dict[str, Audited], openssl: OpenSSL) -> None:
    for one in found.values():
        text, said = openssl.run(
            "x509", "-inform", "DER", "-noout", "-text", "-nameopt", "utf8", stdin=one.data
        )
        assert said == ""
        assert b"Version: 3" in text
        assert b"<UNSUPPORTED>" not in text
        assert b"Unable" not in text


@pytest.fixture(scope="module")
def server(demonstration: Demonstration, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """`xinqian serve` over a copy of what the demonstration left, where its certificates point to."""
    state = tmp_path_factory.mktemp("served") / "state"
    shutil.copytree(demonstration.state, state)
    given = services.environment(XINQIAN_STATE_DIR=str(state), XINQIAN_BASE_URL=demonstration.base_url)
    listen = demonstration.base_url.removeprefix("http://")
    with (state.parent / "said").open("w") as said:
        process = subprocess.Popen(
            [COMMAND, "serve", "--listen", listen], env=given, stdout=said, stderr=said
        )
    try:
        with httpx.Client(timeout=30) as client:
            _wait(client, f"{demonstration.base_url}/health/ready", process)
            yield client
    finally:
        process.terminate()
        assert process.wait(timeout=60) == 0


def _wait(client: httpx.Client, url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None
        try:
            if client.get(url).status_code == httpx.codes.OK:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    pytest.fail("the server did not start")


def _get(client: httpx.Client, url: str, media_type: str) -> bytes:
    answer = client.get(url)
    assert answer.status_code == httpx.codes.OK, url
    assert answer.headers["content-type"] == media_type
    return answer.content


def test_pointers_to_issuers(found: dict[str, Audited], server: httpx.Client) -> None:
    """RFC 5280 4.2.2.1: DER of the issuer's certificate itself."""
    for name, one in found.items():
        if name != "root":
            url = one.access(AuthorityInformationAccessOID.CA_ISSUERS)
            assert _get(server, url, "application/pkix-cert") == found[one.issuer].data, name


def test_pointers_to_crls(
    found: dict[str, Audited], server: httpx.Client, bouncycastle: BouncyCastle
) -> None:
    for name, one in found.items():
        if name == "root":
            continue
        (url,) = one.crl_urls()
        data = _get(server, url, "application/pkix-crl")
        issuer = found[one.issuer]
        bouncycastle.crl(data, issuer=issuer.data)
        crl = x509.load_der_x509_crl(data)
        assert crl.issuer == one.read.issuer
        listed = crl.get_revoked_certificate_by_serial_number(one.read.serial_number)
        assert (listed is not None) is (name == WITHDRAWN)
        if one.issuer == "root":
            continue
        scope = crl.extensions.get_extension_for_class(x509.IssuingDistributionPoint).value
        assert [each.value for each in scope.full_name or ()] == [url]
        assert not any(isinstance(each.value, x509.FreshestCRL) for each in crl.extensions)
        delta = x509.load_der_x509_crl(_get(server, f"{url}/delta", "application/pkix-crl"))
        assert delta.issuer == crl.issuer
        assert delta.extensions.get_extension_for_class(x509.DeltaCRLIndicator).critical


def test_pointers_to_responders(
    found: dict[str, Audited], server: httpx.Client, bouncycastle: BouncyCastle
) -> None:
    for name, one in found.items():
        if name == "root":
            continue
        issuer = found[one.issuer]
        asked = _request(issuer, one.read.serial_number)
        answer = server.post(
            one.access(AuthorityInformationAccessOID.OCSP),
            content=asked,
            headers={"Content-Type": "application/ocsp-request"},
        )
        assert answer.headers["content-type"] == "application/ocsp-response"
        status: Literal["good", "revoked"] = "revoked" if name == WITHDRAWN else "good"
        bouncycastle.ocsp(answer.content, issuer=issuer.data, cert=one.data, status=status)


def _request(issuer: Audited, serial: int) -> bytes:
    parsed = asn1_x509.Certificate.load(issuer.data)
    name = hashlib.sha1(parsed.subject.dump(), usedforsecurity=False).digest()
    key = hashlib.sha1(parsed.public_key["public_key"].native, usedforsecurity=False).digest()
    built = ocsp.OCSPRequestBuilder().add_certificate_by_hash(name, key, serial, SHA1()).build()  # noqa: S303
    return built.public_bytes(Encoding.DER)


def test_openssl_follows_the_pointers(
    server: httpx.Client, demonstration: Demonstration, openssl: OpenSSL
) -> None:
    """The program itself fetches CRLs and asks the responder, at the addresses in the certificates.

    In the international suite: it checks no SM2 signature of CRLs and answers. The root has no pointer to
    its own CRL, and -crl_check_all wants one for it too, so that leaves alone are checked.
    """
    files = {name: demonstration.out / f"intl/{name}.pem" for name in (*LEAVES, WITHDRAWN)}
    trust = demonstration.out / "trust"
    chain: tuple[str | Path, ...] = (
        "-CAfile",
        trust / "intl-root.pem",
        "-untrusted",
        trust / "intl-chain.pem",
    )
    check = ("verify", "-x509_strict", "-crl_check", "-crl_download", *chain)
    for name in LEAVES:
        openssl.run(*check, files[name])
    with pytest.raises(OpenSSLRefused, match="certificate revoked"):
        openssl.run(*check, files[WITHDRAWN])
    person = demonstration.out / "intl/authorities/person.pem"
    for name, status in (("borrower", b": good"), (WITHDRAWN, b": revoked")):
        url, _ = openssl.run("x509", "-in", files[name], "-noout", "-ocsp_uri")
        out, said = openssl.run(
            *("ocsp", "-issuer", person, "-cert", files[name], "-url", url.decode().strip()),
            *("-CAfile", trust / "intl-root.pem", "-verify_other", trust / "intl-chain.pem"),
        )
        assert status in out
        assert "Response verify OK" in said


def test_openssl_and_curl_stamp(
    server: httpx.Client,
    demonstration: Demonstration,
    openssl: OpenSSL,
    bouncycastle: BouncyCastle,
    tmp_path: Path,
) -> None:
    """`openssl ts -query | curl`, under the test policy, which can be asked for by name, and no other."""
    services.require("curl")
    data = demonstration.out / "intl/timestamp.data"
    query, reply = tmp_path / "query.tsq", tmp_path / "reply.tsr"

    def stamp(suite: str, policy: str) -> None:
        query.write_bytes(openssl.ts_query(data, policy=policy))
        url = f"{demonstration.base_url}/v1/tsa/{suite}"
        given = ("-H", "Content-Type: application/timestamp-query", "--data-binary", f"@{query}", url)
        subprocess.run(["curl", "-sSf", "-o", str(reply), *given], check=True, timeout=30)

    for suite in SUITES:
        stamp(suite, oids.TSA_POLICY_TEST)
        root = demonstration.root(suite)
        bouncycastle.timestamp(reply, data=data, anchors=[root], query=query)
        if suite == "intl":
            openssl.ts_verify(reply, anchors=[root], query=query)
        for policy in (oids.TSA_POLICY_INTL, oids.TSA_POLICY_GUOMI, oids.POLICY_TIMESTAMP):
            stamp(suite, policy)
            text, _ = openssl.run("ts", "-reply", "-in", reply, "-text")
            assert b"the requested TSA policy is not supported by the TSA" in text
