"""Publish CRLs: build from the journal, sign, verify, record; complete and delta, by authority and shard."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ca.certificate import Certificate, certificate_der, utc
from ca.crl import Crl, load_crl_frame
from ca.crlbuild import CrlDraft, carry_on, delta_entries, encode_tbs
from ca.crllint import check_crl, check_follows
from ca.errors import CaError, Refused
from ca.order import authority_case
from ca.pointers import crl_url
from ca.ports import CaUnit, Signers, Units
from ca.registry import Authority, AuthorityId, AuthorityRole, PublishedCrl, Revocation
from evidence.clock import Clock, rfc3339
from evidence.digest import DigestPair
from evidence.event import Actor, ActorKind, Draft, EventType
from keys.errors import KeysError

PUBLISHER = Actor(ActorKind.SYSTEM, "crl-publisher", "publisher")


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often a CRL is made anew, and how long after that time it stays valid."""

    interval: timedelta
    grace: timedelta


@dataclass(frozen=True, slots=True)
class CrlPolicy:
    """Where CRLs are found, and when they are made."""

    base_url: str
    """`http://host` before `/v1/crl/…`; what certificates point to (RFC 5280 8: not https)."""
    complete: Rhythm = Rhythm(timedelta(days=1), timedelta(days=6))
    delta: Rhythm | None = Rhythm(timedelta(hours=1), timedelta(hours=23))
    """None publishes no delta CRLs, and the complete ones point to none."""
    root: Rhythm = Rhythm(timedelta(days=30), timedelta(days=60))
    """A root revokes authorities only, and its key is used rarely."""
    shards: dict[AuthorityId, int] = field(default_factory=dict)
    """How many shards an authority's certificates are spread over, 1 unless named; may only grow."""

    def rhythm(self, authority: Authority, *, delta: bool) -> Rhythm | None:
        """None where that kind is not published."""
        if authority.role is AuthorityRole.ROOT:
            return None if delta else self.root
        return self.delta if delta else self.complete


@dataclass(frozen=True, slots=True)
class Due:
    """A CRL that is to be made; `since` None when there never was one."""

    authority_id: AuthorityId
    shard: int
    delta: bool
    since: datetime | None
    expired: bool
    """The newest one is past its nextUpdate: relying parties have no answer."""


class CrlPublisher:
    """Makes CRLs of every authority. An entry never leaves a CRL because its certificate expired."""

    def __init__(self, units: Units, signers: Signers, clock: Clock, policy: CrlPolicy) -> None:
        self._units = units
        self._signers = signers
        self._clock = clock
        self.policy = policy

    def due(self) -> tuple[Due, ...]:
        """What is to be published now, roots first."""
        now = self._clock.now()
        with self._units.reading() as unit:
            return tuple(
                due
                for authority in unit.authorities.list()
                if Certificate(authority.certificate).valid_at(now)
                for shard in range(self.policy.shards.get(authority.authority_id, 1))
                for delta in (False, True)
                if (due := self._due(unit, authority, shard, now, delta=delta)) is not None
            )

    def publish_due(self) -> tuple[PublishedCrl, ...]:
        """Everything that `due` names, each in a transaction of its own.

        Deltas follow the complete CRLs that they add to.
        """
        complete = [self.publish(one.authority_id, one.shard) for one in self.due() if not one.delta]
        deltas = [self.publish(one.authority_id, one.shard, delta=True) for one in self.due() if one.delta]
        return (*complete, *deltas)

    def publish_all(self) -> tuple[PublishedCrl, ...]:
        """A complete CRL of every authority and shard, due or not."""
        with self._units.reading() as unit:
            ids = [one.authority_id for one in unit.authorities.list()]
        return tuple(
            self.publish(one, shard) for one in ids for shard in range(self.policy.shards.get(one, 1))
        )

    def publish(
        self, authority_id: AuthorityId, shard: int = 0, *, delta: bool = False, rebuild: bool = False
    ) -> PublishedCrl:
        """Make, verify and record one CRL; the transaction commits before it is returned.

        `rebuild` encodes every entry from the journal anew, where otherwise the newest complete CRL's
        are carried on. Raises `NotFound`, `Refused` (no complete CRL for a delta to add to, a kind the
        policy does not publish, an expired authority), `LintFailed`, and `keys.errors.KeysError`.
        """
        with self._units() as unit:
            authority = unit.authorities.get(authority_id)
            issuer = Certificate(authority.certificate)
            rhythm = self.policy.rhythm(authority, delta=delta)
            if rhythm is None:
                raise Refused("delta", f"no delta CRLs are published of {authority_id}")
            if not 0 <= shard < self.policy.shards.get(authority_id, 1):
                raise Refused("shard", f"{authority_id} has no shard {shard}")
            number = unit.crls.next_number(authority_id)
            now = utc(self._clock.now())
            if not issuer.valid_at(now):
                raise Refused("authority", f"the certificate of {authority_id} is not valid now")
            base = unit.crls.latest(authority_id, shard)
            upto = unit.certificates.last_sequence()
            if delta:
                if base is None:
                    raise Refused("delta", f"{authority_id} has no complete CRL yet")
                changes = _changes(unit, authority_id, shard, base.upto_sequence, upto)
                entries = delta_entries(load_crl_frame(base.data).encoded_entries, changes)
            else:
                known = None if rebuild else _reusable(base, issuer)
                start = known.encoded_entries if known is not None and base is not None else b""
                after = base.upto_sequence if known is not None and base is not None else 0
                entries = carry_on(start, _changes(unit, authority_id, shard, after, upto))
            draft = CrlDraft(
                issuer=issuer,
                number=number,
                base_number=base.number if delta and base is not None else None,
                this_update=now,
                next_update=min(now + rhythm.interval + rhythm.grace, issuer.not_after),
                url=self._url(authority, shard),
                only_user_certificates=authority.role is not AuthorityRole.ROOT,
                expired_from=issuer.not_before,
            )
            published = self._sign(unit, authority, shard, draft, entries, upto)
            previous = unit.crls.latest(authority_id, shard, delta=delta)
            _verify(published, draft, entries, previous)
            unit.crls.add(published)
            unit.log.append([_event(published, now)])
        return published

    def _url(self, authority: Authority, shard: int) -> str | None:
        # A root's CRL speaks of all it issued: its own certificate points nowhere, and verifiers that ask
        # for the revocation of every certificate (openssl verify -crl_check_all) find no other for it.
        if authority.role is AuthorityRole.ROOT and self.policy.shards.get(authority.authority_id, 1) == 1:
            return None
        return crl_url(self.policy.base_url, authority.authority_id, shard)

    def _sign(
        self, unit: CaUnit, authority: Authority, shard: int, draft: CrlDraft, entries: bytes, upto: int
    ) -> PublishedCrl:
        tbs = encode_tbs(draft, authority.algorithm, entries)
        unit.keys.count_use(authority.key_id, 1)
        signature = self._signers.signer(unit.keys.get(authority.key_id)).sign(tbs)
        return PublishedCrl(
            authority_id=authority.authority_id,
            shard=shard,
            number=draft.number,
            base_number=draft.base_number,
            this_update=draft.this_update,
            next_update=draft.next_update,
            upto_sequence=upto,
            data=certificate_der(tbs, authority.algorithm, signature),
        )

    def _due(
        self, unit: CaUnit, authority: Authority, shard: int, now: datetime, *, delta: bool
    ) -> Due | None:
        rhythm = self.policy.rhythm(authority, delta=delta)
        if rhythm is None:
            return None
        newest = unit.crls.latest(authority.authority_id, shard, delta=delta)
        if newest is None:
            since = None
            if delta and unit.crls.latest(authority.authority_id, shard) is None:
                return None  # the complete CRL comes first
        else:
            since = newest.this_update + rhythm.interval
            if now < since:
                return None
        expired = newest is None or now > newest.next_update
        return Due(authority.authority_id, shard, delta, since, expired)


def _changes(
    unit: CaUnit, authority_id: AuthorityId, shard: int, after: int, upto: int
) -> Sequence[Revocation]:
    found = unit.certificates.revocations(authority_id, shard, after)
    return [one for one in found if one.sequence <= upto]


def _reusable(base: PublishedCrl | None, issuer: Certificate) -> Crl | None:
    """The newest complete CRL, if it is as we signed it: bytes altered at rest are not signed again."""
    if base is None:
        return None
    try:
        crl = load_crl_frame(base.data)
        crl.check_signed_by(issuer.public)
    except (CaError, KeysError):
        return None
    return crl if crl.number == base.number else None


def _verify(published: PublishedCrl, draft: CrlDraft, entries: bytes, previous: PublishedCrl | None) -> None:
    """What a relying party will check, on the bytes that will leave."""
    crl = load_crl_frame(published.data)
    crl.check_signed_by(draft.issuer.public)
    check_crl(crl, draft.issuer)
    if previous is not None:
        check_follows(crl, load_crl_frame(previous.data))
    if crl.encoded_entries != entries:
        raise Refused("crl", "does not hold the entries of the journal")


def _event(published: PublishedCrl, now: datetime) -> Draft:
    return Draft(
        type=EventType.CRL_PUBLISHED,
        case_id=authority_case(published.authority_id),
        actor=PUBLISHER,
        occurred_at=now,
        facts={
            "authority": published.authority_id,
            "shard": published.shard,
            "number": published.number,
            "base_number": published.base_number,
            "this_update": rfc3339(published.this_update),
            "next_update": rfc3339(published.next_update),
            "upto_sequence": published.upto_sequence,
            "size": len(published.data),
            "digest": DigestPair.of(published.data).as_json(),
        },
    )
