"""A file of 150 MB in bounded memory, and a document that a hundred sign."""

from __future__ import annotations

import cProfile
import pstats
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from keys.suites import Algorithm
from tests.support import chains, pyhankojudge, services
from tests.support.signing import LATER, UnitTimestamps, blank_document, field_names, person, sign_one

BALLAST = 150 * 1024 * 1024
MEMORY = 256 * 1024 * 1024
MANY = 100


def large_document(path: Path) -> None:
    """A sparse file: a small document, and a revision with one stream of zeros."""
    small = blank_document()
    last = small.rindex(b"startxref\n")
    before = int(small[last:].split()[1])
    number = int(small[small.rindex(b"/Size ") :].split()[1])
    head = b"%d 0 obj\n<</Length %d>>\nstream\n" % (number, BALLAST)
    tail = b"\nendstream\nendobj\n"
    at = len(small)
    section = at + len(head) + BALLAST + len(tail)
    root = small[small.rindex(b"/Root ") :].split(b"/")[1].removesuffix(b">>").strip()
    with path.open("wb") as file:
        file.write(small + head)
        file.seek(BALLAST, 1)
        file.write(tail)
        file.write(b"xref\n%d 1\n%010d 00000 n\r\n" % (number, at))
        file.write(
            b"trailer\n<</Size %d /%s /Prev %d>>\nstartxref\n%d\n%%%%EOF\n"
            % (number + 1, root, before, section)
        )


def test_150_megabytes_are_signed_in_bounded_memory(tmp_path: Path) -> None:
    path = tmp_path / "large.pdf"
    large_document(path)
    size = path.stat().st_size
    done = subprocess.run(
        [sys.executable, "-m", "tests.support.signlarge", path], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    before, after = map(int, done.stdout.split())
    assert after < MEMORY
    # The file's own pages, which the system takes back, and a few more: no copy was made of it.
    assert after - before < 1.1 * BALLAST
    with path.open("rb") as file:
        file.seek(size)
        numbers = file.read().partition(b"/ByteRange [")[2].partition(b"]")[0].split()
    assert int(numbers[2]) + int(numbers[3]) == path.stat().st_size
    assert int(numbers[1]) > 100_000_000
    services.require("pdfsig")
    judged = subprocess.run(["pdfsig", "-nocert", path], capture_output=True, text=True, check=False)
    assert "Signature is Valid." in judged.stdout, judged.stdout + judged.stderr


def calls(act: Callable[[], object]) -> int:
    """How many functions were called: a cost that no other load of the machine changes."""
    profile = cProfile.Profile()
    profile.enable()
    act()
    profile.disable()
    counted: int = pstats.Stats(profile).total_calls  # type: ignore[attr-defined]  # typeshed lacks it
    return counted


@pytest.fixture(scope="module")
def hundred() -> tuple[dict[int, int], list[int], bytes]:
    """Calls by signature, the file's size after each, and the file."""
    names = field_names(MANY)
    data = blank_document(MANY, pages=10)
    timestamps, who = UnitTimestamps(Algorithm.P256), person(Algorithm.P256)
    cost: dict[int, int] = {}
    sizes = [len(data)]
    for number, name in enumerate(names, 1):
        if number in {10, 50, 100}:

            def again(data: bytes = data, name: str = name) -> bytes:
                return sign_one(data, name, who, timestamps)

            cost[number] = calls(again)
        data = sign_one(data, name, who, timestamps)
        sizes.append(len(data))
    return cost, sizes, data


def test_the_cost_of_a_signature_grows_no_faster_than_the_file(
    hundred: tuple[dict[int, int], list[int], bytes],
) -> None:
    cost, sizes, _ = hundred
    assert cost[50] / cost[10] < sizes[50] / sizes[10]
    assert cost[100] / cost[50] < sizes[100] / sizes[50]
    steps = [after - before for before, after in pairwise(sizes)]
    assert max(steps[1:]) - min(steps[1:]) < 100  # each signature adds as much as any other


def test_a_hundred_signatures_hold(hundred: tuple[dict[int, int], list[int], bytes], tmp_path: Path) -> None:
    services.require("pdfsig")
    path = tmp_path / "hundred.pdf"
    path.write_bytes(hundred[2])
    judged = subprocess.run(["pdfsig", "-nocert", path], capture_output=True, text=True, check=False)
    assert judged.stdout.count("Signature is Valid.") == MANY


def test_pyhanko_takes_the_last_of_many() -> None:
    """PyHanko compares each pair of revisions: enough of them for the first to be looked at through all."""
    names = field_names(25)
    data, who = blank_document(25), person(Algorithm.P256)
    for name in names:
        data = sign_one(data, name, who)
    root = chains.root(Algorithm.P256).party.certificate.data
    assert len(pyhankojudge.accept(data, root, LATER)) == 25
