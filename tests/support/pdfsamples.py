"""Small PDFs written out by hand, and those of strangers beside the repository."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from signing.form import Form

STRANGERS = Path(__file__).parents[3] / "shared" / "data" / "pdfs"
CONTENT = b"BT /F1 18 Tf 30 40 Td (Borrower: please sign) Tj ET"
FONT = b"<</Type /Font /Subtype /Type1 /BaseFont /Helvetica>>"
MARK = Form(100, 40, b"1 0 0 rg 0 0 50 40 re f 0 0 1 rg 50 0 50 40 re f", "red left of blue")
SEAL = Form(100, 100, b"0.8 0 0 rg 0 0 100 100 re f", "a square seal")


def written(objects: Mapping[int, bytes], *, stream: bool = False, trailer: bytes = b"") -> bytes:
    """A file of these objects, 1 being the catalogue, with a classic table or a cross-reference stream."""
    parts = [b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"]
    place = len(parts[0])
    starts: dict[int, int] = {}
    for number, body in sorted(objects.items()):
        starts[number] = place
        parts.append(b"%d 0 obj\n%s\nendobj\n" % (number, body))
        place += len(parts[-1])
    size = max(objects) + 1
    if stream:
        starts[size] = place
        rows = b"\0" * 7 + b"".join(
            (b"\1" + starts[one].to_bytes(4, "big") + b"\0\0") if one in starts else b"\0" * 7
            for one in range(1, size + 1)
        )
        packed = zlib.compress(rows)
        parts.append(
            b"%d 0 obj\n<</Type /XRef /Size %d /W [1 4 2] /Root 1 0 R %s /Filter /FlateDecode /Length %d>>\n"
            b"stream\n%s\nendstream\nendobj\n" % (size, size + 1, trailer, len(packed), packed)
        )
    else:
        parts.append(b"xref\n0 %d\n0000000000 65535 f\r\n" % size)
        parts += (
            b"%010d 00000 n\r\n" % starts[one] if one in starts else b"0000000000 00000 f\r\n"
            for one in range(1, size)
        )
        parts.append(b"trailer\n<</Size %d /Root 1 0 R %s>>\n" % (size, trailer))
    parts.append(b"startxref\n%d\n%%%%EOF\n" % place)
    return b"".join(parts)


def pages(
    extras: Sequence[bytes] = (b"",),
    *,
    content: bytes = CONTENT,
    media: bytes = b"[0 0 300 200]",
    objects: Mapping[int, bytes] | None = None,
    catalogue: bytes = b"",
    stream: bool = False,
) -> bytes:
    """A file with a page for each of `extras`, which are entries of its dictionary.

    Pages are objects 10, 11…; 3 is the content of all, 4 the font.
    """
    kids = b" ".join(b"%d 0 R" % (10 + place) for place in range(len(extras)))
    every = {
        1: b"<</Type /Catalog /Pages 2 0 R %s>>" % catalogue,
        2: b"<</Type /Pages /Kids [%s] /Count %d /MediaBox %s /Resources <</Font <</F1 4 0 R>>>>>>"
        % (kids, len(extras), media),
        3: b"<</Length %d>>\nstream\n%s\nendstream" % (len(content), content),
        4: FONT,
    }
    for place, extra in enumerate(extras):
        every[10 + place] = b"<</Type /Page /Parent 2 0 R /Contents 3 0 R %s>>" % extra
    return written({**every, **(objects or {})}, stream=stream)


def strangers() -> list[Path]:
    """PDFs that nobody here wrote, or none where they are not beside the repository."""
    return sorted(STRANGERS.rglob("*.pdf"))


def stranger(name: str) -> bytes:
    """One of them by its name; skips the test where it is missing."""
    path = STRANGERS / name
    if not path.is_file():
        pytest.skip(f"{path} is not here: the PDFs of strangers lie beside the repository")
    return path.read_bytes()
