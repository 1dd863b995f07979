"""The command, run in process and as a program, over an installation."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from api.cli.main import run
from tests.support.database import BACKENDS
from tests.support.installation import Installation, open_installation
from tests.support.services import environment

XINQIAN = Path(sys.executable).with_name("xinqian")


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command ended with and said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:  # noqa: ANN401  (whatever the command prints)
        return json.loads(self.out)


Run = Callable[..., Ran]


@pytest.fixture
def bare(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment that says nothing of us."""
    for name in ("XINQIAN_STATE_DIR", "XINQIAN_DATABASE_URL", "XINQIAN_LANGUAGE", "LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "C.UTF-8")
    return monkeypatch


@pytest.fixture
def xinqian(bare: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """The command in this process, with the environment given."""

    def command(*arguments: object, **variables: str) -> Ran:
        capsys.readouterr()
        with pytest.MonkeyPatch.context() as patch:
            for name, value in variables.items():
                patch.setenv(name, value)
            code = run([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return Ran(code, said.out, said.err)

    return command


@pytest.fixture(params=BACKENDS)
def installation(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Installation]:
    with open_installation(request.param, tmp_path) as opened:
        yield opened


@pytest.fixture
def here(xinqian: Run, installation: Installation) -> Run:
    """The command over the installation, with JSON."""

    def command(*arguments: object, **variables: str) -> Ran:
        return xinqian(*arguments, "--format", "json", **{**installation.environment, **variables})

    return command


def program(*arguments: str, **variables: str) -> Ran:
    """The command as a program of its own."""
    done = subprocess.run(
        [str(XINQIAN), *arguments],
        env=environment(**variables),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return Ran(done.returncode, done.stdout, done.stderr)
