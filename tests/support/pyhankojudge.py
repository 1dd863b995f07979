"""pyHanko as a judge of signed PDFs of the intl suite, with the strictest difference policy it has."""

from __future__ import annotations

import io
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asn1crypto import x509
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import DEFAULT_DIFF_POLICY, ModificationLevel
from pyhanko.sign.validation import validate_pdf_signature, validate_pdf_timestamp
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.status import (
    DocumentTimestampStatus,
    PdfSignatureStatus,
    SignatureCoverageLevel,
)
from pyhanko_certvalidator import ValidationContext

WHOLE = SignatureCoverageLevel.ENTIRE_FILE
REVISION = SignatureCoverageLevel.ENTIRE_REVISION


@dataclass(frozen=True, slots=True)
class Found:
    """What pyHanko found of one signature or document timestamp that it accepts."""

    field: str
    timestamped: bool
    coverage: SignatureCoverageLevel
    modification: ModificationLevel


def accept(
    data: bytes, root: bytes, at: datetime, *, long_term: bool = False, strict: bool = True
) -> list[Found]:
    """Every signature holds, and what came after it is allowed; an AssertionError says which is not.

    With `long_term` every certificate needs revocation data, of which there is only what the file holds.
    Without `strict` the reader takes hybrid cross-references.
    """
    reader = PdfFileReader(io.BytesIO(data), strict=strict)
    options: dict[str, Any] = {
        "trust_roots": [x509.Certificate.load(root)],
        "moment": at,
        "allow_fetching": False,
    }
    if long_term:
        store = DocumentSecurityStore.read_dss(reader)
        context = store.as_validation_context({**options, "revocation_mode": "require"})
    else:
        context = ValidationContext(**options)
    return [
        _timestamp(one, context) if one.sig_object_type == "/DocTimeStamp" else _signature(one, context)
        for one in reader.embedded_signatures
    ]


def _timestamp(signature: EmbeddedPdfSignature, context: ValidationContext) -> Found:
    status = validate_pdf_timestamp(signature, context, diff_policy=DEFAULT_DIFF_POLICY)
    return _found(signature.field_name, status, timestamped=True)


def _signature(signature: EmbeddedPdfSignature, context: ValidationContext) -> Found:
    status = validate_pdf_signature(
        signature,
        signer_validation_context=context,
        ts_validation_context=context,
        diff_policy=DEFAULT_DIFF_POLICY,
    )
    name, said = signature.field_name, status.summary()
    assert status.bottom_line, (name, said)
    assert status.docmdp_ok, (name, said)
    stamp = status.timestamp_validity
    assert stamp is None or stamp.trusted, (name, said)
    return _found(name, status, timestamped=stamp is not None)


def _found(name: str, status: PdfSignatureStatus | DocumentTimestampStatus, *, timestamped: bool) -> Found:
    said = status.summary()
    assert status.valid, (name, said)
    assert status.intact, (name, said)
    assert status.trusted, (name, said)
    coverage, modification = status.coverage, status.modification_level
    assert coverage is not None, (name, said)
    assert coverage >= REVISION, (name, coverage)
    assert modification is not None, (name, said)
    assert modification <= ModificationLevel.FORM_FILLING, (name, modification)
    return Found(name, timestamped, coverage, modification)
