"""A certificate order as callers and operators write it, turned into the authority's own."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from ca.authorise import profile_of
from ca.errors import NotFound, RequestInvalid
from ca.extension import DigestInfo, Value
from ca.identity import IdentityRecord
from ca.name import Name
from ca.order import Order, Requester
from ca.ports import CaUnit
from ca.profile import Profile
from ca.profileschema import FixedSubject, IdentitySubject
from ca.registry import AuthorityId
from ca.request import parse_request
from ca.template import CertificateRequest
from keys.suites import Suite

INTENT = "intent"  # the parameter of an event certificate's extension


@dataclass(frozen=True, slots=True)
class OrderForm:
    """What is asked for. Of the request only the public key counts, and the proof that it is held."""

    profile: str
    csr: bytes
    """PKCS #10, DER or PEM."""
    identity: IdentityRecord | None = None
    """For a profile whose subject comes from a verified identity."""
    subject: Mapping[str, str] | None = None
    """Attributes in order, for a profile whose subject is given."""
    intent_digest: bytes | None = None
    """Digest of what the person agreed to, under the digest of the key's algorithm."""
    validity: timedelta | None = None
    dns_names: tuple[str, ...] = ()
    parameters: Mapping[str, Value] = field(default_factory=dict)
    profile_hash: str | None = None


def order_of(unit: CaUnit, form: OrderForm, requester: Requester) -> Order:
    """The order.

    The issuer is the suite's active authority of the role that the profile names, the suite that of
    the key. Raises `RequestInvalid` naming the field, `NotFound` for a profile not in force.
    """
    found = unit.profiles.active().get(form.profile)
    if found is None:
        raise NotFound("profile", form.profile)
    profile = profile_of(found[1])
    public = parse_request(form.csr).public
    parameters = dict(form.parameters)
    if form.intent_digest is not None:
        digest = public.algorithm.digest
        if len(form.intent_digest) != digest.size:
            raise RequestInvalid("intent_digest", f"is not {digest.size} octets of {digest.value}")
        parameters[INTENT] = DigestInfo(digest, form.intent_digest)
    return Order(
        profile=form.profile,
        authority_id=issuer_of(unit, profile, public.algorithm.suite),
        request=CertificateRequest(
            public=public,
            subject=_subject(profile, form),
            validity=form.validity,
            parameters=parameters,
            dns_names=form.dns_names,
        ),
        requester=requester,
        profile_hash=form.profile_hash,
    )


def issuer_of(unit: CaUnit, profile: Profile, suite: Suite) -> AuthorityId:
    """The active authority that issues under the profile in the suite; raises `NotFound`."""
    for authority in unit.authorities.list():
        if authority.active and authority.suite is suite and authority.role in profile.issued_by:
            return authority.authority_id
    wanted = "/".join(role.value for role in profile.issued_by)
    raise NotFound("authority", f"{suite.value}-{wanted}")


def _subject(profile: Profile, form: OrderForm) -> IdentityRecord | Name | None:
    if isinstance(profile.subject, IdentitySubject):
        if form.identity is None:
            raise RequestInvalid("identity", f"is needed for {profile.name}")
        if form.subject is not None:
            raise RequestInvalid("subject", f"comes from the identity for {profile.name}")
        return form.identity
    if form.identity is not None:
        raise RequestInvalid("identity", f"is of no use for {profile.name}")
    if isinstance(profile.subject, FixedSubject):
        if form.subject is not None:
            raise RequestInvalid("subject", f"is fixed for {profile.name}")
        return None
    if not form.subject:
        raise RequestInvalid("subject", f"is needed for {profile.name}")
    return Name.of(form.subject.items())
