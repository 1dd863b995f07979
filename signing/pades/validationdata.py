"""The document security store (ISO 32000-2 12.8.4.3, ETSI EN 319 142-1 5.4.2): what makes B-T to B-LT."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeGuard

import pikepdf

from signing.errors import DocumentRefused
from signing.pades.amend import amended
from signing.pades.amend import held as object_of
from signing.pades.pertinence import Held, Pertinence
from signing.pdf.increment import Increment
from signing.pdf.source import PdfSource, guarded
from signing.pdf.syntax import array, dictionary, reference, taken_apart
from signing.ports import ValidationMaterial

MAX_READ = 32 * 1024 * 1024  # octets of a store that others made; what is beyond is kept unread

# EN 319 142-1 5.6: says that the document holds what ETSI added to ISO 32000-1.
_EXTENSION = b"<</BaseVersion /1.7 /ExtensionLevel 1>>"
_ARRAYS = {"certificates": b"Certs", "crls": b"CRLs", "responses": b"OCSPs"}
_VRI_ARRAYS = {"certificates": b"Cert", "crls": b"CRL", "responses": b"OCSP"}


@dataclass(slots=True)
class _Store:
    """The store as it will be: the objects of each kind by their octets, those that stand already first."""

    held: dict[str, dict[bytes, tuple[int, int]]] = field(
        default_factory=lambda: {kind: {} for kind in _ARRAYS}
    )

    def read(self, store: pikepdf.Object | None) -> None:
        """Take over what a store has."""
        if not isinstance(store, pikepdf.Dictionary):
            return
        left = MAX_READ
        for kind, key in _ARRAYS.items():
            found = store.get(f"/{key.decode()}")
            for one in found if isinstance(found, pikepdf.Array) else ():
                if isinstance(one, pikepdf.Stream) and one.is_indirect:
                    content = _octets(one) if left > 0 else None
                    left -= len(content or b"")
                    number = one.objgen[0]
                    # One that is not read is kept under a name that is no DER, and pertains to nothing.
                    self.held[kind].setdefault(content or b"%d" % number, one.objgen)

    def add(self, increment: Increment, kind: str, data: Iterable[bytes]) -> None:
        """Add what is not there."""
        for one in data:
            if one not in self.held[kind]:
                self.held[kind][one] = increment.stream(b"<<>>", one, compress=False), 0

    def arrays(self, names: Mapping[str, bytes], chosen: Held) -> dict[bytes, bytes]:
        """Dictionary entries with references to what is chosen."""
        entries = {}
        for kind, key in names.items():
            found = [reference(*self.held[kind][one]) for one in getattr(chosen, kind)]
            if found:
                entries[key] = array(found)
        return entries


_STORE_KEYS = frozenset({"/Type", "/VRI", "/Certs", "/OCSPs", "/CRLs"})  # ISO 32000-2 table 261


def _octets(stream: pikepdf.Stream) -> bytes | None:
    """The content of a stream that others made; None for one that is too large or cannot be read."""
    try:
        if len(stream.read_raw_bytes()) > MAX_READ:
            return None
        return guarded(stream.read_bytes)
    except DocumentRefused:
        return None


def add_validation_data(source: PdfSource, material: ValidationMaterial) -> bytes:
    """The octets to append so that the document holds `material`, beside what it holds already.

    /VRI has an entry for each signature and document timestamp, with the certificates, CRLs and OCSP
    answers that pertain to it; an entry that stands is left as it is, and what comes later for its
    signature stands in the store's own arrays. Nothing is embedded twice. Raises `DocumentRefused` for a
    document whose objects cannot be read.
    """
    return guarded(lambda: _appended(source, material))


def _appended(source: PdfSource, material: ValidationMaterial) -> bytes:
    root = source.pdf.Root
    found = root.get("/DSS")
    store = _Store()
    store.read(found)
    increment = Increment(source)
    store.add(increment, "certificates", material.certificates)
    store.add(increment, "crls", material.crls)
    store.add(increment, "responses", material.responses)
    held = Held(*(tuple(store.held[kind]) for kind in _ARRAYS))
    pertinence = Pertinence(held)
    related = _related(found)
    for contents in signatures(source):
        key = key_of(contents).encode()
        if key not in related:
            related[key] = dictionary(store.arrays(_VRI_ARRAYS, pertinence.of(contents)))
    body = {b"Type": b"/DSS", **store.arrays(_ARRAYS, held)}
    if related:
        body[b"VRI"] = dictionary(related)
    changes = extended(root)
    if _is_store(found) and found.is_indirect:
        increment.put(found.objgen[0], dictionary(body))
    else:
        changes[b"DSS"] = reference(increment.add(dictionary(body)))
    if changes:
        increment.put(root.objgen[0], amended(root, changes))
    return increment.render().data


def _is_store(found: object) -> TypeGuard[pikepdf.Dictionary]:
    """Whether the object is a security store and nothing else: one that is also the form stays as it is."""
    if not isinstance(found, pikepdf.Dictionary) or found.get("/Type", "/DSS") != "/DSS":
        return False
    return set(found.keys()) <= _STORE_KEYS


def _related(store: pikepdf.Object | None) -> dict[bytes, bytes]:
    """The entries of /VRI that stand: pyHanko's difference policy takes a changed one for an attack."""
    found = store.get("/VRI") if isinstance(store, pikepdf.Dictionary) else None
    return taken_apart(found) if isinstance(found, pikepdf.Dictionary) else {}


def key_of(contents: bytes) -> str:
    """A signature's name in /VRI: SHA-1 of the whole string /Contents, upper-case (ISO 32000-2 table 262)."""
    return hashlib.sha1(contents, usedforsecurity=False).hexdigest().upper()


def signatures(source: PdfSource) -> list[bytes]:
    """/Contents of every signature and document timestamp, padding included."""
    return [found for one in source.signatures if (found := contents_of(source, one.number))]


def contents_of(source: PdfSource, field: int) -> bytes:
    """/Contents of the signature in the field of that object number; empty where there is none."""
    value = object_of(source, field).get("/V")
    contents = value.get("/Contents") if isinstance(value, pikepdf.Dictionary) else None
    return bytes(contents) if isinstance(contents, pikepdf.String) else b""


def extended(root: pikepdf.Object) -> dict[bytes, bytes]:
    """The catalogue's /Extensions with ETSI's, where it is missing."""
    extensions = root.get("/Extensions")
    if not isinstance(extensions, pikepdf.Dictionary):
        return {b"Extensions": b"<</ESIC " + _EXTENSION + b">>"}
    if "/ESIC" in extensions:
        return {}
    return {b"Extensions": amended(extensions, {b"ESIC": _EXTENSION})}
