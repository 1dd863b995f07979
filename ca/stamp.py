"""Stamp: from RFC 3161 requests to tokens that are recorded before they leave."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from ca.clockguard import ClockGuard, Lease
from ca.errors import TimeNotAvailable, TimestampRefused
from ca.ports import CaUnit, Units
from ca.registry import IssuedToken
from ca.serial import SerialNumber, new_serial, serial_text
from ca.timestamp import Imprint, TimestampRequest, parse_request
from ca.timestamp_response import granted, rejection
from ca.tsu import TimestampUnit, Token
from evidence.canonical import JSON
from evidence.clock import Clock, rfc3339
from evidence.event import Actor, ActorKind, CaseId, Draft, EventType, Result
from keys.suites import Suite

MAX_BATCH = (
    512  # tokens of one transaction: half a millisecond's share of one fsync, and no more lock than that
)
REFUSALS_INTERVAL_S = 1.0  # a flood of refused requests costs one event a second
# Garbage is answered and not recorded: it says nothing of anyone, and recording it would let strangers
# fill the log.
RECORDED_FAILURES = frozenset(
    {"badAlg", "unacceptedPolicy", "unacceptedExtension", "timeNotAvailable", "systemFailure"}
)


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as received, and the pseudonym of who sent it."""

    request: bytes
    requester: str


@dataclass(frozen=True, slots=True)
class _Accepted:
    place: int
    request: TimestampRequest
    requester: str


class TimestampAuthority:
    """Answers timestamp requests with one timestamping unit."""

    def __init__(self, units: Units, tsu: TimestampUnit, guard: ClockGuard, clock: Clock) -> None:
        self._units = units
        self._tsu = tsu
        self._guard = guard
        self._clock = clock
        self._refusals: Counter[str] = Counter()
        self._refusals_recorded = -REFUSALS_INTERVAL_S
        self._case = case_of(tsu.suite)
        self._actor = Actor(ActorKind.SYSTEM, tsu.certificate.fingerprint[:32], "timestamping-unit")

    @property
    def unit(self) -> TimestampUnit:
        """The timestamping unit that signs."""
        return self._tsu

    @property
    def suite(self) -> Suite:
        """The suite of its tokens."""
        return self._tsu.suite

    def stamp(self, requests: Sequence[bytes], requester: str) -> list[bytes]:
        """A TimeStampResp for each request, in order; see `stamp_each`."""
        return self.stamp_each([Asked(request, requester) for request in requests])

    def stamp_each(self, asked: Sequence[Asked]) -> list[bytes]:
        """A TimeStampResp (RFC 3161 2.4.2), DER, for each request, in order, in one transaction.

        Tokens, their serials and the event TST_ISSUED are committed when this returns, or nothing is.
        What is wrong with a request, or with the clock, is answered as a rejection. Raises what keeps
        the authority from working at all: `keys.errors.KeysError`, `evidence.errors.RecordRefused`,
        the store's own error; ValueError for more than MAX_BATCH requests.
        """
        if len(asked) > MAX_BATCH:
            raise ValueError(f"at most {MAX_BATCH} requests in one batch")
        answers: list[bytes] = [b""] * len(asked)
        accepted: list[_Accepted] = []
        for place, one in enumerate(asked):
            try:
                request = parse_request(one.request)
                self._tsu.accept(request)
            except TimestampRefused as refusal:
                self._note(refusal)
                answers[place] = rejection(refusal)
            else:
                accepted.append(_Accepted(place, request, one.requester))
        if accepted:
            try:
                self._grant(accepted, answers)
            except TimestampRefused as refusal:
                for each in accepted:
                    self._note(refusal)
                    answers[each.place] = rejection(refusal)
        self._record_refusals_now()
        return answers

    def token(self, imprint: Imprint, requester: str) -> bytes:
        """A TimeStampToken with its certificates, for use in process.

        Raises `TimeNotAvailable`, `TimestampRefused`, and as `stamp_each`.
        """
        request = TimestampRequest(imprint, None, None, cert_req=True)
        (token,) = self._issue([_Accepted(0, request, requester)])
        return token

    def _grant(self, accepted: Sequence[_Accepted], answers: list[bytes]) -> None:
        for each, token in zip(accepted, self._issue(accepted), strict=True):
            answers[each.place] = granted(token)

    def _issue(self, accepted: Sequence[_Accepted]) -> list[bytes]:
        #   1. a lease: the clock is known to be right
        #   2. the key's durable use counter
        #   3. tokens of one instant, each verified as it is made
        #   4. the lease still stands, so the instant was right
        #   5. rows and event; the transaction commits, and tokens may leave
        lease = self._guard.check()  # 1
        with self._units() as unit:
            unit.keys.count_use(self._tsu.signer.key_id, len(accepted))  # 2
            moment = self._clock.now()
            self._tsu.check_certificate(moment)
            make = self._tsu.batch(moment)
            serials = [new_serial() for _ in accepted]
            tokens = [make(each.request, serial) for each, serial in zip(accepted, serials, strict=True)]  # 3
            if self._guard.lease() is None:  # 4
                raise TimeNotAvailable("the lease of the clock ended while stamping")
            self._record(unit, accepted, serials, tokens, moment, lease)  # 5
        return [token.data for token in tokens]

    def _record(
        self,
        unit: CaUnit,
        accepted: Sequence[_Accepted],
        serials: Sequence[SerialNumber],
        tokens: Sequence[Token],
        moment: datetime,
        lease: Lease,
    ) -> None:
        suite, tsu = self._tsu.suite, self._tsu
        unit.timestamps.add(
            [
                IssuedToken(
                    serial,
                    suite,
                    moment,
                    one.request.imprint.value,
                    tsu.policy_of(one.request),
                    token.bare,
                    one.requester,
                )
                for one, serial, token in zip(accepted, serials, tokens, strict=True)
            ]
        )
        issued = [
            f"{serial_text(serial)} {token.digest.hex()}"
            for serial, token in zip(serials, tokens, strict=True)
        ]
        state = lease.state
        facts: dict[str, JSON] = {
            "clock": {
                "offset_ms": state.offset_ms,
                "source": state.source,
                "uncertainty_ms": state.uncertainty_ms,
            },
            "count": len(tokens),
            "gen_time": rfc3339(moment),
            "key_id": tsu.signer.key_id,
            "suite": suite.value,
            # Serial number, and the messageDigest that the token's signature covers.
            "tokens": issued,
        }
        drafts = [Draft(EventType.TST_ISSUED, self._case, self._actor, moment, facts)]
        unit.log.append([*drafts, *self._refused_drafts(moment)])

    def _note(self, refusal: TimestampRefused) -> None:
        if refusal.failure in RECORDED_FAILURES:
            self._refusals[refusal.failure] += 1

    def _refused_drafts(self, moment: datetime) -> list[Draft]:
        refused, self._refusals = self._refusals, Counter()
        self._refusals_recorded = self._clock.monotonic()
        return [
            Draft(
                EventType.TST_REFUSED,
                self._case,
                self._actor,
                moment,
                {"count": count, "failure": failure, "suite": self._tsu.suite.value},
                result=Result("timestamp-refused", failure),
            )
            for failure, count in sorted(refused.items())
        ]

    def _record_refusals_now(self) -> None:
        due = self._refusals_recorded + REFUSALS_INTERVAL_S
        if self._refusals and self._clock.monotonic() >= due:
            with self._units() as unit:
                unit.log.append(self._refused_drafts(self._clock.now()))


def case_of(suite: Suite) -> CaseId:
    """The case that a suite's timestamp events belong to."""
    return CaseId(f"timestamp-{suite.value}")
