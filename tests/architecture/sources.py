"""The files of the repository, as the architecture tests see them."""

from __future__ import annotations

import shutil
import subprocess
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("evidence", "keys", "ca", "signing", "forensics", "api")


def python_files() -> tuple[Path, ...]:
    """Every Python file of ours, sorted, relative to the root."""
    folders = (*PACKAGES, "tests", "bench")
    found = (path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return tuple(sorted(path.relative_to(ROOT) for path in found))


@cache
def tracked_files() -> tuple[Path, ...]:
    """Every file under version control that is still there, relative to the root."""
    if shutil.which("git") is None or not (ROOT / ".git").exists():
        pytest.skip("not a git work tree")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True)
    names = (Path(name) for name in listed.stdout.split("\0") if name)
    return tuple(name for name in names if (ROOT / name).is_file())


def text_of(path: Path) -> str | None:
    """The text of a file relative to the root; None if it is not text."""
    try:
        return (ROOT / path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return None
