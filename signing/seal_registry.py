"""The registry of seals: proposed by one administrator, approved by another, suspended, resumed, revoked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

from ca.approval import PROPOSAL_LIFETIME
from evidence.canonical import JSON
from evidence.clock import Clock, rfc3339, to_micros
from evidence.digest import DigestPair
from evidence.event import Actor, ActorKind, CaseId, Draft, EventType
from evidence.log import new_event_id
from signing.errors import DocumentUnavailable, Refused, ValuesInvalid
from signing.seal import MAX_REASON, Seal, SealFilter, SealId, SealOrder, SealState
from signing.seal_act import SealAct, Signatory, act_message, require_another, require_signature
from signing.seal_drawing import Drawing, parse_drawing
from signing.seal_ports import SealUnit, SealUnits, SealUseUnit
from signing.seal_use import SealUse

DRAWINGS_KEPT = 64  # parsed at once; a bank sets a handful of seals again and again
SWEEP = 100  # seals that one sweep marks expired
_MOVES = {
    SealAct.APPROVE: SealState.ACTIVE,
    SealAct.SUSPEND: SealState.SUSPENDED,
    SealAct.RESUME: SealState.ACTIVE,
    SealAct.REVOKE: SealState.REVOKED,
}
_FROM = {SealAct.APPROVE: SealState.PROPOSED, SealAct.RESUME: SealState.SUSPENDED}
_SYSTEM = Actor(ActorKind.SYSTEM, "system", "seal-registry")


@dataclass(frozen=True, slots=True)
class Proposed:
    """A seal that may be proposed: what is signed is its message, and nothing else is registered."""

    seal_id: SealId
    order: SealOrder

    @property
    def facts(self) -> dict[str, JSON]:
        """What is signed and recorded; a person stands in it by pseudonym."""
        order = self.order
        return {
            "seal": self.seal_id,
            "owner": order.owner,
            "kind": order.kind.value,
            "maker": order.maker,
            "digest": order.digests.as_json(),
            "valid_from": rfc3339(order.valid_from),
            "valid_until": rfc3339(order.valid_until),
        }

    @property
    def message(self) -> bytes:
        """What the proposing administrator signs."""
        return act_message(SealAct.PROPOSE, self.facts)


def seal_case(seal_id: SealId) -> CaseId:
    """The case that a seal's life is recorded under."""
    return CaseId(f"seal/{seal_id}")


def move_message(seal: Seal, act: SealAct) -> bytes:
    """What the administrator of a change signs."""
    return act_message(act, _move_facts(seal))


def administrator_actor(signatory: Signatory) -> Actor:
    """As events name an administrator."""
    return Actor(ActorKind.OPERATOR, signatory.name, "administrator")


class SealRegistry:
    """Use cases of seals. Each is one transaction, committed when it returns."""

    def __init__(self, units: SealUnits, clock: Clock) -> None:
        self._units = units
        self._clock = clock

    def prepare(self, order: SealOrder) -> Proposed:
        """A seal with an id, to be signed; raises `ValuesInvalid` for one whose time is over already."""
        now = self._clock.now()
        if order.valid_until <= now:
            raise ValuesInvalid("valid_until", "is over already")
        parse_drawing(order.drawing, "proposal")
        return Proposed(SealId(new_event_id(to_micros(now))[1]), order)

    def propose(self, proposed: Proposed, signatory: Signatory) -> Seal:
        """Register a seal that serves nobody until it is approved; recorded as SEAL_REGISTERED.

        Raises `NotFound` for an administrator unknown, `Refused` for a signature that does not verify.
        """
        now = self._clock.now()
        order = proposed.order
        seal = Seal(
            seal_id=proposed.seal_id,
            owner=order.owner,
            label=order.label,
            kind=order.kind,
            maker=order.maker,
            digests=order.digests,
            valid_from=order.valid_from,
            valid_until=order.valid_until,
            state=SealState.PROPOSED,
            version=0,
            proposed_by=signatory.name,
            proposed_at=now,
            approved_by=None,
            changed_by=signatory.name,
            changed_at=now,
        )
        with self._units() as unit:
            signature = require_signature(unit.approvals, signatory, proposed.message)
            unit.seals.add(seal, order.drawing)
            facts = {**proposed.facts, "signature": signature.hex()}
            _record(unit, EventType.SEAL_REGISTERED, seal, signatory, now, facts, personal=True)
        return seal

    def approve(self, seal_id: SealId, signatory: Signatory) -> Seal:
        """From now on it may be used. Raises `Refused` for who proposed it, whatever name they use now."""
        return self._change(seal_id, SealAct.APPROVE, signatory, "")

    def suspend(self, seal_id: SealId, signatory: Signatory, reason: str = "") -> Seal:
        """It may not be used until it is resumed."""
        return self._change(seal_id, SealAct.SUSPEND, signatory, reason)

    def resume(self, seal_id: SealId, signatory: Signatory, reason: str = "") -> Seal:
        """It may be used again. Raises `Refused` for who suspended it."""
        return self._change(seal_id, SealAct.RESUME, signatory, reason)

    def revoke(self, seal_id: SealId, signatory: Signatory, reason: str = "") -> Seal:
        """For good: lost, replaced, or a proposal turned down."""
        return self._change(seal_id, SealAct.REVOKE, signatory, reason)

    def expire(self) -> Sequence[Seal]:
        """Record of those whose time is over that it is; at most `SWEEP`, so ask again until none is left."""
        now = self._clock.now()
        with self._units() as unit:
            done = []
            for seal in unit.seals.due(now, SWEEP):
                moved = unit.seals.move(seal, SealState.EXPIRED, _SYSTEM.pseudonym, now)
                facts = {**_move_facts(seal), "from": seal.state.value, "to": moved.state.value}
                unit.log.append([_draft(EventType.SEAL_STATE_CHANGED, seal, _SYSTEM, now, facts)])
                done.append(moved)
        return done

    def get(self, seal_id: SealId) -> Seal:
        """With its state as it is now; raises `NotFound`."""
        with self._units.reading() as unit:
            return self._as_of_now(unit.seals.get(seal_id))

    def find(self, which: SealFilter) -> Sequence[Seal]:
        """One page, with their states as they are now: what ran out is in no list of active ones."""
        with self._units.reading() as unit:
            found = [self._as_of_now(one) for one in unit.seals.find(which)]
        return [one for one in found if which.state is None or one.state is which.state]

    def drawing(self, seal_id: SealId) -> Drawing:
        """What is shown; raises `NotFound`, `DocumentUnavailable` for bytes that are not those registered."""
        with self._units.reading() as unit:
            return drawing_of(unit, unit.seals.get(seal_id))

    def uses(self, seal_id: SealId, after: int = 0, limit: int = 100) -> Sequence[SealUse]:
        """Entries of its ledger with number > `after`; raises `NotFound`."""
        with self._units.reading() as unit:
            unit.seals.get(seal_id)
            return unit.seals.uses(seal_id, after, limit)

    def _as_of_now(self, seal: Seal) -> Seal:
        return replace(seal, state=seal.state_at(self._clock.now()))

    def _change(self, seal_id: SealId, act: SealAct, signatory: Signatory, reason: str) -> Seal:
        #   1. the change leads there from the state of now
        #   2. the administrator signed this very change
        #   3. it is another person than the one whose act it completes or undoes
        #   4. changed by compare-and-set, and recorded
        if len(reason) > MAX_REASON:
            raise ValuesInvalid("reason", f"is longer than {MAX_REASON} characters")
        now = self._clock.now()
        to = _MOVES[act]
        with self._units() as unit:
            seal, _ = unit.seals.hold(seal_id)
            seal.require_move(to, now)
            if seal.state is not _FROM.get(act, seal.state):
                raise Refused("seal", f"{act.value} is not what follows {seal.state.value}")
            signature = require_signature(unit.approvals, signatory, move_message(seal, act))
            if act is SealAct.APPROVE:
                require_another(unit.approvals, signatory.name, seal.proposed_by, act)
                if now - seal.proposed_at > PROPOSAL_LIFETIME:
                    raise Refused("seal", "was proposed too long ago: propose it anew")
            if act is SealAct.RESUME:
                require_another(unit.approvals, signatory.name, seal.changed_by, act)
            moved = unit.seals.move(seal, to, signatory.name, now)
            facts: dict[str, JSON] = {
                **_move_facts(seal),
                "act": act.value,
                "from": seal.state.value,
                "to": to.value,
                "signature": signature.hex(),
            }
            _record(unit, EventType.SEAL_STATE_CHANGED, seal, signatory, now, facts, reason=reason)
        return moved


def drawing_of(unit: SealUseUnit, seal: Seal) -> Drawing:
    """The drawing as registered; raises `DocumentUnavailable` for bytes that are not those."""
    data = unit.seals.drawing(seal.seal_id)
    name = seal_case(seal.seal_id)
    if DigestPair.of(data) != seal.digests:
        raise DocumentUnavailable(name, "holds another drawing than was registered")
    return _parsed(data)


@lru_cache(maxsize=DRAWINGS_KEPT)
def _parsed(data: bytes) -> Drawing:
    return parse_drawing(data, "seal")


def _move_facts(seal: Seal) -> dict[str, JSON]:
    return {"seal": seal.seal_id, "digest": seal.digests.as_json(), "version": seal.version}


def _record(
    unit: SealUnit,
    kind: EventType,
    seal: Seal,
    signatory: Signatory,
    at: datetime,
    facts: dict[str, JSON],
    *,
    personal: bool = False,
    reason: str = "",
) -> None:
    named: dict[str, JSON] = {"label": seal.label} if personal else {}
    if reason:
        named["reason"] = reason  # free text: it may name somebody
    unit.log.append([_draft(kind, seal, administrator_actor(signatory), at, facts, named)])


def _draft(
    kind: EventType,
    seal: Seal,
    actor: Actor,
    at: datetime,
    facts: dict[str, JSON],
    personal: dict[str, JSON] | None = None,
) -> Draft:
    return Draft(
        type=kind,
        case_id=seal_case(seal.seal_id),
        actor=actor,
        occurred_at=at,
        facts=facts,
        personal=personal or {},
    )
