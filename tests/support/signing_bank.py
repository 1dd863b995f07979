"""A bank that seals contracts in silence: its key in custody, its seal, the authorisation to set it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from ca.identity import IdentityRecord, SubjectKind
from keys.suites import Suite
from signing.authorisation import AuthorisationId, Grant
from signing.contract import Contract
from signing.execute import Signed
from signing.party import Particulars, PartyKind, PartyOrder, PartyRole, SignaturePlace
from signing.place import Anchor
from signing.seal import SealId, SealKind, SealOrder
from signing.seal_round import RoundSeal, draw_round_seal
from tests.support.contracts import LENDER
from tests.support.installation import SoftwareWitness
from tests.support.signing_contract import BANK, Studio

NAME, CODE = LENDER["name"], LENDER["credit_code"]


@dataclass(frozen=True)
class SealedBank:
    """What the bank seals with."""

    studio: Studio
    seal_id: SealId
    authorisation_id: AuthorisationId

    def lender(self, order: int, *places: SignaturePlace) -> PartyOrder:
        """The bank as a party; by default in the place that templates keep for it."""
        shown = [replace(one, seal=self.seal_id) for one in places or (SignaturePlace(Anchor("lender")),)]
        own = Particulars(NAME, CODE)
        return PartyOrder(PartyRole.LENDER, PartyKind.ORGANISATION, own, order, tuple(shown), silent=True)

    def seal(self, contract: Contract) -> Signed:
        """The bank's act."""
        party = next(one for one in contract.parties if one.silent)
        sealing = self.studio.centre.executing.sealing
        return sealing.seal(contract.contract_id, party.party_id, self.authorisation_id, BANK)


def found_bank(
    studio: Studio,
    witnesses: tuple[SoftwareWitness, SoftwareWitness],
    suites: tuple[Suite, ...],
    **changes: object,
) -> SealedBank:
    """Key and certificate in each suite, a round seal of two administrators, an authorisation."""
    centre = studio.centre
    now = centre.clock.now()
    first, second = witnesses
    for suite in suites:
        centre.executing.organisation_keys.equip(_identity(now), suite, "software", BANK)
    drawing = draw_round_seal(RoundSeal(NAME, "合同专用章"), centre.typeface(bold=True))
    until = now + timedelta(days=300)
    order = SealOrder(CODE, NAME, SealKind.CONTRACT, "test", drawing.data, now, until)
    registry = centre.seal_registry
    seal = registry.propose(registry.prepare(order), first)
    registry.approve(seal.seal_id, second)
    granted = {
        "templates": frozenset({"personal-loan"}),
        "kinds": frozenset({"loan"}),
        "per_contract": 20_000_000,
        "total": None,
        "valid_from": now,
        "valid_until": until,
        **changes,
    }
    offered = centre.seal_authorisations.prepare(seal.seal_id, Grant(**granted))  # type: ignore[arg-type]
    authorisations = centre.seal_authorisations
    given = authorisations.give(offered, first)
    authorisations.approve(given.authorisation_id, second)
    return SealedBank(studio, seal.seal_id, given.authorisation_id)


def _identity(now: datetime) -> IdentityRecord:
    return IdentityRecord(
        record_id="bank-1",
        kind=SubjectKind.ORGANISATION,
        name=NAME,
        pseudonym="bank-1",
        organisation_id=CODE,
        assurance="high",
        methods=("enterprise",),
        provider="test",
        transaction="1",
        verified_at=now,
        valid_until=now + timedelta(days=1),
        simulated=True,
    )
