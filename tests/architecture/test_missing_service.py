"""A missing service is a skip that says so, or a failure where every service is required."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT
from tests.support.services import environment

NOBODY_LISTENS = "postgresql+psycopg://postgres@127.0.0.1:1/postgres"
ASKS = "from tests.support.services import require\ndef test_asks(): require('postgresql')\n"


@pytest.mark.parametrize(("required", "code", "word"), [("0", 0, "1 skipped"), ("1", 1, "1 failed")])
def test_a_missing_service(tmp_path: Path, required: str, code: int, word: str) -> None:
    (tmp_path / "test_asks.py").write_text(ASKS, encoding="utf-8")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-p",
            "no:cacheprovider",
            "-ra",
            f"--rootdir={tmp_path}",
            str(tmp_path),
        ],
        cwd=ROOT,
        env=environment(REQUIRE_SERVICES=required, XINQIAN_TEST_POSTGRES=NOBODY_LISTENS),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == code, done.stdout
    assert "postgresql is not reachable" in done.stdout
    assert word in done.stdout
