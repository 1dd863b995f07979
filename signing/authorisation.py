"""Silent signing: an organisation's own seal, set by the system under a recorded authorisation.

Electronic Signature Law article 13: data to create a signature are its owner's alone, and under the owner's
control when it is made. An organisation may delegate the act in writing, within limits, in advance; a
natural person signs by an act of their own each time, and no authorisation stands in for it.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NewType

from signing.errors import AuthorisationMissing, ValuesInvalid
from signing.seal import Seal, SealId

AuthorisationId = NewType("AuthorisationId", str)
"""UUIDv7, 36 characters."""

MAX_LIFE = timedelta(days=366)  # our own choice: whoever delegates looks at it again once a year
MAX_SCOPE = 64  # templates and kinds of one authorisation
MAX_SCOPE_NAME = 64  # characters
MAX_CAP = 10**15  # 分: far above any loan and far below 2^53


class AuthorisationState(enum.StrEnum):
    """How far an authorisation is."""

    PROPOSED = "proposed"
    ACTIVE = "active"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Grant:
    """What is permitted. Nothing is by default: a scope without names permits nothing, and is refused."""

    templates: frozenset[str]
    """Names of contract templates."""
    kinds: frozenset[str]
    """Kinds of contracts, as `loan`; a contract is in scope by its template or by its kind."""
    per_contract: int
    """分: the largest amount of one contract."""
    total: int | None
    """分: of all contracts together; None for no bound."""
    valid_from: datetime
    valid_until: datetime
    """From this moment on it permits nothing."""

    def __post_init__(self) -> None:
        """Raises `ValuesInvalid` naming the field."""
        names = self.templates | self.kinds
        if not 0 < len(names) <= MAX_SCOPE:
            raise ValuesInvalid(
                "scope", f"names {len(names)} templates and kinds; 1 to {MAX_SCOPE} are taken"
            )
        if any(not 0 < len(name) <= MAX_SCOPE_NAME or not name.isprintable() for name in names):
            raise ValuesInvalid("scope", f"has a name that is not 1 to {MAX_SCOPE_NAME} visible characters")
        if not 0 < self.per_contract <= MAX_CAP:
            raise ValuesInvalid("per_contract", f"is not 1 to {MAX_CAP} fen")
        if self.total is not None and not self.per_contract <= self.total <= MAX_CAP:
            raise ValuesInvalid("total", "is less than one contract may have, or beyond any loan")
        if not timedelta(0) < self.valid_until - self.valid_from <= MAX_LIFE:
            raise ValuesInvalid("valid_until", f"is not within {MAX_LIFE.days} days after valid_from")


@dataclass(frozen=True, slots=True)
class Authorisation:
    """A grant for one seal of one organisation, given by one administrator and approved by another."""

    authorisation_id: AuthorisationId
    seal_id: SealId
    organisation: str
    """Unified social credit code: the seal's owner."""
    grant: Grant
    state: AuthorisationState
    given_by: str
    given_at: datetime
    approved_by: str | None
    used: int = 0
    """分: of the contracts sealed so far."""
    uses: int = 0


@dataclass(frozen=True, slots=True)
class SilentUse:
    """A contract that is to be sealed without anybody's act."""

    template: str
    amount: int
    """分."""
    kind: str = ""


def require_organisation(seal: Seal) -> None:
    """Raises `AuthorisationMissing` for the seal of a natural person: always."""
    if seal.kind.personal:
        raise AuthorisationMissing(
            "seal",
            "a natural person signs by an act of their own each time (Electronic Signature Law article 13): "
            "silent signing is for an organisation's own seal",
        )


def check(authorisation: Authorisation, seal: Seal, use: SilentUse, at: datetime) -> None:
    """Whether `use` is permitted; raises `AuthorisationMissing` naming the rule that forbids it.

    The bound on the total is asked for here, and held against concurrent uses by the store, which counts.
    """
    #   1. the seal is an organisation's, and the one that the authorisation is for
    #   2. it was approved by a second person, and has not been ended
    #   3. its time has come, and is not over
    #   4. the contract's template or kind is in scope
    #   5. the amount is within the cap of one contract, and of all
    require_organisation(seal)
    grant = authorisation.grant
    if authorisation.seal_id != seal.seal_id or authorisation.organisation != seal.owner:
        raise AuthorisationMissing("seal", "the authorisation is for another seal")
    if authorisation.state is not AuthorisationState.ACTIVE or authorisation.approved_by is None:
        raise AuthorisationMissing("authorisation", "nobody approved it, or it was ended")
    if at < grant.valid_from:
        raise AuthorisationMissing("authorisation", "its time has not come")
    if at >= grant.valid_until:
        raise AuthorisationMissing("authorisation", "its time is over")
    if use.template not in grant.templates and use.kind not in grant.kinds:
        raise AuthorisationMissing("scope", f"the authorisation does not cover {use.template}")
    if use.amount < 0:
        raise AuthorisationMissing("amount", "is negative")
    if use.amount > grant.per_contract:
        reason = f"is {use.amount} fen; the authorisation covers {grant.per_contract} a contract"
        raise AuthorisationMissing("amount", reason)
    if grant.total is not None and authorisation.used + use.amount > grant.total:
        raise total_reached(grant.total)


def total_reached(total: int) -> AuthorisationMissing:
    """The error for a use that would go beyond the bound on all contracts together."""
    return AuthorisationMissing("amount", f"all contracts together would exceed the {total} fen authorised")
