"""Parties of a contract: who they are, who acts for an organisation, in which order and where they sign."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import NewType

from signing.errors import Refused, ValuesInvalid
from signing.identity import Method, Subject
from signing.place import CrossPage, Place, Rect
from signing.proof import ORGANISATION_PROFILE, PERSON_PROFILE, SEAL_PROFILE, SigningProfile
from signing.values import WRONG_FORM
from signing.valuesidentity import is_credit_code, is_person_id

PartyId = NewType("PartyId", str)
"""UUIDv7, 36 characters; a party that replaces another has a new one."""

MAX_NAME = 64  # characters: the bound of a certificate's commonName (RFC 5280 A.1)
MAX_ORDER = 1_000  # far above any contract's number of turns
MAX_PLACES = 8  # signatures of one party: as many as its one-time key may make
_MOBILE = re.compile(r"1[3-9]\d{9}\Z")  # numbers of mainland China


class PartyRole(enum.StrEnum):
    """As what somebody signs."""

    BORROWER = "borrower"
    CO_BORROWER = "co-borrower"
    SPOUSE = "spouse"
    GUARANTOR = "guarantor"
    PLEDGOR = "pledgor"
    LENDER = "lender"


class PartyKind(enum.StrEnum):
    """A person, or an organisation; the latter acts through an agent or by its own seal."""

    PERSON = "person"
    ORGANISATION = "organisation"


class PartyState(enum.StrEnum):
    """How far a party is; see `signing.transition`."""

    PENDING = "pending"
    INVITED = "invited"
    VIEWED = "viewed"
    CONFIRMED = "confirmed"
    SIGNED = "signed"
    DECLINED = "declined"
    REPLACED = "replaced"


@dataclass(frozen=True, slots=True)
class Particulars:
    """Personal data of a party, sealed at rest and in no log."""

    name: str = field(repr=False)
    id_number: str = field(repr=False)
    """Resident identity number, or unified social credit code of an organisation."""
    mobile: str | None = field(default=None, repr=False)
    representative: str | None = field(default=None, repr=False)
    """Legal representative of an organisation."""


@dataclass(frozen=True, slots=True)
class PowerOfAttorney:
    """授权委托书: what an agent may sign for the organisation, and when."""

    reference: str
    """Its number with the organisation, or the SHA-256 of its file."""
    roles: frozenset[PartyRole]
    """As what the agent may sign."""
    not_before: datetime
    not_after: datetime
    max_amount: int | None = None
    """分; None for no cap."""

    def require(self, role: PartyRole, amount: int | None, at: datetime) -> None:
        """Raises `Refused` naming what the power does not cover at this moment."""
        if at < self.not_before or at > self.not_after:
            raise Refused("power_of_attorney", "is not in force at this time")
        if role not in self.roles:
            raise Refused("power_of_attorney", f"does not cover the role {role.value}")
        if self.max_amount is not None and (amount is None or amount > self.max_amount):
            raise Refused("power_of_attorney", f"covers no more than {self.max_amount} fen")


@dataclass(frozen=True, slots=True)
class Agent:
    """The authorised person who signs for an organisation."""

    particulars: Particulars
    power: PowerOfAttorney


@dataclass(frozen=True, slots=True)
class SignaturePlace:
    """One signature of a party: where, or across which pages."""

    place: Place | None
    cross_page: CrossPage | None = None
    seal: str | None = None
    """The seal of the registry that is shown; None for a person's name."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A signature field where it was placed; without width and height for an invisible one."""

    field: str
    page: int
    """From 1."""
    rect: Rect
    """On the page as displayed."""


@dataclass(frozen=True, slots=True)
class PartyOrder:
    """A party as it is asked for."""

    role: PartyRole
    kind: PartyKind
    particulars: Particulars
    order: int
    """Those with a lower number sign before; the same number means at the same time."""
    places: tuple[SignaturePlace, ...] = ()
    """Empty for the one that a template keeps for the role."""
    agent: Agent | None = None
    silent: bool = False
    """Signs by its own seal under a recorded authorisation, nobody present; organisations only."""
    profile: SigningProfile | None = None
    """None for the role's own."""


@dataclass(frozen=True, slots=True)
class Party:
    """A party as the contract knows it."""

    party_id: PartyId
    role: PartyRole
    kind: PartyKind
    particulars: Particulars
    agent: Agent | None
    order: int
    places: tuple[SignaturePlace, ...]
    spots: tuple[Spot, ...]
    """Its signature fields as they were placed, one a place."""
    silent: bool
    profile: SigningProfile
    state: PartyState
    pseudonym: str
    """Of whoever signs: keyed hash of the identity number, the certificate's serialNumber."""
    replaces: PartyId | None = None

    @property
    def fields(self) -> tuple[str, ...]:
        """Names of its signature fields."""
        return tuple(one.field for one in self.spots)

    @property
    def signer(self) -> Particulars:
        """The person who signs: the party, or its agent."""
        return self.particulars if self.agent is None else self.agent.particulars

    @property
    def active(self) -> bool:
        """Whether its signature is still counted on, or was given."""
        return self.state not in (PartyState.REPLACED, PartyState.DECLINED)

    def subject(self, method: Method, *, card: str | None = None, face_token: str | None = None) -> Subject:
        """Whom a bureau is asked about: the organisation itself for its register, else who signs."""
        if method is Method.ENTERPRISE:
            own = self.particulars
            return Subject(own.name, own.id_number, representative=own.representative)
        who = self.signer
        return Subject(who.name, who.id_number, mobile=who.mobile, card=card, face_token=face_token)


def check_party(order: PartyOrder, field: str) -> PartyOrder:
    """A party that may stand in a contract; `field` names it in errors.

    Raises `ValuesInvalid` naming the value, `Refused` for a combination that a rule forbids.
    """
    if not 1 <= order.order <= MAX_ORDER:
        raise ValuesInvalid(f"{field}.order", f"is not between 1 and {MAX_ORDER}")
    if len(order.places) > MAX_PLACES:
        raise ValuesInvalid(f"{field}.fields", f"are more than {MAX_PLACES}")
    for at, one in enumerate(order.places):
        if (one.place is None) == (one.cross_page is None):
            raise ValuesInvalid(f"{field}.fields[{at}]", "needs either a place or a seal across pages")
    if order.kind is PartyKind.ORGANISATION:
        _check_organisation(order, field)
    else:
        if order.silent:
            raise Refused(f"{field}.silent", "is for seals of organisations alone")
        if order.agent is not None:
            raise Refused(f"{field}.agent", "a person signs in person")
        _check_person(order.particulars, field)
    return order


def profile_of(order: PartyOrder) -> SigningProfile:
    """The profile that was asked for, or the one of its kind."""
    if order.profile is not None:
        return order.profile
    if order.silent:
        return SEAL_PROFILE
    return PERSON_PROFILE if order.kind is PartyKind.PERSON else ORGANISATION_PROFILE


def check_mobile(mobile: str | None, field: str) -> str:
    """Raises `ValuesInvalid`."""
    if mobile is None or not _MOBILE.match(mobile):
        raise ValuesInvalid(field, WRONG_FORM["mobile"])
    return mobile


def masked_mobile(mobile: str) -> str:
    """`138****5678` (JR/T 0171-2020 annex A)."""
    return f"{mobile[:3]}****{mobile[-4:]}"


def _check_organisation(order: PartyOrder, field: str) -> None:
    own = order.particulars
    _check_name(own.name, f"{field}.name")
    if not is_credit_code(own.id_number):
        raise ValuesInvalid(f"{field}.id_number", WRONG_FORM["credit-code"])
    if order.silent == (order.agent is not None):
        raise Refused(f"{field}.agent", "is needed unless the organisation signs by its own seal")
    if order.agent is not None:
        _check_person(order.agent.particulars, f"{field}.agent")
        if order.agent.power.not_after <= order.agent.power.not_before:
            raise ValuesInvalid(f"{field}.agent.power", "ends before it begins")


def _check_person(who: Particulars, field: str) -> None:
    _check_name(who.name, f"{field}.name")
    if not is_person_id(who.id_number):
        raise ValuesInvalid(f"{field}.id_number", WRONG_FORM["person-id"])
    check_mobile(who.mobile, f"{field}.mobile")


def _check_name(name: str, field: str) -> None:
    if not name.strip() or len(name) > MAX_NAME:
        raise ValuesInvalid(field, f"is empty, or longer than {MAX_NAME} characters")
