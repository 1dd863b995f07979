"""Signatures that pyHanko made, with certificates of ours: certifications of every kind, other encodings."""

from __future__ import annotations

import io
import warnings

import pytest
from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko_certvalidator.registry import SimpleCertificateStore

from ca.indication import Indication, SubIndication
from keys.suites import Algorithm
from signing.validity.attack import Attack
from signing.validity.change import ChangeClass
from signing.validity.report import Level, PdfReport
from tests.integration.test_validity_legitimate import archived, filled, stamped
from tests.support.attacks.contract import Setting, setting, unsigned
from tests.support.attacks.reveal import with_annotation

PADES = fields.SigSeedSubFilter.PADES
ADOBE = fields.SigSeedSubFilter.ADOBE_PKCS7_DETACHED
PASSED = Indication.TOTAL_PASSED
pytestmark = pytest.mark.interop


@pytest.fixture
def who() -> Setting:
    return setting(Algorithm.P256)


def sign(
    data: bytes,
    who: Setting,
    field: str = "borrower",
    *,
    subfilter: fields.SigSeedSubFilter = PADES,
    permission: fields.MDPPerm | None = None,
    digest: str = "sha256",
) -> bytes:
    person = who.people[0]
    registry = SimpleCertificateStore()  # type: ignore[no-untyped-call]
    registry.register(asn1_x509.Certificate.load(person.chain[1]))
    signer = signers.SimpleSigner(
        signing_cert=asn1_x509.Certificate.load(person.chain[0]),
        signing_key=asn1_keys.PrivateKeyInfo.load(person.signer._private.pkcs8()),
        cert_registry=registry,
    )
    metadata = signers.PdfSignatureMetadata(
        field_name=field,
        md_algorithm=digest,
        subfilter=subfilter,
        certify=permission is not None,
        docmdp_permissions=permission or fields.MDPPerm.FILL_FORMS,
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        out = signers.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(data)), metadata, signer=signer)
    made: bytes = out.getvalue()
    return made


def named(report: PdfReport) -> set[Attack]:
    return {one.attack for one in report.attacks}


@pytest.mark.parametrize("streams", [False, True])
def test_a_signature_of_pyhanko_passes(who: Setting, *, streams: bool) -> None:
    report = who.judge(sign(unsigned(streams=streams), who))
    assert report.indication is PASSED, report
    assert report.signatures[0].level is Level.B


def test_a_pkcs7_signature_passes_without_a_pades_level(who: Setting) -> None:
    report = who.judge(sign(unsigned(), who, subfilter=ADOBE))
    assert report.indication is PASSED, report
    assert report.signatures[0].level is Level.CMS


def test_ours_after_theirs_passes(who: Setting) -> None:
    report = who.judge(who.signed(sign(unsigned(), who), "bank"))
    assert report.indication is PASSED, report


def test_theirs_after_ours_passes(who: Setting) -> None:
    report = who.judge(sign(who.signed(unsigned(), "bank"), who))
    assert report.indication is PASSED, report


def test_another_digest_is_left_open(who: Setting) -> None:
    report = who.judge(sign(unsigned(), who, digest="sha512"))
    assert report.sub_indication is SubIndication.CRYPTO_CONSTRAINTS_FAILURE
    assert report.indication is Indication.INDETERMINATE


@pytest.mark.parametrize("encoding", [b"adbe.pkcs7.sha1", b"adbe.x509.rsa_sha1", b"ETSI.CAdES.else"])
def test_other_encodings_are_left_open(who: Setting, encoding: bytes) -> None:
    data = sign(unsigned(), who)
    old = b"/SubFilter /ETSI.CAdES.detached"
    assert old in data
    new = b"/SubFilter /" + encoding
    report = who.judge(data.replace(old, new.ljust(len(old))))
    assert report.sub_indication is SubIndication.SIG_CONSTRAINTS_FAILURE


def test_no_changes_forbids_filling_in(who: Setting) -> None:
    certified = sign(unsigned(), who, permission=fields.MDPPerm.NO_CHANGES)
    assert who.judge(certified).indication is PASSED
    report = who.judge(filled(certified))
    assert report.indication is Indication.TOTAL_FAILED
    assert Attack.INCREMENTAL_SAVING in named(report)


def test_no_changes_allows_archiving(who: Setting) -> None:
    certified = sign(unsigned(), who, permission=fields.MDPPerm.NO_CHANGES)
    report = who.judge(archived(certified, who))
    assert report.indication is PASSED, report.attacks
    assert report.signatures[0].certifies == 1
    assert report.signatures[0].modified is ChangeClass.ARCHIVE_DATA


def test_form_filling_is_allowed_where_it_says_so(who: Setting) -> None:
    certified = sign(unsigned(), who, permission=fields.MDPPerm.FILL_FORMS)
    assert who.judge(filled(certified)).indication is PASSED


def test_a_note_is_allowed_where_annotations_are(who: Setting) -> None:
    certified = sign(unsigned(), who, permission=fields.MDPPerm.ANNOTATE)
    report = who.judge(with_annotation(certified, b"/Text", b"/Contents (seen) "))
    assert report.indication is PASSED, report.attacks
    assert report.signatures[0].modified is ChangeClass.ANNOTATION


@pytest.mark.parametrize("kind", [b"/FreeText", b"/Stamp", b"/Square", b"/Redact"])
def test_a_covering_annotation_is_an_attack_even_there(who: Setting, kind: bytes) -> None:
    certified = sign(unsigned(), who, permission=fields.MDPPerm.ANNOTATE)
    report = who.judge(with_annotation(certified, kind))
    assert report.indication is not PASSED
    assert named(report) == {Attack.CERTIFICATION_OVERLAY}


def test_a_note_is_not_allowed_without_permission(who: Setting) -> None:
    for data in (sign(unsigned(), who), sign(unsigned(), who, permission=fields.MDPPerm.FILL_FORMS)):
        report = who.judge(with_annotation(data, b"/Text"))
        assert report.indication is Indication.TOTAL_FAILED
        assert named(report) == {Attack.CERTIFICATION_OVERLAY}


def test_a_timestamp_over_a_foreign_signature_proves_its_time(who: Setting) -> None:
    report = who.judge(stamped(sign(unsigned(), who), who))
    assert report.indication is PASSED, report
    assert report.signatures[0].proved_by.value == "document-timestamp"
