"""Where the Chinese fonts are, and how they come there: `python -m api.fonts`, a part of `make setup`."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from collections.abc import Callable, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

from api.errors import SettingsInvalid
from api.settings import Settings, load, variable

TICK = 5.0  # seconds between two signs of life
LIMIT = 900.0  # seconds that a package manager may take


def font_folder(settings: Settings) -> Path:
    """Where fonts are fetched to and looked for first."""
    return settings.font_dir or Path(sys.prefix, "share", "xinqian", "fonts")


def font_folders(settings: Settings) -> tuple[Path, ...]:
    """Where fonts are looked for: the folder of the settings, then that of Debian's package."""
    return font_folder(settings), Path("/", shipped_sources()["debian"]["folder"])


def shipped_sources() -> dict[str, Any]:
    """Packages that have the fonts, and the digests of the files that are taken from them."""
    found: dict[str, Any] = tomllib.loads((files("api") / "fonts.toml").read_text(encoding="utf-8"))
    return found


def provide(folder: Path, say: Callable[[str], None], sources: dict[str, Any]) -> Sequence[Path]:
    """Have the fonts in `folder`, fetching them where they are not there whole; the files it took.

    npm is asked first, then the folder of Debian's package, then apt. Raises `SettingsInvalid` when none
    of them has the fonts, with what to install.
    """
    if found := _whole(folder, sources["npm"]):
        return found
    folder.mkdir(parents=True, exist_ok=True)
    reasons = []
    for way in (_from_npm, _from_system, _from_apt):
        try:
            return way(folder, sources, say)
        except _Unavailable as error:
            reasons.append(str(error))
    tried = "; ".join(reasons)
    reason = f"has no Chinese font ({tried}): install npm, or the package fonts-noto-cjk"
    raise SettingsInvalid(variable("font_dir"), reason)


class _Unavailable(Exception):
    """One way to the fonts leads nowhere; the next may."""


def _whole(folder: Path, npm: dict[str, Any]) -> Sequence[Path]:
    """The files in `folder`, if all are there and are what they should be."""
    wanted = [(folder / name, digest) for name, digest in npm["files"].values()]
    return [path for path, _ in wanted] if all(_is(path, digest) for path, digest in wanted) else ()


def _is(path: Path, digest: str) -> bool:
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == digest


def _from_npm(folder: Path, sources: dict[str, Any], say: Callable[[str], None]) -> Sequence[Path]:
    npm = sources["npm"]
    program = shutil.which("npm")
    if program is None:
        raise _Unavailable("npm is not installed")
    what = f"{npm['package']}@{npm['version']}"
    say(f"fetching {what} with npm, about {npm['megabytes']} MB")
    with tempfile.TemporaryDirectory(dir=folder) as there:
        _run([program, "pack", what, "--silent"], Path(there), say)
        packed = next(Path(there).glob("*.tgz"), None)
        if packed is None:
            raise _Unavailable(f"npm did not give {what}")
        with tarfile.open(packed, "r:gz") as archive:
            members = {one.name: one for one in archive if one.name in npm["files"]}
            for member, (name, digest) in npm["files"].items():
                found = archive.extractfile(members[member]) if member in members else None
                if found is None:
                    raise _Unavailable(f"{what} has no {member}")
                fresh = Path(there, name)
                with found, fresh.open("wb") as file:
                    shutil.copyfileobj(found, file)
                if not _is(fresh, digest):
                    raise _Unavailable(f"{member} of {what} is not what was pinned")
        for name, _ in npm["files"].values():
            Path(there, name).replace(folder / name)
    return [folder / name for name, _ in npm["files"].values()]


def _from_system(_folder: Path, sources: dict[str, Any], say: Callable[[str], None]) -> Sequence[Path]:
    debian = sources["debian"]
    paths = [Path("/", debian["folder"], name) for name in debian["files"]]
    if not all(path.is_file() for path in paths):
        raise _Unavailable(f"{debian['package']} is not installed")
    say(f"using the fonts of the installed package {debian['package']}")
    return paths  # `font_folders` names their folder


def _from_apt(folder: Path, sources: dict[str, Any], say: Callable[[str], None]) -> Sequence[Path]:
    debian = sources["debian"]
    apt, dpkg = shutil.which("apt-get"), shutil.which("dpkg")
    if apt is None or dpkg is None:
        raise _Unavailable("apt is not installed")
    say(f"fetching {debian['package']} with apt, about 60 MB")
    with tempfile.TemporaryDirectory(dir=folder) as there:
        _run([apt, "download", debian["package"]], Path(there), say)
        packed = next(Path(there).glob("*.deb"), None)
        if packed is None:
            raise _Unavailable(f"apt did not give {debian['package']}")
        _run([dpkg, "-x", str(packed), "unpacked"], Path(there), say)
        taken = []
        for name in debian["files"]:
            found = Path(there, "unpacked", debian["folder"], name)
            if not found.is_file():
                raise _Unavailable(f"{debian['package']} has no {name}")
            taken.append(found.replace(folder / name))
    return taken


def _run(command: Sequence[str], where: Path, say: Callable[[str], None]) -> None:
    """Run a package manager, with a sign of life now and then."""
    with subprocess.Popen(  # noqa: S603  (the programs and what they are given are named above)
        command, cwd=where, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        waited = 0.0
        errors = b""
        while True:
            try:
                _, errors = process.communicate(timeout=TICK)
                break
            except subprocess.TimeoutExpired:
                waited += TICK
                if waited >= LIMIT:
                    process.kill()
                    raise _Unavailable(f"{command[0]} took more than {LIMIT:.0f} s") from None
                say(f"{waited:.0f} s")
    if process.returncode != 0:
        last = errors.decode(errors="replace").strip().rpartition("\n")[2][:200]
        raise _Unavailable(f"{Path(command[0]).name} failed: {last}")


def _say(text: str) -> None:
    print(f"    {text}", flush=True)  # noqa: T201  (of a program of its own, before there is another)


def main() -> int:
    """Have the fonts where the settings want them; says what it does."""
    try:
        taken = provide(font_folder(load()), _say, shipped_sources())
    except SettingsInvalid as error:
        print(error, file=sys.stderr)  # noqa: T201  (as above)
        return 1
    _say(f"{len(taken)} files in {taken[0].parent}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
