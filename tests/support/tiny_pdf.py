"""The smallest PDF with a page and some text on it."""

from __future__ import annotations

from functools import cache
from io import BytesIO

import pikepdf


@cache
def tiny_pdf(pages: int = 1) -> bytes:
    """Written by pikepdf; the same octets each time in one process."""
    pdf = pikepdf.Pdf.new()
    font = pikepdf.Dictionary(
        Type=pikepdf.Name.Font, Subtype=pikepdf.Name.Type1, BaseFont=pikepdf.Name.Helvetica
    )
    for number in range(pages):
        page = pdf.add_blank_page(page_size=(595, 842))
        page.Resources = pikepdf.Dictionary(Font=pikepdf.Dictionary(F1=pdf.make_indirect(font)))
        page.Contents = pdf.make_stream(f"BT /F1 24 Tf 72 720 Td (Page {number + 1}) Tj ET".encode())
    out = BytesIO()
    pdf.save(out, deterministic_id=True)
    return out.getvalue()
