"""ASiCManifest (ETSI EN 319 162-1 A.4): which files a signature or a timestamp of the container is over.

Written as canonical XML (without a declaration) and taken in that form alone: what was read is written again
and compared. W3C names no URI for SM3, so that every reference has a SHA-256; the manifest that SM2 signs
gives SM3 beside it in an extension that readers may ignore.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Never
from xml.parsers import expat

from evidence.digest import DIGEST_SIZE, DigestPair
from forensics.errors import PackageInvalid
from forensics.package.entryname import uri_of
from forensics.package.role import media_type_of

ASIC = "http://uri.etsi.org/02918/v1.2.1#"
XMLDSIG = "http://www.w3.org/2000/09/xmldsig#"
SHA256 = "http://www.w3.org/2001/04/xmlenc#sha256"
SM3 = "urn:xinqian:asic:sm3"

MAX_XML = 8 * 1024 * 1024  # octets; 10,000 references have 5 MB
_REFERENCE = f"{ASIC}}}DataObjectReference"


@dataclass(frozen=True, slots=True)
class Reference:
    """A file: its URI as it stands, its SHA-256, and its SM3 where that is given."""

    uri: str
    sha256: bytes
    sm3: bytes | None


@dataclass(frozen=True, slots=True)
class AsicManifest:
    """A signature or timestamp (by the URI of its file), and what it is over."""

    signature: str
    references: tuple[Reference, ...]


def manifest_over(signature: str, digests: Mapping[str, DigestPair], *, sm3: bool) -> bytes:
    """The manifest of the signature in the file `signature` over files of these digests, by their names."""
    references = []
    for path in sorted(digests, key=str.encode):
        found = digests[path]
        references.append(Reference(uri_of(path), found.sha256, found.sm3 if sm3 else None))
    return render(AsicManifest(uri_of(signature), tuple(references)))


def render(manifest: AsicManifest) -> bytes:
    """Canonical XML 1.0: attributes in order, no empty-element tags, no declaration, namespaces on top."""
    parts = [f'<asic:ASiCManifest xmlns:asic="{ASIC}" xmlns:ds="{XMLDSIG}">\n<asic:SigReference']
    parts.append(f"{_attributes(manifest.signature)}></asic:SigReference>\n")
    for one in manifest.references:
        parts += (
            f"<asic:DataObjectReference{_attributes(one.uri)}>",
            f'<ds:DigestMethod Algorithm="{SHA256}"></ds:DigestMethod>',
            f"<ds:DigestValue>{_base64(one.sha256)}</ds:DigestValue>",
        )
        if one.sm3 is not None:
            parts += (
                '<asic:DataObjectReferenceExtensions><asic:Extension Critical="false">',
                f'<xq:DigestValue xmlns:xq="{SM3}">{_base64(one.sm3)}</xq:DigestValue>',
                "</asic:Extension></asic:DataObjectReferenceExtensions>",
            )
        parts.append("</asic:DataObjectReference>\n")
    parts.append("</asic:ASiCManifest>")
    return "".join(parts).encode()


def parse(data: bytes, part: str) -> AsicManifest:
    """The inverse of `render`; raises `PackageInvalid` for any XML that it would not write.

    No document type, entity, comment or processing instruction is looked into: the first ends the reading.
    """
    if len(data) > MAX_XML:
        raise PackageInvalid(part, f"is {len(data)} octets of XML, more than {MAX_XML}")
    reader = _Reader(part)
    parser = expat.ParserCreate("utf-8", "}")
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.text
    parser.StartDoctypeDeclHandler = reader.refuse
    parser.EntityDeclHandler = reader.refuse
    parser.ExternalEntityRefHandler = reader.refuse
    parser.ProcessingInstructionHandler = reader.refuse
    parser.CommentHandler = reader.refuse
    try:
        parser.Parse(data, True)  # noqa: FBT003  (the library's own parameter: this is all)
    except (expat.ExpatError, ValueError) as error:
        raise PackageInvalid(part, "is not XML as packages hold it") from error
    found = AsicManifest(reader.signature, tuple(reader.references))
    if render(found) != data:
        raise PackageInvalid(part, "is not an ASiCManifest in the canonical form that packages hold")
    return found


def check_references(
    manifest: AsicManifest, part: str, digests: Mapping[str, DigestPair], expected: Sequence[str]
) -> None:
    """Exactly the files `expected`, each with the digests given; raises `PackageInvalid`."""
    uris = {uri_of(path): path for path in expected}
    named = [one.uri for one in manifest.references]
    if missing := sorted(uris.keys() - set(named)):
        raise PackageInvalid(part, f"is not over {uris[missing[0]]}")
    if len(named) != len(uris):
        raise PackageInvalid(part, "covers a file twice, or one that it should not")
    for one in manifest.references:
        path = uris[one.uri]
        found = digests[path]
        if one.sha256 != found.sha256 or one.sm3 not in {None, found.sm3}:
            raise PackageInvalid(path, f"has another digest than {part} says")


class _Reader:
    """Collects URIs and digests; whether all else is as it must be shows when it is written again."""

    def __init__(self, part: str) -> None:
        self._part = part
        self._text: list[str] | None = None
        self.signature = ""
        self.references: list[Reference] = []

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == f"{ASIC}}}SigReference":
            self.signature = attributes.get("URI", "")
        elif name == _REFERENCE:
            self.references.append(Reference(attributes.get("URI", ""), b"", None))
        self._text = [] if name.endswith("}DigestValue") else None

    def end(self, name: str) -> None:
        if not name.endswith("}DigestValue") or self._text is None or not self.references:
            return
        try:
            value = base64.b64decode("".join(self._text), validate=True)
        except ValueError:
            value = b""
        if len(value) != DIGEST_SIZE:
            raise PackageInvalid(self._part, "has a digest of another size")
        last = self.references[-1]
        if name == f"{SM3}}}DigestValue":
            self.references[-1] = Reference(last.uri, last.sha256, value)
        else:
            self.references[-1] = Reference(last.uri, value, last.sm3)
        self._text = None

    def text(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text)

    def refuse(self, *_: object) -> Never:
        raise PackageInvalid(self._part, "holds XML that is neither element nor text")


def _attributes(uri: str) -> str:
    # Of URIs of ours no character needs escaping; a stranger's is escaped, or is not what is compared.
    media_type = media_type_of(uri)
    return f' MimeType="{media_type}" URI="{_escaped(uri)}"'


def _escaped(text: str) -> str:
    for character, entity in (("&", "&amp;"), ("<", "&lt;"), ('"', "&quot;")):
        text = text.replace(character, entity)
    return text


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
