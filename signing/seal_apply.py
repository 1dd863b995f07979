"""Set a seal on a document: asked for, permitted, counted, written into its ledger and recorded, at once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from evidence.canonical import JSON
from evidence.digest import DigestPair
from evidence.event import Actor, CaseId, Draft, EventType
from signing.authorisation import AuthorisationId, SilentUse, check, total_reached
from signing.errors import AuthorisationMissing
from signing.place import Box
from signing.seal import SealId
from signing.seal_drawing import Drawing
from signing.seal_ports import SealUseUnit
from signing.seal_registry import drawing_of
from signing.seal_use import SealUse

_FIELD = "seal"


@dataclass(frozen=True, slots=True)
class Silent:
    """A use that no person makes: under which authorisation, for what contract."""

    authorisation_id: AuthorisationId
    use: SilentUse


@dataclass(frozen=True, slots=True)
class SealApplication:
    """One use of a seal, as it is asked for."""

    seal_id: SealId
    contract_id: str
    case_id: CaseId
    """The contract's case: the event stands in it."""
    field: str
    """The signature field."""
    document: DigestPair
    """Of the revision that the seal is set on."""
    positions: tuple[Box, ...]
    actor: Actor
    owner: str
    """Credit code or pseudonym of the party that signs: its own seal is the only one it may set."""
    silent: Silent | None = None
    """None where the owner, or somebody with power of attorney, acts: `approver` then says who."""
    approver: str = ""


@dataclass(frozen=True, slots=True)
class Applied:
    """A use that is recorded once the caller's transaction is, and what is to be shown."""

    use: SealUse
    drawing: Drawing


def apply_seal(unit: SealUseUnit, application: SealApplication, at: datetime) -> Applied:
    """Record one use in the caller's transaction, which makes the signature or undoes both.

    The seal is held until that transaction ends: its ledger has no gaps, so uses of one seal take turns.
    Recorded as SEAL_APPLIED. Raises `NotFound`, `StateInvalid` for a seal that is not active,
    `AuthorisationMissing` for a use that nobody may make, `DocumentUnavailable` for a damaged drawing.
    """
    #   1. the seal is active and its time has come, and it is the party's own
    #   2. silent: the authorisation covers the contract, and its total is counted; or else somebody approved
    #   3. the drawing is the one that was approved
    #   4. the ledger's next entry, and the event that holds its digest
    seal, head = unit.seals.hold(application.seal_id)
    seal.require_usable(at)
    if seal.owner != application.owner:
        raise AuthorisationMissing(_FIELD, "is not the party's own")
    silent = application.silent
    approver = application.approver
    if silent is not None:
        authorisation = unit.seals.authorisation(silent.authorisation_id)
        check(authorisation, seal, silent.use, at)
        if not unit.seals.count_use(silent.authorisation_id, silent.use.amount):
            raise total_reached(authorisation.grant.total or 0)
        approver = authorisation.approved_by or ""
    if not approver:
        raise AuthorisationMissing(_FIELD, "was set by nobody's act, and under no authorisation")
    drawing = drawing_of(unit, seal)
    use = SealUse(
        seal_id=seal.seal_id,
        number=head.number + 1,
        used_at=at,
        actor=application.actor.pseudonym,
        approver=approver,
        authorisation_id=None if silent is None else silent.authorisation_id,
        contract_id=application.contract_id,
        field=application.field,
        document_sha256=application.document.sha256,
        seal_sha256=seal.digests.sha256,
        positions=application.positions,
        amount=None if silent is None else silent.use.amount,
        previous=head.entry,
    ).closed()
    unit.seals.add_use(use)
    facts: dict[str, JSON] = {
        "seal": seal.seal_id,
        "owner": seal.owner,
        "kind": seal.kind.value,
        "seal_digest": seal.digests.as_json(),
        "document_digest": application.document.as_json(),
        "field": application.field,
        "positions": use.places,
        "approver": approver,
        "authorisation": use.authorisation_id,
        "template": None if silent is None else silent.use.template,
        "amount": use.amount,
        "number": use.number,
        "entry": use.entry.hex(),
    }
    event = Draft(
        type=EventType.SEAL_APPLIED,
        case_id=application.case_id,
        contract_id=application.contract_id,
        actor=application.actor,
        occurred_at=at,
        facts=facts,
    )
    unit.log.append([event])
    return Applied(use, drawing)
