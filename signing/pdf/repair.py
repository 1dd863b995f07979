"""A broken PDF rewritten, before anyone signs it: what came in is replaced, and people are told."""

from __future__ import annotations

import io
import warnings
from dataclasses import dataclass

import pikepdf

from signing.document import Buffer
from signing.errors import DocumentRefused
from signing.pdf.labels import is_labelled
from signing.pdf.limits import LIMITS, PdfLimits
from signing.pdf.sections import TAIL
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
    start = bytes(data[:1024]).find(b"%PDF-")
    if start < 0:
        raise DocumentRefused("not-pdf", "is no PDF: it does not begin with %PDF-")
    if start:
        data = memoryview(data)[start:]
    rewritten = guarded(lambda: _rewritten(data))
    if rewritten is None:
        # Without its end, the file's objects are looked for by their labels.
        rewritten = guarded(lambda: _rewritten(memoryview(data)[: _last_end(data)]))
    if rewritten is None:
        raise DocumentRefused("broken", "has objects that cannot be read")
    with open_source(rewritten, limits=limits) as source:
        notes = ("was broken and has been rewritten: what is signed is the new file", *source.notes)
    return Repaired(rewritten, notes)


def _last_end(data: Buffer) -> int:
    """Where the last startxref stands, 0 for none."""
    start = max(0, len(data) - TAIL)
    return max(0, start + bytes(data[start:]).rfind(b"startxref"))


def _rewritten(data: Buffer) -> bytes | None:
    """The new file, or None where objects do not lie under their own numbers."""
    stream = as_file(data)
    try:
        with pikepdf.open(stream) as pdf:
            if pdf.is_encrypted:
                raise DocumentRefused("encrypted", "is encrypted")
            return _saved(pdf) if is_labelled(pdf, data) else None
    finally:
        stream.close()


def _saved(pdf: pikepdf.Pdf) -> bytes:
    if not len(pdf.pages):
        raise DocumentRefused("broken", "has no page")
    if _is_signed(pdf):
        raise DocumentRefused("signed", "is broken and has signatures, which rewriting it would break")
    if "/Size" not in pdf.trailer:
        pdf.trailer["/Size"] = 1  # qpdf corrects it, but only where there is one
    target = io.BytesIO()
    # The same file comes out of the same file; its table is classic, which all readers know.
    with warnings.catch_warnings():
        # Widgets that no form knows: they are as they came, and nobody need hear of it.
        warnings.simplefilter("ignore", pikepdf.PageCopyWarning)
        pdf.save(target, deterministic_id=True, object_stream_mode=pikepdf.ObjectStreamMode.disable)
    return target.getvalue()


def _is_signed(pdf: pikepdf.Pdf) -> bool:
    """Whether any object looks like a signature, wherever it hangs: in a broken file fields may be lost."""
    return any(
        (isinstance(one, pikepdf.Dictionary) and "/ByteRange" in one and "/Contents" in one)
        or (isinstance(one, pikepdf.Dictionary) and one.get("/Type") in {"/Sig", "/DocTimeStamp"})
        for one in pdf.objects
    )
