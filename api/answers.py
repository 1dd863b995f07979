"""Answers kept for retries: one Idempotency-Key, one act, one answer byte for byte."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError

from api.callers import MAX_SWEPT, CallerId
from api.errors import IdempotencyInProgress, IdempotencyKeyReused
from api.tables import answers
from evidence.clock import from_micros, to_micros
from evidence.ports import KeyWrapper, Wrapped

KEPT = timedelta(hours=24)  # the interface's promise
LEASE = timedelta(minutes=2)
"""After which a claim without an answer is a dead process's; no request of ours works nearly as long.
The act itself refuses to happen twice: a public key is certified once, a certificate revoked once."""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as it left."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to act under a key; its token keeps a late process from overwriting a later answer."""

    caller_id: CallerId
    key: str
    token: str


class AnswerStore:
    """Claims and answers inside the caller's transaction."""

    def __init__(self, connection: sa.Connection, wrapper: KeyWrapper) -> None:
        self._connection = connection
        self._wrapper = wrapper

    def claim(self, caller_id: CallerId, key: str, request: bytes, now: datetime) -> Claim | Answer:
        """The right to act, or the answer that the act had.

        `request` is what must be the same in a retry. Raises `IdempotencyKeyReused` when it is not,
        `IdempotencyInProgress` while another holds the claim.
        """
        self._sweep(now)
        digest = hashlib.sha256(request).digest()
        claim = Claim(caller_id, key, secrets.token_hex(16))
        row = {
            "caller_id": caller_id,
            "idempotency_key": key,
            "request_digest": digest,
            "claim": claim.token,
            "claimed_at": to_micros(now),
            "expires_at": to_micros(now + KEPT),
        }
        try:
            with self._connection.begin_nested():
                self._connection.execute(sa.insert(answers).values(row))
        except IntegrityError:
            return self._earlier(claim, digest, now)
        return claim

    def _earlier(self, claim: Claim, digest: bytes, now: datetime) -> Claim | Answer:
        row = self._connection.execute(
            sa.select(answers).where(*_place(claim.caller_id, claim.key)).with_for_update()
        ).one()
        if bytes(row.request_digest) != digest:
            raise IdempotencyKeyReused
        if row.status is not None:
            body = self._wrapper.unwrap(bytes(row.body), _context(claim.caller_id, claim.key))
            return Answer(row.status, tuple((name, value) for name, value in json.loads(row.headers)), body)
        if now < from_micros(row.claimed_at) + LEASE:
            raise IdempotencyInProgress
        take = {"claim": claim.token, "claimed_at": to_micros(now)}
        self._connection.execute(sa.update(answers).where(*_place(claim.caller_id, claim.key)).values(take))
        return claim

    def keep(self, claim: Claim, answer: Answer) -> None:
        """The act's answer, unless the claim was taken over."""
        values = {
            "status": answer.status,
            "headers": json.dumps(answer.headers),
            "body": self._wrapper.wrap(answer.body, _context(claim.caller_id, claim.key)),
        }
        self._connection.execute(sa.update(answers).where(*_claimed(claim)).values(values))

    def release(self, claim: Claim) -> None:
        """Nothing happened: the key may be tried again."""
        self._connection.execute(sa.delete(answers).where(*_claimed(claim), answers.c.status.is_(None)))

    def wrapped_page(self, after: tuple[str, ...] | None, limit: int) -> Sequence[Wrapped]:
        """Answers by caller and key (`evidence.ports.WrappedValues`), for the rotation of the master key."""
        caller_id, key = answers.c.caller_id, answers.c.idempotency_key
        query = sa.select(caller_id, key, answers.c.body).where(answers.c.body.is_not(None))
        if after is not None:
            query = query.where(sa.tuple_(caller_id, key) > sa.tuple_(*map(sa.literal, after)))
        return [
            Wrapped(
                (row.caller_id, row.idempotency_key),
                _context(row.caller_id, row.idempotency_key),
                bytes(row.body),
            )
            for row in self._connection.execute(query.order_by(caller_id, key).limit(limit))
        ]

    def rewrap(self, place: tuple[str, ...], old: bytes, new: bytes) -> bool:
        """Only where the old value still lies."""
        change = sa.update(answers).where(*_place(CallerId(place[0]), place[1]), answers.c.body == old)
        return self._connection.execute(change.values(body=new)).rowcount == 1

    def _sweep(self, now: datetime) -> None:
        place = sa.tuple_(answers.c.caller_id, answers.c.idempotency_key)
        old = sa.select(answers.c.caller_id, answers.c.idempotency_key)
        old = old.where(answers.c.expires_at < to_micros(now)).limit(MAX_SWEPT)
        expired = [tuple(row) for row in self._connection.execute(old)]
        if expired:
            self._connection.execute(sa.delete(answers).where(place.in_(expired)))


def _place(caller_id: CallerId, key: str) -> tuple[sa.ColumnElement[bool], ...]:
    return answers.c.caller_id == caller_id, answers.c.idempotency_key == key


def _claimed(claim: Claim) -> tuple[sa.ColumnElement[bool], ...]:
    return *_place(claim.caller_id, claim.key), answers.c.claim == claim.token


def _context(caller_id: CallerId, key: str) -> bytes:
    return f"xinqian/answer\x00{caller_id}\x00{key}".encode()
