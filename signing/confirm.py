"""Confirm a party's intent: put the statement before it, send a code bound to it, take the code back."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime

from evidence.canonical import JSON
from evidence.clock import Clock, rfc3339
from evidence.digest import sha256
from evidence.event import Draft, EventType
from signing.admit import Admitted, admit
from signing.attend import require_power
from signing.challenge import (
    CODE_DIGITS,
    CODE_LIFE,
    DAY,
    Challenge,
    ChallengeId,
    ChallengeState,
    judge,
    new_challenge,
    require_may_send,
)
from signing.contract import new_identifier
from signing.contract_ports import SigningUnit, SigningUnits
from signing.contract_record import NOWHERE, draft, failure, intent_facts, party_actor
from signing.errors import (
    ChallengeExpired,
    ChallengeFailed,
    ChallengeLocked,
    ProviderUnavailable,
    Refused,
)
from signing.intent import Intent, IntentId, require_same_text, state_intent
from signing.message import MessageSender, Receipt, ShortMessage
from signing.party import PartyState, check_mobile, masked_mobile
from signing.proof import conclude
from signing.session import Origin, require_consents, require_read
from signing.transition import advance_party

PREPARED = 1  # number of the revision in which the text stands and nobody has signed
CLICK, ONE_TIME_CODE = "click", "one-time-code"


@dataclass(frozen=True, slots=True)
class Ticket:
    """A code is on its way; the code itself is in the message alone."""

    challenge_id: ChallengeId
    target: str = field(repr=False)
    """The mobile number, masked."""
    expires_at: datetime


class Confirmation:
    """Use cases that end in INTENT_CONFIRMED."""

    def __init__(self, units: SigningUnits, sender: MessageSender, clock: Clock) -> None:
        self._units = units
        self._sender = sender
        self._clock = clock

    def state(self, token: str) -> Intent:
        """The statement of what the party agrees to, about the revision that it was shown.

        Raises `Refused` for what is missing (reading, a consent, proof of identity, a power in force),
        `ProofExpired`, and as `signing.admit.admit`.
        """
        now = self._clock.now()
        with self._units() as unit:
            admitted = admit(unit, token, "confirm", now)
            contract, party = admitted.contract, admitted.party
            shown = require_read(admitted.session, party.profile)
            require_consents(admitted.session, party.profile)
            require_power(contract, party, now)
            conclude(party.profile, unit.sign_sessions.proofs(party.party_id), now)
            revisions = unit.documents.revisions(contract.document_id)
            statement = state_intent(contract, party, shown, revisions[PREPARED].digests, now)
            intent = Intent(
                intent_id=IntentId(new_identifier(now)),
                contract_id=contract.contract_id,
                party_id=party.party_id,
                session_id=admitted.session.session_id,
                statement=statement,
                shown=shown,
                stated_at=now,
            )
            require_same_text(intent, revisions)
            unit.sign_sessions.add_intent(intent)
        return intent

    def send_code(self, token: str, intent_id: IntentId, origin: Origin = NOWHERE) -> Ticket:
        """A one-time code to the signer's mobile number, bound to the statement.

        Raises `TooManyRequests`, `ChallengeLocked`, `ProviderUnavailable` (recorded), `NotFound` for
        another party's statement, and as `signing.admit.admit`.
        """
        now = self._clock.now()
        with self._units() as unit:
            admitted = admit(unit, token, "ask for a code", now)
            contract, party = admitted.contract, admitted.party
            intent = _own_intent(unit, admitted, intent_id)
            mobile = check_mobile(party.signer.mobile, "mobile")
            require_may_send(
                unit.sign_sessions.codes_of_party(party.party_id, now - DAY),
                unit.sign_sessions.codes_to_mobile(mobile, now - DAY),
                now,
            )
            challenge, code = new_challenge(
                ChallengeId(new_identifier(now)),
                contract.contract_id,
                party.party_id,
                intent_id,
                intent.statement.digests,
                now,
            )
            unit.sign_sessions.add_challenge(challenge, mobile)
            unit.log.append([_issued(admitted, intent, challenge, mobile, origin)])
        self._send(admitted, challenge, mobile, _text(code, contract.title))
        return Ticket(challenge.challenge_id, masked_mobile(mobile), challenge.expires_at)

    def _send(self, admitted: Admitted, challenge: Challenge, mobile: str, text: str) -> None:
        receipt: Receipt | None = None
        error: ProviderUnavailable | None = None
        try:
            receipt = self._sender.send(ShortMessage(mobile, text, challenge.challenge_id))
        except ProviderUnavailable as caught:
            error = caught
        facts: dict[str, JSON] = {
            "challenge": challenge.challenge_id,
            "gateway": self._sender.name,
            "simulated": self._sender.simulated,
        }
        if receipt is not None:
            facts |= {
                "accepted_at": rfc3339(receipt.accepted_at),
                "message": receipt.message_id,
                "receipt_sha256": sha256(receipt.response).hex(),
            }
        now = self._clock.now()
        actor = party_actor(admitted.party)
        event = draft(EventType.OTP_SENT, admitted.contract, actor, now, facts)
        with self._units() as unit:
            unit.log.append([event if error is None else replace(event, result=failure(error))])
        if error is not None:
            raise error

    def confirm(
        self,
        token: str,
        intent_id: IntentId,
        *,
        challenge_id: ChallengeId | None = None,
        code: str | None = None,
        origin: Origin = NOWHERE,
    ) -> Intent:
        """The party agrees to the statement; by its code where the profile asks for one.

        Raises `ChallengeFailed` and what is under it, counted and recorded before it is told; `Refused`
        for what is missing, and as `signing.admit.admit`.
        """
        now = self._clock.now()
        error: ChallengeFailed | None = None
        with self._units() as unit:
            admitted = admit(unit, token, "confirm", now)
            intent = _own_intent(unit, admitted, intent_id)
            require_same_text(intent, unit.documents.revisions(admitted.contract.document_id))
            factors: tuple[str, ...] = (CLICK,)
            if admitted.party.profile.one_time_code:
                if challenge_id is None or code is None:
                    raise Refused("code", "is needed to confirm")
                error = _take(unit, admitted, intent, (challenge_id, code), origin, now)
                factors = (CLICK, ONE_TIME_CODE)
            confirmed = replace(intent, confirmed_at=now, factors=factors)
            if error is None:
                unit.sign_sessions.confirm_intent(intent_id, now, factors)
                if advance_party(admitted.party, PartyState.CONFIRMED, "confirm") is not admitted.party.state:
                    unit.contracts.move_party(admitted.party, PartyState.CONFIRMED, now)
                unit.log.append([_confirmed(admitted, confirmed, origin, now)])
        if error is not None:
            raise error
        return confirmed


def _own_intent(unit: SigningUnit, admitted: Admitted, intent_id: IntentId) -> Intent:
    """The statement, made in this session; raises `NotFound`, `Refused`."""
    intent = unit.sign_sessions.intent(intent_id)
    if intent.session_id != admitted.session.session_id:
        raise Refused("intent", "was stated in another session")
    return intent


def _take(
    unit: SigningUnit,
    admitted: Admitted,
    intent: Intent,
    given: tuple[ChallengeId, str],
    origin: Origin,
    now: datetime,
) -> ChallengeFailed | None:
    """Judge the code, store and record the outcome; what the party is to be told, None for a right one."""
    challenge_id, code = given
    challenge = unit.sign_sessions.challenge(challenge_id)
    if challenge.party_id != admitted.party.party_id or challenge.intent_id != intent.intent_id:
        raise Refused("challenge", "is of another statement")
    judged = judge(challenge, intent.statement.digests, code, now)
    unit.sign_sessions.save_challenge(judged.challenge)
    facts: dict[str, JSON] = {
        "attempts": judged.challenge.attempts,
        "challenge": challenge.challenge_id,
        "elapsed_ms": int((now - challenge.issued_at).total_seconds() * 1_000),
    }
    kind = _KINDS[judged.challenge.state] if judged.error is None else _failed(judged.error)
    event = draft(kind, admitted.contract, party_actor(admitted.party), now, facts, origin=origin)
    unit.log.append([event if judged.error is None else replace(event, result=failure(judged.error))])
    return judged.error


_KINDS = {ChallengeState.VERIFIED: EventType.OTP_VERIFIED}


def _failed(error: ChallengeFailed) -> EventType:
    if isinstance(error, ChallengeLocked):
        return EventType.OTP_LOCKED
    return EventType.OTP_EXPIRED if isinstance(error, ChallengeExpired) else EventType.OTP_FAILED


def _issued(admitted: Admitted, intent: Intent, challenge: Challenge, mobile: str, origin: Origin) -> Draft:
    facts: dict[str, JSON] = {
        "challenge": challenge.challenge_id,
        "digits": CODE_DIGITS,
        "expires_at": rfc3339(challenge.expires_at),
        "intent": intent.intent_id,
        "mac": challenge.mac.hex(),
        "shown": intent.shown.digests.as_json(),
        "statement": intent.statement.digests.as_json(),
    }
    personal: dict[str, JSON] = {"target": masked_mobile(mobile)}
    kind, contract = EventType.OTP_ISSUED, admitted.contract
    actor = party_actor(admitted.party)
    return draft(kind, contract, actor, challenge.issued_at, facts, personal=personal, origin=origin)


def _confirmed(admitted: Admitted, intent: Intent, origin: Origin, at: datetime) -> Draft:
    facts: dict[str, JSON] = {
        **intent_facts(admitted.contract, intent),
        "factors": list(intent.factors),
        "role": admitted.party.role.value,
    }
    personal: dict[str, JSON] = {"statement": intent.statement.data.decode()}
    kind, actor = EventType.INTENT_CONFIRMED, party_actor(admitted.party)
    return draft(kind, admitted.contract, actor, at, facts, personal=personal, origin=origin)


def _text(code: str, title: str) -> str:
    minutes = int(CODE_LIFE.total_seconds() // 60)
    return f"验证码{code}，{minutes}分钟内有效，用于签署《{title}》。请勿告知他人，工作人员不会索要。"
