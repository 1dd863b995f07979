"""A seal of the registry: whose it is, who made it, how long it serves, and the states it goes through."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NewType

from evidence.digest import DigestPair
from signing.errors import StateInvalid, ValuesInvalid

SealId = NewType("SealId", str)
"""UUIDv7, 36 characters."""

MAX_OWNER = 64  # characters: a unified social credit code has 18, a pseudonym 32
MAX_LABEL = 64  # characters: the bound of a certificate's commonName (RFC 5280 A.1)
MAX_MAKER = 64  # characters
MAX_VALIDITY = timedelta(days=5 * 366)  # our own choice: a registered name is looked at again by then
MAX_REASON = 500  # characters of why a state changed


class SealKind(enum.StrEnum):
    """What a seal is for; those of persons are never used without them."""

    OFFICIAL = "official"
    """公章."""
    CONTRACT = "contract"
    """合同专用章."""
    FINANCE = "finance"
    """财务专用章."""
    PERSON = "person"
    """个人名章, a legal representative's too."""
    HANDWRITING = "handwriting"
    """手写签名."""

    @property
    def personal(self) -> bool:
        """Whether it is a natural person's."""
        return self in {SealKind.PERSON, SealKind.HANDWRITING}


class SealState(enum.StrEnum):
    """How far a seal is."""

    PROPOSED = "proposed"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    EXPIRED = "expired"

    @property
    def ended(self) -> bool:
        """Whether nothing leads out of it."""
        return not SEAL_MOVES[self]


SEAL_MOVES: Mapping[SealState, frozenset[SealState]] = {
    SealState.PROPOSED: frozenset({SealState.ACTIVE, SealState.REVOKED, SealState.EXPIRED}),
    SealState.ACTIVE: frozenset({SealState.SUSPENDED, SealState.REVOKED, SealState.EXPIRED}),
    SealState.SUSPENDED: frozenset({SealState.ACTIVE, SealState.REVOKED, SealState.EXPIRED}),
    SealState.REVOKED: frozenset(),
    SealState.EXPIRED: frozenset(),
}


@dataclass(frozen=True, slots=True)
class SealOrder:
    """A seal as it is proposed."""

    owner: str
    """Unified social credit code (GB 32100) of an organisation, or a person's pseudonym."""
    label: str = field(repr=False)
    """The name on it; of a person personal data, kept sealed."""
    kind: SealKind
    maker: str
    """Who made the drawing, or registered it."""
    drawing: bytes = field(repr=False)
    """`Drawing.data`."""
    valid_from: datetime
    valid_until: datetime

    def __post_init__(self) -> None:
        """Raises `ValuesInvalid` naming the field."""
        for name, value, most in (
            ("owner", self.owner, MAX_OWNER),
            ("label", self.label, MAX_LABEL),
            ("maker", self.maker, MAX_MAKER),
        ):
            if not 0 < len(value) <= most or value.strip() != value or not value.isprintable():
                raise ValuesInvalid(name, f"is not 1 to {most} visible characters")
        if not timedelta(0) < self.valid_until - self.valid_from <= MAX_VALIDITY:
            raise ValuesInvalid("valid_until", f"is not within {MAX_VALIDITY.days} days after valid_from")

    @property
    def digests(self) -> DigestPair:
        """Of the drawing."""
        return DigestPair.of(self.drawing)


@dataclass(frozen=True, slots=True)
class Seal:
    """A seal as registered; its drawing lies in the store."""

    seal_id: SealId
    owner: str
    label: str = field(repr=False)
    kind: SealKind
    maker: str
    digests: DigestPair
    valid_from: datetime
    valid_until: datetime
    state: SealState
    version: int
    """Changes of its state so far: what is signed for one of them serves for that one only."""
    proposed_by: str
    proposed_at: datetime
    approved_by: str | None
    changed_by: str
    """Who made the last change."""
    changed_at: datetime

    def state_at(self, at: datetime) -> SealState:
        """The state at a moment: what ran out is expired, whether that was recorded yet or not."""
        over = at >= self.valid_until and SealState.EXPIRED in SEAL_MOVES[self.state]
        return SealState.EXPIRED if over else self.state

    def require_move(self, to: SealState, at: datetime) -> None:
        """Raises `StateInvalid` for a change that does not lead there."""
        now = self.state_at(at)
        if to is not SealState.EXPIRED and to not in SEAL_MOVES[now]:
            raise StateInvalid("registered seal", now.value, to.value)

    def require_usable(self, at: datetime) -> None:
        """Raises `StateInvalid` for a seal that is not active, or whose time has not come or is over."""
        now = self.state_at(at)
        if now is not SealState.ACTIVE:
            raise StateInvalid("registered seal", now.value, "use")
        if at < self.valid_from:
            raise StateInvalid("registered seal", "not yet valid", "use")


@dataclass(frozen=True, slots=True)
class SealFilter:
    """What `SealStore.find` selects; None for all. `after` is the last id of the page before."""

    owner: str | None = None
    kind: SealKind | None = None
    state: SealState | None = None
    after: SealId | None = None
    limit: int = 100


def masked(label: str) -> str:
    """A person's name as lists show it: the first character, and how many there are."""
    return label[:1] + "*" * max(len(label) - 1, 1)
