"""Callers: programs that sign their requests with a shared secret, and the rights they have."""

from __future__ import annotations

import enum
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NewType

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from api.errors import CallerExists, CallerNotFound
from api.tables import callers, nonces
from evidence.clock import from_micros, to_micros
from evidence.event import TenantId
from evidence.ports import KeyWrapper, Wrapped

CallerId = NewType("CallerId", str)
"""`caller-` and 24 hexadecimal digits; public."""
SECRET_SIZE = 32  # octets, as HMAC-SHA-256 gains nothing from more (RFC 2104 3)
MAX_SWEPT = 1_000  # expired rows removed beside one write: the tables stay small, no write takes long


class Scope(enum.StrEnum):
    """A right that an act needs."""

    ISSUE = "certificates:issue"
    REVOKE = "certificates:revoke"
    READ = "certificates:read"
    CONTRACT = "contracts:write"
    """Make contracts, invite, void, open sign sessions."""
    CONTRACT_READ = "contracts:read"
    ADMIN = "admin"
    """All of them."""


@dataclass(frozen=True, slots=True)
class Caller:
    """A program that may call; `name` is chosen by the administrator and unique in the tenant."""

    caller_id: CallerId
    tenant: TenantId
    name: str
    scopes: frozenset[Scope]
    profiles: frozenset[str] | None
    """Those it may ask for certificates of; None for any."""
    created_at: datetime
    disabled_at: datetime | None

    def may(self, scope: Scope) -> bool:
        """Whether the caller has the right."""
        return scope in self.scopes or Scope.ADMIN in self.scopes


@dataclass(frozen=True, slots=True, repr=False)
class CallerSecret:
    """A caller with the secret it signs with; never printed."""

    caller: Caller
    secret: bytes


class CallerStore:
    """Callers inside the caller's transaction. A thief of the table learns names and scopes, no secret."""

    def __init__(self, connection: sa.Connection, wrapper: KeyWrapper, tenant: TenantId) -> None:
        self._connection = connection
        self._wrapper = wrapper
        self._tenant = tenant

    def add(
        self, name: str, scopes: Iterable[Scope], profiles: Iterable[str] | None, at: datetime
    ) -> CallerSecret:
        """A new caller and its secret, which is shown once; raises `CallerExists`."""
        caller = Caller(
            caller_id=CallerId(f"caller-{secrets.token_hex(12)}"),
            tenant=self._tenant,
            name=name,
            scopes=frozenset(scopes),
            profiles=None if profiles is None else frozenset(profiles),
            created_at=at,
            disabled_at=None,
        )
        secret = secrets.token_bytes(SECRET_SIZE)
        row = {
            "caller_id": caller.caller_id,
            "tenant": caller.tenant,
            "name": name,
            "scopes": " ".join(sorted(caller.scopes)),
            "profiles": None if caller.profiles is None else " ".join(sorted(caller.profiles)),
            "secret": self._wrapper.wrap(secret, _context(caller.caller_id)),
            "created_at": to_micros(at),
        }
        try:
            with self._connection.begin_nested():
                self._connection.execute(sa.insert(callers).values(row))
        except IntegrityError as error:
            raise CallerExists(name) from error
        return CallerSecret(caller, secret)

    def list(self) -> Sequence[Caller]:
        """The tenant's callers by name, disabled ones too."""
        query = sa.select(callers).where(callers.c.tenant == self._tenant).order_by(callers.c.name)
        return [_caller(row) for row in self._connection.execute(query)]

    def find(self, caller_id: CallerId) -> CallerSecret | None:
        """A caller that is not disabled, with its secret."""
        query = sa.select(callers).where(callers.c.caller_id == caller_id, callers.c.disabled_at.is_(None))
        row = self._connection.execute(query).one_or_none()
        if row is None:
            return None
        return CallerSecret(_caller(row), self._wrapper.unwrap(bytes(row.secret), _context(caller_id)))

    def disable(self, name: str, at: datetime) -> Caller:
        """From now on it is refused, for good; raises `CallerNotFound`."""
        mine = sa.and_(callers.c.tenant == self._tenant, callers.c.name == name)
        change = (
            sa.update(callers).where(mine, callers.c.disabled_at.is_(None)).values(disabled_at=to_micros(at))
        )
        self._connection.execute(change)
        row = self._connection.execute(sa.select(callers).where(mine)).one_or_none()
        if row is None:
            raise CallerNotFound(name)
        return _caller(row)

    def use_nonce(self, caller_id: CallerId, nonce: str, *, now: datetime, until: datetime) -> bool:
        """Remember a nonce until its timestamp is refused anyway; False when it was used before."""
        old = sa.select(nonces.c.caller_id, nonces.c.nonce).where(nonces.c.expires_at < to_micros(now))
        expired = [tuple(row) for row in self._connection.execute(old.limit(MAX_SWEPT))]
        if expired:
            place = sa.tuple_(nonces.c.caller_id, nonces.c.nonce)
            self._connection.execute(sa.delete(nonces).where(place.in_(expired)))
        row = {"caller_id": caller_id, "nonce": nonce, "expires_at": to_micros(until)}
        try:
            with self._connection.begin_nested():
                self._connection.execute(sa.insert(nonces).values(row))
        except IntegrityError:
            return False
        return True

    def wrapped_page(self, after: tuple[str, ...] | None, limit: int) -> Sequence[Wrapped]:
        """Secrets by caller (`evidence.ports.WrappedValues`), for the rotation of the master key."""
        query = sa.select(callers.c.caller_id, callers.c.secret).order_by(callers.c.caller_id).limit(limit)
        if after is not None:
            query = query.where(callers.c.caller_id > after[0])
        return [
            Wrapped((row.caller_id,), _context(row.caller_id), bytes(row.secret))
            for row in self._connection.execute(query)
        ]

    def rewrap(self, place: tuple[str, ...], old: bytes, new: bytes) -> bool:
        """Only where the old value still lies."""
        change = sa.update(callers).where(callers.c.caller_id == place[0], callers.c.secret == old)
        return self._connection.execute(change.values(secret=new)).rowcount == 1


def _context(caller_id: CallerId) -> bytes:
    return f"xinqian/caller-secret\x00{caller_id}".encode()


def _caller(row: sa.Row[Any]) -> Caller:
    return Caller(
        caller_id=CallerId(row.caller_id),
        tenant=TenantId(row.tenant),
        name=row.name,
        scopes=frozenset(Scope(scope) for scope in row.scopes.split()),
        profiles=None if row.profiles is None else frozenset(row.profiles.split()),
        created_at=from_micros(row.created_at),
        disabled_at=None if row.disabled_at is None else from_micros(row.disabled_at),
    )
