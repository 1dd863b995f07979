"""Contracts for tests: people who do not exist, a bureau and a gateway in memory, the acts of one sitting."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from api.wiring import Centre
from ca.ceremony import run_ceremony
from ca.ceremonyplan import parse_ceremony
from ca.certify import Certifier
from ca.order import Requester
from evidence.clock import Clock
from keys.suites import Suite
from signing.challenge import ChallengeId
from signing.confirm import Confirmation
from signing.contract import Contract, ContractId, ContractOrder, Terms
from signing.errors import ProviderUnavailable
from signing.execute import Signed
from signing.execute_turn import Turns
from signing.identify import Identification
from signing.identity import Answer, Enquiry, Verdict
from signing.intent import Intent
from signing.invite import Invitations
from signing.message import Receipt, ShortMessage
from signing.party import (
    Particulars,
    Party,
    PartyId,
    PartyKind,
    PartyOrder,
    PartyRole,
    PartyState,
    SignaturePlace,
)
from signing.place import Box, Rect
from signing.proof import PERSON_PROFILE
from tests.support.contracts import person_id
from tests.support.installation import (
    ADMINISTRATORS,
    BASE_URL,
    Installation,
    SoftwareWitness,
    ceremony_plan,
    open_installation,
)
from tests.support.tiny_pdf import tiny_pdf

BANK = Requester("bank-app")
ROLES = ("root", "person", "seal", "timestamp")
CODE = re.compile(r"验证码(\d{6})")
CONSENT_TEXT = sha256(b"consent").hexdigest()
ROWS, COLUMNS = 12, 3
HIGH, WIDE = 60.0, 160.0  # points of a place in these documents


@dataclass
class Bureau:
    """`IdentityProvider` that says what it is told to; a fault is raised once."""

    clock: Clock
    verdict: Verdict = Verdict.MATCH
    fault: ProviderUnavailable | None = None
    asked: list[Enquiry] = field(default_factory=list)
    name: str = "test-bureau"
    simulated: bool = True

    def check(self, enquiry: Enquiry) -> Answer:
        self.asked.append(enquiry)
        fault, self.fault = self.fault, None
        if fault is not None:
            raise fault
        request = json.dumps({"method": enquiry.method, "transaction": enquiry.transaction}).encode()
        response = json.dumps({"verdict": self.verdict, "transaction": enquiry.transaction}).encode()
        reference = secrets.token_hex(8)
        return Answer(self.verdict, reference, request, response, self.clock.now())


@dataclass
class Telephone:
    """`MessageSender` whose messages can be read; a fault is raised once."""

    clock: Clock
    fault: ProviderUnavailable | None = None
    received: list[ShortMessage] = field(default_factory=list)
    name: str = "test-gateway"
    simulated: bool = True

    def send(self, message: ShortMessage) -> Receipt:
        fault, self.fault = self.fault, None
        if fault is not None:
            raise fault
        self.received.append(message)
        return Receipt(secrets.token_hex(8), self.clock.now(), b'{"accepted":true}')

    def code(self) -> str:
        """Of the newest message that holds one."""
        for message in reversed(self.received):
            if found := CODE.search(message.text):
                return found[1]
        raise AssertionError("no code was sent")


@dataclass
class Studio:
    """The use cases of contracts over an installation, with outside parties of the test's own."""

    centre: Centre
    hold_for: timedelta = timedelta(seconds=30)
    bureau: Bureau = field(init=False)
    telephone: Telephone = field(init=False)

    def __post_init__(self) -> None:
        self.bureau = Bureau(self.centre.clock)
        self.telephone = Telephone(self.centre.clock)
        centre = self.centre
        # In place of what the settings would name: `cached_property` keeps what stands there.
        centre.__dict__["identity_provider"] = self.bureau
        centre.__dict__["message_sender"] = self.telephone
        executing = centre.executing
        executing.__dict__["turns"] = replace(executing.turns, hold_for=self.hold_for)

    @property
    def identification(self) -> Identification:
        return self.centre.contracts.identification

    @property
    def confirmation(self) -> Confirmation:
        return self.centre.contracts.confirmation

    @property
    def invitations(self) -> Invitations:
        return self.centre.contracts.invitations

    def draw_up(self, *parties: PartyOrder, **changes: object) -> Contract:
        """Of a page of nothing but places, for speed; in the tests of rendering it is a real contract."""
        order = ContractOrder(
            number=f"TEST-{secrets.token_hex(6)}",
            title="个人借款合同",
            suite=Suite.INTL,
            parties=parties or (person(PartyRole.BORROWER),),
            terms=Terms(5_000_000, 650),
            file=tiny_pdf(2),
        )
        order = replace(order, **changes)  # type: ignore[arg-type]  # by name
        return self.centre.drawing_up.draw_up(order, BANK)

    def start(self, *parties: PartyOrder, **changes: object) -> Contract:
        """Drawn up, and the first invited."""
        contract = self.draw_up(*parties, **changes)
        return self.invitations.start(contract.contract_id, BANK)

    def open(self, contract: Contract, party: Party) -> str:
        """The token of a session."""
        return self.centre.contracts.attendance.open(contract.contract_id, party.party_id, BANK).token

    def agree(self, token: str) -> Intent:
        """All that a party does before it signs."""
        self.read(token)
        ways = self.centre.contracts.attendance.whose(token).party.profile.identity
        for method in sorted(ways[0]):
            self.identification.prove(token, method, face_token="face-1")
        return self.confirm(token)

    def read(self, token: str) -> bytes:
        """The document looked at and consented to."""
        attendance = self.centre.contracts.attendance
        data = attendance.document(token).data
        attendance.viewed(token, dwell_ms=60_000, scrolled_to_end=True)
        attendance.consent(token, "e-signature", "e-signature@1", CONSENT_TEXT)
        return data

    def confirm(self, token: str) -> Intent:
        """The statement, confirmed by its code."""
        intent = self.confirmation.state(token)
        ticket = self.confirmation.send_code(token, intent.intent_id)
        challenge_id: ChallengeId = ticket.challenge_id
        code = self.telephone.code()
        return self.confirmation.confirm(token, intent.intent_id, challenge_id=challenge_id, code=code)

    def sign(self, contract: Contract, party: Party) -> Signed:
        """A whole sitting."""
        token = self.open(contract, party)
        self.agree(token)
        return self.centre.executing.execution.sign(token)

    def get(self, contract_id: ContractId) -> Contract:
        with self.centre.database.reading() as unit:
            return unit.contracts.get(contract_id)

    def events(self, contract: Contract) -> list[str]:
        """Names of what was recorded of a contract, in order."""
        return [name for name, _, _ in self.recorded(contract)]

    def recorded(self, contract: Contract) -> list[tuple[str, dict[str, object], str]]:
        """Type, facts and result's code of each event of a contract."""
        with self.centre.database.reading() as unit:
            tenant = self.centre.settings.tenant
            found = unit.events.case(tenant, contract.case_id)  # type: ignore[arg-type]  # a name of text
        documents = [json.loads(one.envelope) for one in found]
        return [(one["type"], one["facts"], one["result"]["code"]) for one in documents]

    def data(self, contract: Contract) -> bytes:
        """The document's newest revision."""
        from signing.assemble import assemble  # noqa: PLC0415

        with self.centre.database.reading() as unit:
            revisions = unit.documents.revisions(contract.document_id)
        return assemble(self.centre.blobs, revisions)

    @cached_property
    def turns(self) -> Turns:
        return self.centre.executing.turns


def mobile() -> str:
    """A number nobody else of the tests has."""
    return f"138{secrets.randbelow(10**8):08}"


def somebody(name: str = "张三") -> Particulars:
    """A person with numbers of its own."""
    born = f"19{70 + secrets.randbelow(30)}{1 + secrets.randbelow(12):02}15"
    number = person_id("330106", born, f"{secrets.randbelow(1_000):03}")
    return Particulars(name, number, mobile())


def place(number: int = 0) -> SignaturePlace:
    """A box of its own: 36 on the last page, in 3 columns, the others on the page before."""
    page, there = divmod(number, ROWS * COLUMNS)
    column, row = divmod(there, ROWS)
    rect = Rect(30 + column * (WIDE + 10), 20 + row * (HIGH + 5), WIDE, HIGH)
    return SignaturePlace(Box(-1 - page, rect))


def person(
    role: PartyRole, order: int = 1, row: int = 0, name: str = "张三", **changes: object
) -> PartyOrder:
    """A person with one place."""
    made = PartyOrder(role, PartyKind.PERSON, somebody(name), order, (place(row),))
    return replace(made, **changes)  # type: ignore[arg-type]  # by name


Witnesses = tuple[SoftwareWitness, SoftwareWitness]


def member(
    number: int = 0, state: PartyState = PartyState.PENDING, order: int = 1, *, silent: bool = False
) -> Party:
    """A party as a contract has it, without a place."""
    return Party(
        party_id=PartyId(f"party-{number}"),
        role=PartyRole.BORROWER,
        kind=PartyKind.ORGANISATION if silent else PartyKind.PERSON,
        particulars=somebody(),
        agent=None,
        order=order,
        places=(),
        spots=(),
        silent=silent,
        profile=PERSON_PROFILE,
        state=state,
        pseudonym="p",
    )


@contextmanager
def open_bank(
    backend: str,
    folder: Path,
    suites: tuple[str, ...] = ("intl",),
    roles: tuple[str, ...] = ROLES,
    witnesses: Witnesses | None = None,
) -> Iterator[Installation]:
    """An installation whose hierarchy has what contracts need, CRLs published."""
    witnesses = witnesses or two_witnesses()
    with open_installation(backend, folder, suites=()) as installation:
        plan = ceremony_plan(suites)
        for suite in plan["suites"]:  # type: ignore[index]  # the plan is plain data
            names = [{"role": role, "name": f"Test {suite['suite']} {role}"} for role in roles]
            suite["authorities"] = names
        with installation.bare() as centre:
            certifier = Certifier(centre.signers, {"software": centre.software}, BASE_URL)
            run_ceremony(centre.database, certifier, centre.clock, parse_ceremony(plan), witnesses)
            centre.publisher.publish_due()
        yield installation


def two_witnesses() -> Witnesses:
    first, second = ADMINISTRATORS
    return SoftwareWitness(first), SoftwareWitness(second)
