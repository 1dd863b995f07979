"""Each PDF of strangers is signed and verified again, or refused with a reason: whatever is uploaded."""

from __future__ import annotations

from contextlib import closing

import pytest

from ca.certificate import Certificate
from ca.crl import load_crl
from ca.indication import Indication
from ca.ocspresponse import load_response
from ca.trust import RevocationData, TrustStore
from keys.suites import Algorithm
from signing.draw_up import take
from signing.errors import DocumentRefused
from signing.pades.order import SignatureOrder
from signing.pades.sign import sign
from signing.pdf.prepare import FieldPlan, prepare
from signing.pdf.source import open_source
from signing.place import Box, Rect
from signing.validity.judge import judge_pdf
from signing.validity.report import Level
from tests.support.pdfsamples import MARK, STRANGERS, strangers
from tests.support.signing import LATER, Person, UnitTimestamps, material, person

NAMES = [one.relative_to(STRANGERS).as_posix() for one in strangers()]
FIELD = "XqBorrower"
REFUSED = {
    "broken-objstream1.pdf",
    "circular-page-tree.pdf",
    "form-tree-circular-ref-input.pdf",
    "malformed-encrypt-dict1.pdf",
    "minimal-aes256.pdf",
    "minimal-rc4.pdf",
}
"""Beyond repair, or encrypted."""
ODD = {"uncompressed-objstream-sample.pdf"}
"""Holds a page that its tree does not lead to, which could be shown later: our signature holds, the file
is not passed, and says why."""


def sign_stranger(name: str, signer: Person) -> bytes:
    """As an upload is signed: taken, repaired where need be, prepared, signed (B-T)."""
    data = take((STRANGERS / name).read_bytes()).data
    with closing(open_source(data)) as source:
        page = source.page(1)
        rect = Rect(page.width * 0.1, page.height * 0.1, page.width * 0.4, page.height * 0.1)
        data += prepare(source, [FieldPlan(FIELD, Box(1, rect), MARK, "借款人签名")]).data
    with closing(open_source(data)) as source:
        order = SignatureOrder(FIELD, LATER, name="王小明")
        timestamps = UnitTimestamps(Algorithm.P256)
        return data + sign(source, order, signer.signer, signer.chain, timestamps=timestamps)


@pytest.mark.parametrize("name", NAMES or ["none"])
def test_a_stranger_is_signed_and_verified_or_refused(name: str) -> None:
    if name == "none":
        pytest.skip(f"{STRANGERS} is not here: the PDFs of strangers lie beside the repository")
    signer = person(Algorithm.P256)
    if name in REFUSED:
        with pytest.raises(DocumentRefused, match=r"is encrypted|repair|objects|page tree|form|field"):
            sign_stranger(name, signer)
        return
    data = sign_stranger(name, signer)
    found = material([signer], Algorithm.P256)
    trust = TrustStore(
        (Certificate(signer.chain[-1]),),
        tuple(Certificate(one) for one in found.certificates),
        RevocationData(
            tuple(load_crl(one) for one in found.crls), tuple(load_response(one) for one in found.responses)
        ),
    )
    report = judge_pdf(data, trust, now=LATER)
    (ours,) = [one for one in report.signatures if one.field == FIELD]
    assert ours.indication is Indication.TOTAL_PASSED, ours.steps
    assert ours.level is Level.T
    if len(report.signatures) == 1 and name not in ODD:
        assert report.indication is Indication.TOTAL_PASSED, report.attacks
    else:
        assert report.indication is not Indication.TOTAL_PASSED
