"""Execute an organisation's seal: its own key in custody, in silence, under a recorded authorisation."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ca.errors import CaError
from ca.order import Requester
from ca.serial import SerialNumber, serial_text
from evidence.canonical import JSON
from evidence.event import EventType
from keys.errors import KeysError
from signing.authorisation import AuthorisationId, SilentUse, check
from signing.contract import Contract, ContractId, new_identifier
from signing.contract_ports import (
    Attempt,
    SealIdentity,
    SealKeys,
    SigningUnit,
)
from signing.contract_record import draft, failure, party_actor, party_facts
from signing.errors import Refused, RevisionConflict, SigningError, StateInvalid
from signing.execute import Signed
from signing.execute_desk import SigningDesk
from signing.execute_embed import Embedded, embed
from signing.execute_land import Landed, fence, finish, pending
from signing.execute_stamp import seal_at, signature_order
from signing.party import Party, PartyId, PartyState, Spot
from signing.place import Box
from signing.seal import SealId
from signing.seal_apply import SealApplication, Silent, apply_seal
from signing.seal_drawing import Drawing
from signing.seal_registry import drawing_of
from signing.transition import require_turn

MAX_CONFLICTS = 3  # as `signing.execute` has it


@dataclass(frozen=True, slots=True)
class _Act:
    contract: Contract
    party: Party
    drawings: dict[str, Drawing]
    """By signature field."""
    identity: SealIdentity
    authorisation_id: AuthorisationId


class Sealing:
    """An organisation signs by its own seal, nobody present."""

    def __init__(self, desk: SigningDesk, keys: SealKeys) -> None:
        self._desk = desk
        self._keys = keys

    def seal(
        self,
        contract_id: ContractId,
        party_id: PartyId,
        authorisation_id: AuthorisationId,
        requester: Requester,
    ) -> Signed:
        """Every field of the party, each shown as the seal that its place names.

        Raises `NotFound`, `StateInvalid`, `OrderNotReached`, `AuthorisationMissing`, `Refused` for a party
        that signs in person, `TimestampUnavailable`, `TooManyRequests`, `keys.errors.KeysError`; each is
        recorded as SIGN_FAILED.
        """
        #   1. the party signs in silence, it is its turn, the authorisation covers the contract
        #   2. its key and certificate; the attempt is written down together with the turn
        #   3. SIGN_REQUESTED, then each field: signature, timestamp, self-verified, stored
        #   4. in one transaction: the seal's ledger and total, the revision, the events
        for _ in range(MAX_CONFLICTS):
            act = self._check(contract_id, party_id, authorisation_id)  # 1
            try:
                return self._seal(act, requester)
            except RevisionConflict:
                continue
        return self._seal(self._check(contract_id, party_id, authorisation_id), requester)

    def _check(self, contract_id: ContractId, party_id: PartyId, authorisation_id: AuthorisationId) -> _Act:
        now = self._desk.clock.now()
        with self._desk.units.reading() as unit:
            contract = unit.contracts.get(contract_id)
            party = contract.party(party_id)
            try:
                _require(contract, party, now)
                drawings = _drawings(unit, contract, party, authorisation_id, now)
                identity = self._keys.of(contract.suite, party.particulars.id_number)
            except (SigningError, KeysError) as error:
                refused = error
            else:
                return _Act(contract, party, drawings, identity, authorisation_id)
        self._record_failure(contract, party, refused)
        raise refused

    def _seal(self, act: _Act, requester: Requester) -> Signed:
        signer = act.identity.signer
        attempt = Attempt(  # 2
            attempt_id=new_identifier(self._desk.clock.now()),
            contract_id=act.contract.contract_id,
            document_id=act.contract.document_id,
            party_id=act.party.party_id,
            key_id=signer.key_id,
            one_time=False,
            algorithm=signer.public.algorithm.value,
            public_key=signer.public.fingerprint,
            started_at=self._desk.clock.now(),
        )
        self._desk.turns.take(act.contract, attempt.attempt_id, attempt)
        try:
            return self._execute(act, attempt, requester)
        except BaseException as error:
            self._record_failure(act.contract, act.party, error, attempt)
            raise

    def _execute(self, act: _Act, attempt: Attempt, requester: Requester) -> Signed:
        contract, party = act.contract, act.party
        certificate = act.identity.certificates[0]
        timestamps = self._desk.timestamps(contract.suite)
        made = []
        landed: Landed | None = None
        while landed is None:
            with self._desk.units.reading() as unit:
                revisions = unit.documents.revisions(contract.document_id)
            spot, *others = pending(party, revisions)
            now = self._desk.clock.now()
            facts: dict[str, JSON] = {
                **party_facts(party),
                "authorisation": act.authorisation_id,
                "before": revisions[-1].digests.as_json(),
                "field": spot.field,
                "requester": requester.pseudonym,
                "revision": revisions[-1].number,
                "serial": serial_text(SerialNumber(certificate.serial)),
            }
            event = draft(EventType.SIGN_REQUESTED, contract, party_actor(party), now, facts)
            with self._desk.units() as unit:
                unit.keys.count_use(act.identity.signer.key_id, 1)
                unit.log.append([event])
            serial = serial_text(SerialNumber(certificate.serial))
            drawing = act.drawings[spot.field]
            order = signature_order(contract, party, spot, serial, self._desk.face, drawing, now)
            embedded = embed(
                self._desk.blobs, revisions, order, act.identity.signer, act.identity.certificates, timestamps
            )
            landed = self._land(act, attempt, embedded, spot, last=not others)
            made.append(embedded.revision)
        contract = self._desk.after(landed)
        return Signed(landed.party, contract, SerialNumber(certificate.serial), tuple(made))

    def _land(
        self, act: _Act, attempt: Attempt, embedded: Embedded, spot: Spot, *, last: bool
    ) -> Landed | None:
        now = self._desk.clock.now()
        actor = party_actor(act.party)
        first = spot == act.party.spots[0]
        with self._desk.units() as unit:
            contract = fence(unit, attempt, embedded, now)
            use = SilentUse(contract.template, (contract.terms.amount or 0) if first else 0, contract.kind)
            application = SealApplication(
                seal_id=_seal_of(act.party, spot),
                contract_id=contract.contract_id,
                case_id=contract.case_id,
                field=spot.field,
                document=embedded.before.digests,
                positions=(Box(spot.page, spot.rect),),
                actor=actor,
                owner=act.party.particulars.id_number,
                silent=Silent(act.authorisation_id, use),
            )
            apply_seal(unit, application, now)
            unit.log.append(embedded.drafts(contract, actor, now))
            return finish(unit, contract, attempt, now) if last else None

    def _record_failure(
        self, contract: Contract, party: Party, error: BaseException, attempt: Attempt | None = None
    ) -> None:
        now = self._desk.clock.now()
        shown = error if isinstance(error, SigningError | CaError | KeysError) else SigningError()
        facts: dict[str, JSON] = {**party_facts(party)}
        if attempt is not None:
            facts["attempt"] = attempt.attempt_id
        result = failure(shown)
        event = draft(EventType.SIGN_FAILED, contract, party_actor(party), now, facts, result=result)
        with self._desk.units() as unit:
            unit.log.append([event])
            if attempt is not None:
                unit.documents.end(attempt.attempt_id)
                unit.documents.leave_turn(attempt.document_id, attempt.attempt_id)


def _require(contract: Contract, party: Party, at: datetime) -> None:
    if not party.silent:
        raise Refused("party", "signs in person")
    contract.require_signing("set the seal", at)
    require_turn(contract.parties, party.party_id)
    if party.state is not PartyState.INVITED:
        raise StateInvalid("party", party.state.value, "set the seal")


def _drawings(
    unit: SigningUnit,
    contract: Contract,
    party: Party,
    authorisation_id: AuthorisationId,
    at: datetime,
) -> dict[str, Drawing]:
    """By field. Before anything is signed: what the seal's ledger will refuse is refused here already."""
    authorisation = unit.seals.authorisation(authorisation_id)
    drawings = {}
    for spot in party.spots:
        seal = unit.seals.get(_seal_of(party, spot))
        seal.require_usable(at)
        check(
            authorisation, seal, SilentUse(contract.template, contract.terms.amount or 0, contract.kind), at
        )
        drawings[spot.field] = drawing_of(unit, seal)
    return drawings


def _seal_of(party: Party, spot: Spot) -> SealId:
    seal = seal_at(party, spot)
    if seal is None:
        raise Refused("seal", "is named by no place of the party")
    return seal
