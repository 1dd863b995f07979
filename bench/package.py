"""Building and judging an evidence package of a contract with three B-T signatures and 25 events.

The peer of building is Python's `zipfile` with hashlib's SHA-256 over the same files, which signs nothing and
knows no SM3; there is no other program that makes or judges such packages.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from bench.figure import Figure, in_turns, rate
from bench.verification import signed
from ca.indication import Indication
from forensics.package.asic import Seal
from forensics.package.container import MIMETYPE, read_container, write_container
from forensics.package.contents import PackageContents, PackageFile, build
from forensics.package.judge import judge_package
from forensics.package.role import Role
from keys.adapters.software import SoftwareSigner
from keys.key import new_key_id
from keys.suites import Algorithm
from tests.support import chains
from tests.support.packaging import NOW, SEALS, Variant, contents, seal, trust
from tests.support.signing import UnitTimestamps

EVENTS = 25  # of one contract, as the sizing of the log counts them
COUNT = 20
TARGET = "2 (0.5 s each)"


@cache
def fresh_seals() -> tuple[Seal, ...]:
    """As in tests, but with signatures and timestamps made each time."""
    return tuple(
        replace(
            seal(one),
            signer=SoftwareSigner(new_key_id(), chains.leaf(one, "organisation-seal").key),
            timestamps=UnitTimestamps(one),
        )
        for one in SEALS
    )


@cache
def given(algorithm: Algorithm) -> PackageContents:
    made = contents(Variant(algorithm, events=EVENTS))
    document = PackageFile(Role.CONTRACT, "contract-signed.pdf", signed(algorithm))
    return replace(made, files=(*made.files, document))


def built(algorithm: Algorithm) -> bytes:
    return build(given(algorithm), fresh_seals())


def judged(data: bytes) -> None:
    assert judge_package(data, trust(), now=NOW).indication is Indication.TOTAL_PASSED


def zipped(files: dict[str, bytes]) -> None:
    with zipfile.ZipFile(io.BytesIO(), "w", zipfile.ZIP_DEFLATED, compresslevel=6) as target:
        for name, data in files.items():
            hashlib.sha256(data).digest()
            target.writestr(name, data)


def figures() -> Sequence[Figure]:
    return [figure for algorithm in SEALS for figure in _of(algorithm)]


def _of(algorithm: Algorithm) -> Sequence[Figure]:
    data = built(algorithm)
    files = read_container(data)
    plain = {name: octets for name, octets in files.items() if name != MIMETYPE}
    about = f"contract in {algorithm.value}, {EVENTS} events"
    size = f"{len(data) / 1024:,.0f} KB, {len(files)} files"
    rates = in_turns(
        lambda: rate(lambda: built(algorithm), COUNT), lambda: rate(lambda: zipped(files), COUNT)
    )
    peer = "zipfile and SHA-256 alone"
    return [
        Figure(f"package built, {about}", rates[0], peer, *rates[1:], TARGET, size),
        Figure(f"package judged, {about}", rate(lambda: judged(data), COUNT)),
        Figure(f"container written, {about}", rate(lambda: write_container(plain), COUNT)),
        Figure(f"container read, {about}", rate(lambda: read_container(data), COUNT)),
    ]
