"""Contracts as stores keep them, with everything that they may have."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from api.db import Database
from evidence.digest import DigestPair
from keys.suites import Suite
from signing.contract import Contract, ContractId, Terms, new_identifier
from signing.document import DocumentId
from signing.party import (
    Agent,
    Party,
    PartyId,
    PartyKind,
    PartyRole,
    PartyState,
    PowerOfAttorney,
    SignaturePlace,
    Spot,
)
from signing.place import Anchor, Box, CrossPage, Keyword, Rect
from signing.proof import ORGANISATION_PROFILE
from signing.session import Shown
from signing.transition import ContractState
from tests.support.clock import NOON
from tests.support.signing_contract import member, somebody

LATER = NOON + timedelta(minutes=1)
PAIR = DigestPair.of(b"document")
SHOWN = Shown(1, 8, PAIR, NOON)


def signer(number: int = 0, state: PartyState = PartyState.PENDING) -> Party:
    return replace(member(number, state), party_id=PartyId(new_identifier(NOON)))


def agency() -> Party:
    """An organisation with everything that a party may have."""
    power = PowerOfAttorney("poa", frozenset({PartyRole.LENDER, PartyRole.GUARANTOR}), NOON, LATER, 7)
    rect = Rect(1.5, 2.25, 3.0, 4.0)
    places = (
        SignaturePlace(Box(-1, rect), seal="seal-1"),
        SignaturePlace(Keyword("签署", 10.0, 5.0, exact=False, occurrence=-1, last_page=3, dx=-1.5)),
        SignaturePlace(Anchor("lender")),
        SignaturePlace(None, CrossPage(120.0, 120.0, 10, 0.25), "seal-1"),
    )
    return replace(
        signer(),
        kind=PartyKind.ORGANISATION,
        role=PartyRole.LENDER,
        agent=Agent(somebody("李四"), power),
        places=places,
        spots=tuple(Spot(f"party1-{at}", 1, rect) for at in range(4)),
        profile=ORGANISATION_PROFILE,
        pseudonym="a" * 32,
        replaces=PartyId("old"),
    )


def contract(*members: Party, **changes: object) -> Contract:
    made = Contract(
        contract_id=ContractId(new_identifier(NOON)),
        number=f"N-{new_identifier(NOON)}",
        title="个人借款合同",
        suite=Suite.GUOMI,
        terms=Terms(5_000_000, 650),
        state=ContractState.SIGNING,
        document_id=DocumentId(new_identifier(NOON)),
        parties=members or (signer(),),
        created_at=NOON,
        expires_at=NOON + timedelta(days=1),
        source={"template": "personal-loan", "terms": {"amount": 1}},
        kind="guarantee",
        notes=("was broken",),
    )
    return replace(made, **changes)  # type: ignore[arg-type]  # by name


def add(units: Database, made: Contract) -> Contract:
    with units() as unit:
        unit.contracts.add(made)
    return made
