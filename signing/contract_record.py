"""What the evidence log says of contracts: facts that name nobody, personal values committed to."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from evidence.canonical import JSON
from evidence.clock import rfc3339
from evidence.event import Actor, ActorKind, Draft, EventType, Result
from signing.contract import Contract
from signing.document import Revision
from signing.intent import Intent
from signing.party import Party
from signing.session import Origin, Shown

SYSTEM = Actor(ActorKind.SYSTEM, "signing", "contract")
OK = Result()
NOWHERE = Origin()


def party_actor(party: Party) -> Actor:
    """A party under the pseudonym that its id is."""
    kind = ActorKind.APPLICATION if party.silent else ActorKind.PERSON
    return Actor(kind, party.party_id, party.role.value)


def draft(
    kind: EventType,
    contract: Contract,
    actor: Actor,
    at: datetime,
    facts: Mapping[str, JSON],
    *,
    personal: Mapping[str, JSON] | None = None,
    origin: Origin = NOWHERE,
    result: Result = OK,
) -> Draft:
    """An event of the contract's case; what came from a person's device says whence."""
    hidden = dict(personal or {})
    if origin.net:
        hidden["net"] = dict(origin.net)
    return Draft(
        type=kind,
        case_id=contract.case_id,
        actor=actor,
        occurred_at=at,
        facts=facts,
        personal=hidden,
        result=result,
        contract_id=contract.contract_id,
        channel=dict(origin.app) or None,
    )


def failure(error: Exception) -> Result:
    """An error's code and the field it names; never its text, which may hold a name."""
    code = getattr(error, "code", type(error).__name__)
    field = getattr(error, "field", "")
    return Result(code, field if isinstance(field, str) and field.isascii() else "")


def revision_facts(revision: Revision) -> dict[str, JSON]:
    """A revision by its place in the file and the file's digests up to its end."""
    facts: dict[str, JSON] = {
        "digests": revision.digests.as_json(),
        "document": revision.document_id,
        "kind": revision.kind.value,
        "length": revision.length,
        "offset": revision.offset,
        "revision": revision.number,
    }
    if revision.field is not None:
        facts["field"] = revision.field
    return facts


def shown_facts(contract: Contract, shown: Shown) -> dict[str, JSON]:
    """The exact octets that were put before somebody."""
    return {
        "digests": shown.digests.as_json(),
        "document": contract.document_id,
        "revision": shown.revision,
        "size": shown.size,
    }


def intent_facts(contract: Contract, intent: Intent) -> dict[str, JSON]:
    """What was agreed to, by digest, and what had been shown."""
    return {
        "intent": intent.intent_id,
        "session": intent.session_id,
        "shown": shown_facts(contract, intent.shown),
        "stated_at": rfc3339(intent.stated_at),
        "statement": intent.statement.digests.as_json(),
    }


def party_facts(party: Party) -> dict[str, JSON]:
    """A party without its name."""
    facts: dict[str, JSON] = {
        "kind": party.kind.value,
        "order": party.order,
        "party": party.party_id,
        "pseudonym": party.pseudonym,
        "role": party.role.value,
    }
    if party.silent:
        facts["silent"] = True
    if party.agent is not None:
        power = party.agent.power
        facts["power_of_attorney"] = {
            "not_after": rfc3339(power.not_after),
            "not_before": rfc3339(power.not_before),
            "reference": power.reference,
            "roles": sorted(role.value for role in power.roles),
        }
    return facts
