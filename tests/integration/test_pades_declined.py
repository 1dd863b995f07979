"""Files that our own writer declines, signed through pyHanko with our keys, messages and timestamps."""

from __future__ import annotations

import io
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pikepdf
import pytest

from keys.suites import Algorithm
from signing.adapters.pyhanko_signer import PyHankoSigner
from signing.document import Buffer
from signing.errors import (
    DocumentRefused,
    FieldInvalid,
    PlacementInvalid,
    SignatureMismatch,
    TimestampUnavailable,
)
from signing.form import Form, Picture
from signing.pades.order import SignatureOrder
from signing.pdf.source import open_source
from signing.place import Box, Rect
from signing.ports import TimestampSource
from tests.support import chains, pyhankojudge, services
from tests.support.pdfjudge import PdfBox
from tests.support.signing import LATER, NoTimestamps, UnitTimestamps, blank_document, person

FIELDS: Mapping[str, Box | None] = {"party-1": Box(1, Rect(40, 40, 100, 25)), "party-2": None}
DRAWN = Form(100, 25, b"0 0 100 25 re f", "signed")


def encrypted(
    user: str = "", *, allow: pikepdf.Permissions | None = None, fields: int = 0, revision: int = 6
) -> bytes:
    protection = pikepdf.Encryption(
        owner="owner",
        user=user,
        R=revision,  # type: ignore[arg-type]
        allow=allow or pikepdf.Permissions(),
        metadata=revision >= 4,
        aes=revision >= 4,
    )
    with pikepdf.open(io.BytesIO(blank_document(fields, pages=2))) as pdf:
        written = io.BytesIO()
        pdf.save(written, encryption=protection)
    return written.getvalue()


def hybrid() -> bytes:
    """A file whose last section has a stream beside its table, with one object that only the stream names."""
    data = blank_document(0)
    last = data.rindex(b"startxref\n")
    before = int(data[last:].split()[1])
    size = int(data[data.rindex(b"/Size ") :].split()[1])
    hidden = b"%d 0 obj\n<</Hidden true>>\nendobj\n" % size
    row = b"\x01" + len(data).to_bytes(4, "big") + b"\x00"
    beside = len(data) + len(hidden)
    stream = (
        b"%d 0 obj\n<</Type /XRef /Size %d /Index [%d 1] /W [1 4 1] /Root 1 0 R /Length 6>>\nstream\n%s\n"
        b"endstream\nendobj\n" % (size + 1, size + 2, size, row)
    )
    table = beside + len(stream)
    trailer = b"xref\n0 1\n0000000000 65535 f\r\ntrailer\n<</Size %d /Root 1 0 R /Prev %d /XRefStm %d>>\n" % (
        size + 2,
        before,
        beside,
    )
    return data + hidden + stream + trailer + b"startxref\n%d\n%%%%EOF\n" % table


def signed(
    data: Buffer,
    algorithm: Algorithm,
    field: str = "party-1",
    *,
    password: str = "",
    timestamps: TimestampSource | None = None,
    **order: object,
) -> bytes:
    who = person(algorithm)
    asked = SignatureOrder(field, LATER, "张伟", **order)  # type: ignore[arg-type]
    source = timestamps or UnitTimestamps(algorithm)
    signer = PyHankoSigner(password)
    return bytes(data) + signer.sign(data, asked, who.signer, who.chain, timestamps=source)


def prepared(data: bytes, password: str = "") -> bytes:
    return data + PyHankoSigner(password).prepare(data, FIELDS)


def root(algorithm: Algorithm) -> bytes:
    return chains.root(algorithm).party.certificate.data


@pytest.mark.interop
@pytest.mark.parametrize("algorithm", Algorithm)
@pytest.mark.parametrize("kind", ["encrypted", "hybrid"])
def test_judges_accept_both_kinds_in_both_suites(
    kind: str, algorithm: Algorithm, pdfbox: PdfBox, tmp_path: Path
) -> None:
    data = encrypted() if kind == "encrypted" else hybrid()
    with pytest.raises(DocumentRefused) as caught:
        open_source(data)
    assert caught.value.cause == kind
    ready = prepared(data)
    first = signed(ready, algorithm, appearance=DRAWN)
    done = signed(first, algorithm, "party-2")
    assert done.startswith(first)
    assert first.startswith(ready)
    path = tmp_path / "signed.pdf"
    path.write_bytes(done)
    verdict = pdfbox.pdf(path, anchors=[root(algorithm)], at=LATER)
    assert verdict.detail("signatures") == "2"
    with pikepdf.open(io.BytesIO(done)) as pdf:
        fields = {str(one.T): one for one in pdf.Root.AcroForm.Fields}
        methods = [[str(one.TransformMethod) for one in fields[name].V.Reference] for name in FIELDS]
        assert methods == [["/DocMDP", "/FieldMDP"], ["/FieldMDP"]]
        assert fields["party-1"].AP.N.read_bytes() == DRAWN.content
        assert str(fields["party-1"].V.Name) == "张伟"


@pytest.mark.interop
@pytest.mark.parametrize("kind", ["encrypted", "hybrid"])
def test_poppler_accepts(kind: str, tmp_path: Path) -> None:
    services.require("pdfsig")
    path = tmp_path / "signed.pdf"
    path.write_bytes(signed(prepared(encrypted() if kind == "encrypted" else hybrid()), Algorithm.P256))
    done = subprocess.run(["pdfsig", "-nocert", path], capture_output=True, text=True, check=False)
    assert done.stdout.count("Signature is Valid.") == 1, done.stdout + done.stderr


@pytest.mark.parametrize("revision", [3, 4, 6])
def test_a_password_opens_every_kind_of_encryption(revision: int) -> None:
    data = encrypted("secret", revision=revision)
    done = signed(prepared(data, "secret"), Algorithm.P256, password="secret")
    with pikepdf.open(io.BytesIO(done), password="secret") as pdf:
        assert len(pdf.Root.AcroForm.Fields) == 2
    for wrong in ("", "other"):
        with pytest.raises(DocumentRefused) as caught:
            signed(done, Algorithm.P256, "party-2", password=wrong)
        assert caught.value.cause == "encrypted"


def test_permissions_bind_the_user_and_not_the_owner() -> None:
    nothing = pikepdf.Permissions(modify_form=False, modify_annotation=False, modify_other=False)
    data = encrypted(allow=nothing, fields=1)
    with pytest.raises(DocumentRefused, match="does not permit"):
        signed(data, Algorithm.P256)
    with pytest.raises(DocumentRefused, match="does not permit"):
        prepared(data)
    assert signed(data, Algorithm.P256, password="owner")


def test_what_it_cannot_do_is_said() -> None:
    data = prepared(encrypted())
    picture = Form(1, 1, b"/Picture0 Do", "", (Picture(1, 1, bytes(3), None),))
    with pytest.raises(FieldInvalid, match="cannot show pictures"):
        signed(data, Algorithm.P256, appearance=picture)
    with pytest.raises(FieldInvalid):
        signed(data, Algorithm.P256, "nobody")
    with pytest.raises(FieldInvalid):
        signed(signed(data, Algorithm.P256), Algorithm.P256)
    with pytest.raises(FieldInvalid):
        prepared(data)
    with pytest.raises(PlacementInvalid):
        PyHankoSigner().prepare(encrypted(), {"far": Box(9, Rect(0, 0, 1, 1))})
    with pytest.raises(SignatureMismatch, match="do not fit"):
        signed(data, Algorithm.P256, contents_size=500)
    for broken in (b"", b"no PDF", data[:500]):
        with pytest.raises(DocumentRefused):
            signed(broken, Algorithm.P256)


def test_without_a_timestamp_there_is_no_signature() -> None:
    with pytest.raises(TimestampUnavailable):
        signed(prepared(encrypted()), Algorithm.P256, timestamps=NoTimestamps())


@pytest.mark.interop
def test_pyhanko_accepts_the_hybrid_file() -> None:
    data = signed(signed(prepared(hybrid()), Algorithm.P256), Algorithm.P256, "party-2")
    assert len(pyhankojudge.accept(data, root(Algorithm.P256), LATER, strict=False)) == 2
