"""Issue certificates: authorise, take a serial, lint, record intent, sign once, compare, record, return."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from ca import issuelog
from ca.authorise import Authorised, Desk
from ca.certificate import Certificate
from ca.errors import CaError, DuplicateKey, NotFound, RequestInvalid
from ca.extension import DigestInfo
from ca.identity import IdentityRecord
from ca.order import Issued, Order, Refusal, Requester, renewal_order, reservation_of
from ca.ports import CaUnit, CertificateFilter, Signers, Units
from ca.publish import CrlPolicy
from ca.registry import AuthorityId, CertificateStatus
from ca.serial import SerialNumber, serial_text
from ca.signonce import sign_once
from ca.template import CertificateRequest
from evidence.clock import Clock
from evidence.event import CaseId
from keys.errors import KeysError
from keys.onetime import OneTimeKey
from keys.ports import Signer
from keys.suites import Algorithm

MAX_BATCH = 500  # orders in one batch: bounds how long the log is held
LOST_AFTER = timedelta(minutes=1)  # a batch is signed within seconds, or never
EVENT_PROFILE = "person-event"
EVENT_KEY_USES = 8  # signatures of one person at one event: the documents of one contract, with room
INTENT = "intent"

_Accepted = list[tuple[int, Authorised]]
_Outcomes = list[Issued | Refusal | None]


class Issuance:
    """Issues certificates; every one of them is recorded before it leaves.

    Each batch takes two transactions:
      1. authorise, take a serial, build and lint (`ca.authorise`); refusals are recorded
      2. reserve the serials, count the key's uses, record the intent with every TBS digest: commit
      3. sign each once; compare the signed bytes with those linted
      4. complete the rows, record the certificates: commit, and only then return
    A failure in 3 or 4 leaves serials that are taken for good and certificates that never left.
    """

    def __init__(self, units: Units, signers: Signers, clock: Clock, policy: CrlPolicy) -> None:
        self._units = units
        self._signers = signers
        self._clock = clock
        self._desk = Desk(policy)

    def issue(self, order: Order) -> Issued:
        """One certificate.

        Raises the refusal's own error, after recording it: `RequestInvalid`, `Refused` and what is
        under it, `NotFound`, `keys.errors.KeyBlocked`; and as `issue_many`.
        """
        (outcome,) = self.issue_many([order])
        if isinstance(outcome, Refusal):
            raise outcome.error
        return outcome

    def issue_many(self, orders: Sequence[Order]) -> list[Issued | Refusal]:
        """A batch, each order for itself: the outcomes in order.

        Raises `IssuanceMismatch`, or `keys.errors.KeysError` when an issuer's key cannot sign: then
        no certificate of the batch leaves. Raises `RequestInvalid` for too large a batch.
        """
        if not orders:
            return []
        if len(orders) > MAX_BATCH:
            raise RequestInvalid("orders", f"are more than {MAX_BATCH}")
        outcomes: _Outcomes = [None] * len(orders)
        now = self._clock.now()
        with self._units() as unit:
            accepted = self._accept(unit, orders, outcomes, now)
            refusals = [one for one in outcomes if isinstance(one, Refusal)]
            drafts = issuelog.intents([one for _, one in accepted], now)
            unit.log.append([*drafts, *(issuelog.refused(one, now) for one in refusals)])
        if accepted:
            self._finish(accepted, outcomes)
        return [one for one in outcomes if one is not None]

    def issue_event(
        self,
        identity: IdentityRecord,
        intent: bytes,
        authority_id: AuthorityId,
        requester: Requester,
        *,
        algorithm: Algorithm,
        validity: timedelta | None = None,
        uses: int = EVENT_KEY_USES,
        case_id: CaseId | None = None,
    ) -> tuple[Issued, OneTimeKey]:
        """A one-time key of ours and its certificate for one intent.

        `intent` is the digest of what the person agreed to, by the algorithm's own digest. The key
        signs at most `uses` times; the caller destroys it and records that (`record_destroyed`).
        Raises as `issue`; the key is destroyed when no certificate comes of it.
        """
        key = OneTimeKey(algorithm, self._clock, uses=uses)
        try:
            order = event_order(identity, intent, key, authority_id, requester, validity=validity)
            return self.issue(replace(order, case_id=case_id)), key
        except BaseException:
            self.record_destroyed([key], case_id)
            raise

    def record_destroyed(self, keys: Sequence[OneTimeKey], case_id: CaseId | None = None) -> None:
        """Destroy one-time keys, then record it as KEY_DESTROYED."""
        drafts = [issuelog.destroyed(key.destroy(), case_id) for key in keys]
        with self._units() as unit:
            unit.log.append(drafts)

    def renew(self, serial: SerialNumber, requester: Requester, validity: timedelta | None = None) -> Issued:
        """A new certificate of the same profile, subject, names and key, where the profile allows it.

        Raises as `issue`; `Refused` for a profile whose keys have one certificate, and for a
        certificate that was revoked, never issued, or renewed before.
        """
        with self._units.reading() as unit:
            record = unit.certificates.get(serial)
        if record.certificate is None:
            raise NotFound("certificate", serial_text(serial))
        certificate = Certificate(record.certificate)
        return self.issue(renewal_order(certificate, record.reservation, requester, validity))

    def recover(self, older_than: timedelta = LOST_AFTER) -> tuple[SerialNumber, ...]:
        """Mark serials failed whose signing was lost, and record it; they stay revocable.

        A reservation younger than `older_than` may be another process's at work. Should an older one
        be too, its completion fails and its certificate never leaves.
        """
        now = self._clock.now()
        which = CertificateFilter(status=CertificateStatus.RESERVED, limit=MAX_BATCH)
        lost: list[SerialNumber] = []
        while True:
            with self._units() as unit:
                page = [one.reservation for one in unit.certificates.find(which)]
                found = [one for one in page if one.requested_at <= now - older_than]
                unit.certificates.fail([one.serial for one in found])
                unit.log.append([issuelog.lost(one, now) for one in found])
            lost += [one.serial for one in found]
            if len(page) < MAX_BATCH:
                return tuple(lost)
            which = replace(which, after=page[-1].serial)

    def _accept(self, unit: CaUnit, orders: Sequence[Order], outcomes: _Outcomes, now: datetime) -> _Accepted:
        session = self._desk.open(unit, orders, now)
        accepted: _Accepted = []
        for place, order in enumerate(orders):
            try:
                accepted.append((place, session.authorise(order)))
            except (CaError, KeysError) as error:
                outcomes[place] = Refusal(order, error)
        accepted = _reserve(unit, accepted, outcomes, now)
        uses: dict[str, int] = {}
        for _, one in accepted:
            uses[one.key.key_id] = uses.get(one.key.key_id, 0) + 1
        keys = {one.key.key_id: one.key for _, one in accepted}
        for name, key in keys.items():
            unit.keys.count_use(key.key_id, uses[name])
        return accepted

    def _finish(self, accepted: _Accepted, outcomes: _Outcomes) -> None:
        try:
            signed = self._sign([one for _, one in accepted])
        except (CaError, KeysError) as error:
            now = self._clock.now()
            with self._units() as unit:
                unit.certificates.fail([one.prepared.serial for _, one in accepted])
                unit.log.append([issuelog.failed(one, now, error.code) for _, one in accepted])
            raise
        now = self._clock.now()
        pairs = [(one, data) for (_, one), data in zip(accepted, signed, strict=True)]
        with self._units() as unit:
            unit.certificates.complete([(one.prepared.serial, data) for one, data in pairs])
            unit.log.append([issuelog.issued(one, data, now) for one, data in pairs])
        for (place, one), data in zip(accepted, signed, strict=True):
            outcomes[place] = Issued.of(one.prepared, data)

    def _sign(self, accepted: Sequence[Authorised]) -> list[bytes]:
        signers: dict[str, Signer] = {}
        signed = []
        for one in accepted:
            signer = signers.get(one.key.key_id)
            first = signer is None
            if signer is None:
                signer = signers[one.key.key_id] = self._signers.signer(one.key)
            signed.append(sign_once(one.prepared, signer, verify=first))
        return signed


def _reserve(unit: CaUnit, accepted: _Accepted, outcomes: _Outcomes, now: datetime) -> _Accepted:
    rows = [reservation_of(one.prepared, one.order, now) for _, one in accepted]
    try:
        unit.certificates.reserve(rows)
    except DuplicateKey:
        kept: _Accepted = []
        for (place, one), row in zip(accepted, rows, strict=True):
            try:
                unit.certificates.reserve([row])
                kept.append((place, one))
            except DuplicateKey as error:
                outcomes[place] = Refusal(one.order, error)
        return kept
    return accepted


def event_order(
    identity: IdentityRecord,
    intent: bytes,
    key: OneTimeKey,
    authority_id: AuthorityId,
    requester: Requester,
    *,
    validity: timedelta | None = None,
) -> Order:
    """The order of a person's event certificate; raises `RequestInvalid` for a digest of the wrong length."""
    try:
        parameters = {INTENT: DigestInfo(key.public.algorithm.digest, intent)}
    except ValueError as error:
        raise RequestInvalid(INTENT, str(error)) from error
    request = CertificateRequest(key.public, identity, validity, parameters)
    return Order(EVENT_PROFILE, authority_id, request, requester, one_time_key=key.key_id)
