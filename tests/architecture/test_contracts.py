"""Each import contract can be broken: a rule that cannot fail proves nothing."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT

LINT_IMPORTS = Path(sys.executable).with_name("lint-imports")

SKELETON = {
    "evidence/log.py": "",
    "evidence/adapters/sql.py": "import sqlalchemy",
    "keys/sm2.py": "import gmssl\nimport tongsuopy",
    "keys/adapters/sql.py": "import sqlalchemy",
    "ca/issue.py": "import evidence.log",
    "ca/crl.py": "",
    "ca/adapters/sql.py": "import ca.issue",
    "forensics/report/findings.py": "import ca.issue",
    "forensics/judge.py": "import ca.crl",
    "forensics/report.py": "import ca.issue",
    "api/settings.py": "import pydantic_settings",
    "api/db.py": "import evidence.adapters.sql",
    "api/wiring.py": "import keys.adapters.sql",
    "api/http/app.py": "import api.wiring",
    "api/cli/main.py": "import api.wiring",
}
"""A tree that keeps every contract, through every exception that a contract grants."""

VIOLATIONS = [
    ("layers", "keys/sm2.py", "import ca.crl"),
    ("layers", "evidence/log.py", "import keys"),
    ("layers", "ca/crl.py", "import api.settings"),
    ("layers", "ca/crl.py", "import forensics.report.findings"),
    ("core", "forensics/report/findings.py", "import os"),
    ("layers", "ca/crl.py", "import forensics.judge"),
    ("layers", "ca/crl.py", "import forensics.report"),
    ("adapters", "ca/issue.py", "import ca.adapters.sql"),
    ("adapters", "api/http/app.py", "import keys.adapters.sql"),
    ("core", "evidence/log.py", "import time"),
    ("core", "keys/sm2.py", "from os import environ"),
    ("core", "ca/crl.py", "import urllib.request"),
    ("core", "forensics/judge.py", "import tempfile"),
    ("core", "forensics/report.py", "import time"),
    ("core", "ca/issue.py", "from sqlalchemy import Connection"),
    ("no-sql-at-the-edge", "api/http/app.py", "import sqlalchemy"),
    ("no-sql-at-the-edge", "api/cli/main.py", "import sqlite3"),
    ("environment", "api/http/app.py", "import pydantic_settings"),
    ("sm2", "ca/crl.py", "from gmssl import sm2"),
    ("sm2", "api/wiring.py", "import tongsuopy"),
    ("cycles", "evidence/log.py", "import evidence.canonical\n"),
]


def lint(root: Path, contract: str) -> tuple[int, str]:
    command = [str(LINT_IMPORTS), "--no-logo", "--no-cache", "--contract", contract]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=60, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for name, source in SKELETON.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(source + "\n", encoding="utf-8")
    for folder in {parent for name in SKELETON for parent in Path(name).parents} - {Path()}:
        (tmp_path / folder / "__init__.py").touch()
    (tmp_path / "evidence/canonical.py").write_text("import evidence.log\n", encoding="utf-8")
    return tmp_path


def declared() -> list[str]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return [contract["id"] for contract in settings["tool"]["importlinter"]["contracts"]]


def test_every_contract_is_tried() -> None:
    assert {contract for contract, _, _ in VIOLATIONS} == set(declared())


@pytest.mark.parametrize("contract", declared())
def test_the_skeleton_keeps_it(tree: Path, contract: str) -> None:
    code, output = lint(tree, contract)
    assert code == 0, output


@pytest.mark.parametrize(("contract", "file", "line"), VIOLATIONS)
def test_a_violation_breaks_it(tree: Path, contract: str, file: str, line: str) -> None:
    with (tree / file).open("a", encoding="utf-8") as source:
        source.write(line + "\n")
    code, output = lint(tree, contract)
    assert code == 1
    assert re.search(r"Contracts: 0 kept, 1 broken", output), output
