"""PDFium, which knows what stands where on a page; it may be used by one thread at a time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pypdfium2

from signing.document import Buffer
from signing.errors import DocumentRefused
from signing.pdf.view import as_file

LOCK = threading.RLock()
"""Held through every use of PDFium in the process: its documentation rules out threads at once."""


@contextmanager
def opened(data: Buffer) -> Iterator[pypdfium2.PdfDocument]:
    """The document, with nobody else in PDFium. Raises `DocumentRefused` for what PDFium cannot read."""
    with LOCK:
        stream = as_file(data)
        try:
            document = pypdfium2.PdfDocument(stream)
            try:
                yield document
            finally:
                document.close()
        except pypdfium2.PdfiumError as error:
            raise DocumentRefused("broken", "has pages that cannot be displayed") from error
        finally:
            stream.close()
