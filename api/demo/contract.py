"""The demonstration of a contract: drawn up, agreed to and signed by two people, sealed by the bank."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from zoneinfo import ZoneInfo

from api.demo.loan import AMOUNT, RATE_BP, loan_values
from api.demo.parties import BANK, BORROWER, GUARANTOR, SEAL_CODE, Party
from api.demo.steps import Recorder, Step
from api.install import KeyedWitness
from api.wiring import Centre
from ca.certificate import Certificate
from ca.order import Requester
from evidence.digest import DigestPair
from evidence.event import ActorKind
from keys.suites import Suite
from signing.assemble import assemble
from signing.authorisation import AuthorisationId, Grant
from signing.contract import Contract, ContractOrder, TemplateChoice, Terms
from signing.errors import NotFound
from signing.execute import Signed
from signing.identity import Method
from signing.party import Particulars, PartyKind, PartyOrder, PartyRole, SignaturePlace
from signing.place import MM, Anchor, CrossPage
from signing.seal import SealId, SealKind, SealOrder
from signing.seal_round import RoundSeal, draw_round_seal
from signing.template import load_templates

APPLICATION = Requester("demo-app", ActorKind.APPLICATION)
OPERATOR = Requester("demo", ActorKind.OPERATOR)
TEMPLATE = "personal-loan"
TITLE = "个人借款合同"
SEAL_MM = 42.0
CHINA = ZoneInfo("Asia/Shanghai")
_CODE = re.compile(r"\d{6}")
_READ_MS = 60_000
_CONSENT = ("e-signature", "e-signature-consent@1", sha256(b"e-signature-consent@1").hexdigest())


@dataclass(frozen=True, slots=True)
class SignedContract:
    """What came of it: the file, and the certificates by the role that each signed in."""

    contract: Contract
    path: Path
    certificates: dict[str, Certificate]


class ContractDemonstration:
    """One contract in one suite, by the same use cases that the service offers."""

    def __init__(
        self, centre: Centre, suite: Suite, recorder: Recorder, administrators: Sequence[KeyedWitness]
    ) -> None:
        self._centre = centre
        self._suite = suite
        self._recorder = recorder
        self._administrators = administrators

    def run(self) -> SignedContract:
        """Every step in order."""
        with self._recorder.step("seal", self._suite) as step:
            seal, authorisation = self._seal(step)
        with self._recorder.step("contract", self._suite) as step:
            contract = self._draw_up(step, seal)
        certificates = {}
        for party in (BORROWER, GUARANTOR):
            with self._recorder.step(f"sign-{party.role}", self._suite) as step:
                signed = self._sign(step, contract, party)
                certificates[party.role] = self._certificate(signed)
        with self._recorder.step("sign-bank", self._suite) as step:
            signed = self._set_seal(step, contract, authorisation)
            certificates[BANK.role] = self._certificate(signed)
            data = self._document(signed.contract)
            path = self._recorder.write(step, f"{self._suite}/contract.pdf", data)
        return SignedContract(signed.contract, path, certificates)

    def _seal(self, step: Step) -> tuple[SealId, AuthorisationId]:
        """The bank's seal: proposed by one administrator, approved by another; so its authorisation."""
        first, second = self._administrators[:2]
        now = self._centre.clock.now()
        registry, authorisations = self._centre.seal_registry, self._centre.seal_authorisations
        drawing = draw_round_seal(
            RoundSeal(BANK.name, "合同专用章", SEAL_CODE, SEAL_MM), self._centre.typeface(bold=True)
        )
        order = SealOrder(
            owner=BANK.number,
            label=BANK.name,
            kind=SealKind.CONTRACT,
            maker="demo",
            drawing=drawing.data,
            valid_from=now,
            valid_until=now + timedelta(days=365),
        )
        seal = registry.approve(registry.propose(registry.prepare(order), first).seal_id, second)
        grant = Grant(
            templates=frozenset({TEMPLATE}),
            kinds=frozenset(),
            per_contract=AMOUNT,
            total=AMOUNT,
            valid_from=now,
            valid_until=now + timedelta(days=30),
        )
        given = authorisations.give(authorisations.prepare(seal.seal_id, grant), first)
        authorisation = authorisations.approve(given.authorisation_id, second)
        self._centre.executing.organisation_keys.equip(
            BANK.identity(now), self._suite, self._centre.custody.name, OPERATOR
        )
        self._recorder.write(step, f"{self._suite}/seal.svg", drawing.svg)
        two = seal.approved_by not in {None, seal.proposed_by}
        step.check("seal and authorisation: each by two administrators", "xinqian", ok=two)
        return seal.seal_id, authorisation.authorisation_id

    def _draw_up(self, step: Step, seal: SealId) -> Contract:
        now = self._centre.clock.now()
        number = f"XQ-DEMO-{self._suite.value.upper()}-0001"
        order = ContractOrder(
            number=number,
            title=TITLE,
            suite=self._suite,
            parties=(
                _person(BORROWER, PartyRole.BORROWER, 1),
                _person(GUARANTOR, PartyRole.GUARANTOR, 1),
                _bank(seal),
            ),
            terms=Terms(AMOUNT, RATE_BP),
            template=TemplateChoice(TEMPLATE),
            values=loan_values(number, now.astimezone(CHINA).date()),
        )
        contract = self._centre.drawing_up.draw_up(order, APPLICATION)
        version = load_templates().get(TEMPLATE, None)
        again = self._centre.renderer.render(version, order.values, at=contract.created_at)
        with self._centre.database.reading() as unit:
            first, _ = unit.documents.revisions(contract.document_id)
        step.check("rendered again: octet for octet", "xinqian", ok=first.digests == DigestPair.of(again.pdf))
        step.facts["contract"] = contract.contract_id
        return self._centre.contracts.invitations.start(contract.contract_id, APPLICATION)

    def _sign(self, step: Step, contract: Contract, who: Party) -> Signed:
        """A sitting: read to the end, consent, prove who one is, confirm by one-time code, sign."""
        contracts = self._centre.contracts
        (party,) = [one for one in contract.parties if one.role.value == who.role]
        opened = contracts.attendance.open(contract.contract_id, party.party_id, APPLICATION)
        token = opened.token
        contracts.attendance.document(token)
        contracts.attendance.viewed(token, dwell_ms=_READ_MS, scrolled_to_end=True)
        contracts.attendance.consent(token, *_CONSENT)
        contracts.identification.prove(token, Method.THREE_ELEMENTS)
        intent = contracts.confirmation.state(token)
        ticket = contracts.confirmation.send_code(token, intent.intent_id)
        contracts.confirmation.confirm(
            token, intent.intent_id, challenge_id=ticket.challenge_id, code=self._received(who.mobile)
        )
        signed = self._centre.executing.execution.sign(token)
        step.check("signature: verified before it was kept", "xinqian", ok=len(signed.revisions) > 0)
        return signed

    def _set_seal(self, step: Step, contract: Contract, authorisation: AuthorisationId) -> Signed:
        (party,) = [one for one in contract.parties if one.role is PartyRole.LENDER]
        signed = self._centre.executing.sealing.seal(
            contract.contract_id, party.party_id, authorisation, OPERATOR
        )
        complete = signed.contract.state.value == "completed"
        step.check("validation data and archive timestamp added", "xinqian", ok=complete)
        return signed

    def _received(self, mobile: str) -> str:
        """The code from the simulated telephone: nobody else is told it."""
        desk = self._centre.simulator
        for message in reversed(desk.messages(mobile) if desk is not None else []):
            if found := _CODE.search(message.text):
                return found[0]
        raise NotFound("message", mobile)

    def _certificate(self, signed: Signed) -> Certificate:
        with self._centre.database.reading() as unit:
            record = unit.certificates.get(signed.serial)
        if record.certificate is None:
            raise NotFound("certificate", str(signed.serial))
        return Certificate(record.certificate)

    def _document(self, contract: Contract) -> bytes:
        with self._centre.database.reading() as unit:
            revisions = unit.documents.revisions(contract.document_id)
        return assemble(self._centre.blobs, revisions)


def _person(who: Party, role: PartyRole, order: int) -> PartyOrder:
    return PartyOrder(
        role=role,
        kind=PartyKind.PERSON,
        particulars=Particulars(who.name, who.number, who.mobile),
        order=order,
        places=(SignaturePlace(Anchor(role.value)),),
    )


def _bank(seal: SealId) -> PartyOrder:
    return PartyOrder(
        role=PartyRole.LENDER,
        kind=PartyKind.ORGANISATION,
        particulars=Particulars(BANK.name, BANK.number, representative="周示范"),
        order=2,
        places=(
            SignaturePlace(Anchor(PartyRole.LENDER.value), seal=seal),
            SignaturePlace(None, CrossPage(SEAL_MM * MM, SEAL_MM * MM), seal=seal),
        ),
        silent=True,
    )
