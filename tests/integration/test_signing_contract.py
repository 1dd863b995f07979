"""A contract from its drawing up to B-LTA, and everything on the way that is refused."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from signing.document import RevisionKind
from signing.party import PartyRole, PartyState
from signing.transition import ContractState
from tests.support.database import BACKENDS
from tests.support.signing_contract import Studio, open_bank, person

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", params=BACKENDS)
def studio(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    folder = tmp_path_factory.mktemp(request.param)
    with open_bank(request.param, folder) as installation, installation.open() as centre:
        yield Studio(centre)


def test_borrower_and_guarantor_sign(studio: Studio) -> None:
    contract = studio.start(person(PartyRole.BORROWER), person(PartyRole.GUARANTOR, 2, 1))
    borrower, guarantor = contract.parties
    assert (borrower.state, guarantor.state) == (PartyState.INVITED, PartyState.PENDING)
    first = studio.sign(contract, borrower)
    assert first.contract.state is ContractState.SIGNING
    assert first.contract.party(guarantor.party_id).state is PartyState.INVITED
    second = studio.sign(contract, guarantor)
    assert second.contract.state is ContractState.COMPLETED
    with studio.centre.database.reading() as unit:
        revisions = unit.documents.revisions(contract.document_id)
    assert [one.kind for one in revisions] == [
        RevisionKind.UPLOADED,
        RevisionKind.PREPARED,
        RevisionKind.SIGNED,
        RevisionKind.SIGNED,
        RevisionKind.VALIDATION_DATA,
        RevisionKind.ARCHIVE_TIMESTAMP,
    ]
