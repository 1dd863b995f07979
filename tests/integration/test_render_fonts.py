"""How the fonts come to a machine: once, whole, or with a reason that says what to install."""

from __future__ import annotations

import hashlib
import io
import stat
import tarfile
from pathlib import Path
from typing import Any

import pytest

from api.errors import SettingsInvalid
from api.fonts import font_folder, font_folders, provide, shipped_sources
from api.settings import Settings
from tests.support.contracts import shelf

WHAT = "{package}@{version}".format(**shipped_sources()["npm"])
WANTED = dict(shipped_sources()["npm"]["files"].values())


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder that programs are found in."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


@pytest.fixture
def sources() -> dict[str, Any]:
    """As shipped, on a machine without fonts of its own."""
    found = shipped_sources()
    found["debian"]["folder"] = "nowhere/fonts"
    return found


def program(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


def test_the_folder_is_that_of_the_settings(tmp_path: Path) -> None:
    assert font_folder(Settings(font_dir=tmp_path)) == tmp_path
    assert font_folder(Settings()).parts[-3:] == ("share", "xinqian", "fonts")
    assert font_folders(Settings(font_dir=tmp_path))[0] == tmp_path


def test_what_is_there_whole_is_not_fetched(
    tmp_path: Path, said: list[str], programs: Path, sources: dict[str, Any]
) -> None:
    here = Path(str(shelf().families[0].regular.path)).parent
    if not (here / next(iter(WANTED))).is_file():
        pytest.skip("this machine uses the fonts of its system")
    for name in WANTED:
        (tmp_path / name).symlink_to(here / name)
    assert [path.name for path in provide(tmp_path, said.append, sources)] == list(WANTED)
    assert said == []
    for path in (tmp_path / name for name in WANTED):
        assert hashlib.sha256(path.read_bytes()).hexdigest() == WANTED[path.name]


def test_without_any_way_the_reason_says_what_to_install(
    tmp_path: Path, said: list[str], programs: Path, sources: dict[str, Any]
) -> None:
    with pytest.raises(SettingsInvalid) as caught:
        provide(tmp_path / "fonts", said.append, sources)
    assert caught.value.variable == "XINQIAN_FONT_DIR"
    assert caught.value.reason == (
        "has no Chinese font (npm is not installed; fonts-noto-cjk is not installed; apt is not installed): "
        "install npm, or the package fonts-noto-cjk"
    )


def test_a_package_manager_that_fails_is_quoted(
    tmp_path: Path, said: list[str], programs: Path, sources: dict[str, Any]
) -> None:
    program(programs, "npm", "echo 'first line' >&2; echo 'the network is down' >&2; exit 1")
    program(programs, "apt-get", "exit 0")
    program(programs, "dpkg", "exit 0")
    with pytest.raises(SettingsInvalid) as caught:
        provide(tmp_path / "fonts", said.append, sources)
    assert "npm failed: the network is down" in caught.value.reason
    assert "apt did not give fonts-noto-cjk" in caught.value.reason
    assert any("fetching" in one for one in said)
    assert list((tmp_path / "fonts").iterdir()) == []


def test_fonts_other_than_the_pinned_ones_are_not_taken(
    tmp_path: Path, said: list[str], programs: Path, sources: dict[str, Any]
) -> None:
    packed = tmp_path / "packed.tgz"
    with tarfile.open(packed, "w:gz") as archive:
        for member in sources["npm"]["files"]:
            info = tarfile.TarInfo(member)
            info.size = 4
            archive.addfile(info, io.BytesIO(b"font"))
    program(programs, "npm", f"/bin/cp {packed} .")
    with pytest.raises(SettingsInvalid, match="is not what was pinned"):
        provide(tmp_path / "fonts", said.append, sources)
    assert list((tmp_path / "fonts").iterdir()) == []


def test_the_pinned_files_are_taken_from_the_package(
    tmp_path: Path, said: list[str], programs: Path, sources: dict[str, Any]
) -> None:
    packed = tmp_path / "packed.tgz"
    with tarfile.open(packed, "w:gz") as archive:
        for member, taken in sources["npm"]["files"].items():
            info = tarfile.TarInfo(member)
            info.size = 4
            archive.addfile(info, io.BytesIO(b"font"))
            taken[1] = hashlib.sha256(b"font").hexdigest()
        archive.addfile(tarfile.TarInfo("package/../../evil.ttf"), io.BytesIO())
    program(programs, "npm", f'test "$1 $2" = "pack {WHAT}" && /bin/cp {packed} .')
    folder = tmp_path / "fonts"
    assert sorted(path.name for path in provide(folder, said.append, sources)) == sorted(WANTED)
    assert sorted(path.name for path in folder.iterdir()) == sorted(WANTED)


def test_the_fonts_of_the_system_do_where_there_is_no_npm(
    tmp_path: Path, said: list[str], programs: Path, sources: dict[str, Any]
) -> None:
    folder = tmp_path / "system"
    folder.mkdir()
    sources["debian"]["folder"] = str(folder).lstrip("/")
    for name in sources["debian"]["files"]:
        (folder / name).write_bytes(b"x")
    taken = provide(tmp_path / "fonts", said.append, sources)
    assert [path.parent for path in taken] == [folder, folder]
