"""CRLs and issuers' certificates, as certificates point to them (RFC 5280 4.2.1.13, 4.2.2.1): plain GET."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime
from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from api.http.centre import View, Wired
from ca.errors import NotFound
from ca.ports import CaUnit
from ca.publish import CrlPolicy
from ca.registry import AuthorityId, PublishedCrl

CRL_TYPE = "application/pkix-crl"  # RFC 2585 4.2
CERTIFICATE_TYPE = "application/pkix-cert"  # RFC 2585 4.1
MAX_SHARD = 65_535
CERTIFICATE_AGE = timedelta(days=1)

Issuer = Annotated[str, Path(pattern=r"^[a-z0-9-]{1,63}$")]
Shard = Annotated[int, Query(ge=0, le=MAX_SHARD)]
ShardPath = Annotated[int, Path(ge=0, le=MAX_SHARD)]

router = APIRouter(tags=["status"])


@router.head("/v1/crl/{issuer}", response_class=Response, include_in_schema=False)
@router.get("/v1/crl/{issuer}", response_class=Response)
def complete(issuer: Issuer, request: Request, unit: View, centre: Wired, shard: Shard = 0) -> Response:
    """The newest complete CRL of an issuer's shard, DER."""
    return _crl(request, unit, centre.clock.now(), centre.crl_policy, (issuer, shard, False))


@router.head("/v1/crl/{issuer}/delta", response_class=Response, include_in_schema=False)
@router.get("/v1/crl/{issuer}/delta", response_class=Response)
def delta(issuer: Issuer, request: Request, unit: View, centre: Wired, shard: Shard = 0) -> Response:
    """The newest delta CRL of an issuer's shard, DER."""
    return _crl(request, unit, centre.clock.now(), centre.crl_policy, (issuer, shard, True))


@router.head("/v1/crl/{issuer}/{shard}", response_class=Response, include_in_schema=False)
@router.get("/v1/crl/{issuer}/{shard}", response_class=Response)
def complete_of_shard(
    issuer: Issuer, request: Request, unit: View, centre: Wired, shard: ShardPath
) -> Response:
    """The same by the path that certificates of a shard name."""
    return _crl(request, unit, centre.clock.now(), centre.crl_policy, (issuer, shard, False))


@router.head("/v1/crl/{issuer}/{shard}/delta", response_class=Response, include_in_schema=False)
@router.get("/v1/crl/{issuer}/{shard}/delta", response_class=Response)
def delta_of_shard(issuer: Issuer, request: Request, unit: View, centre: Wired, shard: ShardPath) -> Response:
    """The same by the path that CRLs of a shard name."""
    return _crl(request, unit, centre.clock.now(), centre.crl_policy, (issuer, shard, True))


@router.head("/v1/issuers/{issuer}.cer", response_class=Response, include_in_schema=False)
@router.get("/v1/issuers/{issuer}.cer", response_class=Response)
@router.head("/v1/ca/{issuer}", response_class=Response, include_in_schema=False)
@router.get("/v1/ca/{issuer}", response_class=Response)
def issuer_certificate(issuer: Issuer, unit: View) -> Response:
    """An authority's certificate, DER."""
    certificate = unit.authorities.get(AuthorityId(issuer)).certificate
    age = int(CERTIFICATE_AGE.total_seconds())
    return Response(
        certificate, media_type=CERTIFICATE_TYPE, headers={"Cache-Control": f"public, max-age={age}"}
    )


def _crl(
    request: Request, unit: CaUnit, now: datetime, policy: CrlPolicy, which: tuple[str, int, bool]
) -> Response:
    issuer, shard, wants_delta = which
    authority = unit.authorities.get(AuthorityId(issuer))
    found = unit.crls.latest(authority.authority_id, shard, delta=wants_delta)
    if found is None:
        raise NotFound("delta CRL" if wants_delta else "CRL", f"{issuer}/{shard}")
    rhythm = policy.rhythm(authority, delta=wants_delta)
    renewed_at = found.next_update if rhythm is None else found.this_update + rhythm.interval
    headers = _caching(found, renewed_at, now)
    if _is_known(request.headers, headers["ETag"], found):
        return Response(status_code=304, headers=headers)
    return Response(found.data, media_type=CRL_TYPE, headers=headers)


def _caching(crl: PublishedCrl, renewed_at: datetime, now: datetime) -> dict[str, str]:
    """Caches ask again when the next one is due; the number names the bytes."""
    age = max(0, int((min(renewed_at, crl.next_update) - now).total_seconds()))
    return {
        "Cache-Control": f"public, max-age={age}, no-transform, must-revalidate",
        "ETag": f'"{crl.authority_id}-{crl.number}"',
        "Expires": format_datetime(crl.next_update, usegmt=True),
        "Last-Modified": format_datetime(crl.this_update, usegmt=True),
    }


def _is_known(headers: Mapping[str, str], tag: str, crl: PublishedCrl) -> bool:
    """RFC 9110 13.2.2: an entity tag goes before a date."""
    if (named := headers.get("if-none-match")) is not None:
        return named.strip() == "*" or tag in (one.strip().removeprefix("W/") for one in named.split(","))
    try:
        return crl.this_update <= parsedate_to_datetime(headers.get("if-modified-since", ""))
    except (TypeError, ValueError):
        return False
