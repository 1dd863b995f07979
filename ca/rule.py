"""A lint rule: what it is called, where it is written, since when it holds, and its check."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from ca.view import CertificateView

Check = Callable[[CertificateView], str | None]
"""What is wrong, or None."""

RFC_5280 = date(2008, 5, 1)
RFC_6960 = date(2013, 6, 1)
RFC_3161 = date(2001, 8, 1)
FIRST_ISSUE = date(2026, 11, 1)
"""Rules of our own hold since the first certificate."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; certificates that begin before `effective_from` are not held to it."""

    rule_id: str
    citation: str
    effective_from: date
    check: Check
    varies: bool
    """The verdict can differ between certificates of one profile, issuer and shard."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule broken."""

    rule_id: str
    citation: str
    detail: str
