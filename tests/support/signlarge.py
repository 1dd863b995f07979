"""Sign a mapped file in a process of its own, and say how much memory that took: `signlarge FILE`."""

from __future__ import annotations

import mmap
import sys
from pathlib import Path

from keys.suites import Algorithm
from signing.pades.order import SignatureOrder
from signing.pades.sign import sign
from signing.pdf.source import open_source
from tests.support.signing import LATER, UnitTimestamps, person


def peak() -> int:
    """Octets of memory at most so far, mapped files not counted twice: VmHWM of this process."""
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    raise LookupError("VmHWM")


def main(path: Path) -> None:
    """Appends a B-T signature to the file and prints the peak before and after."""
    who, timestamps = person(Algorithm.P256), UnitTimestamps(Algorithm.P256)
    before = peak()
    with (
        path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped,
        memoryview(mapped) as data,
        open_source(data) as source,
    ):
        order = SignatureOrder("party-1", LATER)
        appended = sign(source, order, who.signer, who.chain, timestamps=timestamps)
    with path.open("ab") as longer:
        longer.write(appended)
    sys.stdout.write(f"{before} {peak()}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
