"""Contracts: make, read, list, invite, void; open sign sessions for their parties."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel

from api.callers import Caller
from api.errors import InputInvalid
from api.http.caller import CallerRoute, Contractor, ContractReader
from api.http.centre import View, Wired
from api.http.certificates import Key
from api.http.contractforms import ContractForm, RemindForm, ReplacementForm, SealForm, VoidForm
from api.http.contractshown import (
    ContractPage,
    ContractShown,
    PartyShown,
    SignedShown,
    contract_shown,
    party_shown,
    signed_shown,
)
from api.http.documents import ContractPath
from api.http.signsession import From
from api.wiring import Centre
from ca.order import Requester
from evidence.clock import rfc3339
from signing.authorisation import AuthorisationId
from signing.contract import ContractId
from signing.contract_ports import ContractFilter
from signing.document import BlobId
from signing.errors import DocumentUnavailable, TooManyRequests
from signing.party import PartyId
from signing.transition import ContractState, turn

MAX_PAGE = 100  # contracts; the parties of each are opened and read
DEFAULT_PAGE = 20
IDENTIFIER = r"^[0-9a-f-]{36}$"
PartyPath = Annotated[str, Path(pattern=IDENTIFIER)]
router = APIRouter(prefix="/v1/contracts", tags=["contracts"], route_class=CallerRoute)


class SignSession(BaseModel):
    """A session for one act of one party. The token is told this once."""

    id: str
    token: str
    """For `Authorization: Bearer`; to be given to the party alone."""
    url: str
    """A page of ours where the party can read and sign."""
    expires_at: str


class Reminded(BaseModel):
    """Who was reminded; those who were too lately are left out."""

    parties: list[str]


@router.post("", status_code=201)
def make(
    form: ContractForm, caller: Contractor, centre: Wired, response: Response, _key: Key
) -> ContractShown:
    """Make a contract: its PDF, its signature fields, its parties; and invite the first of them.

    Refused before anything is made for a value that is missing, a character that no font has, a place that
    cannot be had, or a file that cannot be signed; the problem names the field.
    """
    requester = requester_of(caller)
    data = None if form.file is None else uploaded(centre, form.file)
    made = centre.drawing_up.draw_up(form.order(data), requester)
    if form.start:
        made = centre.contracts.invitations.start(made.contract_id, requester)
    response.headers["Location"] = f"/v1/contracts/{made.contract_id}"
    return contract_shown(made)


@router.get("")
def page(
    _caller: ContractReader,
    unit: View,
    before: Annotated[str | None, Query(pattern=IDENTIFIER)] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = DEFAULT_PAGE,
    number: Annotated[str | None, Query(max_length=64)] = None,
    state: ContractState | None = None,
) -> ContractPage:
    """Contracts, newest first, a page at a time."""
    which = ContractFilter(
        number=number, state=state, before=None if before is None else ContractId(before), limit=limit
    )
    found = unit.contracts.find(which)
    last = found[-1].contract_id if len(found) == limit else None
    return ContractPage(contracts=[contract_shown(one) for one in found], next=last)


@router.get("/{contract}")
def one(contract: ContractPath, _caller: ContractReader, unit: View) -> ContractShown:
    """One contract and how far its parties are."""
    return contract_shown(unit.contracts.get(ContractId(contract)))


@router.post("/{contract}/start")
def start(contract: ContractPath, caller: Contractor, centre: Wired, _key: Key) -> ContractShown:
    """Invite the first parties of a contract that was made with `start: false`."""
    return contract_shown(centre.contracts.invitations.start(ContractId(contract), requester_of(caller)))


@router.post("/{contract}/void")
def void(
    contract: ContractPath, form: VoidForm, caller: Contractor, centre: Wired, _key: Key
) -> ContractShown:
    """Nobody is to sign it any more."""
    centre.contracts.withdrawal.void(ContractId(contract), requester_of(caller), form.reason)
    with centre.database.reading() as unit:
        return contract_shown(unit.contracts.get(ContractId(contract)))


@router.post("/{contract}/remind")
def remind(
    contract: ContractPath, form: RemindForm, caller: Contractor, centre: Wired, _key: Key
) -> Reminded:
    """A short message to a party whose turn it is, or to all of them; twice a day at most."""
    requester = requester_of(caller)
    if form.party is not None:
        centre.contracts.invitations.remind(ContractId(contract), PartyId(form.party), requester)
        return Reminded(parties=[form.party])
    with centre.database.reading() as unit:
        held = unit.contracts.get(ContractId(contract))
    held.require_signing("remind", centre.clock.now())
    told: list[str] = []
    limit: TooManyRequests | None = None
    for one in turn(held.parties):
        if one.silent:
            continue
        try:
            centre.contracts.invitations.remind(ContractId(contract), one.party_id, requester)
            told.append(one.party_id)
        except TooManyRequests as error:
            limit = error  # of this party alone: the others are told all the same
    if limit is not None and not told:
        raise limit
    return Reminded(parties=told)


@router.post("/{contract}/parties/{party}/replace", status_code=201)
def replace(
    contract: ContractPath,
    party: PartyPath,
    form: ReplacementForm,
    caller: Contractor,
    centre: Wired,
    _key: Key,
) -> PartyShown:
    """Somebody else takes the place of a party that has not signed."""
    new = centre.contracts.replacement.replace(
        ContractId(contract), PartyId(party), form.particulars(), requester_of(caller), form.acting()
    )
    with centre.database.reading() as unit:
        held = unit.contracts.get(ContractId(contract))
    return party_shown(new, turn_now=new.party_id in {one.party_id for one in turn(held.parties)})


@router.post("/{contract}/parties/{party}/sign-sessions", status_code=201)
def open_session(
    contract: ContractPath, party: PartyPath, caller: Contractor, centre: Wired, origin: From, _key: Key
) -> SignSession:
    """A session in which a party whose turn it is reads, confirms and signs; an earlier one ends."""
    opened = centre.contracts.attendance.open(
        ContractId(contract), PartyId(party), requester_of(caller), origin
    )
    return SignSession(
        id=opened.session_id,
        token=opened.token,
        url=f"{centre.settings.base_url}/sign/{opened.token}",
        expires_at=rfc3339(opened.expires_at),
    )


@router.post("/{contract}/parties/{party}/seal", status_code=201)
def seal(
    contract: ContractPath, party: PartyPath, form: SealForm, caller: Contractor, centre: Wired, _key: Key
) -> SignedShown:
    """An organisation signs by its own seal, nobody present, as far as its authorisation reaches."""
    signed = centre.executing.sealing.seal(
        ContractId(contract), PartyId(party), AuthorisationId(form.authorisation), requester_of(caller)
    )
    return signed_shown(signed)


def uploaded(centre: Centre, file: str) -> bytes:
    """Octets of `POST /v1/documents`; raises `InputInvalid`."""
    try:
        return centre.blobs.read(BlobId(file))
    except DocumentUnavailable as error:
        raise InputInvalid("file", "is no document that was uploaded") from error


def requester_of(caller: Caller) -> Requester:
    """As the record names it."""
    return Requester(caller.caller_id, profiles=caller.profiles)
