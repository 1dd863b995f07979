"""Target: signed PDFs changed at random. The judge raises nothing at all, and takes no longer than it may.

Time is the processor's, so that a busy machine makes no defect.
"""

from __future__ import annotations

import re
import time

from ca.indication import Indication
from keys.suites import Algorithm
from tests.fuzz.target import Target
from tests.support import chains
from tests.support.attacks import forge, misread, reveal
from tests.support.attacks.contract import contract, setting
from tests.support.attacks.variant import VARIANTS

SECONDS = 5.0  # of the processor; an honest contract takes 0.02
PARTS = (b"0000000000 65535 f", b"endobj", b"stream\r\n", b"<<", b">>", b"/Kids [3 0 R]", b"/Prev 0", b"R ")
SOURCES = (forge, misread, reveal)
"""Whose variants are registered by importing them."""


class DefectFound(Exception):
    """What the judge must not do."""


def judge(data: bytes) -> object:
    """Judge, by the trust of the international suite."""
    begun = time.process_time()
    report = setting(Algorithm.P256).judge(data)
    if time.process_time() - begun > SECONDS:
        raise DefectFound("takes too long")
    if report.indication is Indication.TOTAL_PASSED and data not in HONEST:
        honest = [one for one in HONEST if data.startswith(one)]
        if not honest and not _only_padding(data):
            raise DefectFound("passes a changed file")
    return report


def _only_padding(data: bytes) -> bool:
    """A change inside a signature's padding, or in how its digits are written, is none of the document."""
    plain = re.sub(rb"(?<=/Contents )<[^>]*>", b"", data)
    return any(plain == re.sub(rb"(?<=/Contents )<[^>]*>", b"", one) for one in HONEST)


def _honest() -> tuple[bytes, ...]:
    return tuple(
        contract(algorithm, streams=streams) for algorithm in chains.DEFAULTS for streams in (False, True)
    )


HONEST = _honest()


def targets() -> list[Target]:
    attacked = tuple(one.of(setting(Algorithm.P256)) for one in VARIANTS.values())
    return [
        Target(
            "signed-documents",
            judge,
            (),
            (*HONEST, *attacked, *PARTS),
            ("signing.validity",),
        )
    ]
