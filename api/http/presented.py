"""The revision that a party was shown, for what a page makes of it: pictures and text."""

from __future__ import annotations

from api.wiring import Centre
from signing.assemble import assemble
from signing.errors import Refused, StateInvalid

MAX_SHOWN = 32 * 1_048_576  # octets: larger files are downloaded and read in a reader of one's own


def shown_document(centre: Centre, token: str) -> bytes:
    """Octets as they were put before the party in this session.

    Raises `StateInvalid` when nothing was, `Refused`, and as `signing.admit.admit`.
    """
    admitted = centre.contracts.attendance.whose(token)
    shown = admitted.session.shown
    if shown is None:
        raise StateInvalid("session", "without a view", "look at pages")
    if shown.size > MAX_SHOWN:
        raise Refused("document", f"is longer than {MAX_SHOWN} octets: download it instead")
    with centre.database.reading() as unit:
        revisions = unit.documents.revisions(admitted.contract.document_id)
    return assemble(centre.blobs, revisions[: shown.revision + 1])
