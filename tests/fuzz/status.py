"""Fuzz targets of the parsers of strangers' status messages and paths; each raises only for a defect."""

from __future__ import annotations

from ca.certificate import Certificate
from ca.crl import load_crl
from ca.errors import EncodingInvalid, RevocationDataInvalid
from ca.ocsp import certificate_id, encode_request, load_request
from ca.ocspresponse import CertificateState, SingleAnswer, Status, encode_response, encode_tbs, load_response
from ca.ocspverify import verify_response
from ca.path import validate
from ca.registry import RevocationReason
from ca.trust import RevocationData, load_trust
from keys.suites import Algorithm
from tests.fuzz.target import Target
from tests.support.clock import NOON
from tests.support.minting import END, crl_of, mint
from tests.support.paths import revocation

ROOT = mint("root", Algorithm.P256, authority=True)
ISSUING = mint("issuing", Algorithm.P256, ROOT, authority=True, path_length=0)
LEAF = mint("leaf", Algorithm.P256, ISSUING)
ASKED = certificate_id(ISSUING.certificate, LEAF.certificate.serial)
CRL = crl_of(ISSUING, [revocation(LEAF.certificate, RevocationReason.KEY_COMPROMISE, NOON)])


def _response() -> bytes:
    single = SingleAnswer(ASKED, Status(CertificateState.GOOD), NOON, END, NOON)
    tbs = encode_tbs(single, responder=ISSUING.certificate, produced_at=NOON, nonce=b"n" * 16)
    return encode_response(tbs, Algorithm.P256, ISSUING.key.sign(tbs), ISSUING.certificate)


RESPONSE = _response()
SEEDS = {
    "ocsp_request": (encode_request(ASKED), encode_request(ASKED, b"n" * 32)),
    "ocsp_response": (RESPONSE,),
    "crl": (CRL, crl_of(ISSUING), crl_of(ISSUING, base_number=1, number=2)),
    "path": (LEAF.data, ISSUING.data, ROOT.data),
}


def ocsp_request(data: bytes) -> None:
    """A request is read, or refused by our own error; what is read is written back as it was."""
    found = load_request(data)
    assert load_request(encode_request(found.certificate, found.nonce)) == found


def ocsp_response(data: bytes) -> None:
    """An answer is verified, or refused; one that verifies was signed by us."""
    verify_response(data, LEAF.certificate, ISSUING.certificate, NOON)
    assert load_response(data).tbs == load_response(RESPONSE).tbs


def crl(data: bytes) -> None:
    """A CRL is read whole, or refused; one that speaks of a certificate was signed by its issuer."""
    found = load_crl(data)
    certificates = [ROOT.certificate, ISSUING.certificate]
    revoked = RevocationData((found, load_crl(crl_of(ROOT))))
    validate(
        LEAF.certificate, anchors=certificates[:1], intermediates=certificates, at=NOON, revocation=revoked
    )


def path(data: bytes) -> None:
    """Any bytes get a report: as what is judged, as a helper and as an anchor."""
    report = validate(data, anchors=[ROOT.certificate], intermediates=[ISSUING.certificate], at=NOON)
    if report.sub_indication is None:
        assert Certificate(data).tbs in {one.certificate.tbs for one in (ROOT, ISSUING, LEAF)}
    trust = load_trust({"stranger": data})
    stranger = (*trust.anchors, *trust.intermediates)
    validate(LEAF.certificate, anchors=[ROOT.certificate], intermediates=stranger, at=NOON)
    validate(LEAF.certificate, anchors=trust.anchors, intermediates=[ISSUING.certificate], at=NOON)


def targets() -> tuple[Target, ...]:
    """Of this module."""
    refused = (EncodingInvalid,)
    unproven = (EncodingInvalid, RevocationDataInvalid)
    of_answers = ("ca.ocsp", "ca.ocspresponse", "ca.ocspverify", "ca.precheck", "ca.statusextension")
    of_paths = (
        "ca.path",
        "ca.pathsearch",
        "ca.precheck",
        "ca.nameconstraints",
        "ca.revocationcheck",
        "ca.trust",
    )
    return (
        Target("ocsp_request", ocsp_request, refused, SEEDS["ocsp_request"], of_answers),
        Target("ocsp_response", ocsp_response, unproven, SEEDS["ocsp_response"], of_answers),
        Target("crl", crl, refused, SEEDS["crl"], ("ca.crl", "ca.statusextension", "ca.revocationcheck")),
        Target("path", path, (), SEEDS["path"], of_paths),
    )
