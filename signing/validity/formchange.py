"""Changes to the form: signatures made, fields filled in, and everything that only looks like it."""

from __future__ import annotations

from collections.abc import Iterator

from signing.validity.attack import Attack
from signing.validity.change import Change, ChangeClass
from signing.validity.fields import SIGNATURE, Field, Form, name_of
from signing.validity.graph import Graph, entries_of, references
from signing.validity.syntax import Name, Ref, Value

_SIGNED, _FILLED, _UNKNOWN = ChangeClass.SIGNATURE, ChangeClass.FORM_FILL, ChangeClass.UNKNOWN
_FLAGS = 3  # ISO 32000-2 table 225: SigFlags has two bits
MAX_APPEARANCE = 64  # streams of one widget's appearance: states of a button


class FormChanges:
    """Compares the form of a revision with the one before; `explained` are the objects accounted for."""

    def __init__(
        self, graph: Graph, revision: int, before: Form, after: Form, touched: frozenset[int]
    ) -> None:
        self._graph = graph
        self._revision = revision
        self._before = before
        self._after = after
        self._touched = touched
        self.explained: set[int] = set()
        self._values_before = {one.signature for one in before.fields if one.signature is not None}

    def changes(self) -> Iterator[Change]:
        """All of them."""
        if not self._after.complete and self._before.complete:
            yield self._change(_UNKNOWN, "the form can no longer be read as a whole")
        yield from self._signatures()
        yield from self._dictionary()
        earlier = {one.number: one for one in self._before.fields}
        later = {one.number: one for one in self._after.fields}
        for number, field in earlier.items():
            if number not in later:
                detail = f"form field {field.name} was removed"
                yield self._change(_UNKNOWN, detail, field, Attack.INCREMENTAL_SAVING)
        for number, field in later.items():
            old = earlier.get(number)
            if old is None:
                yield from self._added(field)
            elif self._concerned(old, field):
                yield from self._field(old, field)
        for number in self._touched & self._before.numbers & self._after.numbers:
            if number not in earlier and self._same_node(number):
                self.explained.add(number)

    def _change(
        self, kind: ChangeClass, detail: str, field: Field | None = None, attack: Attack | None = None
    ) -> Change:
        name = None if field is None else field.name
        number = None if field is None else field.number
        return Change(kind, self._revision, detail, None, number, name, attack)

    def _kind(self, field: Field) -> ChangeClass:
        """A document timestamp archives; everything else in a signature field signs."""
        entries = entries_of(self._graph.resolve(self._revision, field.value))
        stamp = entries.get(b"SubFilter") == Name(b"ETSI.RFC3161")
        return ChangeClass.ARCHIVE_DATA if stamp else _SIGNED

    @property
    def _signing(self) -> ChangeClass:
        """What this revision's new signatures are."""
        held = self._values_before
        new = [one for one in self._after.fields if one.signature is not None and one.signature not in held]
        archiving = new and all(self._kind(one) is ChangeClass.ARCHIVE_DATA for one in new)
        return ChangeClass.ARCHIVE_DATA if archiving else _SIGNED

    def _signatures(self) -> Iterator[Change]:
        """Signature dictionaries, which nobody writes again."""
        for ref in self._values_before:
            if ref.number not in self._touched:
                continue
            self.explained.add(ref.number)
            fields = [one for one in self._before.fields if one.signature == ref]
            held = self._graph.value(self._revision, ref.number)
            if isinstance(held, dict) and b"ByteRange" in held:
                detail = "a signature was written again outside the octets that it signs"
                yield self._change(_UNKNOWN, detail, fields[0], Attack.SIGNATURE_WRAPPING)
            else:
                detail = "a signature was replaced by something that is none"
                yield self._change(_UNKNOWN, detail, fields[0], Attack.UNIVERSAL_FORGERY)
        if self._values_before and not self._after.fields:
            detail = "the form that holds the signatures was removed"
            yield self._change(_UNKNOWN, detail, None, Attack.UNIVERSAL_FORGERY)

    def _dictionary(self) -> Iterator[Change]:
        """/AcroForm itself."""
        graph, revision = self._graph, self._revision
        refs = [graph.catalog(one).get(b"AcroForm") for one in (revision - 1, revision)]
        old, new = (
            entries_of(graph.resolve(one, ref))
            for one, ref in zip((revision - 1, revision), refs, strict=True)
        )
        if isinstance(refs[1], Ref):
            self.explained.add(refs[1].number)
        for key in sorted(old.keys() | new.keys()):
            if old.get(key) == new.get(key) and not self._inside(new.get(key)):
                continue
            if key == b"Fields":
                continue  # compared field by field
            if key == b"SigFlags" and self._after.flags & _FLAGS >= self._before.flags & _FLAGS:
                yield self._change(self._signing, "the form now says that it holds signatures")
            elif key == b"DR" and self._adds(old.get(key), new.get(key)):
                yield self._change(_FILLED, "the form has new resources")
            elif key == b"XFA":
                detail = "the form's second description (XFA) was changed"
                yield self._change(_UNKNOWN, detail, attack=Attack.SHADOW_REPLACE)
            elif old.get(key) != new.get(key):
                detail = f"entry {_shown(key)} of the form was changed"
                yield self._change(_UNKNOWN, detail, attack=Attack.INCREMENTAL_SAVING)

    def _inside(self, value: Value) -> bool:
        return any(ref.number in self._touched for ref in references(value))

    def _adds(self, old: Value, new: Value) -> bool:
        """Resources that are there stay what they were."""
        graph, revision = self._graph, self._revision
        before = entries_of(graph.resolve(revision - 1, old))
        after = entries_of(graph.resolve(revision, new))
        for name, held in before.items():
            was, now = (
                entries_of(graph.resolve(revision - 1, held)),
                entries_of(graph.resolve(revision, after.get(name))),
            )
            if any(now.get(key) != value or self._inside(value) for key, value in was.items()):
                return False
            if not was and held != after.get(name):
                return False
        for value in (new, *after.values()):
            if isinstance(value, Ref):
                self.explained.add(value.number)
        return True

    def _concerned(self, old: Field, new: Field) -> bool:
        numbers = {new.number, *(one.number for one in new.widgets), *(one.number for one in old.widgets)}
        if numbers & self._touched or old.value != new.value or old.name != new.name or old.kind != new.kind:
            return True
        held = [new.entries, *(one.entries for one in new.widgets)]
        return any(self._inside(one.get(b"AP")) or self._inside(one.get(b"V")) for one in held)

    def _added(self, field: Field) -> Iterator[Change]:
        if field.kind != SIGNATURE:
            detail = f"form field {field.name} was added"
            yield self._change(_UNKNOWN, detail, field, Attack.INCREMENTAL_SAVING)
            return
        self.explained |= {field.number, *(one.number for one in field.widgets)}
        if field.value is not None:
            yield from self._signed(field)
        if any(_is_visible(self._graph, self._revision, one.entries) for one in field.widgets):
            # Without a signature nobody answers for what it shows.
            empty = field.value is None and any(b"AP" in one.entries for one in field.widgets)
            detail = f"signature field {field.name} was added and shows something on a page"
            kind = _UNKNOWN if empty else _SIGNED
            yield self._change(kind, detail, field, Attack.CERTIFICATION_OVERLAY)
        else:
            yield self._change(self._kind(field), f"signature field {field.name} was added", field)

    def _signed(self, field: Field) -> Iterator[Change]:
        """A value where there was none: it must be a new object, and this field's alone."""
        value = field.value
        others = [one for one in self._after.fields if one.number != field.number and one.value == value]
        if not isinstance(value, Ref):
            yield self._change(
                _UNKNOWN,
                f"signature field {field.name} has a value that is no object",
                field,
                Attack.UNIVERSAL_FORGERY,
            )
        elif value in self._values_before or others:
            detail = f"signature field {field.name} holds the signature of another field"
            yield self._change(_UNKNOWN, detail, field, Attack.RECYCLED_FIELD)
        elif self._graph.place(self._revision - 1, value.number) is not None:
            detail = f"signature field {field.name} holds an object from before"
            yield self._change(_UNKNOWN, detail, field, Attack.RECYCLED_FIELD)
        else:
            self.explained.add(value.number)
            yield self._change(self._kind(field), f"signature field {field.name} was signed", field)

    def _field(self, old: Field, new: Field) -> Iterator[Change]:
        problems: list[Change] = []
        changed = old.value != new.value or self._inside_value(old, new)
        if old.name != new.name or old.kind != new.kind or len(old.widgets) != len(new.widgets):
            detail = f"form field {old.name} became another"
            problems.append(self._change(_UNKNOWN, detail, new, Attack.INCREMENTAL_SAVING))
        filled: list[Change] = []
        if changed and new.kind == SIGNATURE:
            if old.value is not None and self._graph.resolve(self._revision, new.value) is None:
                detail = f"the signature of field {new.name} was removed"
                problems.append(self._change(_UNKNOWN, detail, new, Attack.UNIVERSAL_FORGERY))
            elif old.value is not None:
                detail = f"the signature of field {new.name} was exchanged"
                problems.append(self._change(_UNKNOWN, detail, new, Attack.RECYCLED_FIELD))
            else:
                filled += self._signed(new)
        elif changed:
            filled.append(self._change(_FILLED, f"form field {new.name} was filled in", new))
        pairs = [
            (old.entries, new.entries),
            *((a.entries, b.entries) for a, b in zip(old.widgets, new.widgets, strict=False)),
        ]
        for before, after in pairs:
            problems += self._entries(before, after, new, changed=changed)
        for a, b in zip(old.widgets, new.widgets, strict=False):
            problems += self._appearance(a.entries, b.entries, new, changed=changed)
        self.explained |= {new.number, *(one.number for one in new.widgets)}
        yield from dict.fromkeys((*filled, *problems))

    def _inside_value(self, old: Field, new: Field) -> bool:
        value = new.value
        return (
            isinstance(value, Ref)
            and old.value == value
            and value.number in self._touched
            and new.kind != SIGNATURE
        )

    def _entries(
        self, old: dict[bytes, Value], new: dict[bytes, Value], field: Field, *, changed: bool
    ) -> Iterator[Change]:
        allowed = {b"V", b"AP", b"AS"} if changed else {b"V"}
        for key in sorted(old.keys() | new.keys()):
            if old.get(key) == new.get(key) or key in allowed:
                continue
            if key == b"F" and changed and _hidden(old) == _hidden(new):
                continue  # printing and locking a signature's widget is what signing does
            if (key == b"AP" and field.kind != SIGNATURE) or key == b"AS":
                detail = f"form field {field.name} looks different, and its value is the same"
                yield self._change(_UNKNOWN, detail, field, Attack.SHADOW_REPLACE)
            elif key == b"AP":
                detail = f"signature field {field.name} looks different without being signed"
                yield self._change(_UNKNOWN, detail, field, Attack.CERTIFICATION_OVERLAY)
            else:
                detail = f"entry {_shown(key)} of form field {field.name} was changed"
                yield self._change(_UNKNOWN, detail, field, Attack.INCREMENTAL_SAVING)

    def _appearance(
        self, old: dict[bytes, Value], new: dict[bytes, Value], field: Field, *, changed: bool
    ) -> Iterator[Change]:
        """Streams of the appearance that were replaced in place."""
        held = new.get(b"AP")
        numbers = {one.number for one in _streams(self._graph, self._revision, held)} & self._touched
        existing = {one for one in numbers if self._graph.place(self._revision - 1, one) is not None}
        if changed:
            known = {one.number for one in _streams(self._graph, self._revision - 1, old.get(b"AP"))}
            holders = {field.number, *(one.number for one in field.widgets), *known}
            shared = [one for one in existing if self._graph.holders(self._revision - 1, one) - holders]
            self.explained |= existing & known
            # An object that the document uses elsewhere too would change there as well.
            if existing - known or shared:
                detail = f"form field {field.name} shows an object from before"
                yield self._change(_UNKNOWN, detail, field, Attack.SHADOW_REPLACE)
        elif existing and old.get(b"AP") == held:
            attack = Attack.CERTIFICATION_OVERLAY if field.kind == SIGNATURE else Attack.SHADOW_REPLACE
            detail = f"the appearance of form field {field.name} was replaced"
            self.explained |= existing
            yield self._change(_UNKNOWN, detail, field, attack)

    def _same_node(self, number: int) -> bool:
        """An object of the tree above the fields that only lists more of them."""
        old, new = (self._graph.value(one, number) for one in (self._revision - 1, self._revision))
        if isinstance(old, list) and isinstance(new, list):
            return new[: len(old)] == old
        if isinstance(old, dict) and isinstance(new, dict):
            differing = {key for key in old.keys() | new.keys() if old.get(key) != new.get(key)}
            return differing <= {b"Kids", b"Fields", b"SigFlags"}
        return False


def _streams(graph: Graph, revision: int, value: Value) -> list[Ref]:
    """References to an appearance's streams: /AP, its states, and what holds them."""
    found: list[Ref] = []
    waiting = [value]
    while waiting and len(found) < MAX_APPEARANCE:
        one = waiting.pop()
        if isinstance(one, Ref):
            found.append(one)
            held = graph.value(revision, one.number)
            if isinstance(held, dict):
                waiting.append(held)
        elif isinstance(one, dict):
            waiting += one.values()
    return found


def _is_visible(graph: Graph, revision: int, widget: dict[bytes, Value]) -> bool:
    rect = graph.get(revision, widget, b"Rect")
    numbers = [one for one in rect if isinstance(one, int | float)] if isinstance(rect, list) else []
    if len(numbers) != 4:  # noqa: PLR2004  (a rectangle)
        return b"AP" in widget
    return numbers[0] != numbers[2] and numbers[1] != numbers[3]


def _hidden(widget: dict[bytes, Value]) -> int:
    """Invisible, Hidden, NoView (ISO 32000-2 table 167)."""
    flags = widget.get(b"F", 0)
    return flags & 0b100011 if isinstance(flags, int) else -1


def _shown(key: bytes) -> str:
    return f"/{name_of(key)}"
