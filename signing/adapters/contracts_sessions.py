"""Sessions, proofs, intents and challenges in SQL; statements and the keys of codes are sealed."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from evidence.clock import from_micros, to_micros
from evidence.event import TenantId
from evidence.ports import KeyWrapper
from signing import contract_json as codec
from signing.adapters.contracts import Lookup
from signing.adapters.contracts_tables import challenges, intents, notices, proofs, sessions
from signing.challenge import Challenge, ChallengeId, ChallengeState, Sent
from signing.contract import ContractId, new_identifier
from signing.errors import NotFound
from signing.identity import Method
from signing.intent import Intent, IntentId, read_statement
from signing.party import PartyId
from signing.proof import IdentityProof
from signing.session import Session, SessionEnd, SessionId

INTENT_CONTEXT = b"signing/intent\0"
CHALLENGE_CONTEXT = b"signing/challenge\0"
ENQUIRY = "enquiry"  # beside reminders in the table of notices


class SqlSessionStore:
    """`SessionStore` over one connection's transaction."""

    def __init__(self, connection: sa.Connection, wrapper: KeyWrapper, tenant: TenantId) -> None:
        self._connection = connection
        self._wrapper = wrapper
        self._lookup = Lookup(connection, wrapper, tenant)

    def add(self, session: Session) -> None:
        self._connection.execute(sa.insert(sessions).values(_session_row(session)))

    def by_token(self, digest: bytes) -> Session:
        query = sa.select(sessions).where(sessions.c.token_digest == digest)
        row = self._connection.execute(query).one_or_none()
        if row is None:
            raise NotFound("session", "-")
        return _session(row)

    def save(self, session: Session) -> None:
        here = sessions.c.session_id == session.session_id
        self._connection.execute(sa.update(sessions).where(here).values(_session_row(session)))

    def open_of(self, party_id: PartyId) -> Sequence[Session]:
        query = sa.select(sessions).where(sessions.c.party_id == party_id, sessions.c.end.is_(None))
        return [_session(row) for row in self._connection.execute(query.order_by(sessions.c.session_id))]

    def opened_since(self, party_id: PartyId, since: datetime) -> int:
        mine = sessions.c.party_id == party_id, sessions.c.created_at > to_micros(since)
        query = sa.select(sa.func.count()).select_from(sessions).where(*mine)
        return int(self._connection.execute(query).scalar_one())

    def add_proof(self, party_id: PartyId, proof: IdentityProof, record_id: str) -> None:
        row = {
            "transaction": proof.transaction,
            "party_id": party_id,
            "method": proof.method.value,
            "provider": proof.provider,
            "reference": proof.reference,
            "response_sha256": proof.response_sha256,
            "simulated": proof.simulated,
            "at": to_micros(proof.at),
            "score": proof.score,
            "record": record_id,
        }
        self._connection.execute(sa.insert(proofs).values(row))

    def proofs(self, party_id: PartyId) -> Sequence[IdentityProof]:
        query = sa.select(proofs).where(proofs.c.party_id == party_id).order_by(proofs.c.at)
        return [
            IdentityProof(
                method=Method(row.method),
                provider=row.provider,
                reference=row.reference,
                transaction=row.transaction,
                response_sha256=bytes(row.response_sha256),
                simulated=bool(row.simulated),
                at=from_micros(row.at),
                score=row.score,
            )
            for row in self._connection.execute(query)
        ]

    def record_of(self, party_id: PartyId) -> str:
        mine = proofs.c.party_id == party_id, proofs.c.record != ""
        query = sa.select(proofs.c.record).where(*mine).order_by(proofs.c.at.desc()).limit(1)
        return str(self._connection.execute(query).scalar() or "")

    def count_enquiry(self, party_id: PartyId, at: datetime, since: datetime) -> int:
        row = {"notice_id": new_identifier(at), "party_id": party_id, "kind": ENQUIRY, "at": to_micros(at)}
        self._connection.execute(sa.insert(notices).values(row))
        mine = notices.c.party_id == party_id, notices.c.kind == ENQUIRY, notices.c.at > to_micros(since)
        query = sa.select(sa.func.count()).select_from(notices).where(*mine)
        return int(self._connection.execute(query).scalar_one())

    def add_intent(self, intent: Intent) -> None:
        context = INTENT_CONTEXT + intent.intent_id.encode()
        row = {
            "intent_id": intent.intent_id,
            "contract_id": intent.contract_id,
            "party_id": intent.party_id,
            "session_id": intent.session_id,
            "shown": json.dumps(codec.shown_json(intent.shown)),
            "statement": self._wrapper.wrap(intent.statement.data, context),
            "stated_at": to_micros(intent.stated_at),
            "confirmed_at": codec.micros(intent.confirmed_at),
            "factors": " ".join(intent.factors),
        }
        self._connection.execute(sa.insert(intents).values(row))

    def intent(self, intent_id: IntentId) -> Intent:
        query = sa.select(intents).where(intents.c.intent_id == intent_id)
        row = self._connection.execute(query).one_or_none()
        if row is None:
            raise NotFound("intent", intent_id)
        return self._intent(row)

    def newest_intent(self, party_id: PartyId) -> Intent | None:
        query = sa.select(intents).where(intents.c.party_id == party_id, intents.c.confirmed_at.is_not(None))
        row = self._connection.execute(query.order_by(intents.c.confirmed_at.desc()).limit(1)).one_or_none()
        return None if row is None else self._intent(row)

    def confirm_intent(self, intent_id: IntentId, at: datetime, factors: tuple[str, ...]) -> None:
        change = sa.update(intents).where(intents.c.intent_id == intent_id)
        self._connection.execute(change.values(confirmed_at=to_micros(at), factors=" ".join(factors)))

    def add_challenge(self, challenge: Challenge, mobile: str) -> None:
        mine = challenges.c.party_id == challenge.party_id
        waiting = challenges.c.state == ChallengeState.ISSUED.value
        gone = sa.update(challenges).where(mine, waiting).values(state=ChallengeState.SUPERSEDED.value)
        self._connection.execute(gone)
        context = CHALLENGE_CONTEXT + challenge.challenge_id.encode()
        row = {
            "challenge_id": challenge.challenge_id,
            "contract_id": challenge.contract_id,
            "party_id": challenge.party_id,
            "intent_id": challenge.intent_id,
            "mobile": self._lookup.name("mobile", mobile),
            "key": self._wrapper.wrap(challenge.key, context),
            "mac": challenge.mac,
            "issued_at": to_micros(challenge.issued_at),
            "expires_at": to_micros(challenge.expires_at),
            "attempts": challenge.attempts,
            "state": challenge.state.value,
            "locked_until": codec.micros(challenge.locked_until),
        }
        self._connection.execute(sa.insert(challenges).values(row))

    def challenge(self, challenge_id: ChallengeId) -> Challenge:
        query = sa.select(challenges).where(challenges.c.challenge_id == challenge_id)
        row = self._connection.execute(query).one_or_none()
        if row is None:
            raise NotFound("challenge", challenge_id)
        return Challenge(
            challenge_id=ChallengeId(row.challenge_id),
            contract_id=ContractId(row.contract_id),
            party_id=PartyId(row.party_id),
            intent_id=IntentId(row.intent_id),
            key=self._wrapper.unwrap(bytes(row.key), CHALLENGE_CONTEXT + row.challenge_id.encode()),
            mac=bytes(row.mac),
            issued_at=from_micros(row.issued_at),
            expires_at=from_micros(row.expires_at),
            attempts=row.attempts,
            state=ChallengeState(row.state),
            locked_until=codec.moment(row.locked_until),
        )

    def save_challenge(self, challenge: Challenge) -> None:
        change = sa.update(challenges).where(challenges.c.challenge_id == challenge.challenge_id)
        values = {
            "attempts": challenge.attempts,
            "state": challenge.state.value,
            "locked_until": codec.micros(challenge.locked_until),
        }
        self._connection.execute(change.values(values))

    def codes_of_party(self, party_id: PartyId, since: datetime) -> Sequence[Sent]:
        return self._codes(challenges.c.party_id == party_id, since)

    def codes_to_mobile(self, mobile: str, since: datetime) -> Sequence[Sent]:
        return self._codes(challenges.c.mobile == self._lookup.name("mobile", mobile), since)

    def _codes(self, whose: sa.ColumnElement[bool], since: datetime) -> list[Sent]:
        query = sa.select(challenges.c.issued_at, challenges.c.locked_until).where(
            whose, challenges.c.issued_at > to_micros(since)
        )
        return [
            Sent(from_micros(row.issued_at), codec.moment(row.locked_until))
            for row in self._connection.execute(query.order_by(challenges.c.issued_at))
        ]

    def _intent(self, row: sa.Row[Any]) -> Intent:
        context = INTENT_CONTEXT + row.intent_id.encode()
        return Intent(
            intent_id=IntentId(row.intent_id),
            contract_id=ContractId(row.contract_id),
            party_id=PartyId(row.party_id),
            session_id=SessionId(row.session_id),
            statement=read_statement(self._wrapper.unwrap(bytes(row.statement), context)),
            shown=codec.shown_of(json.loads(row.shown)),
            stated_at=from_micros(row.stated_at),
            confirmed_at=codec.moment(row.confirmed_at),
            factors=tuple(row.factors.split()),
        )


def _session_row(session: Session) -> dict[str, object]:
    progress = {
        "consents": [codec.consent_json(one) for one in session.consents],
        "shown": None if session.shown is None else codec.shown_json(session.shown),
        "view": None if session.view is None else codec.view_json(session.view),
    }
    return {
        "session_id": session.session_id,
        "contract_id": session.contract_id,
        "party_id": session.party_id,
        "token_digest": session.token_digest,
        "created_at": to_micros(session.created_at),
        "expires_at": to_micros(session.expires_at),
        "progress": json.dumps(progress, sort_keys=True),
        "end": None if session.end is None else session.end.value,
        "ended_at": codec.micros(session.ended_at),
    }


def _session(row: sa.Row[Any]) -> Session:
    progress = json.loads(row.progress)
    return Session(
        session_id=SessionId(row.session_id),
        contract_id=ContractId(row.contract_id),
        party_id=PartyId(row.party_id),
        token_digest=bytes(row.token_digest),
        created_at=from_micros(row.created_at),
        expires_at=from_micros(row.expires_at),
        shown=codec.optional(codec.shown_of, progress["shown"]),
        view=codec.optional(codec.view_of, progress["view"]),
        consents=tuple(codec.consent_of(one) for one in progress["consents"]),
        end=None if row.end is None else SessionEnd(row.end),
        ended_at=codec.moment(row.ended_at),
    )
