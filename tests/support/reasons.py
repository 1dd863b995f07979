"""Every English text of the sources that an error, a step or a finding can show, as a template.

In the core each text of more than one word is taken for a reason unless its place says otherwise: reasons
travel through helpers, returned values and other errors, so that following them would overlook some.
Values become {0}, {1}… in the order in which they stand.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import api.errors
import ca.errors
import evidence.errors
import forensics.errors
import keys.errors
import signing.errors

ROOT = Path(__file__).parents[2]
CORE = ("evidence", "keys", "ca", "signing", "forensics")
EDGE = ("api",)
ERRORS = {
    name: value
    for module in (
        api.errors,
        ca.errors,
        evidence.errors,
        forensics.errors,
        keys.errors,
        signing.errors,
    )
    for name, value in vars(module).items()
    if inspect.isclass(value) and issubclass(value, Exception)
}
WORDS = frozenset({"reason", "kind", "act", "use"})
"""Parameters of errors that hold words for people, also when it is one word."""
SILENT_CALLS = frozenset({"Rule", "CrlRule", "SuccessionRule", "cast", "compile", "filterwarnings", "text"})
"""Take texts that stay as they are: citations, types, patterns, SQL."""
SILENT_PREFIXES = ("xinqian ", "Value error", "INSERT INTO", "-----BEGIN ", "[A-Z", "<", " MimeType=")
"""Commands to type, SQL, PEM, patterns, XML and HTML."""
SILENT_FILES = frozenset({"keys/policy.py"})
"""Outside their functions these hold citations of standards."""
SPOKEN_CALLS = frozenset({"fail", "check", "_check_sm2"})
"""Calls at the edge that are given reasons: of an option's type, of a check of the demonstration."""
SPOKEN_NAMES = frozenset({"reason", "hint", "WRONG"})
"""Variables of the edge that hold reasons."""
_LABEL = re.compile(r"[A-Z0-9 ]+")  # of a PEM block
_LETTER = re.compile(r"[A-Za-z]{2}")


@dataclass(frozen=True, slots=True)
class Reason:
    """A text, and where it stands."""

    template: str
    place: str


@dataclass(frozen=True, slots=True)
class _Around:
    function: str = ""
    calls: tuple[str, ...] = ()
    spoken: bool = False
    """At the edge: inside a raise, an error's arguments, a variable named for a reason."""


def reasons() -> Iterator[Reason]:
    """All of them, repeated as often as they stand."""
    for package in (*CORE, *EDGE):
        for path in sorted((ROOT / package).rglob("*.py")):
            name = path.relative_to(ROOT).as_posix()
            if "/migrations/" not in name:
                yield from of_source(path.read_text(encoding="utf-8"), name)


def of_source(source: str, name: str) -> Iterator[Reason]:
    """Those of one file; below `api` only what is given to errors and to those who fail."""
    everything = name.partition("/")[0] in CORE
    for node, around in _walk(ast.parse(source), _Around()):
        template = template_of(node)
        if template is None or not _is_shown(template, around, name):
            continue
        if everything or around.spoken:
            yield Reason(template, f"{name}:{node.lineno}")  # type: ignore[attr-defined]  # an expression
    for call in ast.walk(ast.parse(source)):
        if isinstance(call, ast.Call) and (call.args or call.keywords) and _name(call.func) in ERRORS:
            yield from _words(call, name)


def template_of(node: ast.AST) -> str | None:
    """`"text"`, `f"text {value}"` and `"text " + value` as a template."""
    if isinstance(node, ast.Constant):
        return node.value.replace("{", "{{").replace("}", "}}") if isinstance(node.value, str) else None
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add) and isinstance(node.left, ast.Constant):
        left = template_of(node.left)
        return None if left is None or isinstance(node.right, ast.Constant) else left + "{0}"
    if not isinstance(node, ast.JoinedStr):
        return None
    parts = []
    count = 0
    for part in node.values:
        if isinstance(part, ast.Constant):
            parts.append(template_of(part) or "")
        else:
            parts.append(f"{{{count}}}")
            count += 1
    return "".join(parts)


def has_words(template: str) -> bool:
    """Whether there is more than values and punctuation to it."""
    return _LETTER.search(re.sub(r"\{\d+\}", "", template)) is not None


def _is_shown(template: str, around: _Around, name: str) -> bool:
    return (
        " " in template.strip()
        and has_words(template)
        and not template.startswith(SILENT_PREFIXES)
        and not _LABEL.fullmatch(template)
        and not SILENT_CALLS.intersection(around.calls)
        and around.function != "__repr__"
        and not (name in SILENT_FILES and not around.function)
    )


def _words(call: ast.Call, name: str) -> Iterator[Reason]:
    parameters = list(inspect.signature(ERRORS[_name(call.func)]).parameters)
    given = [*zip(parameters, call.args, strict=False), *((one.arg, one.value) for one in call.keywords)]
    for parameter, value in given:
        if parameter in WORDS:
            for node in (value.body, value.orelse) if isinstance(value, ast.IfExp) else (value,):
                template = template_of(node)
                if template is not None and has_words(template):
                    yield Reason(template, f"{name}:{call.lineno}")


def _walk(node: ast.AST, around: _Around) -> Iterator[tuple[ast.AST, _Around]]:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
        return  # a docstring
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        around = _Around(node.name, (), around.spoken)
    elif isinstance(node, ast.Call):
        called = _name(node.func)
        spoken = around.spoken or called in ERRORS or called in SPOKEN_CALLS or _is_base_init(node)
        around = _Around(around.function, (*around.calls, called), spoken)
    elif isinstance(node, ast.Raise) or (
        isinstance(node, ast.Assign | ast.AnnAssign) and SPOKEN_NAMES.intersection(_targets(node))
    ):
        around = _Around(around.function, around.calls, spoken=True)
    yield node, around
    if isinstance(node, ast.BinOp) and template_of(node) is not None:
        children: list[ast.AST] = [node.right]
    elif isinstance(node, ast.JoinedStr):
        children = [part.value for part in node.values if isinstance(part, ast.FormattedValue)]
    else:
        children = list(ast.iter_child_nodes(node))
    for child in children:
        yield from _walk(child, around)


def _targets(node: ast.Assign | ast.AnnAssign) -> set[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return {one.id for one in targets if isinstance(one, ast.Name)}


def _is_base_init(node: ast.Call) -> bool:
    return isinstance(node.func, ast.Attribute) and node.func.attr == "__init__"


def _name(function: ast.expr) -> str:
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")
