"""Signatures where they lie in the file: dictionary, byte range, and whether the two fit each other.

1 the dictionary is an object of the file      3 the range begins at 0 and has one gap
2 /ByteRange and /Contents are what they are   4 the gap is /Contents, delimiters included
                                               5 the range ends where a revision ends
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import islice, pairwise

from signing.validity.attack import Attack, AttackFound
from signing.validity.fields import Field, Form
from signing.validity.graph import Graph
from signing.validity.rangedigest import Range
from signing.validity.syntax import Indirect, Name, Ref, Spans, Stream, SyntaxInvalid, Value

_OBJECT = re.compile(rb"\d\s+obj\b|\bxref\b|\btrailer\b|<<")
_BYTE_RANGE = re.compile(rb"/ByteRange[\x00\t\n\f\r ]*\[")
MAX_FOUND = 2_048  # byte ranges that are looked for
_CLOSED = re.compile(rb"endobj")
MAX_DICTIONARY = 4_194_304  # octets that are searched of a dictionary that cannot be read
_Complain = Callable[[Attack, str], None]
_MIN_CONTENTS = 32  # octets: no SignedData is smaller


@dataclass(frozen=True, slots=True)
class SignatureObject:
    """A signature dictionary, with what is wrong about its place in the file."""

    field: Field
    number: int
    revision: int
    """That which its byte range ends; without one, that in which it first stands."""
    appeared: int
    """The revision that brought the field's value."""
    entries: dict[bytes, Value]
    contents: bytes
    range: Range | None
    """None where it cannot be used."""
    whole: bool
    """The range covers its whole revision, from the header to the end."""
    extent: tuple[int, int]
    """Where the dictionary stands in the file."""
    found: tuple[AttackFound, ...]

    @property
    def sub_filter(self) -> bytes:
        """The encoding of /Contents (ISO 32000-2 table 255)."""
        found = self.entries.get(b"SubFilter")
        return bytes(found) if isinstance(found, Name) else b""

    @property
    def is_timestamp(self) -> bool:
        """A document timestamp (ISO 32000-2 12.8.5)."""
        return self.sub_filter == b"ETSI.RFC3161" or self.entries.get(b"Type") == Name(b"DocTimeStamp")


def signatures_of(graph: Graph, forms: tuple[Form, ...]) -> tuple[SignatureObject, ...]:
    """Every value that a signature field has in any revision, in the order of the file."""
    seen: dict[tuple[str, Value], SignatureObject] = {}
    for revision, form in enumerate(forms):
        if revision and form is forms[revision - 1]:
            continue
        for field in form.fields:
            if field.kind != b"Sig" or field.value is None:
                continue
            key = (field.name, field.value if isinstance(field.value, Ref) else None)
            if key not in seen:
                seen[key] = _located(graph, field, revision)
    ordered = sorted(seen.values(), key=lambda one: (one.revision, one.appeared, one.number))
    return tuple(_alone(one, before) for one, before in zip(ordered, [None, *ordered], strict=False))


def _alone(one: SignatureObject, before: SignatureObject | None) -> SignatureObject:
    """A revision has one signature: two cannot both cover all of it."""
    if before is None or not one.whole or one.revision != before.revision:
        return one
    detail = "the revision is claimed by two signatures"
    found = AttackFound(Attack.BYTE_RANGE_OVERLAP, detail, one.revision, one.field.name)
    return replace(one, range=None, whole=False, found=(*one.found, found))


def _located(graph: Graph, field: Field, revision: int) -> SignatureObject:
    found: list[AttackFound] = []

    def complain(attack: Attack, detail: str) -> None:
        found.append(AttackFound(attack, detail, revision, field.name))

    spans: Spans = {}
    held = _dictionary(graph, field, revision, spans, complain)  # 1
    entries = held.value if held is not None and isinstance(held.value, dict) else {}
    contents = _contents(entries, complain) if entries else b""  # 2
    usable = None
    if entries:  # 3, 4
        usable = _range(graph, entries.get(b"ByteRange"), spans.get(b"Contents"), complain)
    ending = None
    if usable is not None and held is not None:  # 5
        ending = graph.structure.ending_at(usable.end)
        if ending is None:
            complain(Attack.BYTE_RANGE_GAP, "the byte range does not end where a revision ends")
        elif not ending.start <= held.start < usable.end:
            complain(Attack.SIGNATURE_WRAPPING, "the signature lies outside the revision that it ends")
            ending = None
    return SignatureObject(
        field=field,
        number=0 if field.signature is None else field.signature.number,
        revision=revision if ending is None else ending.index,
        appeared=revision,
        entries=entries,
        contents=contents,
        range=None if found else usable,
        whole=ending is not None and not found,
        extent=(0, 0) if held is None else (held.start, held.end),
        found=tuple(found),
    )


def _dictionary(
    graph: Graph, field: Field, revision: int, spans: Spans, complain: _Complain
) -> Indirect | None:
    """The signature dictionary as an object of the file; None where there is none."""
    ref = field.signature
    place = None if ref is None else graph.place(revision, ref.number)
    if ref is None or place is None or place.packed:
        complain(Attack.UNIVERSAL_FORGERY, "the signature is no object of the file")
        return None
    try:
        held = graph.read(ref.number, place, spans)
    except SyntaxInvalid as error:
        doubled = _is_doubled(graph, place.first)
        attack = Attack.SIGNATURE_WRAPPING if doubled else Attack.UNIVERSAL_FORGERY
        complain(attack, f"the signature dictionary {error}")
        return None
    if not isinstance(held.value, dict):
        complain(Attack.UNIVERSAL_FORGERY, "the signature is no dictionary")
    return held


def _contents(entries: dict[bytes, Value], complain: _Complain) -> bytes:
    contents = entries.get(b"Contents")
    if not isinstance(contents, bytes) or isinstance(contents, Name) or len(contents) < _MIN_CONTENTS:
        complain(Attack.UNIVERSAL_FORGERY, "/Contents holds no signature")
        return b""
    if not any(contents):
        complain(Attack.UNIVERSAL_FORGERY, "/Contents holds zeros alone")
    return contents


def unheld(graph: Graph, signatures: tuple[SignatureObject, ...]) -> Iterator[AttackFound]:
    """Signature dictionaries that no field holds: whoever took the field away hides a signature."""
    known = [one.extent for one in signatures]
    if any(one.range is None and one.extent == (0, 0) for one in signatures):
        return  # one that could not be read is among them, and was complained of
    for match in islice(_BYTE_RANGE.finditer(graph.data), MAX_FOUND):
        at = match.start()
        if any(start <= at < end for start, end in known):
            continue
        start = graph.data_start(at)
        if start is not None and not isinstance(graph.at(start), Stream):
            detail = f"the signature dictionary at {start} is held by no field"
            yield AttackFound(Attack.UNIVERSAL_FORGERY, detail)


def _is_doubled(graph: Graph, at: int) -> bool:
    """Whether the dictionary has two byte ranges, or two messages: one that a signer made, one since."""
    end = at + MAX_DICTIONARY
    closed = _CLOSED.search(graph.data, at, min(end, len(graph.data)))
    text = bytes(graph.data[at : end if closed is None else closed.start()])
    return text.count(b"/ByteRange") > 1 or text.count(b"/Contents") > 1


def _range(graph: Graph, listed: Value, span: tuple[int, int] | None, complain: _Complain) -> Range | None:
    numbers = [one for one in listed if type(one) is int] if isinstance(listed, list) else []
    if not isinstance(listed, list) or not listed or len(numbers) != len(listed) or len(numbers) % 2:
        complain(Attack.UNIVERSAL_FORGERY, "/ByteRange holds no range")
        return None
    size = len(graph.data)
    pairs = [(at, at + length) for at, length in zip(numbers[::2], numbers[1::2], strict=True)]
    if any(start < 0 or end < start or end > size for start, end in pairs):
        complain(Attack.BYTE_RANGE_OVERLAP, "the byte range leaves the file")
        return None
    if any(later < end for (_, end), (later, _) in pairwise(pairs)):
        complain(Attack.BYTE_RANGE_OVERLAP, "the byte range counts octets twice")
        return None
    if len(pairs) != 2 or pairs[0][0] != 0:  # noqa: PLR2004  (3)
        complain(Attack.BYTE_RANGE_GAP, "the byte range is not two parts, the first from the beginning")
        return None
    made = Range(pairs[0][1], pairs[1][0], pairs[1][1])
    if (made.gap, made.resume) == span:  # 4
        return made
    between = bytes(graph.data[made.gap : made.resume])
    if span is not None and made.gap <= span[0] and span[1] <= made.resume:
        between = bytes(graph.data[made.gap : span[0]]) + bytes(graph.data[span[1] : made.resume])
    if span is None or _OBJECT.search(between):
        complain(Attack.SIGNATURE_WRAPPING, "other objects stand in the gap of the byte range")
    complain(Attack.BYTE_RANGE_GAP, "the gap of the byte range is not /Contents alone")
    return made
