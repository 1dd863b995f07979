"""How a simulated party misbehaves, when it is told to."""

from __future__ import annotations

import enum
from dataclasses import dataclass


class Party(enum.StrEnum):
    """Who is simulated."""

    IDENTITY = "identity"
    MESSAGE = "message"


class Fault(enum.StrEnum):
    """One way to be of no use."""

    SLOW = "slow"
    """The right answer, `delay_s` late."""
    DOWN = "down"
    """503, unsigned, as a proxy before a dead service answers."""
    GARBAGE = "garbage"
    """Octets that are no JSON, rightly signed."""
    MALFORMED = "malformed"
    """JSON without most of its members, rightly signed."""
    FOREIGN = "foreign"
    """The answer to another question, rightly signed."""
    WRONG_SIGNATURE = "wrong-signature"
    UNSIGNED = "unsigned"
    OVERSIZED = "oversized"
    """A megabyte."""
    UNMARKED = "unmarked"
    """An answer that does not say that it is simulated."""
    LOST = "lost"
    """The act is done, and the connection ends before the answer."""


@dataclass(frozen=True, slots=True)
class Trouble:
    """A fault in force, for `times` more questions (None: until told otherwise)."""

    fault: Fault
    delay_s: float = 0.0
    times: int | None = None
