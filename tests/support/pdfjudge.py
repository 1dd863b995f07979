"""PDFBox with Bouncy Castle as a judge of signed PDFs, in both suites; nothing of ours takes part."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from tests.support import judge, services
from tests.support.judge import BouncyCastle, Material, Verdict


class PdfBox(BouncyCastle):
    """One Java process that judges files."""

    folders = (judge.SOURCES, Path(__file__).parent / "pdfbox")
    jars = (*judge.JARS, *services.PDFBOX_JARS)
    program = "PdfJudge"

    def pdf(
        self, path: Path, *, anchors: Sequence[Material], at: datetime, certs: Sequence[Material] = ()
    ) -> Verdict:
        """Every signature, its attributes, and every token in the file; paths are judged at ``at``."""
        return self._accept(["pdf", *judge._path(anchors, certs, (), at), str(path)])
