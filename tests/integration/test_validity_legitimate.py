"""What contracts do after a signature passes, and is told apart by class, in both suites."""

from __future__ import annotations

import pytest

from ca.indication import Indication
from keys.suites import Algorithm
from signing.pades.archive import timestamp_document
from signing.pades.validationdata import add_validation_data
from signing.pdf.source import open_source
from signing.validity.change import ChangeClass
from signing.validity.report import Kind, Level, Proof
from tests.support import chains
from tests.support.attacks.contract import AMOUNT, LOOKS, Setting, contract, setting, unsigned
from tests.support.attacks.increment import Document, appended, stream
from tests.support.attacks.reveal import page_text_replaced
from tests.support.signing import LATER, material, sign_one

pytestmark = pytest.mark.parametrize("algorithm", chains.DEFAULTS)
PASSED = Indication.TOTAL_PASSED


def archived(data: bytes, who: Setting) -> bytes:
    """With a document store and a document timestamp over it: B-LTA."""
    with open_source(data) as source:
        data += add_validation_data(source, material(who.people, who.algorithm))
    return stamped(data, who)


def stamped(data: bytes, who: Setting) -> bytes:
    with open_source(data) as source:
        return data + timestamp_document(source, who.timestamps, who.algorithm.digest, at=LATER)


@pytest.mark.parametrize("streams", [False, True])
def test_three_signers_pass(algorithm: Algorithm, *, streams: bool) -> None:
    who = setting(algorithm)
    report = who.judge(who.signed(contract(algorithm, streams=streams), "witness"))
    assert report.indication is PASSED
    assert report.attacks == ()
    assert [one.field for one in report.signatures] == ["borrower", "bank", "witness"]
    assert {one.level for one in report.signatures} == {Level.T}
    assert {one.proved_by for one in report.signatures} == {Proof.SIGNATURE_TIMESTAMP}
    assert [one.modified for one in report.signatures] == [
        ChangeClass.SIGNATURE,
        ChangeClass.SIGNATURE,
        ChangeClass.NOTHING,
    ]
    assert all(one.covers_whole_revision for one in report.signatures)
    assert report.signatures[0].certifies == 2


def test_archived_contract_reaches_lta(algorithm: Algorithm) -> None:
    who = setting(algorithm)
    report = who.judge(archived(contract(algorithm), who))
    assert report.indication is PASSED
    assert [one.level for one in report.signatures] == [Level.LTA, Level.LTA, None]
    assert report.signatures[-1].kind is Kind.DOCUMENT_TIMESTAMP
    assert ChangeClass.ARCHIVE_DATA in report.signatures[0].by_class()


def test_renewed_archive_timestamp_passes(algorithm: Algorithm) -> None:
    who = setting(algorithm)
    report = who.judge(stamped(archived(contract(algorithm), who), who))
    assert report.indication is PASSED
    assert len(report.signatures) == 4


def test_next_signer_after_archiving_passes(algorithm: Algorithm) -> None:
    who = setting(algorithm)
    report = who.judge(who.signed(archived(contract(algorithm), who), "witness"))
    assert report.indication is PASSED


def filled(data: bytes) -> bytes:
    known = Document(data)
    look = stream(b"BT /F1 12 Tf 2 4 Td (travel) Tj ET", LOOKS)
    body = known.body(AMOUNT, V=b"(travel)", AP=b"<</N %d 0 R>>" % known.free)
    return appended(data, {known.free: look, AMOUNT: body})


def test_filling_in_a_form_passes_where_it_is_allowed(algorithm: Algorithm) -> None:
    who = setting(algorithm)
    report = who.judge(filled(contract(algorithm)))
    assert report.indication is PASSED
    assert report.signatures[0].modified is ChangeClass.FORM_FILL
    assert report.signatures[-1].modified is ChangeClass.FORM_FILL


def test_filling_in_a_locked_field_breaks_the_signature_that_locked_it(algorithm: Algorithm) -> None:
    who = setting(algorithm)
    signed = who.signed(unsigned(locked=("purpose",)), "borrower")
    assert who.judge(signed).indication is PASSED
    report = who.judge(filled(signed))
    assert report.indication is Indication.TOTAL_FAILED
    assert [allowed for _, allowed in report.signatures[0].modifications] == [False]


def test_the_next_signer_may_not_change_a_page(algorithm: Algorithm) -> None:
    """However trusted: the earlier signatures are of other pages."""
    who = setting(algorithm)
    report = who.judge(who.signed(page_text_replaced(contract(algorithm), who), "witness"))
    assert report.indication is Indication.TOTAL_FAILED
    first, second, third = report.signatures
    assert first.modified is second.modified is ChangeClass.PAGE_CONTENT
    assert third.indication is PASSED


def test_without_a_timestamp_only_the_claim_stands(algorithm: Algorithm) -> None:
    who = setting(algorithm)
    report = who.judge(sign_one(unsigned(), "borrower", who.people[0]))
    (one,) = report.signatures
    assert report.indication is PASSED
    assert (one.level, one.proved_by, one.proved_time) == (Level.B, Proof.CLAIM, None)
    assert one.claimed_time == LATER
