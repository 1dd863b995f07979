"""Certificates: order, read, list, revoke."""

from __future__ import annotations

import base64
import binascii
from datetime import datetime, timedelta
from typing import Annotated, Literal

from fastapi import APIRouter, Header, Path, Query, Response
from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from api.chain import chain_of
from api.errors import InputInvalid
from api.http.caller import IDEMPOTENCY_KEY, CallerRoute, Issuer, Reader, Revoker
from api.http.centre import View, Wired
from api.identity import Document, IdentityDocument, Short
from api.ordering import OrderForm, order_of
from ca.certificate import Certificate, pem_bundle
from ca.order import Requester
from ca.ports import CertificateFilter
from ca.profileschema import parse_duration
from ca.registry import AuthorityId, CertificateRecord, CertificateStatus
from ca.revoke import Grounds, Selection, reason_named
from ca.serial import parse_serial, serial_text
from evidence.clock import rfc3339

MAX_PAGE = 200  # certificates; each is opened and read
DEFAULT_PAGE = 50
SERIAL_PATTERN = r"^[0-9a-fA-F]{1,40}$"  # RFC 5280 4.1.2.2: 20 octets
HEX = r"^(?:[0-9a-fA-F]{2}){32}$"  # 32 octets: SHA-256, SM3

router = APIRouter(prefix="/v1/certificates", tags=["certificates"], route_class=CallerRoute)

SerialPath = Annotated[str, Path(pattern=SERIAL_PATTERN)]
Key = Annotated[str, Header(alias=IDEMPOTENCY_KEY, min_length=8, max_length=128)]


class CertificateOrder(Document):
    """A certificate wanted. The request contributes its public key and the proof that it is held."""

    profile: Short
    csr: Annotated[str, StringConstraints(min_length=1, max_length=24_000)]
    """PKCS #10 as PEM, or base64 of its DER."""
    identity: IdentityDocument | None = None
    subject: Annotated[dict[Short, Short], Field(max_length=16)] | None = None
    """Attributes by their short names: C, ST, L, O, OU, CN, serialNumber, organizationIdentifier."""
    intent_digest: Annotated[str, StringConstraints(pattern=HEX)] | None = None
    """Of what the person agreed to, hexadecimal; under SHA-256, or SM3 for an SM2 key."""
    validity: Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,5}[smhd]$")] | None = None
    dns_names: Annotated[list[Short], Field(max_length=100)] = Field(default_factory=list)
    profile_hash: Annotated[str, StringConstraints(pattern=HEX)] | None = None
    """The version of the profile that the caller counts on."""

    def form(self) -> OrderForm:
        """As the authority reads it."""
        return OrderForm(
            profile=self.profile,
            csr=_request(self.csr),
            identity=None if self.identity is None else self.identity.record(),
            subject=self.subject,
            intent_digest=None if self.intent_digest is None else bytes.fromhex(self.intent_digest),
            validity=None if self.validity is None else _validity(self.validity),
            dns_names=tuple(self.dns_names),
            profile_hash=None if self.profile_hash is None else self.profile_hash.lower(),
        )


class CertificateIssued(BaseModel):
    """A certificate that is recorded."""

    serial: str
    authority: str
    profile: str
    profile_hash: str
    not_before: str
    not_after: str
    certificate: str
    """PEM."""
    chain: str
    """PEM of its issuers, nearest first, the root last."""


class CertificateRevocation(BaseModel):
    """The revocation in force."""

    reason: str
    revoked_at: str
    invalidity_date: str | None


class CertificateShown(BaseModel):
    """A serial and what became of it."""

    serial: str
    status: Literal["reserved", "issued", "failed"]
    authority: str
    profile: str
    profile_hash: str
    subject: str
    not_before: str
    not_after: str
    requested_at: str
    revocation: CertificateRevocation | None
    certificate: str | None
    """PEM, once issued."""


class CertificatePage(BaseModel):
    """One page, by serial."""

    certificates: list[CertificateShown]
    next: str | None
    """Give it as `after` for the next page; null on the last."""


class RevocationOrder(Document):
    """Why, by RFC 5280's name of the reason."""

    reason: Literal[
        "unspecified",
        "keyCompromise",
        "affiliationChanged",
        "superseded",
        "cessationOfOperation",
        "certificateHold",
        "removeFromCRL",
        "privilegeWithdrawn",
    ]
    invalidity_date: AwareDatetime | None = None


class RevocationMade(BaseModel):
    """One entry of the revocation journal."""

    serial: str
    authority: str
    reason: str
    revoked_at: str
    invalidity_date: str | None
    sequence: int


class RevocationsMade(BaseModel):
    """What was revoked."""

    revocations: list[RevocationMade]


@router.post("", status_code=201)
def issue(
    order: CertificateOrder, caller: Issuer, centre: Wired, response: Response, _key: Key
) -> CertificateIssued:
    """Issue a certificate. It is recorded before this answers."""
    requester = Requester(caller.caller_id, profiles=caller.profiles)
    with centre.database.reading() as unit:
        wanted = order_of(unit, order.form(), requester)
    issued = centre.issuance.issue(wanted)
    with centre.database.reading() as unit:
        chain = pem_bundle(chain_of(unit, issued.authority_id))
    serial = serial_text(issued.serial)
    response.headers["Location"] = f"/v1/certificates/{serial}"
    return CertificateIssued(
        serial=serial,
        authority=issued.authority_id,
        profile=issued.profile,
        profile_hash=issued.profile_hash,
        not_before=rfc3339(issued.not_before),
        not_after=rfc3339(issued.not_after),
        certificate=issued.certificate.pem(),
        chain=chain,
    )


@router.get("")
def page(
    _caller: Reader,
    unit: View,
    after: Annotated[str | None, Query(pattern=SERIAL_PATTERN)] = None,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE)] = DEFAULT_PAGE,
    profile: Annotated[str | None, Query(max_length=63)] = None,
    authority: Annotated[str | None, Query(max_length=63)] = None,
    status: CertificateStatus | None = None,
    revoked: bool | None = None,  # noqa: FBT001  (a query parameter is given by name)
    expires_before: AwareDatetime | None = None,
) -> CertificatePage:
    """Certificates by serial, a page at a time."""
    which = CertificateFilter(
        authority_id=None if authority is None else AuthorityId(authority),
        profile=profile,
        status=status,
        revoked=revoked,
        expires_before=expires_before,
        after=None if after is None else parse_serial(after),
        limit=limit,
    )
    found = unit.certificates.find(which)
    last = serial_text(found[-1].reservation.serial) if len(found) == limit else None
    return CertificatePage(certificates=[shown(record) for record in found], next=last)


@router.get("/{serial}")
def one(serial: SerialPath, _caller: Reader, unit: View) -> CertificateShown:
    """One certificate."""
    return shown(unit.certificates.get(parse_serial(serial)))


@router.post("/{serial}/revocation")
def revoke(
    serial: SerialPath, order: RevocationOrder, caller: Revoker, centre: Wired, _key: Key
) -> RevocationsMade:
    """Revoke a certificate, or all of its key for keyCompromise. In the journal before this answers."""
    grounds = Grounds(
        reason_named(order.reason),
        Requester(caller.caller_id, profiles=caller.profiles),
        order.invalidity_date,
    )
    made = centre.revocations.revoke(Selection(serial=parse_serial(serial)), grounds)
    return RevocationsMade(
        revocations=[
            RevocationMade(
                serial=serial_text(entry.serial),
                authority=entry.authority_id,
                reason=entry.reason.text,
                revoked_at=rfc3339(entry.revoked_at),
                invalidity_date=_time(entry.invalidity_date),
                sequence=entry.sequence,
            )
            for entry in made
        ]
    )


def shown(record: CertificateRecord) -> CertificateShown:
    """As the interface has it."""
    reservation, revocation = record.reservation, record.revocation
    return CertificateShown(
        serial=serial_text(reservation.serial),
        status=record.status.value,
        authority=reservation.authority_id,
        profile=reservation.profile,
        profile_hash=reservation.profile_hash,
        subject=reservation.subject,
        not_before=rfc3339(reservation.not_before),
        not_after=rfc3339(reservation.not_after),
        requested_at=rfc3339(reservation.requested_at),
        revocation=None
        if revocation is None
        else CertificateRevocation(
            reason=revocation.reason.text,
            revoked_at=rfc3339(revocation.revoked_at),
            invalidity_date=_time(revocation.invalidity_date),
        ),
        certificate=None if record.certificate is None else Certificate(record.certificate).pem(),
    )


def _time(moment: datetime | None) -> str | None:
    return None if moment is None else rfc3339(moment)


def _request(text: str) -> bytes:
    if text.lstrip().startswith("-----"):
        return text.encode()
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InputInvalid("csr", "is neither PEM nor base64") from error


def _validity(text: str) -> timedelta:
    try:
        return parse_duration(text)
    except ValueError as error:
        raise InputInvalid("validity", str(error)) from error
