"""A real loan contract in each suite: three parties, B-LTA, judged by tools that are not ours."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from ca.registry import AuthorityRole
from keys.suites import Suite
from signing.contract import Contract, TemplateChoice
from signing.document import RevisionKind
from signing.party import Particulars, PartyKind, PartyOrder, PartyRole
from signing.transition import ContractState
from tests.support import pyhankojudge
from tests.support.contracts import BORROWER, GUARANTOR, loan_values
from tests.support.signing_bank import SealedBank, found_bank
from tests.support.signing_contract import Studio, open_bank, two_witnesses

pytestmark = [pytest.mark.slow, pytest.mark.interop]


@dataclass
class Made:
    studio: Studio
    bank: SealedBank
    contracts: dict[Suite, Contract]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Made]:
    witnesses = two_witnesses()
    folder = tmp_path_factory.mktemp("judged")
    suites = tuple(suite.value for suite in Suite)
    with (
        open_bank("sqlite", folder, suites, witnesses=witnesses) as installation,
        installation.open() as centre,
    ):
        studio = Studio(centre)
        bank = found_bank(studio, witnesses, tuple(Suite))
        contracts = {suite: _contract(studio, bank, suite) for suite in Suite}
        yield Made(studio, bank, contracts)


def _contract(studio: Studio, bank: SealedBank, suite: Suite) -> Contract:
    contract = studio.start(
        _party(PartyRole.BORROWER, BORROWER, 1),
        _party(PartyRole.GUARANTOR, GUARANTOR, 1),
        bank.lender(2),
        suite=suite,
        file=None,
        template=TemplateChoice("personal-loan"),
        values=loan_values(),
    )
    for party in contract.parties[:2]:
        studio.sign(contract, party)
    return bank.seal(contract).contract


def _party(role: PartyRole, values: dict[str, str], order: int) -> PartyOrder:
    own = Particulars(values["name"], values["id_number"], values["mobile"])
    return PartyOrder(role, PartyKind.PERSON, own, order)


@pytest.mark.parametrize("suite", list(Suite))
def test_a_real_contract_is_completed(made: Made, suite: Suite) -> None:
    contract = made.contracts[suite]
    assert contract.state is ContractState.COMPLETED
    with made.studio.centre.database.reading() as unit:
        revisions = unit.documents.revisions(contract.document_id)
    assert [one.kind for one in revisions] == [
        RevisionKind.RENDERED,
        RevisionKind.PREPARED,
        *[RevisionKind.SIGNED] * 3,
        RevisionKind.VALIDATION_DATA,
        RevisionKind.ARCHIVE_TIMESTAMP,
    ]


def test_pyhanko_accepts_every_signature(made: Made) -> None:
    data = made.studio.data(made.contracts[Suite.INTL])
    with made.studio.centre.database.reading() as unit:
        (root,) = [
            one
            for one in unit.authorities.list()
            if one.role is AuthorityRole.ROOT and one.suite is Suite.INTL
        ]
    found = pyhankojudge.accept(data, root.certificate, made.studio.centre.clock.now(), long_term=True)
    assert len(found) == 4
    assert all(one.timestamped for one in found)
