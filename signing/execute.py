"""Execute a party's act of signing: certificate for the act, signature on our own revision, timestamp."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from ca import issuelog
from ca.certificate import Certificate
from ca.errors import CaError
from ca.identity import IdentityRecord
from ca.issue import Issuance, event_order
from ca.order import Requester
from ca.registry import AuthorityId, AuthorityRole
from ca.serial import SerialNumber, serial_text
from evidence.canonical import JSON
from evidence.event import Draft, EventType
from keys.errors import KeysError
from keys.onetime import OneTimeKey
from keys.suites import DEFAULT_ALGORITHM
from signing.admit import Admitted, admit
from signing.attend import require_power
from signing.contract import Contract, new_identifier
from signing.contract_ports import Attempt, SigningUnit
from signing.contract_record import NOWHERE, draft, failure, intent_facts, party_actor, party_facts
from signing.document import Revision
from signing.errors import NotFound, Refused, RevisionConflict, SigningError, StateInvalid
from signing.execute_desk import SigningDesk
from signing.execute_embed import Embedded, embed
from signing.execute_land import Landed, chain_above, fence, finish, issuer_of, pending
from signing.execute_stamp import seal_at, seal_owner, signature_order
from signing.intent import Intent, require_same_text
from signing.party import Party, PartyState, Spot
from signing.place import Box
from signing.proof import conclude, identity_record, require_fresh_intent
from signing.seal_apply import SealApplication, apply_seal
from signing.seal_drawing import Drawing
from signing.seal_registry import drawing_of
from signing.session import Origin, SessionEnd, token_digest

MAX_CONFLICTS = 3  # times that another's revision came first, after this act took longer than its turn
REQUESTER = Requester("signing", profiles=frozenset({"person-event"}))


@dataclass(frozen=True, slots=True)
class Signed:
    """A party has signed: the certificate for the act, its revisions, and how the contract stands."""

    party: Party
    contract: Contract
    serial: SerialNumber
    revisions: tuple[Revision, ...]


@dataclass(frozen=True, slots=True)
class _Act:
    """What a party's act stands on, as it was checked."""

    admitted: Admitted
    intent: Intent
    identity: IdentityRecord
    authority: AuthorityId
    chain: tuple[Certificate, ...]
    revisions: tuple[Revision, ...]
    fields: tuple[Spot, ...]
    drawings: Mapping[str, Drawing]
    """Of the seals that the party's places name, by field."""


class Execution:
    """A party signs. What it stands on is in `signing.execute_turn`; the steps are in `sign`."""

    def __init__(self, desk: SigningDesk, issuance: Issuance) -> None:
        self._desk = desk
        self._issuance = issuance

    def sign(self, token: str, origin: Origin = NOWHERE, *, drawing: Drawing | None = None) -> Signed:
        """The party of a session signs every field of its own; the session is over when it has.

        `drawing` is its handwriting or name seal, shown in the place of its name.

        Raises what keeps it from signing: `StateInvalid`, `OrderNotReached`, `ProofExpired`, `Refused`,
        `TimestampUnavailable`, `TooManyRequests` when others keep the document busy,
        `ca.errors.CaError`, `keys.errors.KeysError`; each is recorded as SIGN_FAILED, and nothing of
        the signature is kept but the fields that are whole.
        """
        #   1. all that the act stands on holds now
        #   2. a key for the act; its attempt is written down together with the turn
        #   3. a certificate over key, identity and intent
        #   4. SIGN_REQUESTED, then each field: signature, timestamp, self-verified, stored, recorded
        #   5. with the last field: key destroyed and recorded, party SIGNED, session over, next invited
        for _ in range(MAX_CONFLICTS):
            act = self._check(token)  # 1
            try:
                return self._sign(act, origin, drawing)
            except RevisionConflict:
                continue
        return self._sign(self._check(token), origin, drawing)

    def _sign(self, act: _Act, origin: Origin, drawing: Drawing | None) -> Signed:
        contract, party = act.admitted.contract, act.admitted.party
        algorithm = DEFAULT_ALGORITHM[contract.suite]
        with OneTimeKey(algorithm, self._desk.clock, uses=len(act.fields)) as key:
            attempt = Attempt(  # 2
                attempt_id=new_identifier(self._desk.clock.now()),
                contract_id=contract.contract_id,
                document_id=contract.document_id,
                party_id=party.party_id,
                key_id=key.key_id,
                one_time=True,
                algorithm=algorithm.value,
                public_key=key.public.fingerprint,
                started_at=key.created_at,
            )
            self._desk.turns.take(contract, attempt.attempt_id, attempt)
            try:
                certificate = self._certify(act, key)  # 3
                landed, made = self._execute(act, key, attempt, certificate, origin, drawing)  # 4
            except BaseException as error:
                self._failed(act, key, attempt, error)
                raise
        contract = self._desk.after(landed)
        return Signed(landed.party, contract, SerialNumber(certificate.serial), made)

    def _check(self, token: str) -> _Act:
        now = self._desk.clock.now()
        try:
            with self._desk.units.reading() as unit:
                return _checked(unit, admit(unit, token, "sign", now, hold=False), now)
        except SigningError as error:
            self._refused(token, error, now)
            raise

    def _refused(self, token: str, error: SigningError, at: datetime) -> None:
        """Recorded in the contract's case, unless the token is of no session."""
        with self._desk.units() as unit:
            try:
                session = unit.sign_sessions.by_token(token_digest(token))
            except NotFound:
                return
            contract = unit.contracts.get(session.contract_id)
            party = contract.party(session.party_id)
            facts: dict[str, JSON] = {**party_facts(party), "session": session.session_id}
            kind, result = EventType.SIGN_FAILED, failure(error)
            unit.log.append([draft(kind, contract, party_actor(party), at, facts, result=result)])

    def _certify(self, act: _Act, key: OneTimeKey) -> Certificate:
        intent = act.intent.statement.digest(key.public.algorithm.digest)
        order = event_order(act.identity, intent, key, act.authority, REQUESTER)
        case_id = act.admitted.contract.case_id
        return self._issuance.issue(replace(order, case_id=case_id)).certificate

    def _execute(
        self,
        act: _Act,
        key: OneTimeKey,
        attempt: Attempt,
        certificate: Certificate,
        origin: Origin,
        drawing: Drawing | None,
    ) -> tuple[Landed, tuple[Revision, ...]]:
        contract, party = act.admitted.contract, act.admitted.party
        timestamps = self._desk.timestamps(contract.suite)
        made: list[Revision] = []
        landed: Landed | None = None
        while landed is None:
            with self._desk.units.reading() as unit:
                revisions = unit.documents.revisions(contract.document_id)
            require_same_text(act.intent, revisions)
            spot, *others = pending(party, revisions)
            now = self._desk.clock.now()
            shown = act.drawings.get(spot.field, drawing)
            self._requested(act, spot, shown, certificate, revisions[-1], origin, now)
            serial = serial_text(SerialNumber(certificate.serial))
            order = signature_order(contract, party, spot, serial, self._desk.face, shown, now)
            embedded = embed(self._desk.blobs, revisions, order, key, [certificate, *act.chain], timestamps)
            landed = self._land(act, key, attempt, embedded, last=not others)  # 5
            made.append(embedded.revision)
        return landed, tuple(made)

    def _requested(
        self,
        act: _Act,
        spot: Spot,
        shown: Drawing | None,
        certificate: Certificate,
        before: Revision,
        origin: Origin,
        at: datetime,
    ) -> None:
        contract = act.admitted.contract
        facts: dict[str, JSON] = {
            **intent_facts(contract, act.intent),
            "before": before.digests.as_json(),
            "drawing": None if shown is None else shown.digests.as_json(),
            "field": spot.field,
            "identity_record": act.identity.record_id,
            "revision": before.number,
            "role": act.admitted.party.role.value,
            "serial": serial_text(SerialNumber(certificate.serial)),
        }
        actor = party_actor(act.admitted.party)
        kind = EventType.SIGN_REQUESTED
        with self._desk.units() as unit:
            unit.log.append([draft(kind, contract, actor, at, facts, origin=origin)])

    def _land(
        self, act: _Act, key: OneTimeKey, attempt: Attempt, embedded: Embedded, *, last: bool
    ) -> Landed | None:
        now = self._desk.clock.now()
        actor = party_actor(act.admitted.party)
        with self._desk.units() as unit:
            contract = fence(unit, attempt, embedded, now)
            _note_seal(unit, act, embedded, now)
            drafts: list[Draft] = embedded.drafts(contract, actor, now)
            landed = None
            if last:
                # Gone before the event that says so can be committed, and after the last that could fail.
                drafts.append(issuelog.destroyed(key.destroy(), contract.case_id))
            unit.log.append(drafts)
            if last:
                landed = finish(unit, contract, attempt, now)
                session = unit.sign_sessions.by_token(act.admitted.session.token_digest)
                unit.sign_sessions.save(replace(session, end=SessionEnd.SIGNED, ended_at=now))
        return landed

    def _failed(self, act: _Act, key: OneTimeKey, attempt: Attempt, error: BaseException) -> None:
        contract, party = act.admitted.contract, act.admitted.party
        known = isinstance(error, SigningError | CaError | KeysError)
        now = self._desk.clock.now()
        destroyed = issuelog.destroyed(key.destroy(), contract.case_id)
        facts: dict[str, JSON] = {**party_facts(party), "attempt": attempt.attempt_id}
        result = failure(error if known and isinstance(error, Exception) else SigningError())
        event = draft(EventType.SIGN_FAILED, contract, party_actor(party), now, facts, result=result)
        with self._desk.units() as unit:
            unit.log.append([event, destroyed])
            unit.documents.end(attempt.attempt_id)
            unit.documents.leave_turn(attempt.document_id, attempt.attempt_id)


def _checked(unit: SigningUnit, admitted: Admitted, at: datetime) -> _Act:
    contract, party = admitted.contract, admitted.party
    if party.state is not PartyState.CONFIRMED:
        raise StateInvalid("party", party.state.value, "sign")
    require_power(contract, party, at)
    intent = unit.sign_sessions.newest_intent(party.party_id)
    if intent is None or intent.confirmed_at is None:
        raise Refused("intent", "was not confirmed")
    require_fresh_intent(party.profile, intent.confirmed_at, at)
    concluded = conclude(party.profile, unit.sign_sessions.proofs(party.party_id), at)
    revisions = unit.documents.revisions(contract.document_id)
    require_same_text(intent, revisions)
    authority = issuer_of(unit.authorities, contract.suite, AuthorityRole.PERSON)
    identity = identity_record(
        concluded,
        record_id=unit.sign_sessions.record_of(party.party_id),
        name=party.signer.name,
        pseudonym=party.pseudonym,
    )
    return _Act(
        admitted=admitted,
        intent=intent,
        identity=identity,
        authority=authority,
        chain=tuple(chain_above(unit.authorities, authority)),
        revisions=tuple(revisions),
        fields=pending(party, revisions),
        drawings=_drawings(unit, party, at),
    )


def _drawings(unit: SigningUnit, party: Party, at: datetime) -> dict[str, Drawing]:
    found = {}
    for spot in party.spots:
        seal_id = seal_at(party, spot)
        if seal_id is not None:
            seal = unit.seals.get(seal_id)
            seal.require_usable(at)
            found[spot.field] = drawing_of(unit, seal)
    return found


def _note_seal(unit: SigningUnit, act: _Act, embedded: Embedded, at: datetime) -> None:
    """A seal that a party sets itself stands in the seal's ledger too, approved by the party's own intent."""
    party = act.admitted.party
    spot = next(one for one in party.spots if one.field == embedded.revision.field)
    seal_id = seal_at(party, spot)
    if seal_id is None:
        return
    application = SealApplication(
        seal_id=seal_id,
        contract_id=act.admitted.contract.contract_id,
        case_id=act.admitted.contract.case_id,
        field=spot.field,
        document=embedded.before.digests,
        positions=(Box(spot.page, spot.rect),),
        actor=party_actor(party),
        owner=seal_owner(party),
        approver=act.intent.intent_id,
    )
    apply_seal(unit, application, at)
