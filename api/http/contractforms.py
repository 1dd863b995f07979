"""Contracts as callers ask for them: JSON documents, and how they become orders."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, ConfigDict, Field, StringConstraints

from api.errors import InputInvalid
from api.identity import Document, Short
from keys.suites import Suite
from signing.contract import MAX_PARTIES, ContractOrder, TemplateChoice, Terms
from signing.errors import Refused
from signing.identity import Method
from signing.party import (
    MAX_PLACES,
    Agent,
    Particulars,
    PartyKind,
    PartyOrder,
    PartyRole,
    PowerOfAttorney,
    SignaturePlace,
    profile_of,
)
from signing.place import Anchor, Box, CrossPage, Keyword, Place, Rect
from signing.proof import SigningProfile

MAX_POINTS = 14_400  # a page's largest side (ISO 32000-2 annex C)
MAX_MEMBERS = 400  # of a contract's values on one level; a loan contract has some 60
SMS = "sms"
MAX_WAYS = 8  # of proving an identity

Points = Annotated[float, Field(ge=-MAX_POINTS, le=MAX_POINTS, allow_inf_nan=False)]
Side = Annotated[float, Field(gt=0, le=MAX_POINTS, allow_inf_nan=False)]
Identifier = Annotated[str, StringConstraints(pattern=r"^[0-9a-f-]{36}$")]
Mobile = Annotated[str, StringConstraints(min_length=1, max_length=20)]
FileId = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Way = Annotated[str, StringConstraints(pattern=r"^[a-z-]{3,20}(?:\+[a-z-]{3,20}){0,3}$")]


class KeywordForm(Document):
    """Beside words on a page; lengths in points (1/72 inch)."""

    text: Short
    width: Side = 120
    height: Side = 48
    exact: bool = True
    """False ignores blanks, letter case and width."""
    occurrence: Annotated[int, Field(ge=-10_000, le=10_000)] = 1
    """Which of those found, in reading order, from 1; negative from the end."""
    first_page: Annotated[int, Field(ge=1, le=100_000)] = 1
    last_page: Annotated[int, Field(ge=1, le=100_000)] | None = None
    dx: Points = 0
    dy: Points = 0


class BoxForm(Document):
    """A place given outright, from the page's lower left corner as it is displayed."""

    page: Annotated[int, Field(ge=-100_000, le=100_000)]
    """From 1; negative from the end."""
    left: Points
    bottom: Points
    width: Side
    height: Side


class CrossPageForm(Document):
    """骑缝章: a seal over the right edges of the pages."""

    width: Side = 120
    height: Side = 120
    slices: Annotated[int, Field(ge=2, le=1_000)] = 20
    centre: Annotated[float, Field(gt=0, lt=1, allow_inf_nan=False)] = 0.5


class FieldForm(Document):
    """One signature of a party: exactly one of anchor, keyword, box, cross_page."""

    anchor: Short | None = None
    """A place that the template keeps, by its name there."""
    keyword: KeywordForm | None = None
    box: BoxForm | None = None
    cross_page: CrossPageForm | None = None
    seal: Short | None = None
    """A seal of the registry; none shows a person's name."""

    def place(self, name: str) -> SignaturePlace:
        """Raises `InputInvalid` for none or several of the four."""
        given = [one for one in (self.anchor, self.keyword, self.box, self.cross_page) if one is not None]
        if len(given) != 1:
            raise InputInvalid(name, "needs exactly one of anchor, keyword, box and cross_page")
        if self.cross_page is not None:
            return SignaturePlace(None, CrossPage(**self.cross_page.model_dump()), self.seal)
        return SignaturePlace(self._place(), None, self.seal)

    def _place(self) -> Place:
        if self.anchor is not None:
            return Anchor(self.anchor)
        if self.keyword is not None:
            return Keyword(**self.keyword.model_dump())
        given = self.box.model_dump() if self.box is not None else {}
        return Box(given.pop("page"), Rect(**given))


class PowerForm(Document):
    """授权委托书 of an organisation's agent."""

    reference: Short
    roles: Annotated[list[PartyRole], Field(min_length=1, max_length=len(PartyRole))]
    not_before: AwareDatetime
    not_after: AwareDatetime
    max_amount: Annotated[int, Field(gt=0)] | None = None
    """分."""


class AgentForm(Document):
    """The authorised person who signs for an organisation."""

    name: Short
    id_number: Short
    mobile: Mobile
    power: PowerForm

    def agent(self) -> Agent:
        """As the contract knows it."""
        power = self.power
        return Agent(
            Particulars(self.name, self.id_number, self.mobile),
            PowerOfAttorney(
                power.reference, frozenset(power.roles), power.not_before, power.not_after, power.max_amount
            ),
        )


class WhoForm(Document):
    """Who a party is."""

    name: Short
    id_number: Short
    """Resident identity number, or unified social credit code."""
    mobile: Mobile | None = None
    representative: Short | None = None
    """Legal representative of an organisation."""
    agent: AgentForm | None = None

    def particulars(self) -> Particulars:
        """As the contract knows them."""
        return Particulars(self.name, self.id_number, self.mobile, self.representative)

    def acting(self) -> Agent | None:
        """The agent."""
        return None if self.agent is None else self.agent.agent()


class PartyForm(WhoForm):
    """A party: who, as what, when, how it proves itself, where it signs."""

    role: PartyRole
    kind: PartyKind = PartyKind.PERSON
    order: Annotated[int, Field(ge=1, le=1_000)] = 1
    """Lower numbers sign before; the same number means at the same time."""
    auth: Annotated[list[Way], Field(min_length=1, max_length=MAX_WAYS)] | None = None
    """Ways to prove the identity, any of which is enough, methods of one way joined by `+`:
    `two-elements`, `three-elements`, `four-elements`, `face`, `enterprise`; and `sms`: a one-time code is
    asked for besides. None given: what the kind of party needs."""
    min_dwell_s: Annotated[int, Field(ge=0, le=900)] | None = None
    must_scroll: bool | None = None
    consents: Annotated[list[Short], Field(max_length=20)] | None = None
    silent: bool = False
    """Signs by its own seal under a recorded authorisation; organisations only."""
    fields: Annotated[list[FieldForm], Field(max_length=MAX_PLACES)] = Field(default_factory=list)
    """None: the one that the template keeps for the role."""

    def order_of(self, name: str) -> PartyOrder:
        """Raises `InputInvalid`, `signing.errors.Refused` naming the member."""
        order = PartyOrder(
            role=self.role,
            kind=self.kind,
            particulars=self.particulars(),
            order=self.order,
            places=tuple(one.place(f"{name}.fields[{at}]") for at, one in enumerate(self.fields)),
            agent=self.acting(),
            silent=self.silent,
        )
        return replace(order, profile=self._profile(profile_of(order), name))

    def _profile(self, own: SigningProfile, name: str) -> SigningProfile:
        ways = own.identity
        if self.auth is not None:
            ways = tuple(_way(one, name) for one in self.auth if one != SMS)
        changes: dict[str, Any] = {
            "min_dwell_s": self.min_dwell_s,
            "must_scroll": self.must_scroll,
            "consents": None if self.consents is None else tuple(self.consents),
            "one_time_code": None if self.auth is None else SMS in self.auth,
            "identity": ways or None,
        }
        try:
            return replace(own, **{key: value for key, value in changes.items() if value is not None})
        except Refused as error:
            member = "auth" if error.field.endswith("identity") else error.field.rpartition(".")[2]
            raise Refused(f"{name}.{member}", error.reason) from error


class TemplateForm(Document):
    """A template by name, and the version that is counted on; none: the newest."""

    name: Short
    version: Annotated[int, Field(ge=1, le=1_000_000)] | None = None


class TermsForm(Document):
    """What the statement of intent names beside the document."""

    amount: Annotated[int, Field(gt=0)] | None = None
    """分."""
    rate_bp: Annotated[int, Field(ge=0)] | None = None
    """Yearly, in basis points."""


class ContractForm(Document):
    """A contract wanted, of a template with values or of an uploaded file."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "number": "HT-2026-000001",
                    "title": "个人借款合同",
                    "suite": "guomi",
                    "template": {"name": "personal-loan"},
                    "values": {"number": "HT-2026-000001"},
                    "terms": {"amount": 5_000_000, "rate_bp": 650},
                    "parties": [
                        {
                            "role": "borrower",
                            "name": "冯浩勇",
                            "id_number": "35020319950610858X",
                            "mobile": "15008075764",
                            "order": 1,
                            "auth": ["three-elements", "face", "sms"],
                            "fields": [{"anchor": "borrower"}],
                        }
                    ],
                }
            ]
        },
    )

    number: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    """The caller's own, unique; it also names the contract in texts."""
    title: Annotated[str, StringConstraints(min_length=1, max_length=128)]
    suite: Literal["intl", "guomi"]
    parties: Annotated[list[PartyForm], Field(min_length=1, max_length=MAX_PARTIES)]
    terms: TermsForm = TermsForm()
    template: TemplateForm | None = None
    values: Annotated[dict[str, Any], Field(max_length=MAX_MEMBERS)] = Field(default_factory=dict)
    file: FileId | None = None
    """What `POST /v1/documents` answered, in place of template and values."""
    expires_at: AwareDatetime | None = None
    parallel: bool = False
    """Everybody may sign at once, whatever their order says."""
    start: bool = True
    """Invite the first parties at once."""

    def order(self, data: bytes | None) -> ContractOrder:
        """`data` is the uploaded file's. Raises `InputInvalid`, `signing.errors.Refused`."""
        template = None
        if self.template is not None:
            template = TemplateChoice(self.template.name, self.template.version)
        return ContractOrder(
            number=self.number,
            title=self.title,
            suite=Suite(self.suite),
            parties=tuple(one.order_of(f"parties[{at}]") for at, one in enumerate(self.parties)),
            terms=Terms(self.terms.amount, self.terms.rate_bp),
            template=template,
            values=self.values,
            file=data,
            expires_at=self.expires_at,
            parallel=self.parallel,
        )


class ReplacementForm(WhoForm):
    """Who takes a party's place: role, order and signature places stay."""


class VoidForm(Document):
    """Why nobody is to sign any more."""

    reason: Annotated[str, StringConstraints(min_length=1, max_length=500)]


class RemindForm(Document):
    """Whom to remind; nobody named: everybody whose turn it is."""

    party: Identifier | None = None


def _way(text: str, name: str) -> frozenset[Method]:
    try:
        return frozenset(Method(one) for one in text.split("+"))
    except ValueError as error:
        raise InputInvalid(f"{name}.auth", f"has no method {text}") from error


class SealForm(Document):
    """Under which authorisation an organisation's seal is set."""

    authorisation: Short
