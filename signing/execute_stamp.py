"""What a signature shows: the seal or the name, and what proves it; tried before anybody signs."""

from __future__ import annotations

from datetime import datetime

from signing.contract import Contract, ContractId, verification_code
from signing.form import Form
from signing.intent import ROLE_ZH
from signing.outline import Typeface
from signing.pades.order import SignatureOrder
from signing.party import Particulars, Party, PartyKind, Spot
from signing.place import Rect
from signing.seal import SealId
from signing.seal_drawing import Drawing
from signing.stamp import Size, StampText, compose_stamp

LONGEST_SERIAL = "0" * 32  # as many digits as a serial number of ours has
ANY_CODE = verification_code(ContractId(""))  # all are as long


def shown_name(particulars: Particulars, agent: Particulars | None) -> str:
    """Whose signature it is: a person's, or an organisation's by whoever acts for it."""
    return particulars.name if agent is None else f"{particulars.name}（{agent.name}）"


def try_stamp(
    name: str, size: Size, face: Typeface, drawing: Drawing | None, at: datetime, field: str
) -> None:
    """Raises `PlacementInvalid` for a place that is too small for what will stand in it, `GlyphMissing`."""
    compose_stamp(StampText(name, at, LONGEST_SERIAL, ANY_CODE), size, face, drawing=drawing, field=field)


def signature_order(
    contract: Contract,
    party: Party,
    spot: Spot,
    serial: str,
    face: Typeface,
    drawing: Drawing | None,
    at: datetime,
) -> SignatureOrder:
    """What one signature shows and claims; `serial` of its certificate, in hexadecimal."""
    agent = None if party.agent is None else party.agent.particulars
    name = shown_name(party.particulars, agent)
    appearance = None
    if is_visible(spot.rect):
        said = StampText(name, at, serial, contract.code)
        appearance = _composed(said, spot, face, drawing)
    reason = f"{ROLE_ZH[party.role]}签署《{contract.title}》"
    return SignatureOrder(spot.field, at, name=name, reason=reason, appearance=appearance)


def is_visible(rect: Rect) -> bool:
    """Whether a signature field has a place on a page."""
    return rect.width > 0


def seal_at(party: Party, spot: Spot) -> SealId | None:
    """The seal that the place of a field names."""
    seal = party.places[party.spots.index(spot)].seal
    return None if seal is None else SealId(seal)


def seal_owner(party: Party) -> str:
    """Under what the registry knows the owner of a party's seals: credit code, or pseudonym."""
    return party.pseudonym if party.kind is PartyKind.PERSON else party.particulars.id_number


def _composed(said: StampText, spot: Spot, face: Typeface, drawing: Drawing | None) -> Form:
    size = Size(spot.rect.width, spot.rect.height)
    return compose_stamp(said, size, face, drawing=drawing, field=spot.field)
