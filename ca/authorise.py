"""Whether an order may be carried out, and the certificate it would make: all that precedes a serial."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import lru_cache

from ca.errors import NotFound, Refused, RequestInvalid
from ca.goodkey import weakness
from ca.issuer import IssuerContext
from ca.order import Order
from ca.ports import CaUnit
from ca.profile import Profile, parse_profile
from ca.publish import CrlPolicy
from ca.registry import AuthorityId, CertificateStatus
from ca.serial import new_serial, serial_text
from ca.template import Prepared, prepare
from keys.errors import KeyBlocked, KeyStateInvalid
from keys.key import KeyRecord, KeyState

PROFILES_KEPT = 64  # versions parsed at once; a dozen are in force


@dataclass(frozen=True, slots=True)
class Authorised:
    """An order that may be carried out, with its certificate linted and the issuer's key."""

    order: Order
    prepared: Prepared
    key: KeyRecord


@dataclass(frozen=True, slots=True)
class _Issuer:
    context: IssuerContext
    key: KeyRecord


@lru_cache(maxsize=PROFILES_KEPT)
def profile_of(data: bytes) -> Profile:
    """A stored profile, parsed once a version."""
    return parse_profile(data)


class Desk:
    """Keeps issuers as certificates see them: templates are encoded once for each."""

    def __init__(self, policy: CrlPolicy) -> None:
        self.policy = policy
        self._contexts: dict[tuple[AuthorityId, bytes], IssuerContext] = {}

    def open(self, unit: CaUnit, orders: Sequence[Order], at: datetime) -> Session:
        """Judge `orders` by what the transaction sees."""
        return Session(self, unit, orders, at)

    def context(self, unit: CaUnit, authority_id: AuthorityId) -> tuple[IssuerContext, KeyRecord]:
        """The authority, if it issues; raises `NotFound`, `Refused` for one that retired."""
        authority = unit.authorities.get(authority_id)
        if not authority.active:
            raise Refused("authority", f"{authority_id} has a successor and issues no more")
        place = authority_id, authority.certificate
        context = self._contexts.get(place)
        if context is None:
            context = self._contexts[place] = IssuerContext.of(authority, self.policy.base_url)
        return context, unit.keys.get(authority.key_id)


class Session:
    """One batch of orders within one transaction."""

    def __init__(self, desk: Desk, unit: CaUnit, orders: Sequence[Order], at: datetime) -> None:
        self._desk = desk
        self._unit = unit
        self._at = at
        self._profiles = unit.profiles.active()
        self._issuers: dict[AuthorityId, _Issuer] = {}
        self._blocked = unit.keys.blocked([order.request.public.fingerprint for order in orders])

    def authorise(self, order: Order) -> Authorised:
        """The certificate, linted.

        Raises `NotFound`, `Refused` and what is under it, `RequestInvalid`, `keys.errors.KeyBlocked`,
        `keys.errors.KeyStateInvalid`.
        """
        #   1. the profile is in force, in the version counted on, and the requester may ask for it
        #   2. the authority issues, and its key is active and not blocked
        #   3. the key is neither blocked nor weak, and is no key of ours for another purpose
        #   4. a renewal follows a certificate that may be renewed
        #   5. build and lint
        profile = self._profile(order)
        issuer = self._issuers.get(order.authority_id) or self._open(order.authority_id)
        request = order.request
        if order.one_time_key is None:
            self._check_key(order, profile)
        elif reason := self._blocked.get(request.public.fingerprint):
            raise KeyBlocked(request.public.fingerprint, reason)
        if order.renews is not None:
            self._check_renewal(order, profile)
        serial = new_serial()
        shards = self._desk.policy.shards.get(order.authority_id, 1)
        if shards > 1:
            request = replace(request, crl_shard=serial % shards)
        return Authorised(
            order, prepare(profile, issuer.context, request, serial=serial, at=self._at), issuer.key
        )

    def _profile(self, order: Order) -> Profile:
        found = self._profiles.get(order.profile)
        if found is None:
            raise NotFound("profile", order.profile)
        profile_hash, data = found
        if order.profile_hash not in (None, profile_hash):
            raise Refused("profile_hash", f"{order.profile} is in force as {profile_hash}")
        if not order.requester.may_ask_for(order.profile):
            raise Refused("requester", f"has no right to certificates of {order.profile}")
        profile = profile_of(data)
        if profile.basic_constraints.ca:
            raise Refused("profile", "authorities are made by a ceremony or a rekey")
        return profile

    def _open(self, authority_id: AuthorityId) -> _Issuer:
        context, key = self._desk.context(self._unit, authority_id)
        if key.state is not KeyState.ACTIVE:
            raise KeyStateInvalid(key.key_id, key.state.value, "sign")
        fingerprint = key.public.fingerprint
        if reason := self._unit.keys.blocked([fingerprint]).get(fingerprint):
            raise KeyBlocked(fingerprint, reason)
        self._issuers[authority_id] = issuer = _Issuer(context, key)
        return issuer

    def _check_key(self, order: Order, profile: Profile) -> None:
        public = order.request.public
        if reason := self._blocked.get(public.fingerprint):
            raise KeyBlocked(public.fingerprint, reason)
        if weak := weakness(public):
            raise RequestInvalid("public_key", weak)
        ours = self._unit.keys.by_fingerprint(public.fingerprint)
        if ours is not None and ours.purpose is not profile.key_purpose:
            raise Refused(
                "public_key", f"was made for {ours.purpose.value}, not for {profile.key_purpose.value}"
            )

    def _check_renewal(self, order: Order, profile: Profile) -> None:
        if profile.key_reuse != "renewal" or order.renews is None:
            raise Refused("renews", f"a key of {profile.name} has one certificate")
        before = self._unit.certificates.get(order.renews)
        reservation = before.reservation
        if before.status is not CertificateStatus.ISSUED or before.revocation is not None:
            raise Refused("renews", f"{serial_text(order.renews)} was never issued, or is revoked")
        if reservation.profile != profile.name or reservation.authority_id != order.authority_id:
            raise Refused("renews", "is of another profile or issuer")
        if reservation.spki_fingerprint != order.request.public.fingerprint:
            raise Refused("renews", "is of another key")
