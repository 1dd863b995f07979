"""Judges of a signed PDF that are not ours: pyHanko always; qpdf and pdfsig where the machine has them."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

from asn1crypto import cms as asn1_cms
from asn1crypto import x509 as asn1_x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.validation import validate_pdf_signature, validate_pdf_timestamp
from pyhanko.sign.validation.status import DocumentTimestampStatus, PdfSignatureStatus
from pyhanko_certvalidator import ValidationContext

from api.demo.openssl import TIMEOUT_S
from api.demo.steps import Step
from ca.certificate import Certificate

VALID = "Signature is Valid."
DOCUMENT_TIMESTAMP = "/ETSI.RFC3161"


def structure(step: Step, path: Path) -> None:
    """By qpdf, where it is."""
    program = shutil.which("qpdf")
    if program is not None:
        done = _run([program, "--check", str(path)])
        ok = done.returncode == 0
        step.check("PDF structure", "qpdf", ok=ok, detail="" if ok else _last(done))


def signatures(step: Step, path: Path, count: int) -> None:
    """Of the international suite, by pdfsig, where it is; it knows no document timestamps."""
    program = shutil.which("pdfsig")
    if program is not None:
        done = _run([program, "-nocert", str(path)])
        ok = done.stdout.count(VALID) == count
        step.check(f"{count} signatures valid", "pdfsig", ok=ok, detail="" if ok else _last(done))


def by_pyhanko(step: Step, data: bytes, root: Certificate, others: Sequence[Certificate]) -> None:
    """Every signature and document timestamp, under its strictest policy about later changes."""
    trusted = ValidationContext(
        trust_roots=[_their(root)], other_certs=[_their(one) for one in others], allow_fetching=False
    )
    for embedded in PdfFileReader(BytesIO(data)).embedded_signatures:
        status: DocumentTimestampStatus | PdfSignatureStatus
        if embedded.sig_object["/SubFilter"] == DOCUMENT_TIMESTAMP:
            status = validate_pdf_timestamp(embedded, trusted)
            ok = status.valid and status.intact and status.trusted
        else:
            status = validate_pdf_signature(embedded, trusted, trusted)
            ok = bool(status.bottom_line)
        detail = "" if ok else str(status.summary())
        step.check(f"{embedded.field_name}: signature", "pyHanko", ok=ok, detail=detail)


def contents(data: bytes) -> list[tuple[str, bytes]]:
    """The CMS of every signature and document timestamp as pyHanko reads it, by its field."""
    found = PdfFileReader(BytesIO(data)).embedded_signatures
    return [(one.field_name, _unpadded(bytes(one.pkcs7_content))) for one in found]


def _unpadded(padded: bytes) -> bytes:
    return bytes(asn1_cms.ContentInfo.load(padded, strict=False).dump())


def _their(certificate: Certificate) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(certificate.data)


def _run(words: Sequence[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603  (a program of the machine, arguments of ours)
        words, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )


def _last(done: subprocess.CompletedProcess[str]) -> str:
    lines = f"{done.stdout}\n{done.stderr}".strip().splitlines()
    return lines[-1] if lines else ""
