"""Contracts' values as JSON, as the stores seal them: written and read in one place."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, TypeVar

from evidence.clock import from_micros, to_micros
from evidence.digest import DigestPair
from signing.identity import Method
from signing.party import Agent, Particulars, PartyRole, PowerOfAttorney, SignaturePlace, Spot
from signing.place import Anchor, Box, CrossPage, Keyword, Place, Rect
from signing.proof import SigningProfile
from signing.session import Consent, Shown, View

Plain = dict[str, Any]
_T = TypeVar("_T")


def optional(read: Callable[[Any], _T], value: object) -> _T | None:
    """None for None, else what `read` makes of it."""
    return None if value is None else read(value)


def particulars_json(value: Particulars) -> Plain:
    """By field name."""
    return asdict(value)


def particulars_of(plain: Mapping[str, Any]) -> Particulars:
    """The inverse."""
    return Particulars(**plain)


def agent_json(value: Agent) -> Plain:
    """With the power of attorney inside."""
    power = value.power
    return {
        "particulars": particulars_json(value.particulars),
        "power": {
            "max_amount": power.max_amount,
            "not_after": to_micros(power.not_after),
            "not_before": to_micros(power.not_before),
            "reference": power.reference,
            "roles": sorted(power.roles),
        },
    }


def agent_of(plain: Mapping[str, Any]) -> Agent:
    """The inverse."""
    power = plain["power"]
    return Agent(
        particulars_of(plain["particulars"]),
        PowerOfAttorney(
            reference=power["reference"],
            roles=frozenset(PartyRole(one) for one in power["roles"]),
            not_before=from_micros(power["not_before"]),
            not_after=from_micros(power["not_after"]),
            max_amount=power["max_amount"],
        ),
    )


def signature_place_json(value: SignaturePlace) -> Plain:
    """A place by its kind."""
    place = value.place
    return {
        "cross_page": None if value.cross_page is None else asdict(value.cross_page),
        "place": None if place is None else {"kind": type(place).__name__.lower(), **asdict(place)},
        "seal": value.seal,
    }


def signature_place_of(plain: Mapping[str, Any]) -> SignaturePlace:
    """The inverse."""
    cross = plain["cross_page"]
    return SignaturePlace(
        place=optional(_place_of, plain["place"]),
        cross_page=None if cross is None else CrossPage(**cross),
        seal=plain["seal"],
    )


def _place_of(plain: Mapping[str, Any]) -> Place:
    given = {name: value for name, value in plain.items() if name != "kind"}
    if plain["kind"] == "box":
        return Box(given["page"], Rect(**given["rect"]))
    return Keyword(**given) if plain["kind"] == "keyword" else Anchor(**given)


def spot_json(value: Spot) -> Plain:
    """Field, page and rectangle."""
    return asdict(value)


def spot_of(plain: Mapping[str, Any]) -> Spot:
    """The inverse."""
    return Spot(plain["field"], plain["page"], Rect(**plain["rect"]))


def profile_json(value: SigningProfile) -> Plain:
    """Ways of identity as sorted lists."""
    return {
        "consents": list(value.consents),
        "identity": [sorted(way) for way in value.identity],
        "identity_max_age_s": value.identity_max_age_s,
        "intent_max_age_s": value.intent_max_age_s,
        "min_dwell_s": value.min_dwell_s,
        "must_scroll": value.must_scroll,
        "one_time_code": value.one_time_code,
    }


def profile_from(plain: Mapping[str, Any]) -> SigningProfile:
    """The inverse."""
    return SigningProfile(
        identity=tuple(frozenset(Method(one) for one in way) for way in plain["identity"]),
        one_time_code=plain["one_time_code"],
        min_dwell_s=plain["min_dwell_s"],
        must_scroll=plain["must_scroll"],
        consents=tuple(plain["consents"]),
        identity_max_age_s=plain["identity_max_age_s"],
        intent_max_age_s=plain["intent_max_age_s"],
    )


def shown_json(value: Shown) -> Plain:
    """Digests in hexadecimal."""
    return {
        "at": to_micros(value.at),
        "digests": value.digests.as_json(),
        "revision": value.revision,
        "size": value.size,
    }


def shown_of(plain: Mapping[str, Any]) -> Shown:
    """The inverse."""
    pair = plain["digests"]
    digests = DigestPair(bytes.fromhex(pair["sha256"]), bytes.fromhex(pair["sm3"]))
    return Shown(plain["revision"], plain["size"], digests, from_micros(plain["at"]))


def view_json(value: View) -> Plain:
    """Times in microseconds."""
    return {
        "dwell_ms": value.dwell_ms,
        "ended_at": to_micros(value.ended_at),
        "scrolled_to_end": value.scrolled_to_end,
    }


def view_of(plain: Mapping[str, Any]) -> View:
    """The inverse."""
    return View(plain["dwell_ms"], plain["scrolled_to_end"], from_micros(plain["ended_at"]))


def consent_json(value: Consent) -> Plain:
    """Times in microseconds."""
    return {
        "at": to_micros(value.at),
        "scope": value.scope,
        "text_id": value.text_id,
        "text_sha256": value.text_sha256,
    }


def consent_of(plain: Mapping[str, Any]) -> Consent:
    """The inverse."""
    return Consent(plain["scope"], plain["text_id"], plain["text_sha256"], from_micros(plain["at"]))


def moment(micros: int | None) -> datetime | None:
    """A stored time that may be absent."""
    return optional(from_micros, micros)


def micros(at: datetime | None) -> int | None:
    """The inverse."""
    return optional(to_micros, at)
