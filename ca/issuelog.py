"""What the evidence log says of issuing: facts that name nobody."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ca.authorise import Authorised
from ca.order import Refusal, authority_case, certificate_case
from ca.registry import AuthorityId, Reservation
from ca.serial import serial_text
from evidence.canonical import JSON
from evidence.digest import DigestPair
from evidence.event import Actor, ActorKind, CaseId, Draft, EventType, Result
from keys.onetime import Destruction

MAX_NAME = 64  # characters; no profile or authority of ours has a longer name
ISSUER = Actor(ActorKind.SYSTEM, "issuer", "authority")


def intents(accepted: Sequence[Authorised], at: datetime) -> list[Draft]:
    """One CERT_SIGNING an issuer and profile: serials, each with the SHA-256 of what will be signed."""
    groups: dict[tuple[AuthorityId, str, str], list[JSON]] = {}
    for one in accepted:
        prepared = one.prepared
        group = prepared.authority_id, prepared.profile, prepared.profile_hash
        groups.setdefault(group, []).append([serial_text(prepared.serial), prepared.tbs_sha256.hex()])
    return [
        Draft(
            type=EventType.CERT_SIGNING,
            case_id=authority_case(authority_id),
            actor=ISSUER,
            occurred_at=at,
            facts={
                "authority": authority_id,
                "profile": profile,
                "profile_hash": profile_hash,
                "tbs_sha256": pairs,
            },
        )
        for (authority_id, profile, profile_hash), pairs in groups.items()
    ]


def issued(one: Authorised, data: bytes, at: datetime) -> Draft:
    """CERT_ISSUED: both digests of the certificate, the identity record, and our own key's id."""
    prepared, order = one.prepared, one.order
    facts: dict[str, JSON] = {
        "authority": prepared.authority_id,
        "digest": DigestPair.of(data).as_json(),
        "profile": prepared.profile,
        "public_key": prepared.spki_fingerprint,
        "serial": serial_text(prepared.serial),
    }
    if prepared.identity_record is not None:
        facts["identity_record"] = prepared.identity_record
    if order.one_time_key is not None:
        facts["one_time_key"] = order.one_time_key  # made in memory: this event is its KEY_GENERATED too
    if order.renews is not None:
        facts["renews"] = serial_text(order.renews)
    case = order.case_id or certificate_case(prepared.serial)
    return Draft(EventType.CERT_ISSUED, case, order.requester.actor, at, facts)


def refused(one: Refusal, at: datetime) -> Draft:
    """CERT_REFUSED, with the error's code and the field it names; never its text, which may hold a name."""
    order = one.order
    authority, profile = _safe(order.authority_id), _safe(order.profile)
    facts: dict[str, JSON] = {
        "authority": authority,
        "profile": profile,
        "public_key": order.request.public.fingerprint,
    }
    field = getattr(one.error, "field", "")
    case = order.case_id or authority_case(AuthorityId(authority))
    result = Result(one.error.code, field if isinstance(field, str) else "")
    return Draft(EventType.CERT_REFUSED, case, order.requester.actor, at, facts, result=result)


def failed(one: Authorised, at: datetime, code: str) -> Draft:
    """CERT_REFUSED for a serial that was taken and whose signing failed."""
    return _failed(one.prepared.authority_id, serial_text(one.prepared.serial), at, code)


def lost(one: Reservation, at: datetime) -> Draft:
    """CERT_REFUSED for a serial that was taken by a process which ended before it recorded a certificate."""
    return _failed(one.authority_id, serial_text(one.serial), at, "signing-lost")


def _failed(authority_id: AuthorityId, serial: str, at: datetime, code: str) -> Draft:
    facts: dict[str, JSON] = {"authority": authority_id, "serial": serial}
    case = authority_case(authority_id)
    return Draft(EventType.CERT_REFUSED, case, ISSUER, at, facts, result=Result(code))


def destroyed(gone: Destruction, case_id: CaseId | None) -> Draft:
    """KEY_DESTROYED for a one-time key."""
    case = case_id or CaseId(f"keys:{gone.key_id}")
    return Draft(EventType.KEY_DESTROYED, case, ISSUER, gone.destroyed_at, gone.facts())


def _safe(text: str) -> str:
    """A name that may be a stranger's invention."""
    return text.encode("ascii", "replace").decode()[:MAX_NAME]
