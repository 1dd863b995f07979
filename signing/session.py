"""A sign session: one party, one act, minutes of life; its token is shown once and stored as a digest."""

from __future__ import annotations

import enum
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NewType

from evidence.canonical import JSON
from evidence.digest import DigestPair, sha256
from signing.contract import ContractId
from signing.errors import NotFound, Refused, StateInvalid
from signing.party import PartyId
from signing.proof import SigningProfile

SessionId = NewType("SessionId", str)
"""UUIDv7, 36 characters."""

SESSION_LIFE = timedelta(minutes=30)  # one sitting: reading, identity, code, signature
MAX_SESSIONS_PER_HOUR = 10  # of one party: a page opened anew, not a machine
TOKEN_SIZE = 32  # bytes: 256 bits are nobody's guess, so that an unsalted digest hides them
TOKEN_PREFIX = "sign-"  # noqa: S105  (tells a token of this kind from others in a log of requests)


class SessionEnd(enum.StrEnum):
    """Why a session is over."""

    SIGNED = "signed"
    DECLINED = "declined"
    SUPERSEDED = "superseded"
    """A newer session of the party took its place."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Whence an act came, as the edge saw it."""

    app: Mapping[str, JSON] = field(default_factory=dict)
    """Application and version: in the event in the clear."""
    net: Mapping[str, JSON] = field(default_factory=dict, repr=False)
    """Address, port, device: personal, so committed to and sealed."""


@dataclass(frozen=True, slots=True)
class Shown:
    """The exact octets that were put before the party: a revision of the server's own."""

    revision: int
    size: int
    digests: DigestPair
    at: datetime


@dataclass(frozen=True, slots=True)
class View:
    """How the document was looked at; `dwell_ms` is never more than the server saw pass."""

    dwell_ms: int
    scrolled_to_end: bool
    ended_at: datetime


@dataclass(frozen=True, slots=True)
class Consent:
    """One consent, given on its own."""

    scope: str
    text_id: str
    text_sha256: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Session:
    """A session as stored."""

    session_id: SessionId
    contract_id: ContractId
    party_id: PartyId
    token_digest: bytes = field(repr=False)
    created_at: datetime
    expires_at: datetime
    shown: Shown | None = None
    view: View | None = None
    consents: tuple[Consent, ...] = ()
    end: SessionEnd | None = None
    ended_at: datetime | None = None

    def require_open(self, act: str, at: datetime) -> None:
        """Raises `StateInvalid` once it was used, superseded, or its minutes are over."""
        if self.end is not None:
            raise StateInvalid("session", self.end.value, act)
        if at >= self.expires_at:
            raise StateInvalid("session", "expired", act)


def new_token() -> tuple[str, bytes]:
    """A token, and the digest that is stored of it."""
    token = TOKEN_PREFIX + secrets.token_urlsafe(TOKEN_SIZE)
    return token, token_digest(token)


def token_digest(token: str) -> bytes:
    """SHA-256; raises `NotFound` for text that no session's token can be."""
    if not token.startswith(TOKEN_PREFIX) or len(token) > 2 * TOKEN_SIZE or not token.isascii():
        raise NotFound("session", "-")
    return sha256(token.encode())


def observed_dwell_ms(shown: Shown, claimed_ms: int, at: datetime) -> int:
    """What the page says, bounded by the time that really passed since the document left the server."""
    passed = int((at - shown.at) / timedelta(milliseconds=1))
    return max(0, min(claimed_ms, passed))


def require_read(session: Session, profile: SigningProfile) -> Shown:
    """The revision that was looked at as the profile asks; raises `Refused` naming what is missing."""
    if session.shown is None:
        raise Refused("view", "the document was not looked at")
    if profile.min_dwell_s or profile.must_scroll:
        if session.view is None:
            raise Refused("view", "the document was not read to its end")
        if session.view.dwell_ms < 1_000 * profile.min_dwell_s:
            raise Refused("view.dwell", f"was shorter than {profile.min_dwell_s} s")
        if profile.must_scroll and not session.view.scrolled_to_end:
            raise Refused("view.scroll", "did not reach the end of the document")
    return session.shown


def require_consents(session: Session, profile: SigningProfile) -> None:
    """Raises `Refused` naming the first scope that was not consented to."""
    given = {one.scope for one in session.consents}
    for scope in profile.consents:
        if scope not in given:
            raise Refused("consent", f"is missing for {scope}")
