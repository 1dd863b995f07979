"""A broken PDF rewritten, before anyone signs it: what came in is replaced, and people are told."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import BinaryIO

import pikepdf

from signing.document import Buffer
from signing.errors import DocumentRefused
from signing.pdf.limits import LIMITS, PdfLimits
from signing.pdf.source import guarded, open_source
from signing.pdf.view import as_file


@dataclass(frozen=True, slots=True)
class Repaired:
    """A whole new file, and what people have to know of it."""

    data: bytes
    notes: tuple[str, ...]


def repair(data: Buffer, *, limits: PdfLimits = LIMITS) -> Repaired:
    """Rewrites a file that `open_source` refuses as "broken", "hybrid" or "circular".

    Its objects are looked for where its cross-references fail. Raises `DocumentRefused`: "signed" for a file
    with signatures, which a new file would break, "encrypted", or what the new file still suffers from.
    """
    if len(data) > limits.max_size:
        raise DocumentRefused("too-large", f"has {len(data)} octets; {limits.max_size} are allowed")
    if b"%PDF-" not in bytes(data[:1024]):
        raise DocumentRefused("not-pdf", "is no PDF: it does not begin with %PDF-")
    stream = as_file(data)
    try:
        rewritten = guarded(lambda: _rewrite(stream))
    finally:
        stream.close()
    with open_source(rewritten, limits=limits) as source:
        notes = ("was broken and has been rewritten: what is signed is the new file", *source.notes)
    return Repaired(rewritten, notes)


def _rewrite(stream: BinaryIO) -> bytes:
    with pikepdf.open(stream) as pdf:
        if pdf.is_encrypted:
            raise DocumentRefused("encrypted", "is encrypted")
        if not len(pdf.pages):
            raise DocumentRefused("broken", "has no page")
        if _is_signed(pdf):
            raise DocumentRefused("signed", "is broken and has signatures, which rewriting it would break")
        if "/Size" not in pdf.trailer:
            pdf.trailer["/Size"] = 1  # qpdf corrects it, but only where there is one
        target = io.BytesIO()
        # The same file comes out of the same file; its table is classic, which all readers know.
        pdf.save(target, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.disable)
        return target.getvalue()


def _is_signed(pdf: pikepdf.Pdf) -> bool:
    """Whether any object looks like a signature, wherever it hangs: in a broken file fields may be lost."""
    return any(
        (isinstance(one, pikepdf.Dictionary) and "/ByteRange" in one and "/Contents" in one)
        or (isinstance(one, pikepdf.Dictionary) and one.get("/Type") in {"/Sig", "/DocTimeStamp"})
        for one in pdf.objects
    )
