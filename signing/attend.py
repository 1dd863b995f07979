"""Attend a party through its session: put the document before it, note what it read and consented to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from ca.order import Requester
from evidence.canonical import JSON
from evidence.clock import Clock, rfc3339
from evidence.event import Draft, EventType, Result
from signing.admit import Admitted, admit
from signing.assemble import assemble
from signing.contract import Contract, ContractId, new_identifier
from signing.contract_ports import SigningUnit, SigningUnits
from signing.contract_record import (
    NOWHERE,
    draft,
    failure,
    party_actor,
    party_facts,
    shown_facts,
)
from signing.errors import SigningError, StateInvalid, TooManyRequests, ValuesInvalid
from signing.party import Party, PartyId, PartyState
from signing.ports import BlobStore
from signing.session import (
    MAX_SESSIONS_PER_HOUR,
    SESSION_LIFE,
    Consent,
    Origin,
    Session,
    SessionEnd,
    SessionId,
    Shown,
    View,
    new_token,
    observed_dwell_ms,
)
from signing.transition import ContractState, advance_party, move_contract, move_party, require_turn

HOUR = timedelta(hours=1)
MAX_REASON = 500  # characters of a decline
MAX_CONSENTS = 20  # of one session
MAX_PAGES = 2_000  # dwell by page that one view may report
MAX_TEXT_ID = 100  # characters


@dataclass(frozen=True, slots=True)
class Opened:
    """A new session; the token is told this once."""

    session_id: SessionId
    token: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Presented:
    """The server's own revision, whole, as the party is to see and sign it."""

    shown: Shown
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class NoticeShown:
    """A text that was put before the party, as the page tells it."""

    text_id: str
    text_sha256: str
    emphasised: bool
    dwell_ms: int
    scrolled_to_end: bool


class Attendance:
    """Use cases of a party in its session. Each is one transaction, committed when it returns."""

    def __init__(self, units: SigningUnits, blobs: BlobStore, clock: Clock) -> None:
        self._units = units
        self._blobs = blobs
        self._clock = clock

    def open(
        self, contract_id: ContractId, party_id: PartyId, requester: Requester, origin: Origin = NOWHERE
    ) -> Opened:
        """A session for one act of a party whose turn it is; an earlier one of the party ends.

        Raises `NotFound`, `StateInvalid`, `OrderNotReached`, `Refused` for a party that signs in
        silence or an agent whose power is not in force, `TooManyRequests`; refusals are recorded.
        """
        now = self._clock.now()
        try:
            return self._open(contract_id, party_id, requester, origin, now)
        except SigningError as error:
            self._refuse(contract_id, party_id, requester, error, now)
            raise

    def _open(
        self,
        contract_id: ContractId,
        party_id: PartyId,
        requester: Requester,
        origin: Origin,
        now: datetime,
    ) -> Opened:
        with self._units() as unit:
            contract = unit.contracts.hold(contract_id)
            party = contract.party(party_id)
            contract.require_signing("open a session", now)
            if party.silent or not party.active or party.state is PartyState.SIGNED:
                raise StateInvalid("party", "silent" if party.silent else party.state.value, "open a session")
            require_turn(contract.parties, party_id)
            require_power(contract, party, now)
            if unit.sign_sessions.opened_since(party_id, now - HOUR) >= MAX_SESSIONS_PER_HOUR:
                raise TooManyRequests("sign session", int(HOUR.total_seconds()))
            for old in unit.sign_sessions.open_of(party_id):
                unit.sign_sessions.save(replace(old, end=SessionEnd.SUPERSEDED, ended_at=now))
            token, digest = new_token()
            session = Session(
                SessionId(new_identifier(now)), contract_id, party_id, digest, now, now + SESSION_LIFE
            )
            unit.sign_sessions.add(session)
            facts: dict[str, JSON] = {
                **party_facts(party),
                "expires_at": rfc3339(session.expires_at),
                "requester": requester.pseudonym,
                "session": session.session_id,
            }
            actor = party_actor(party)
            drafts = [draft(EventType.SESSION_STARTED, contract, actor, now, facts, origin=origin)]
            if party.agent is not None:
                checked = party_facts(party)
                drafts.append(draft(EventType.AUTHORITY_CHECKED, contract, actor, now, checked))
            unit.log.append(drafts)
        return Opened(session.session_id, token, session.expires_at)

    def _refuse(
        self,
        contract_id: ContractId,
        party_id: PartyId,
        requester: Requester,
        error: SigningError,
        now: datetime,
    ) -> None:
        with self._units() as unit:
            contract = unit.contracts.get(contract_id)  # a contract that is not there has no case either
            facts: dict[str, JSON] = {"party": contract.party(party_id).party_id}
            event = draft(
                EventType.SESSION_REFUSED, contract, requester.actor, now, facts, result=failure(error)
            )
            unit.log.append([event])

    def whose(self, token: str) -> Admitted:
        """Session, contract and party of a token, as they stand; raises as any act would."""
        with self._units.reading() as unit:
            return admit(unit, token, "look", self._clock.now(), hold=False)

    def document(self, token: str, origin: Origin = NOWHERE) -> Presented:
        """The newest revision, read whole and compared with its stored digests before it leaves.

        Raises `NotFound`, `StateInvalid`, `OrderNotReached`, `DocumentUnavailable`.
        """
        with self._units.reading() as unit:
            before = admit(unit, token, "view", self._clock.now(), hold=False)
            revisions = unit.documents.revisions(before.contract.document_id)
        data = assemble(self._blobs, revisions)
        newest = revisions[-1]
        now = self._clock.now()
        shown = Shown(newest.number, newest.size, newest.digests, now)
        with self._units() as unit:
            admitted = admit(unit, token, "view", now)
            unit.sign_sessions.save(replace(admitted.session, shown=shown, view=None))
            facts = {**shown_facts(admitted.contract, shown), "session": admitted.session.session_id}
            actor = party_actor(admitted.party)
            unit.log.append(
                [
                    draft(EventType.DOC_SENT_TO_SIGNER, admitted.contract, actor, now, facts),
                    draft(EventType.DOC_VIEW_STARTED, admitted.contract, actor, now, facts, origin=origin),
                ]
            )
        return Presented(shown, data)

    def viewed(
        self,
        token: str,
        *,
        dwell_ms: int,
        scrolled_to_end: bool,
        pages_ms: Sequence[int] = (),
        origin: Origin = NOWHERE,
    ) -> View:
        """The end of a view as the page tells it, its dwell bounded by what the server saw pass.

        Raises `StateInvalid` when the document was never put before the party, and as `document`.
        """
        if len(pages_ms) > MAX_PAGES:
            raise ValuesInvalid("pages_ms", f"are more than {MAX_PAGES}")
        now = self._clock.now()
        with self._units() as unit:
            admitted = admit(unit, token, "end the view", now)
            session, party = admitted.session, admitted.party
            if session.shown is None:
                raise StateInvalid("session", "without a view", "end the view")
            dwell = observed_dwell_ms(session.shown, dwell_ms, now)
            view = View(dwell, scrolled_to_end, now)
            unit.sign_sessions.save(replace(session, view=view))
            _advance(unit, admitted, PartyState.VIEWED, now)
            facts: dict[str, JSON] = {
                **shown_facts(admitted.contract, session.shown),
                "claimed_ms": dwell_ms,
                "dwell_ms": dwell,
                "pages_ms": list(pages_ms),
                "scrolled_to_end": scrolled_to_end,
                "session": session.session_id,
            }
            kind = EventType.DOC_VIEW_ENDED
            unit.log.append([draft(kind, admitted.contract, party_actor(party), now, facts, origin=origin)])
        return view

    def notice(self, token: str, notice: NoticeShown, origin: Origin = NOWHERE) -> None:
        """A text that was put before the party; raises as `document`, `ValuesInvalid`."""
        _check_text(notice.text_id, notice.text_sha256)
        now = self._clock.now()
        with self._units() as unit:
            admitted = admit(unit, token, "show a notice", now)
            facts: dict[str, JSON] = {
                "dwell_ms": notice.dwell_ms,
                "emphasised": notice.emphasised,
                "scrolled_to_end": notice.scrolled_to_end,
                "session": admitted.session.session_id,
                "text": notice.text_id,
                "text_sha256": notice.text_sha256,
            }
            unit.log.append([_of(EventType.NOTICE_RENDERED, admitted, now, facts, origin)])

    def consent(
        self, token: str, scope: str, text_id: str, text_sha256: str, origin: Origin = NOWHERE
    ) -> None:
        """One consent, given on its own; raises as `document`, `ValuesInvalid`."""
        _check_text(text_id, text_sha256)
        now = self._clock.now()
        with self._units() as unit:
            admitted = admit(unit, token, "consent", now)
            given = tuple(one for one in admitted.session.consents if one.scope != scope)
            if len(given) >= MAX_CONSENTS or not scope.isascii() or len(scope) > MAX_TEXT_ID:
                raise ValuesInvalid("scope", "is no scope of a consent, or one too many")
            made = Consent(scope, text_id, text_sha256, now)
            unit.sign_sessions.save(replace(admitted.session, consents=(*given, made)))
            facts: dict[str, JSON] = {
                "scope": scope,
                "session": admitted.session.session_id,
                "text": text_id,
                "text_sha256": text_sha256,
            }
            unit.log.append([_of(EventType.CONSENT_GIVEN, admitted, now, facts, origin)])

    def decline(self, token: str, reason: str, origin: Origin = NOWHERE) -> None:
        """The party will not sign, so the contract ends; raises as `document`, `ValuesInvalid`."""
        if not reason.strip() or len(reason) > MAX_REASON:
            raise ValuesInvalid("reason", f"is empty, or longer than {MAX_REASON} characters")
        now = self._clock.now()
        with self._units() as unit:
            admitted = admit(unit, token, "decline", now)
            contract, party = admitted.contract, admitted.party
            move_party(party, PartyState.DECLINED, "decline")
            move_contract(contract.state, ContractState.DECLINED, "decline")
            unit.contracts.move_party(party, PartyState.DECLINED, now)
            unit.contracts.move(contract.contract_id, contract.state, ContractState.DECLINED, now)
            unit.sign_sessions.save(replace(admitted.session, end=SessionEnd.DECLINED, ended_at=now))
            personal: dict[str, JSON] = {"reason": reason}
            event = draft(
                EventType.SIGN_REJECTED,
                contract,
                party_actor(party),
                now,
                {**party_facts(party), "session": admitted.session.session_id},
                personal=personal,
                origin=origin,
                result=Result("declined"),
            )
            unit.log.append([event])


def require_power(contract: Contract, party: Party, at: datetime) -> None:
    """An agent's power covers this contract at this moment; raises `Refused`."""
    if party.agent is not None:
        party.agent.power.require(party.role, contract.terms.amount, at)


def _advance(unit: SigningUnit, admitted: Admitted, to: PartyState, at: datetime) -> None:
    if advance_party(admitted.party, to, "view") is to and admitted.party.state is not to:
        unit.contracts.move_party(admitted.party, to, at)


def _of(kind: EventType, admitted: Admitted, at: datetime, facts: dict[str, JSON], origin: Origin) -> Draft:
    return draft(kind, admitted.contract, party_actor(admitted.party), at, facts, origin=origin)


def _check_text(text_id: str, text_sha256: str) -> None:
    if not text_id or not text_id.isascii() or len(text_id) > MAX_TEXT_ID:
        raise ValuesInvalid("text_id", f"is empty, not ASCII, or longer than {MAX_TEXT_ID} characters")
    if len(text_sha256) != 64 or set(text_sha256) - set("0123456789abcdef"):  # noqa: PLR2004  (hexadecimal SHA-256)
        raise ValuesInvalid("text_sha256", "is no SHA-256 in 64 lower-case hexadecimal digits")
