"""Identify a party: ask the bureau, record question and answer by digest, keep what matched as proof."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from evidence.canonical import JSON
from evidence.clock import Clock, rfc3339
from evidence.digest import DigestPair, sha256
from evidence.event import EventType, Result
from signing.admit import Admitted, admit
from signing.contract import new_identifier
from signing.contract_ports import SigningUnits
from signing.contract_record import NOWHERE, draft, failure, party_actor
from signing.errors import (
    IdentityRefused,
    ProofExpired,
    ProviderUnavailable,
    Refused,
    TooManyRequests,
    ValuesInvalid,
)
from signing.identity import Answer, Enquiry, IdentityProvider, Method, Subject, Verdict
from signing.proof import Concluded, IdentityProof, conclude
from signing.session import Origin

MAX_ENQUIRIES_PER_DAY = 10  # about one party: a bureau charges for each, and guessing has to end
DAY = timedelta(days=1)
_ELEMENTS = {
    Method.TWO_ELEMENTS: ("id_number", "name"),
    Method.THREE_ELEMENTS: ("id_number", "mobile", "name"),
    Method.FOUR_ELEMENTS: ("card", "id_number", "mobile", "name"),
    Method.FACE: ("face", "id_number", "name"),
    Method.ENTERPRISE: ("credit_code", "name", "representative"),
}
_REASONS = {
    Verdict.MISMATCH: "the elements do not belong together",
    Verdict.NOT_FOUND: "the source knows nobody of these elements",
    Verdict.DOCUMENT_LOST: "the identity document was reported lost or is out of date",
}


@dataclass(frozen=True, slots=True)
class Identified:
    """What one enquiry proved, and whether all that the party has to prove is proven by now."""

    proof: IdentityProof
    concluded: Concluded | None
    """None while another method is still asked for."""


class Identification:
    """Proves who a party is. Asking the bureau happens between two transactions, never inside one."""

    def __init__(self, units: SigningUnits, provider: IdentityProvider, clock: Clock) -> None:
        self._units = units
        self._provider = provider
        self._clock = clock

    def prove(
        self,
        token: str,
        method: Method,
        *,
        card: str | None = None,
        face_token: str | None = None,
        origin: Origin = NOWHERE,
    ) -> Identified:
        """One enquiry about the party of a session.

        Raises `IdentityRefused` with the bureau's verdict, `ProviderUnavailable`, `TooManyRequests`,
        `ValuesInvalid` for a method that lacks what it compares, and as `signing.admit.admit`; what the
        bureau answered, or that it did not, is recorded first.
        """
        # 1. the question is recorded before it is asked, so that a missing answer shows
        # 2. ask, outside any transaction
        # 3. the answer, by digest; a match becomes a proof, and enough of them a conclusion
        now = self._clock.now()
        enquiry, admitted = self._request(token, method, card, face_token, origin, now)  # 1
        try:
            answer = self._provider.check(enquiry)  # 2
        except ProviderUnavailable as error:
            self._unanswered(admitted, enquiry, error)
            raise
        return self._respond(token, admitted, enquiry, answer)  # 3

    def _request(
        self,
        token: str,
        method: Method,
        card: str | None,
        face_token: str | None,
        origin: Origin,
        now: datetime,
    ) -> tuple[Enquiry, Admitted]:
        with self._units() as unit:
            admitted = admit(unit, token, "prove the identity", now)
            party = admitted.party
            subject = party.subject(method, card=card, face_token=face_token)
            _require_elements(method, subject)
            count = unit.sign_sessions.count_enquiry(party.party_id, now, now - DAY)
            if count > MAX_ENQUIRIES_PER_DAY:
                raise TooManyRequests("identity enquiry", int(DAY.total_seconds()))
            enquiry = Enquiry(method, subject, new_identifier(now))
            facts: dict[str, JSON] = {
                "elements": list(_ELEMENTS[method]),
                "method": method.value,
                "provider": self._provider.name,
                "session": admitted.session.session_id,
                "simulated": self._provider.simulated,
                "transaction": enquiry.transaction,
            }
            event = draft(
                EventType.IDV_REQUEST, admitted.contract, party_actor(party), now, facts, origin=origin
            )
            unit.log.append([event])
        return enquiry, admitted

    def _unanswered(self, admitted: Admitted, enquiry: Enquiry, error: ProviderUnavailable) -> None:
        now = self._clock.now()
        facts: dict[str, JSON] = {"provider": self._provider.name, "transaction": enquiry.transaction}
        actor = party_actor(admitted.party)
        kind = EventType.IDV_RESPONSE
        with self._units() as unit:
            unit.log.append([draft(kind, admitted.contract, actor, now, facts, result=failure(error))])

    def _respond(self, token: str, admitted: Admitted, enquiry: Enquiry, answer: Answer) -> Identified:
        now = self._clock.now()
        verdict = answer.verdict
        facts: dict[str, JSON] = {
            "answered_at": rfc3339(answer.answered_at),
            "method": enquiry.method.value,
            "provider": self._provider.name,
            "reference": answer.reference,
            "request": DigestPair.of(answer.request).as_json(),
            "response": DigestPair.of(answer.response).as_json(),
            "score": answer.score,
            "transaction": enquiry.transaction,
            "verdict": verdict.value,
        }
        result = Result() if verdict is Verdict.MATCH else Result("identity-refused", verdict.value)
        actor = party_actor(admitted.party)
        kind = EventType.IDV_RESPONSE
        with self._units() as unit:  # whatever became of the session while the bureau thought
            unit.log.append([draft(kind, admitted.contract, actor, now, facts, result=result)])
        if verdict is not Verdict.MATCH:
            raise IdentityRefused(verdict.value, _REASONS[verdict])
        proof = IdentityProof(
            method=enquiry.method,
            provider=self._provider.name,
            reference=answer.reference,
            transaction=enquiry.transaction,
            response_sha256=sha256(answer.response),
            simulated=self._provider.simulated,
            at=now,
            score=answer.score,
        )
        return self._keep(token, proof, now)

    def _keep(self, token: str, proof: IdentityProof, now: datetime) -> Identified:
        with self._units() as unit:
            admitted = admit(unit, token, "prove the identity", now)
            party = admitted.party
            concluded = _conclude(admitted, [*unit.sign_sessions.proofs(party.party_id), proof], now)
            record = ""
            if concluded is not None:
                kind, actor = EventType.IDV_CONCLUDED, party_actor(party)
                event = draft(kind, admitted.contract, actor, now, _facts(concluded))
                (recorded,) = unit.log.append([event])
                record = recorded.event_id
            unit.sign_sessions.add_proof(party.party_id, proof, record)
        return Identified(proof, concluded)


def _conclude(admitted: Admitted, proofs: Sequence[IdentityProof], at: datetime) -> Concluded | None:
    try:
        return conclude(admitted.party.profile, proofs, at)
    except (ProofExpired, Refused):
        return None


def _facts(concluded: Concluded) -> dict[str, JSON]:
    return {
        "assurance": concluded.assurance,
        "methods": list(concluded.methods),
        "simulated": concluded.simulated,
        "transactions": [one.transaction for one in concluded.proofs],
        "valid_until": rfc3339(concluded.valid_until),
        "verified_at": rfc3339(concluded.verified_at),
    }


def _require_elements(method: Method, subject: Subject) -> None:
    needed = {
        Method.THREE_ELEMENTS: ("mobile",),
        Method.FOUR_ELEMENTS: ("mobile", "card"),
        Method.FACE: ("face_token",),
        Method.ENTERPRISE: ("representative",),
    }
    for name in needed.get(method, ()):
        if not getattr(subject, name):
            raise ValuesInvalid(name, f"is needed for {method.value}")
