"""One concept a file, named for what it is."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.architecture.sources import PACKAGES, ROOT, python_files

MOST_LINES = 400
NAMES_THAT_SAY_NOTHING = {
    "utils",
    "util",
    "helpers",
    "helper",
    "common",
    "base",
    "manager",
    "services",
    "misc",
}
ABOUT_SERVICES = Path("tests/support/services.py")  # the services of the machine: the name says what it holds
BANNED_MODULES = {"random", "unittest.mock", "mock"}
REPEATABLE = {Path("tests/fuzz/__main__.py"), Path("tests/fuzz/mutation.py")}  # a fuzzer repeats a seed

every_file = pytest.mark.parametrize("path", python_files(), ids=str)


def imported_modules(source: str) -> set[str]:
    """Every module that the source imports, and every name that it imports from one, dotted."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            module = node.module or ""
            found.add(module)
            found.update(f"{module}.{alias.name}" for alias in node.names)
    return found


def test_every_package_is_looked_at() -> None:
    assert {path.parts[0] for path in python_files()} >= {*PACKAGES, "tests"}


@every_file
def test_a_file_fits_in_the_head(path: Path) -> None:
    lines = len((ROOT / path).read_text(encoding="utf-8").splitlines())
    assert lines <= MOST_LINES, f"{path} has {lines} lines: it holds more than one concept"


@every_file
def test_a_name_says_what_is_inside(path: Path) -> None:
    if path == ABOUT_SERVICES:
        return
    words = {*path.parts[:-1], *re.split(r"[_.]", path.stem), path.stem}
    assert not words & NAMES_THAT_SAY_NOTHING


@every_file
def test_nothing_banned_is_imported(path: Path) -> None:
    """Stands beside ruff's list, which a comment on the line can silence."""
    banned = BANNED_MODULES - {"random"} if path in REPEATABLE else BANNED_MODULES
    assert not imported_modules((ROOT / path).read_text(encoding="utf-8")) & banned


@every_file
def test_no_comment_silences_the_ban_on_clocks_and_the_environment(path: Path) -> None:
    silenced = re.compile(r"#\s*(?:ruff:\s*)?noqa\b[^\n]*TID251")
    assert not silenced.search((ROOT / path).read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    "source",
    ["import random", "from random import choice", "from unittest import mock", "import unittest.mock as m"],
)
def test_a_banned_import_is_found_however_it_is_written(source: str) -> None:
    assert imported_modules(source) & BANNED_MODULES
