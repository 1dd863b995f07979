"""Give, approve and end authorisations of silent signing: one administrator gives, another approves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from evidence.canonical import JSON
from evidence.clock import Clock, rfc3339, to_micros
from evidence.event import Draft, EventType
from evidence.log import new_event_id
from signing.authorisation import (
    Authorisation,
    AuthorisationId,
    AuthorisationState,
    Grant,
    require_organisation,
)
from signing.errors import StateInvalid
from signing.seal import Seal, SealId
from signing.seal_act import SealAct, Signatory, act_message, require_another, require_signature
from signing.seal_ports import SealUnit, SealUnits
from signing.seal_registry import administrator_actor, seal_case


@dataclass(frozen=True, slots=True)
class Offered:
    """An authorisation that may be given: what is signed is its message, and nothing else is kept."""

    authorisation_id: AuthorisationId
    seal: Seal
    grant: Grant

    @property
    def facts(self) -> dict[str, JSON]:
        """What is signed and recorded."""
        return authorisation_facts(self.authorisation_id, self.seal, self.grant)

    @property
    def message(self) -> bytes:
        """What the administrator who gives it signs."""
        return act_message(SealAct.AUTHORISE, self.facts)


def authorisation_facts(authorisation_id: AuthorisationId, seal: Seal, grant: Grant) -> dict[str, JSON]:
    """All of it, as it is signed."""
    return {
        "authorisation": authorisation_id,
        "seal": seal.seal_id,
        "organisation": seal.owner,
        "digest": seal.digests.as_json(),
        "templates": sorted(grant.templates),
        "kinds": sorted(grant.kinds),
        "per_contract": grant.per_contract,
        "total": grant.total,
        "valid_from": rfc3339(grant.valid_from),
        "valid_until": rfc3339(grant.valid_until),
    }


class SealAuthorisations:
    """Use cases of authorisations. Each is one transaction, committed when it returns."""

    def __init__(self, units: SealUnits, clock: Clock) -> None:
        self._units = units
        self._clock = clock

    def prepare(self, seal_id: SealId, grant: Grant) -> Offered:
        """An authorisation with an id, to be signed.

        Raises `NotFound`, `AuthorisationMissing` for the seal of a natural person.
        """
        with self._units.reading() as unit:
            seal = unit.seals.get(seal_id)
        require_organisation(seal)
        return Offered(AuthorisationId(new_event_id(to_micros(self._clock.now()))[1]), seal, grant)

    def give(self, offered: Offered, signatory: Signatory) -> Authorisation:
        """Keep it; it permits nothing until it is approved.

        Raises `NotFound`, `Refused` for a signature that does not verify, `StateInvalid` for a seal that
        was revoked or is over, `AuthorisationMissing` for the seal of a natural person.
        """
        now = self._clock.now()
        with self._units() as unit:
            seal, _ = unit.seals.hold(offered.seal.seal_id)
            require_organisation(seal)
            _require_living(seal, now)
            signature = require_signature(unit.approvals, signatory, offered.message)
            given = Authorisation(
                authorisation_id=offered.authorisation_id,
                seal_id=seal.seal_id,
                organisation=seal.owner,
                grant=offered.grant,
                state=AuthorisationState.PROPOSED,
                given_by=signatory.name,
                given_at=now,
                approved_by=None,
            )
            unit.seals.add_authorisation(given)
            facts = {**offered.facts, "state": given.state.value, "signature": signature.hex()}
            _record(unit, EventType.SEAL_AUTHORISED, given, signatory, now, facts)
        return given

    def approve(self, authorisation_id: AuthorisationId, signatory: Signatory) -> Authorisation:
        """From now on it permits what it says. Raises `Refused` for who gave it."""
        now = self._clock.now()
        with self._units() as unit:
            given = unit.seals.authorisation(authorisation_id)
            seal = unit.seals.get(given.seal_id)
            _require_living(seal, now)
            message = approval_message(given, seal)
            signature = require_signature(unit.approvals, signatory, message)
            require_another(unit.approvals, signatory.name, given.given_by, SealAct.APPROVE_AUTHORISATION)
            active = unit.seals.move_authorisation(given, AuthorisationState.ACTIVE, signatory.name, now)
            facts: dict[str, JSON] = {
                **authorisation_facts(authorisation_id, seal, given.grant),
                "state": active.state.value,
                "given_by": given.given_by,
                "signature": signature.hex(),
            }
            _record(unit, EventType.SEAL_AUTHORISED, active, signatory, now, facts)
        return active

    def end(self, authorisation_id: AuthorisationId, signatory: Signatory) -> Authorisation:
        """It permits nothing any more; any administrator may end it."""
        now = self._clock.now()
        with self._units() as unit:
            given = unit.seals.authorisation(authorisation_id)
            signature = require_signature(unit.approvals, signatory, end_message(authorisation_id))
            ended = unit.seals.move_authorisation(given, AuthorisationState.ENDED, signatory.name, now)
            facts: dict[str, JSON] = {
                "authorisation": authorisation_id,
                "seal": given.seal_id,
                "used": ended.used,
                "uses": ended.uses,
                "signature": signature.hex(),
            }
            _record(unit, EventType.SEAL_AUTHORISATION_ENDED, ended, signatory, now, facts)
        return ended

    def get(self, authorisation_id: AuthorisationId) -> Authorisation:
        """Raises `NotFound`."""
        with self._units.reading() as unit:
            return unit.seals.authorisation(authorisation_id)

    def of(self, seal_id: SealId) -> Sequence[Authorisation]:
        """Of one seal, in the order in which they were given; raises `NotFound`."""
        with self._units.reading() as unit:
            unit.seals.get(seal_id)
            return unit.seals.authorisations(seal_id)


def approval_message(given: Authorisation, seal: Seal) -> bytes:
    """What the second administrator signs: all that is permitted, and who gave it."""
    facts = authorisation_facts(given.authorisation_id, seal, given.grant)
    return act_message(SealAct.APPROVE_AUTHORISATION, {**facts, "given_by": given.given_by})


def end_message(authorisation_id: AuthorisationId) -> bytes:
    """What the administrator who ends it signs."""
    return act_message(SealAct.END_AUTHORISATION, {"authorisation": authorisation_id})


def _require_living(seal: Seal, at: datetime) -> None:
    """A proposed or suspended seal may be authorised in advance; one that ended may not."""
    state = seal.state_at(at)
    if state.ended:
        raise StateInvalid("registered seal", state.value, SealAct.AUTHORISE.value)


def _record(
    unit: SealUnit,
    kind: EventType,
    authorisation: Authorisation,
    signatory: Signatory,
    at: datetime,
    facts: dict[str, JSON],
) -> None:
    case = seal_case(authorisation.seal_id)
    actor = administrator_actor(signatory)
    unit.log.append([Draft(type=kind, case_id=case, actor=actor, occurred_at=at, facts=facts)])
