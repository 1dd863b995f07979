"""Answer OCSP requests: signed ahead where no nonce is asked for, live where one is (RFC 6960, RFC 5019).

What a serial's record means for its status: issued is `good`; with an entry in the revocation journal it
is `revoked`, whatever else it is, since a serial can be revoked from the moment it is reserved; reserved
and failed are `unknown`, for no certificate of that serial has left, and so are serials never taken.

Nothing stale is ever called good: an answer leaves only when the journal's newest sequence, read after
the request came in, is the one that everything in memory was checked against.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from ca.certificate import utc
from ca.delegate import Delegate, Delegates
from ca.errors import CaError, EncodingInvalid, NotFound
from ca.ocsp import MAX_REQUEST_SIZE, OcspRequest, load_request
from ca.ocspresponse import (
    CertificateState,
    ResponseStatus,
    SingleAnswer,
    Status,
    encode_response,
    encode_tbs,
    error_response,
)
from ca.ports import CaUnit, Signers, Units
from ca.registry import AuthorityId, CertificateStatus
from ca.serial import SERIAL_OCTETS, SerialNumber
from evidence.clock import Clock
from keys.errors import KeysError


@dataclass(frozen=True, slots=True)
class OcspPolicy:
    """How long answers stand, and how much is signed on demand."""

    validity: timedelta = timedelta(hours=12)
    """thisUpdate to nextUpdate, unless the delegate or the issuer ends before."""
    answers_kept: int = 100_000
    """Signed answers and known statuses in memory, about 2 kB each."""
    live_per_second: float = 500.0
    """Signatures on demand (nonces, unknown serials), which anyone may ask for; beyond it, tryLater."""
    live_burst: float = 1_000.0


@dataclass(frozen=True, slots=True)
class OcspAnswer:
    """An OCSPResponse to send. What must not be kept by caches has no `next_update`."""

    data: bytes
    status: ResponseStatus
    this_update: datetime | None = None
    next_update: datetime | None = None
    refresh_at: datetime | None = None
    """When we would sign it anew: caches should ask again then."""
    reason: str = ""
    """Of an error, for our own log."""


@dataclass(frozen=True, slots=True, eq=False)
class _Known:
    status: Status
    not_after: datetime


@dataclass(frozen=True, slots=True)
class _Signed:
    serial: SerialNumber
    known: _Known
    answer: OcspAnswer
    refresh_at: datetime


class OcspResponder:
    """Answers for every authority; thread-safe. Several processes may serve one database."""

    def __init__(self, units: Units, signers: Signers, clock: Clock, policy: OcspPolicy) -> None:
        self._units = units
        self._clock = clock
        self._policy = policy
        self._delegates = Delegates(units, signers, clock)
        self._lock = Lock()
        self._head = -1
        self._known: OrderedDict[tuple[AuthorityId, SerialNumber], _Known] = OrderedDict()
        self._signed: OrderedDict[tuple[AuthorityId, bytes], _Signed] = OrderedDict()
        self._allowance = policy.live_burst
        self._allowed_at = clock.monotonic()

    def head(self) -> int:
        """The journal's newest sequence; one small read. Raises as the database does."""
        with self._units.reading() as unit:
            return unit.certificates.last_sequence()

    def prepared(self, authority_id: AuthorityId, request: bytes, head: int) -> OcspAnswer | None:
        """An answer signed before, from memory alone; `head` was read after the request came in."""
        key = (authority_id, request)
        with self._lock:
            found = self._signed.get(key)
            if found is None or head != self._head:
                return None
            same = self._known.get((authority_id, found.serial)) is found.known
            if not same or self._clock.now() >= found.refresh_at:
                del self._signed[key]
                return None
            self._signed.move_to_end(key)
            return found.answer

    def answer(self, authority_id: AuthorityId, request: bytes, head: int | None = None) -> OcspAnswer:
        """The answer to one request; `head`, if given, was read after the request came in.

        Errors of the protocol are answers too; the database's are raised.
        """
        if len(request) > MAX_REQUEST_SIZE:
            return _error(ResponseStatus.MALFORMED_REQUEST, "is too long")
        try:
            asked = load_request(request)
        except EncodingInvalid as error:
            return _error(ResponseStatus.MALFORMED_REQUEST, error.reason)
        try:
            return self._answer(authority_id, request, asked, head)
        except NotFound as error:
            return _error(ResponseStatus.UNAUTHORIZED, str(error))
        except (CaError, KeysError) as error:
            return _error(ResponseStatus.INTERNAL_ERROR, str(error))

    def _answer(
        self, authority_id: AuthorityId, request: bytes, asked: OcspRequest, head: int | None
    ) -> OcspAnswer:
        now = self._clock.now()
        serial = SerialNumber(asked.certificate.serial)
        delegate = known = None
        if head is not None:
            delegate = self._delegates.known(authority_id, now, head)
            known = self._remembered(authority_id, serial, head)
        if delegate is None or known is None:
            with self._units.reading() as unit:
                head = self._synchronise(unit)
                ready = None if asked.nonce is not None else self.prepared(authority_id, request, head)
                if ready is not None:
                    return ready
                delegate = self._delegates.of(unit, authority_id, now, head)
                known = self._status(unit, authority_id, serial, head)
        if delegate is None:
            return _error(ResponseStatus.TRY_LATER, f"{authority_id} has no OCSP delegate that is valid")
        if not asked.certificate.is_of(delegate.issuer):
            return _error(ResponseStatus.UNAUTHORIZED, f"is about another issuer than {authority_id}")
        if (asked.nonce is not None or known is None) and not self._allow():
            return _error(ResponseStatus.TRY_LATER, "too many signatures on demand")
        answer = self._sign(delegate, asked, known, now)
        if asked.nonce is None and known is not None and answer.refresh_at is not None:
            signed = _Signed(serial, known, answer, answer.refresh_at)
            with self._lock:
                self._signed[authority_id, request] = signed
                _trim(self._signed, self._policy.answers_kept)
        return answer

    def _synchronise(self, unit: CaUnit) -> int:
        """Forget what the journal changed since memory was last checked against it."""
        head = unit.certificates.last_sequence()
        known = self._head
        if head == known:
            return head
        changed = []
        if 0 <= known < head:
            after = known
            while after < head and (page := unit.certificates.journal(after)):
                changed += [(one.authority_id, one.serial) for one in page]
                after = page[-1].sequence
        with self._lock:
            if self._head == known:
                if known < 0 or head < known:  # nothing known yet, or another database
                    self._known.clear()
                for key in changed:
                    self._known.pop(key, None)
                self._head = head
        return head

    def _remembered(self, authority_id: AuthorityId, serial: SerialNumber, head: int) -> _Known | None:
        with self._lock:
            return self._known.get((authority_id, serial)) if self._head == head else None

    def _status(
        self, unit: CaUnit, authority_id: AuthorityId, serial: SerialNumber, head: int
    ) -> _Known | None:
        known = self._remembered(authority_id, serial, head)
        if known is not None:
            return known
        if serial.bit_length() > 8 * SERIAL_OCTETS:
            return None
        try:
            record = unit.certificates.get(serial)
        except NotFound:
            return None
        if record.reservation.authority_id != authority_id:
            return None
        if record.revocation is not None:
            entry = record.revocation
            status = Status(CertificateState.REVOKED, utc(entry.revoked_at), entry.reason)
        elif record.status is CertificateStatus.ISSUED:
            status = Status(CertificateState.GOOD)
        else:
            return None
        known = _Known(status, record.reservation.not_after)
        with self._lock:
            if self._head == head:  # else it may be older than what another thread has forgotten
                self._known[authority_id, serial] = known
                _trim(self._known, self._policy.answers_kept)
        return known

    def _sign(
        self, delegate: Delegate, asked: OcspRequest, known: _Known | None, now: datetime
    ) -> OcspAnswer:
        moment = utc(now)
        until = min(moment + self._policy.validity, delegate.certificate.not_after, delegate.issuer.not_after)
        expired = known is not None and known.not_after < moment
        single = SingleAnswer(
            certificate=asked.certificate,
            status=Status(CertificateState.UNKNOWN) if known is None else known.status,
            this_update=moment,
            next_update=until,
            archive_cutoff=delegate.issuer.not_before if expired else None,
        )
        responder = delegate.certificate
        tbs = encode_tbs(single, responder=responder, produced_at=moment, nonce=asked.nonce)
        signature = self._delegates.sign(delegate, tbs)
        responder.public.verify(signature, tbs)
        algorithm = responder.public.algorithm
        data = encode_response(tbs, algorithm, signature, responder)
        if known is None or asked.nonce is not None:
            return OcspAnswer(data, ResponseStatus.SUCCESSFUL)
        refresh = moment + (until - moment) / 2
        return OcspAnswer(data, ResponseStatus.SUCCESSFUL, moment, until, refresh)

    def _allow(self) -> bool:
        """A token bucket over the monotonic clock."""
        with self._lock:
            now = self._clock.monotonic()
            gained = (now - self._allowed_at) * self._policy.live_per_second
            self._allowed_at = now
            self._allowance = min(self._policy.live_burst, self._allowance + gained)
            if self._allowance < 1:
                return False
            self._allowance -= 1
            return True


def _trim(kept: OrderedDict[Any, Any], limit: int) -> None:
    while len(kept) > limit:
        kept.popitem(last=False)


def _error(status: ResponseStatus, reason: str) -> OcspAnswer:
    return OcspAnswer(error_response(status), status, reason=reason)
