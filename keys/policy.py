"""What each algorithm may be used for, from when until when, and who says so: data, and one question."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import UTC, datetime

from keys.errors import AlgorithmNotAllowed
from keys.suites import Algorithm, Digest


class Use(enum.StrEnum):
    """Making evidence, or judging what was made."""

    SIGN = "signing"
    VERIFY = "verifying"


@dataclass(frozen=True, slots=True)
class Rule:
    """`algorithm` may be put to `use` from `since` (inclusive) until `until` (exclusive; None: no end set).

    For verifying, the dates are those of the time proved for the signature, not of today: a signature
    proved to be older than the end of its algorithm stays good.
    """

    algorithm: Algorithm | Digest
    use: Use
    since: datetime
    until: datetime | None
    source: str
    """The text that sets the dates; `(confirm)` where they were recalled, not read from it."""


def _day(year: int, month: int = 1, day: int = 1) -> datetime:
    return datetime(year, month, day, tzinfo=UTC)


_NIST = "NIST SP 800-131A r2 and SP 800-57 part 1 r5 table 4: 128-bit strength, 2031 and beyond (confirm)"
_IR8547 = "NIST IR 8547 (draft) table 2: disallowed after 2035 for want of quantum resistance (confirm)"
_ETSI = "ETSI TS 119 312: recommended for new signatures, term of at least six years (confirm)"
_SM2 = "GM/T 0003-2012, GB/T 32918-2016; the e-signature licence rules name no end (confirm)"
_SM3 = "GM/T 0004-2012, GB/T 32905-2016; no end named (confirm)"

RULES: tuple[Rule, ...] = (
    Rule(Algorithm.P256, Use.SIGN, _day(2013), _day(2036), f"{_NIST}; {_ETSI}; {_IR8547}"),
    Rule(Algorithm.P256, Use.VERIFY, _day(2005), _day(2036), f"{_NIST}; {_IR8547}"),
    Rule(Algorithm.RSA3072, Use.SIGN, _day(2013), _day(2036), f"{_NIST}; {_ETSI}; {_IR8547}"),
    Rule(Algorithm.RSA3072, Use.VERIFY, _day(2005), _day(2036), f"{_NIST}; {_IR8547}"),
    Rule(Algorithm.SM2, Use.SIGN, _day(2012, 3, 21), None, _SM2),
    Rule(Algorithm.SM2, Use.VERIFY, _day(2010, 12, 17), None, _SM2),
    Rule(Digest.SHA256, Use.SIGN, _day(2002, 8), None, f"FIPS 180-2 and 180-4; {_NIST}"),
    Rule(Digest.SHA256, Use.VERIFY, _day(2002, 8), None, f"FIPS 180-2 and 180-4; {_NIST}"),
    Rule(Digest.SHA384, Use.SIGN, _day(2002, 8), None, f"FIPS 180-2 and 180-4; {_NIST}"),
    Rule(Digest.SHA384, Use.VERIFY, _day(2002, 8), None, f"FIPS 180-2 and 180-4; {_NIST}"),
    Rule(Digest.SHA512, Use.SIGN, _day(2002, 8), None, f"FIPS 180-2 and 180-4; {_NIST}"),
    Rule(Digest.SHA512, Use.VERIFY, _day(2002, 8), None, f"FIPS 180-2 and 180-4; {_NIST}"),
    Rule(Digest.SM3, Use.SIGN, _day(2012, 3, 21), None, _SM3),
    Rule(Digest.SM3, Use.VERIFY, _day(2010, 12, 17), None, _SM3),
)
_BY_USE = {(rule.algorithm, rule.use): rule for rule in RULES}


def check_algorithm(algorithm: Algorithm | Digest, use: Use, at: datetime) -> Rule:
    """The rule that allows `algorithm` for `use` at `at`; raises `AlgorithmNotAllowed`."""
    rule = _BY_USE.get((algorithm, use))
    if rule is None:
        raise AlgorithmNotAllowed(algorithm.value, use.value, "no rule allows it")
    if at < rule.since:
        raise AlgorithmNotAllowed(algorithm.value, use.value, f"not before {rule.since:%F} ({rule.source})")
    if rule.until is not None and at >= rule.until:
        raise AlgorithmNotAllowed(algorithm.value, use.value, f"not since {rule.until:%F} ({rule.source})")
    return rule
