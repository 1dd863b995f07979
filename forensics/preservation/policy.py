"""Until when each algorithm carries evidence, and who says so: data, and two questions.

The ends shipped here are those of `keys.policy` for verifying, so that there is one table of sources.
An operator brings an end forward by a rule of their own: the earliest end holds.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from keys.policy import RULES, Rule, Use
from keys.suites import Algorithm, Digest


@dataclass(frozen=True, slots=True)
class AlgorithmPolicy:
    """Rules for verifying; an algorithm without a rule carries nothing."""

    rules: tuple[Rule, ...]

    def __post_init__(self) -> None:
        if any(rule.use is not Use.VERIFY for rule in self.rules):
            raise ValueError("rules of preservation are rules for verifying")

    def until(self, algorithm: Algorithm | Digest) -> datetime | None:
        """The end (exclusive) of what the algorithm carries; None while none is set."""
        ends = [rule.until for rule in self._of(algorithm) if rule.until is not None]
        return min(ends, default=None)

    def objection(self, algorithm: Algorithm | Digest, at: datetime) -> str | None:
        """Why the algorithm carries nothing at `at`; None when it does."""
        rules = self._of(algorithm)
        if not rules:
            return f"no rule allows {algorithm.value}"
        for rule in rules:
            if at < rule.since:
                return f"{algorithm.value} is accepted from {rule.since:%F} on only ({rule.source})"
            if rule.until is not None and at >= rule.until:
                return f"{algorithm.value} is accepted until {rule.until:%F} only ({rule.source})"
        return None

    def with_end(self, algorithm: Algorithm | Digest, until: datetime, source: str) -> AlgorithmPolicy:
        """The same policy with an end announced by `source`, which must say where it is written."""
        since = min((rule.since for rule in self._of(algorithm)), default=until)
        return AlgorithmPolicy((*self.rules, Rule(algorithm, Use.VERIFY, since, until, source)))

    def _of(self, algorithm: Algorithm | Digest) -> list[Rule]:
        return [rule for rule in self.rules if rule.algorithm is algorithm]


def _verifying(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    return tuple(rule for rule in rules if rule.use is Use.VERIFY)


SHIPPED = AlgorithmPolicy(_verifying(RULES))
"""FIPS, NIST, ETSI and GM/T dates, each with its source: see `keys.policy.RULES`."""
