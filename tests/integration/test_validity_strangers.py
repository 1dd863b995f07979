"""PDFs that nobody here wrote: judged without a crash, in bounded memory, never better than by pyHanko."""

from __future__ import annotations

import io
import logging
import time
import tracemalloc
import warnings
from pathlib import Path

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko_certvalidator import ValidationContext

from ca.indication import Indication, SubIndication
from ca.trust import TrustStore
from signing.validity.attack import Attack
from signing.validity.judge import judge_pdf
from signing.validity.report import PdfReport
from tests.support.attacks.contract import NOW
from tests.support.pdfsamples import stranger, strangers

MAX_MEMORY = 64_000_000  # octets beyond what the file itself takes; all of them are small
MAX_SECONDS = 10.0  # of the processor
FILES = strangers() or [Path("no-strangers-here.pdf")]


def judged(name: str) -> PdfReport:
    return judge_pdf(stranger(name), TrustStore(), now=NOW)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_a_stranger_is_judged_and_never_trusted(path: Path) -> None:
    data = stranger(path.name) if path.parent.name != "safedocs" else path.read_bytes()
    tracemalloc.start()
    begun = time.process_time()
    try:
        report = judge_pdf(data, TrustStore(), now=NOW)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert report.indication is not Indication.TOTAL_PASSED
    assert report.sub_indication is not None
    assert peak < MAX_MEMORY
    assert time.process_time() - begun < MAX_SECONDS


def intact_by_pyhanko(data: bytes) -> set[str]:
    """Fields whose signatures pyHanko finds intact, whatever it thinks of their signers."""
    logging.getLogger("pyhanko").setLevel(logging.CRITICAL)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            signatures = PdfFileReader(io.BytesIO(data), strict=False).embedded_signatures
        except Exception:  # noqa: BLE001  (whatever it raises, it accepts nothing)
            return set()
        return {one.field_name for one in signatures if _is_intact(one)}


def _is_intact(signature: EmbeddedPdfSignature) -> bool:
    context = ValidationContext(trust_roots=[], allow_fetching=False, moment=NOW)
    try:
        status = validate_pdf_signature(signature, context)
    except Exception:  # noqa: BLE001  (whatever it raises, it does not accept)
        return False
    return bool(status.intact and status.valid)


@pytest.mark.interop
@pytest.mark.parametrize(
    "name",
    [
        "coverage-base.pdf",
        "coverage-one-byterange.pdf",
        "coverage-signature-gap-too-big.pdf",
        "coverage-tail-uncovered.pdf",
        "coverage-weird-byterange.pdf",
        "extensions-direct.pdf",
        "minimal-signed-twice-second-created.pdf",
        "minimal-two-fields-signed-twice.pdf",
        "pdf-sig-with-econtent.pdf",
    ],
)
def test_what_pyhanko_refuses_holds_here_neither(name: str) -> None:
    data = stranger(name)
    theirs = intact_by_pyhanko(data)
    for one in judged(name).signatures:
        if one.signer is not None:
            assert one.field in theirs


@pytest.mark.parametrize(
    ("name", "attack"),
    [
        ("coverage-signature-gap-too-big.pdf", Attack.BYTE_RANGE_GAP),
        ("coverage-tail-uncovered.pdf", Attack.BYTE_RANGE_GAP),
        ("coverage-one-byterange.pdf", Attack.BYTE_RANGE_GAP),
        ("coverage-weird-byterange.pdf", Attack.BYTE_RANGE_GAP),
        ("coverage-base.pdf", Attack.UNIVERSAL_FORGERY),
        ("form-update-override-appearance-stream-sneaky.pdf", Attack.SHADOW_REPLACE),
        ("pdf-sig-with-econtent.pdf", Attack.FOREIGN_SIGNER_INFO),
    ],
)
def test_an_anomaly_has_its_name(name: str, attack: Attack) -> None:
    assert attack in {one.attack for one in judged(name).attacks}


@pytest.mark.parametrize(
    ("name", "sub"),
    [
        ("extensions-direct.pdf", SubIndication.CRYPTO_CONSTRAINTS_FAILURE),  # RSA of 2048 bits
        ("sig-with-ski-sid.pdf", SubIndication.SIG_CONSTRAINTS_FAILURE),
        ("sig-no-signed-attrs.pdf", SubIndication.SIG_CONSTRAINTS_FAILURE),
        ("minimal-aes256.pdf", SubIndication.SIGNED_DATA_NOT_FOUND),
        ("minimal.pdf", SubIndication.SIGNED_DATA_NOT_FOUND),
        ("minimal-badxref.pdf", SubIndication.FORMAT_FAILURE),
    ],
)
def test_what_is_not_supported_is_left_open_and_what_is_broken_fails(name: str, sub: SubIndication) -> None:
    assert judged(name).sub_indication is sub
