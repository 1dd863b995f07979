"""Templates: documents as data, immutable by name and version, pinned by digest."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources

from pydantic import TypeAdapter
from pydantic import ValidationError as SchemaError

from evidence.canonical import canonical
from evidence.digest import DigestPair
from signing.errors import NotFound, TemplateInvalid
from signing.templatecheck import check_schema
from signing.templateschema import Place, Schema, Title

SOURCE = "template.typ"
SCHEMA = "schema.json"
SHARED = "shared"
PINNED = "pinned.json"
MAX_SOURCE = 262_144  # octets of one file; the longest of ours takes 40,000

_SCHEMA: TypeAdapter[Schema] = TypeAdapter(Schema)
_ELSEWHERE = re.compile(rb"@preview|@local|://|\b(?:plugin|read|image|csv|yaml|toml|xml|cbor|eval)\s*\(")
"""What would bring in a package, a file or a program: a template's text is all that it prints."""


@dataclass(frozen=True, slots=True)
class TemplateVersion:
    """One version of a template, with everything that its pages come from but the values and the fonts."""

    name: str
    version: int
    kind: str
    """contract, authorisation or consent."""
    title: Title
    source: bytes = field(repr=False)
    """The template in typst's language; is given {values, fonts, masked} as JSON in the input `document`."""
    shared: Mapping[str, bytes] = field(repr=False)
    """What it imports, by file name."""
    schema: Schema = field(repr=False)
    digests: DigestPair
    """Over the canonical JSON of name, version, schema, source and shared files."""

    @property
    def id(self) -> str:
        """`name@version`."""
        return f"{self.name}@{self.version}"

    @property
    def places(self) -> tuple[Place, ...]:
        """Room for signatures and seals, by the roles of those who sign."""
        return self.schema.places


@dataclass(frozen=True, slots=True)
class Templates:
    """Template versions by name and number."""

    versions: Mapping[tuple[str, int], TemplateVersion]

    def get(self, name: str, version: int | None = None) -> TemplateVersion:
        """That version, or the newest; raises `NotFound`."""
        known = [number for one, number in self.versions if one == name]
        wanted = max(known, default=0) if version is None else version
        found = self.versions.get((name, wanted))
        if found is None:
            raise NotFound("template", name if version is None else f"{name}@{version}")
        return found

    def __iter__(self) -> Iterator[TemplateVersion]:
        return iter(self.versions.values())


def parse_template(schema: bytes, source: bytes, shared: Mapping[str, bytes]) -> TemplateVersion:
    """A template from its files; `shared` may hold more than it imports.

    Raises `TemplateInvalid` for a schema that is not one, a file too long or missing, and a source that
    reaches for anything outside these files.
    """
    declared = _schema(schema)
    name = f"{declared.name}@{declared.version}"
    missing = [one for one in declared.shared if one not in shared]
    if missing:
        raise TemplateInvalid(name, f"imports {missing[0]}, which is not there")
    imported = {one: shared[one] for one in declared.shared}
    for file, data in ((SOURCE, source), *imported.items()):
        if len(data) > MAX_SOURCE:
            raise TemplateInvalid(name, f"has a file {file} of more than {MAX_SOURCE} octets")
        if found := _ELSEWHERE.search(data):
            raise TemplateInvalid(name, f"reaches outside itself in {file} with {found[0].decode()}")
    check_schema(declared)
    form = {
        "schema": json.loads(schema),
        "source": DigestPair.of(source).as_json(),
        "shared": {one: DigestPair.of(data).as_json() for one, data in imported.items()},
    }
    return TemplateVersion(
        declared.name,
        declared.version,
        declared.kind,
        declared.title,
        source,
        imported,
        declared,
        DigestPair.of(canonical(form)),
    )


def collect(templates: Iterable[TemplateVersion], pinned: Mapping[str, str]) -> Templates:
    """A store of them, where every version is the one that was pinned by its SHA-256 under `name@version`.

    Raises `TemplateInvalid` for a version whose bytes changed after it was pinned, one that was never
    pinned, and one that is there twice.
    """
    found: dict[tuple[str, int], TemplateVersion] = {}
    for one in templates:
        if (one.name, one.version) in found:
            raise TemplateInvalid(one.id, "is there twice")
        if one.id not in pinned:
            raise TemplateInvalid(one.id, "has no pinned digest")
        if pinned[one.id] != one.digests.sha256.hex():
            raise TemplateInvalid(one.id, "is not what was pinned: a change needs a new version")
        found[one.name, one.version] = one
    return Templates(found)


@cache
def load_templates() -> Templates:
    """The templates that come with the package; raises `TemplateInvalid`."""
    return collect(shipped_templates(), pinned_digests())


def shipped_templates() -> Iterator[TemplateVersion]:
    """The same before their digests are compared with the pinned ones."""
    folder = resources.files("signing") / "templates"
    shared = {one.name: one.read_bytes() for one in (folder / SHARED).iterdir()}
    for template in sorted(folder.iterdir(), key=lambda one: one.name):
        if not template.is_dir() or template.name == SHARED:
            continue
        for version in sorted(template.iterdir(), key=lambda one: one.name):
            one = parse_template((version / SCHEMA).read_bytes(), (version / SOURCE).read_bytes(), shared)
            if one.id != f"{template.name}@{version.name}":
                raise TemplateInvalid(one.id, f"lies under {template.name}/{version.name}")
            yield one


def pinned_digests() -> dict[str, str]:
    """SHA-256 of the shipped versions in hexadecimal by `name@version`; a line is added, never changed."""
    data = (resources.files("signing") / "templates" / PINNED).read_bytes()
    found: dict[str, str] = json.loads(data)
    return found


def _schema(data: bytes) -> Schema:
    if len(data) > MAX_SOURCE:
        raise TemplateInvalid("?", f"has a file {SCHEMA} of more than {MAX_SOURCE} octets")
    try:
        raw = json.loads(data, object_pairs_hook=_no_duplicates)
    except (ValueError, RecursionError) as error:
        raise TemplateInvalid("?", f"is not JSON ({error})") from error
    name = str(raw.get("name", "?"))[:63] if isinstance(raw, dict) else "?"
    try:
        return _SCHEMA.validate_json(data)
    except SchemaError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        way = ".".join(str(part) for part in first["loc"])
        raise TemplateInvalid(name, f"{way}: {first['msg']}") from error


def _no_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key occurs twice")
    return found
