"""Revisions appended as an attacker appends them: any object, any trailer, any cross-reference."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping

import pikepdf

_STARTXREF = re.compile(rb"startxref\s+(\d+)\s+%%EOF")


def last_xref(data: bytes) -> int:
    """Where the newest cross-reference section begins."""
    return int(_STARTXREF.findall(data)[-1])


def size_of(data: bytes) -> int:
    """/Size of the newest trailer: the first free object number."""
    return int(re.findall(rb"/Size\s+(\d+)", data)[-1])


def root_of(data: bytes) -> bytes:
    """The newest trailer's reference to the catalogue."""
    found: list[bytes] = re.findall(rb"/Root\s+(\d+ \d+ R)", data)
    return found[-1]


def appended(
    data: bytes,
    objects: Mapping[int, bytes],
    *,
    freed: tuple[int, ...] = (),
    trailer: bytes = b"",
    places: Mapping[int, int] | None = None,
    root: bytes | None = None,
) -> bytes:
    """The file with one revision more; `places` point objects at offsets of the attacker's choice."""
    out = bytearray(data)
    if not out.endswith(b"\n"):
        out += b"\n"
    offsets: dict[int, tuple[int, bytes]] = {}
    for number, body in objects.items():
        offsets[number] = (len(out), b"n")
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    offsets |= {number: (place, b"n") for number, place in (places or {}).items()}
    offsets |= dict.fromkeys(freed, (0, b"f"))
    start = len(out)
    out += b"xref\n0 1\n0000000000 65535 f\r\n"
    for number, (offset, kind) in sorted(offsets.items()):
        out += b"%d 1\n%010d %05d %s\r\n" % (number, offset, 0 if kind == b"n" else 1, kind)
    size = max([size_of(data), *(number + 1 for number in offsets)])
    out += b"trailer\n<</Size %d /Root %s /Prev %d %s>>\nstartxref\n%d\n%%%%EOF\n" % (
        size,
        root_of(data) if root is None else root,
        last_xref(data),
        trailer,
        start,
    )
    return bytes(out)


def stream(content: bytes, entries: bytes = b"") -> bytes:
    """A stream's body."""
    return b"<<%s /Length %d>>\nstream\n%s\nendstream" % (entries, len(content), content)


class Document:
    """What an attacker knows of a file: numbers and octets of its objects."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.pdf = pikepdf.open(io.BytesIO(data))
        self.free = size_of(data)

    @property
    def catalog(self) -> int:
        return int(self.pdf.Root.objgen[0])

    @property
    def form(self) -> int:
        return int(self.pdf.Root.AcroForm.objgen[0])

    def page(self, number: int = 0) -> int:
        return int(self.pdf.pages[number].obj.objgen[0])

    def body(self, number: int, **changes: bytes | None) -> bytes:
        """The object as text, entries changed, added or (None) dropped."""
        held = self.pdf.get_object(number, 0)
        kept = [key for key in held.keys() if key[1:] not in changes]  # noqa: SIM118  (no mapping by itself)
        parts = [key.encode() + b" " + _shown(held[key]) for key in kept]
        parts += [b"/%s %s" % (key.encode(), value) for key, value in changes.items() if value is not None]
        return b"<<" + b" ".join(parts) + b">>"

    def field(self, name: str) -> int:
        for one in self.pdf.Root.AcroForm.Fields:
            if str(one.get("/T")) == name:
                return int(one.objgen[0])
        raise KeyError(name)

    def field_list(self) -> list[bytes]:
        return [b"%d %d R" % one.objgen for one in self.pdf.Root.AcroForm.Fields]

    def signature(self, name: str) -> int:
        return int(self.pdf.get_object(self.field(name), 0).V.objgen[0])


def _shown(value: object) -> bytes:
    if isinstance(value, pikepdf.Object):
        return b"%d %d R" % value.objgen if value.is_indirect else value.unparse()
    if isinstance(value, bool):
        return b"true" if value else b"false"
    return str(value).encode()
