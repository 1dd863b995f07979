"""The repository can be read, cloned and set up anywhere."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

from tests.architecture.sources import ROOT, text_of, tracked_files

PACKAGE_INDEX = re.compile(r"https?://[^\s/\"']*(?:pypi|pythonhosted|npmjs|registry|mirror)", re.IGNORECASE)
MACHINE_PATH = re.compile(r"(?<![\w.$}{)>*~-])/(?:work|root|home|Users)/\w")
REQUIREMENTS = ("requirements/runtime.txt", "requirements/dev.txt")
LINK = re.compile(r"\[[^\]\[]*\]\(([^()\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def pins(name: str) -> dict[str, list[str]]:
    """Requirement (`name==version`, extras and markers dropped) to its hashes."""
    logical = (ROOT / name).read_text(encoding="utf-8").replace("\\\n", " ").splitlines()
    found: dict[str, list[str]] = {}
    for line in logical:
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        requirement, *words = line.split()
        found[re.sub(r"\[.*?\]", "", requirement)] = [word for word in words if word.startswith("--hash=")]
    return found


def documents() -> list[Path]:
    return [path for path in tracked_files() if path.suffix == ".md"]


def anchors(document: Path) -> set[str]:
    """The anchors that a forge gives to the headings of a document."""
    text = FENCE.sub("", (ROOT / document).read_text(encoding="utf-8"))
    headings = re.findall(r"^#+ +(.+?) *#*$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("pattern", [PACKAGE_INDEX, MACHINE_PATH], ids=["package index", "machine path"])
def test_no_tracked_file_names_one_machine(pattern: re.Pattern[str]) -> None:
    found = {str(path): hit[0] for path in tracked_files() if (hit := pattern.search(text_of(path) or ""))}
    assert found == {}


@pytest.mark.parametrize("line", ["-r /" + "root/x.txt", "see /" + "home/me/x", '"/' + 'work/main"'])
def test_a_machine_path_is_found(line: str) -> None:
    assert MACHINE_PATH.search(line)


@pytest.mark.parametrize("host", ["py" + "pi.org", "files.python" + "hosted.org", "mir" + "ror.example"])
def test_a_package_index_is_found(host: str) -> None:
    assert PACKAGE_INDEX.search(f"url = 'https://{host}/simple'")


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_every_requirement_is_pinned_and_hashed(name: str) -> None:
    found = pins(name)
    assert found
    assert [requirement for requirement in found if not re.fullmatch(r"[\w.-]+==[\w.+!]+", requirement)] == []
    assert [requirement for requirement, hashes in found.items() if not hashes] == []


def test_the_tests_run_on_what_is_shipped() -> None:
    assert pins("requirements/runtime.txt").items() <= pins("requirements/dev.txt").items()


def test_every_dependency_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for name, declared in zip(
        REQUIREMENTS, (project["dependencies"], project["optional-dependencies"]["dev"]), strict=True
    ):
        pinned = {requirement.partition("==")[0] for requirement in pins(name)}
        wanted = {re.split(r"[<>=\[; ]", dependency)[0].lower() for dependency in declared}
        assert wanted - pinned == set()


def test_every_relative_link_leads_somewhere() -> None:
    broken = []
    for document in documents():
        for target in LINK.findall(FENCE.sub("", (ROOT / document).read_text(encoding="utf-8"))):
            if re.match(r"[a-z]+:", target):
                continue
            file, _, anchor = target.partition("#")
            there = (ROOT / document).parent / file if file else ROOT / document
            known = anchors(there) if anchor and there.suffix == ".md" and there.is_file() else {anchor}
            if not there.exists() or anchor not in known:
                broken.append(f"{document}: {target}")
    assert broken == []


def test_every_make_target_that_a_document_names_exists() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    named = {
        target
        for document in documents()
        for target in re.findall(
            r"(?:^|`|\$ )make ([a-z]+)", (ROOT / document).read_text("utf-8"), re.MULTILINE
        )
    }
    assert {"demo", "test"} <= named <= targets
