"""Contracts as callers see them; numbers of persons and telephones are masked (JR/T 0171-2020 annex A)."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel

from ca.serial import serial_text
from evidence.clock import rfc3339
from signing.contract import Contract
from signing.document import Revision
from signing.execute import Signed
from signing.party import Party, masked_mobile
from signing.transition import turn

_KEPT = 4  # characters of an identity number at either end


class PartyShown(BaseModel):
    """A party and how far it is."""

    id: str
    role: str
    kind: str
    name: str
    id_number: str
    """Masked."""
    mobile: str | None
    """Masked."""
    agent: str | None
    """Name of who signs for an organisation."""
    order: int
    silent: bool
    state: str
    turn: bool
    """Whether it may sign now."""
    fields: list[str]
    """Its signature fields in the document."""
    replaces: str | None


class TermsShown(BaseModel):
    """What the statements of intent name."""

    amount: int | None
    """分."""
    rate_bp: int | None


class ContractShown(BaseModel):
    """A contract and how far it is."""

    id: str
    number: str
    title: str
    suite: Literal["intl", "guomi"]
    state: str
    terms: TermsShown
    parties: list[PartyShown]
    verification_code: str
    """As its signatures show it."""
    notes: list[str]
    """What was changed about an uploaded file so that it could be taken."""
    created_at: str
    expires_at: str
    ended_at: str | None


class ContractPage(BaseModel):
    """One page, newest first."""

    contracts: list[ContractShown]
    next: str | None
    """Give it as `before` for the next page; null on the last."""


class RevisionShown(BaseModel):
    """One revision of a contract's document."""

    number: int
    kind: str
    field: str | None
    size: int
    """Octets of the file up to its end."""
    sha256: str
    sm3: str
    at: str


class SignedShown(BaseModel):
    """A party has signed, and its signature is stored."""

    contract: str
    state: str
    """Of the contract; `completed` once the last has signed and the data for later validation are in."""
    party: str
    serial: str
    """Of the certificate."""
    revisions: list[RevisionShown]
    """Those that its signatures made."""


def signed_shown(signed: Signed) -> SignedShown:
    """As the interface has it."""
    return SignedShown(
        contract=signed.contract.contract_id,
        state=signed.contract.state.value,
        party=signed.party.party_id,
        serial=serial_text(signed.serial),
        revisions=[revision_shown(one) for one in signed.revisions],
    )


def contract_shown(contract: Contract) -> ContractShown:
    """As the interface has it."""
    now = {one.party_id for one in turn(contract.parties)}
    return ContractShown(
        id=contract.contract_id,
        number=contract.number,
        title=contract.title,
        suite=contract.suite.value,
        state=contract.state.value,
        terms=TermsShown(amount=contract.terms.amount, rate_bp=contract.terms.rate_bp),
        parties=[party_shown(one, turn_now=one.party_id in now) for one in contract.parties],
        verification_code=contract.code,
        notes=list(contract.notes),
        created_at=rfc3339(contract.created_at),
        expires_at=rfc3339(contract.expires_at),
        ended_at=None if contract.ended_at is None else rfc3339(contract.ended_at),
    )


def party_shown(party: Party, *, turn_now: bool) -> PartyShown:
    """As the interface has it."""
    mobile = party.signer.mobile
    return PartyShown(
        id=party.party_id,
        role=party.role.value,
        kind=party.kind.value,
        name=party.particulars.name,
        id_number=masked_number(party.particulars.id_number),
        mobile=None if mobile is None else masked_mobile(mobile),
        agent=None if party.agent is None else party.agent.particulars.name,
        order=party.order,
        silent=party.silent,
        state=party.state.value,
        turn=turn_now,
        fields=list(party.fields),
        replaces=party.replaces,
    )


def revision_shown(revision: Revision) -> RevisionShown:
    """As the interface has it."""
    return RevisionShown(
        number=revision.number,
        kind=revision.kind.value,
        field=revision.field,
        size=revision.size,
        sha256=revision.digests.sha256.hex(),
        sm3=revision.digests.sm3.hex(),
        at=rfc3339(revision.at),
    )


def masked_number(number: str) -> str:
    """`3502**********858X`: of an identity number or credit code."""
    return f"{number[:_KEPT]}{'*' * (len(number) - 2 * _KEPT)}{number[-_KEPT:]}"
