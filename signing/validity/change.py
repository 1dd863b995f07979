"""What a revision changed, by class; and what a signature lets later revisions change."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass

from signing.validity.attack import Attack
from signing.validity.fields import text_of
from signing.validity.graph import Graph
from signing.validity.syntax import Name, Value

MAX_TRANSFORMS = 16  # of one signature; one certifies, one locks


class ChangeClass(enum.StrEnum):
    """Kinds of changes, from harmless to not understood; the values are stable."""

    NOTHING = "nothing"
    ARCHIVE_DATA = "archive-data"
    SIGNATURE = "signature"
    FORM_FILL = "form-fill"
    ANNOTATION = "annotation"
    PAGE_ADDED = "page-added"
    PAGE_REMOVED = "page-removed"
    PAGE_CONTENT = "page-content"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Change:
    """One finding about one revision."""

    kind: ChangeClass
    revision: int
    detail: str
    page: int | None = None
    """Counted from 1."""
    number: int | None = None
    """Of the object concerned."""
    field: str | None = None
    attack: Attack | None = None
    """What it is, where it is more than its class says."""


class Permission(enum.IntEnum):
    """P of DocMDP (ISO 32000-2 table 257). Without certification, form filling and signing pass."""

    NO_CHANGES = 1
    FORM_FILLING = 2
    ANNOTATING = 3


_ALWAYS = frozenset({ChangeClass.NOTHING, ChangeClass.ARCHIVE_DATA})
_ALLOWED = {
    Permission.NO_CHANGES: _ALWAYS,  # 12.8.2.2.2: a document store and document timestamps stay allowed
    Permission.FORM_FILLING: _ALWAYS | {ChangeClass.FORM_FILL, ChangeClass.SIGNATURE},
    Permission.ANNOTATING: _ALWAYS | {ChangeClass.FORM_FILL, ChangeClass.SIGNATURE, ChangeClass.ANNOTATION},
}


@dataclass(frozen=True, slots=True)
class Lock:
    """Fields that a signature locks (ISO 32000-2 12.8.2.4)."""

    action: bytes
    names: tuple[str, ...]

    def covers(self, field: str) -> bool:
        """Whether the field, or one above it, is locked."""
        named = any(field == one or field.startswith(f"{one}.") for one in self.names)
        match self.action:
            case b"Include":
                return named
            case b"Exclude":
                return not named
            case _:
                return True


@dataclass(frozen=True, slots=True)
class Rules:
    """What a signature allows later."""

    permission: Permission | None
    """None where it does not certify."""
    locks: tuple[Lock, ...]

    def forbids(self, change: Change, certified: Permission | None) -> bool:
        """Whether a later change breaks the signature; `certified` is the document's own permission."""
        strictest = min((one for one in (self.permission, certified) if one is not None), default=None)
        if change.kind not in _ALLOWED[Permission.FORM_FILLING if strictest is None else strictest]:
            return True
        filled = change.field is not None and change.kind in (ChangeClass.FORM_FILL, ChangeClass.SIGNATURE)
        return filled and any(lock.covers(change.field or "") for lock in self.locks)


def rules_of(graph: Graph, revision: int, signature: dict[bytes, Value]) -> Rules:
    """From a signature dictionary's /Reference; what is unreadable counts as forbidding everything."""
    permission: Permission | None = None
    locks: list[Lock] = []
    listed = graph.get(revision, signature, b"Reference")
    for one in listed[:MAX_TRANSFORMS] if isinstance(listed, list) else []:
        entries = graph.resolve(revision, one)
        method = graph.get(revision, entries, b"TransformMethod")
        parameters = graph.get(revision, entries, b"TransformParams")
        if method == Name(b"DocMDP"):
            found = _permission(graph.get(revision, parameters, b"P"))
            permission = found if permission is None else min(permission, found)
        elif method == Name(b"FieldMDP"):
            action = graph.get(revision, parameters, b"Action")
            names = graph.get(revision, parameters, b"Fields")
            texts = _texts(names if isinstance(names, list) else [])
            locks.append(Lock(bytes(action) if isinstance(action, Name) else b"All", tuple(texts)))
            stricter = graph.get(revision, parameters, b"P")  # ISO 32000-2 table 259
            if stricter is not None:
                found = _permission(stricter)
                permission = found if permission is None else min(permission, found)
    return Rules(permission, tuple(locks))


def _permission(value: Value) -> Permission:
    if value is None:
        return Permission.FORM_FILLING
    return Permission(value) if type(value) is int and value in set(Permission) else Permission.NO_CHANGES


def _texts(values: Iterable[Value]) -> Iterable[str]:
    return (text_of(one) for one in values if isinstance(one, bytes))


def gravest(changes: Iterable[Change]) -> ChangeClass:
    """The worst class among them."""
    order = list(ChangeClass)
    return max((one.kind for one in changes), key=order.index, default=ChangeClass.NOTHING)
