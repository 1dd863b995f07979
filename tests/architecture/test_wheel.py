"""The wheel holds our packages and their data, and nothing that another distribution owns."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import zipfile
from importlib.metadata import Distribution, distributions
from pathlib import Path

import pytest
from hatchling.builders.wheel import WheelBuilder

from tests.architecture.sources import PACKAGES, ROOT, tracked_files


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    return Path(next(WheelBuilder(str(ROOT)).build(directory=str(folder), versions=["standard"])))


@pytest.fixture(scope="module")
def site(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder into which the wheel was installed."""
    folder = tmp_path_factory.mktemp("site")
    pip = [
        sys.executable,
        "-m",
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--no-index",
        "--target",
        str(folder),
    ]
    subprocess.run([*pip, str(wheel)], check=True, timeout=120)
    return folder


def top_level_names(distribution: Distribution) -> set[str]:
    """The folders and modules that a distribution puts on the import path."""
    files = distribution.files or []
    first = {
        file.parts[0] for file in files if not file.parts[0].endswith((".dist-info", ".egg-info", ".data"))
    }
    return {name.removesuffix(".py") for name in first}


def test_it_holds_exactly_our_packages(wheel: Path) -> None:
    names = {Path(name).parts[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {name for name in names if not name.endswith(".dist-info")} == set(PACKAGES)


def test_every_tracked_file_of_a_package_is_inside(wheel: Path) -> None:
    """Data too: profiles, migrations, messages."""
    inside = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    tracked = {path.as_posix() for path in tracked_files() if path.parts[0] in PACKAGES}
    assert tracked - inside == set()


def test_the_licence_is_inside(wheel: Path) -> None:
    assert any(name.endswith("dist-info/licenses/LICENSE") for name in zipfile.ZipFile(wheel).namelist())


def test_each_name_of_ours_has_one_owner(site: Path) -> None:
    paths = [str(site), sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    owners = {name: set[str]() for name in PACKAGES}
    for distribution in distributions(path=paths):
        for name in top_level_names(distribution) & set(PACKAGES):
            owners[name].add(distribution.metadata["Name"])
    assert owners == {name: {"xinqian"} for name in PACKAGES}


def test_the_command_starts_from_the_wheel_alone(site: Path, tmp_path: Path) -> None:
    """Without site's path files, so that the editable install cannot stand in for a file that is missing."""
    libraries = [str(site), sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    program = (
        f"import sys; sys.path[:0] = {libraries!r}; sys.argv = ['xinqian', '--help']\n"
        "import api.cli.main as command\n"
        f"assert command.__file__.startswith({str(site)!r}), command.__file__\n"
        "command.main()"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert "xinqian" in done.stdout
