"""Hand a contract's document out: compared with its digests, and recorded before it leaves."""

from __future__ import annotations

from api.wiring import Centre
from evidence.event import Actor, EventType
from signing.assemble import assemble
from signing.contract import ContractId
from signing.contract_record import draft, revision_facts
from signing.document import Revision
from signing.errors import NotFound


def hand_out(
    centre: Centre, contract_id: ContractId, number: int | None, actor: Actor
) -> tuple[bytes, Revision]:
    """The file as it is, or as it was at revision `number`; who asked stands in the contract's case.

    Raises `NotFound`, `DocumentUnavailable`.
    """
    with centre.database.reading() as unit:
        contract = unit.contracts.get(contract_id)
        revisions = unit.documents.revisions(contract.document_id)
    if number is not None and number >= len(revisions):
        raise NotFound("revision", str(number))
    wanted = revisions if number is None else revisions[: number + 1]
    data = assemble(centre.blobs, wanted)
    event = draft(EventType.DOC_DOWNLOADED, contract, actor, centre.clock.now(), revision_facts(wanted[-1]))
    with centre.database() as unit:
        unit.log.append([event])
    return data, wanted[-1]
